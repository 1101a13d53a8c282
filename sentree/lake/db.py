"""The lake: DuckDB with DuckLake, one connection a process, several processes at once."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Any, Self, TypeVar

import duckdb

from ocsf.columns import PROMOTED
from schemas.lake import KnowledgeInfo, LakeInfo, LakeProblem, SliceInfo
from sentree.errors import LakeError, SentreeError
from sentree.lake.catalog import Catalog, Confirm, catalog_of
from sentree.lake.engines import Engine, EngineConfig, give_back, take
from sentree.lake.migrations import FIRST, Migration, newest_version, pending
from sentree.lake.storage import DataStore
from sentree.settings import Settings

TABLES = (
    "events",
    "sources",
    "rejects",
    "rules",
    "detections",
    "stix_objects",
    "vulnerabilities",
    "controls",
    "rule_documents",
)
ATTEMPTS = 8
LINE_CAP = 300
CONFLICTS = ("conflict", "database is locked", "snapshot", "duplicate key", "could not serialize")
T = TypeVar("T")
Parameters = Sequence[Any] | Mapping[str, Any]


class Lake:
    """One connection to the lake. Use it from one thread; open another for another thread."""

    def __init__(self, engine: Engine, folder: Path, catalog: Catalog) -> None:
        self.connection = engine.connection
        self.folder = folder
        self._catalog = catalog
        self._engine: Engine | None = engine

    @classmethod
    def open(cls, settings: Settings, *, create: bool = True) -> Self:
        """Open the lake of the settings, and make it if it isn't there.

        Raises:
            LakeError: it can't be opened or made, or `create` is false and there is none.
            ConfigurationError: a part of DuckDB is not installed.
        """
        folder = settings.lake_dir.expanduser().resolve()
        catalog = catalog_of(settings, folder)
        engine: Engine | None = None
        try:
            engine = take(engine_config(settings, folder), catalog.extensions)
            catalog.attach(engine.connection, create=create)
            engine.connection.execute("USE lake")
            lake = cls(engine, folder, catalog)
            lake._ensure_schema()
            return lake
        except (OSError, duckdb.Error, SentreeError) as error:
            if engine:
                engine.close()
            if isinstance(error, SentreeError):
                raise
            raise LakeError(f"the lake at {folder} can't be opened: {first_line(error)}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        engine, self._engine = self._engine, None
        if engine:
            give_back(engine)

    def query(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """Run one SELECT and give its rows as dictionaries."""
        return rows(self._run(sql, parameters))

    def execute(self, sql: str, parameters: Parameters = ()) -> None:
        """Run one statement for its effect."""
        self._run(sql, parameters)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Hold the lake's writer lock and commit what the block did, all of it or nothing.

        The lock makes writers take turns, so that what a transaction read (is
        this event there already?) still holds when it commits. Readers are never held up.

        Raises:
            LakeError: the lake could not be written; nothing of the block is there.
        """
        with self._writer_lock() as confirm:
            try:
                self.connection.execute("BEGIN TRANSACTION")
                yield
                confirm()
                self.connection.execute("COMMIT")
            except BaseException as error:
                # A failed COMMIT has ended the transaction already.
                with suppress(duckdb.Error):
                    self.connection.execute("ROLLBACK")
                if isinstance(error, duckdb.Error | OSError):
                    raise LakeError(f"the lake can't be written: {first_line(error)}") from error
                raise

    @contextmanager
    def upkeep(self) -> Generator[None]:
        """Hold the lake's writer lock for statements that DuckLake commits each on its own.

        Raises:
            LakeError: one of them failed; those before it have been done.
        """
        with self._writer_lock():
            yield

    def shrink(self) -> bool:
        """Remove from the disk what was deleted from the catalogue; tell if all of it is gone.

        Raises:
            LakeError: the catalogue could not be written.
        """
        try:
            return self._catalog.shrink(self.connection)
        except (duckdb.Error, sqlite3.Error) as error:
            raise LakeError(f"the catalogue can't be written: {first_line(error)}") from error

    @property
    def data(self) -> DataStore:
        """Where the data files are."""
        return self._catalog.data

    def retrying(self, work: Callable[[], T]) -> T:
        """Run `work` in a transaction, again from its start when another writer got in first."""
        for attempt in range(ATTEMPTS):
            try:
                with self.transaction():
                    return work()
            except LakeError as error:
                if attempt == ATTEMPTS - 1 or not _is_conflict(error.__cause__):
                    raise
                # Jitter keeps two losers from meeting again.
                time.sleep(random.uniform(0.01, 0.05) * 2**attempt)
        raise AssertionError("unreachable")

    def execute_together(self, sql: str) -> None:
        """Run statements about temporary tables and macros in one transaction, all or none.

        The lake's catalog is then looked at once, not for each of them. Without the writer lock:
        other connections see nothing of it.

        Raises:
            LakeError: a statement failed.
        """
        try:
            self._run(f"BEGIN TRANSACTION; {sql.rstrip().rstrip(';')}; COMMIT", ())
        except LakeError:
            with suppress(duckdb.Error):
                self.connection.execute("ROLLBACK")
            raise

    def snapshot_id(self) -> int:
        """Give the newest snapshot's number, to repeat an analysis on the same rows later."""
        return int(self.query("SELECT id FROM lake.current_snapshot()")[0]["id"])

    def info(self) -> LakeInfo:
        """Count what is there."""
        totals = "SELECT count(*) n, count(time) t, min(time) a, max(time) z FROM events"
        total = self.query(totals)[0]
        tenants = "SELECT tenant_uid, count(*) AS n FROM events GROUP BY ALL ORDER BY ALL"
        return LakeInfo(
            path=str(self.folder),
            catalog=self._catalog.shown,
            schema_version=newest_version(),
            snapshot_id=self.snapshot_id(),
            bytes_on_disk=self._bytes_on_disk(),
            tables={t: self.query(f"SELECT count(*) AS n FROM {t}")[0]["n"] for t in TABLES},
            tenants={row["tenant_uid"]: row["n"] for row in self.query(tenants)},
            by_source=tuple(SliceInfo(**row) for row in self.query(sql_text("info_sources"))),
            by_class=tuple(SliceInfo(**row) for row in self.query(sql_text("info_classes"))),
            knowledge=tuple(KnowledgeInfo(**row) for row in self.query(sql_text("knowledge_info"))),
            first=total["a"],
            last=total["z"],
            events_without_time=total["n"] - total["t"],
        )

    def _bytes_on_disk(self) -> int:
        """Count what is on the disk; a file that goes while it is counted counts as gone."""
        size = 0
        for path in self.folder.rglob("*"):
            with suppress(OSError):
                size += path.stat().st_size if path.is_file() else 0
        if self.data.is_remote:
            listed = "SELECT sum(file_size_bytes + delete_file_size_bytes) AS n"
            size += int(self.query(f"{listed} FROM ducklake_table_info('lake')")[0]["n"] or 0)
        return size

    def check(self) -> list[LakeProblem]:
        """List what does not hold: ledger sums, unknown sources, doubled events, lost files."""
        problems: list[LakeProblem] = []
        info = "SELECT table_name AS t FROM ducklake_table_info('lake') WHERE file_count > 0"
        for table in sorted(row["t"] for row in self.query(info)):
            listed = self.query(
                "SELECT unnest([data_file, delete_file]) AS path"
                " FROM ducklake_list_files('lake', ?)",
                [table],
            )
            for path in sorted(row["path"] for row in listed if row["path"]):
                try:
                    self.query("SELECT 1 FROM parquet_metadata(?) LIMIT 1", [path])
                except LakeError as error:
                    problems.append(LakeProblem(subject=path, problem=f"unreadable: {error}"))
        if problems:
            return problems
        return [LakeProblem(**row) for row in self.query(sql_text("check_ledger"))]

    def _run(self, sql: str, parameters: Parameters) -> duckdb.DuckDBPyConnection:
        try:
            return self.connection.execute(sql, parameters or None)
        except duckdb.Error as error:
            raise LakeError(f"the lake can't answer: {first_line(error)}") from error

    def _ensure_schema(self) -> None:
        version = self._version()
        if version is None or version < newest_version():
            with self._writer_lock():
                # Another process may have done it while this one waited for the lock.
                version = self._version()
                if version is None:
                    self._create()
                else:
                    self._migrate(version)
        elif version > newest_version():
            raise LakeError(
                f"the lake at {self.folder} has schema {version}, made by a newer Sentree;"
                f" this one reads up to {newest_version()}: upgrade, or choose another `home`"
            )

    def _version(self) -> int | None:
        """Give the schema's version; None while the lake has no tables."""
        try:
            found = self.connection.execute(
                "SELECT max(schema_version) FROM lake_version"
            ).fetchone()
        except duckdb.CatalogException:
            # To ask DuckDB which tables there are would load what it knows about each of them.
            return None
        if found is None or found[0] is None:
            raise LakeError(f"the lake at {self.folder} does not say which schema it has")
        return int(found[0])

    def _migrate(self, version: int) -> None:
        for step in pending(version):
            self.connection.execute("BEGIN TRANSACTION")
            self._apply(step)
            self.connection.execute("COMMIT")

    def _apply(self, step: Migration) -> None:
        for statement in duckdb.extract_statements(step.sql):
            self.connection.execute(statement)
        self._stamp(step.version)

    def _stamp(self, version: int) -> None:
        self.connection.execute("INSERT INTO lake_version VALUES (?, now()::TIMESTAMP)", [version])

    def _create(self) -> None:
        # Events and raw text repeat themselves: zstd is four times smaller and no slower to write;
        # its higher levels take half as long again for a twentieth less.
        self.connection.execute("CALL lake.set_option('parquet_compression', 'zstd')")
        self.connection.execute("CALL lake.set_option('parquet_compression_level', '1')")
        promoted = ", ".join(f"{column.name} {column.sql_type}" for column in PROMOTED)
        self.connection.execute("BEGIN TRANSACTION")
        for statement in duckdb.extract_statements(sql_text("schema", promoted=promoted)):
            self.connection.execute(statement)
        self._stamp(FIRST)
        # A new lake goes all the way in one transaction: each commit costs a tenth of a second.
        for step in pending(FIRST):
            self._apply(step)
        self.connection.execute("COMMIT")

    def _writer_lock(self) -> AbstractContextManager[Confirm]:
        return self._catalog.writing(self.connection)


def engine_config(settings: Settings, folder: Path) -> EngineConfig:
    """Give what a DuckDB instance for the lake in a folder is set to."""
    return EngineConfig(
        extension_directory=str(folder / "extensions"),
        temp_directory=str(folder / "temp"),
        threads=settings.threads,
        memory_limit=settings.memory_limit,
    )


def sql_text(name: str, **parts: str) -> str:
    """Read a statement of the lake's `sql` folder, without its comments, and fill its places.

    Args:
        name: the file's name without suffix.
        parts: compiled SQL for the `{places}`; never a value, values are bound.
    """
    text = (resources.files("sentree.lake") / "sql" / f"{name}.sql").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("--"))
    statement = "\n".join(lines).strip().removesuffix(";")
    for place, sql in parts.items():
        statement = statement.replace(f"{{{place}}}", sql)
    return statement


def rows(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Give a result's rows as dictionaries."""
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def first_line(error: BaseException) -> str:
    """Give an error's text in one short line, without DuckDB's hints and echoes of data."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    shown = "".join(char if char.isprintable() else "?" for char in line)
    return shown if len(shown) <= LINE_CAP else shown[:LINE_CAP] + "…"


def _is_conflict(error: BaseException | None) -> bool:
    text = str(error).lower()
    return any(word in text for word in CONFLICTS)
