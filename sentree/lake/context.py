"""A context: one slice of the lake in a file of its own, and the locked read access to it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple, Self

import duckdb

from ocsf.classes import class_name
from schemas.context import ContextInfo
from schemas.coverage import SliceCoverage
from schemas.event import CitedEvent
from schemas.window import Window, iso
from sentree.errors import LakeError, NotFoundError, SentreeError, UsageError
from sentree.lake.db import Lake, first_line, rows, sql_text
from sentree.lake.detections import detections_at
from sentree.lake.source_names import source_names

FILE_NAME = "context.duckdb"
RAW_CAP = 32_768
QUOTE = "'"
LAST = timedelta(microseconds=1)
MEMORY = "512MB"
MOST_KEPT = 1_000
LONGEST_KEPT = 2_000
WRONG_SQL = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.NotImplementedException,
    duckdb.OutOfRangeException,
)
Parameters = Sequence[Any] | Mapping[str, Any]


class Context:
    """Reads one context file, which can reach nothing else. Any thread may use it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._threads = threading.local()
        self._selects: set[str] = set()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a context file read-only, without access to other files, locked as it is.

        Raises:
            NotFoundError: there is no such file.
            LakeError: it is no context file.
        """
        if not path.is_file():
            raise NotFoundError(f"no context at {path}")
        try:
            connection = duckdb.connect(
                str(path),
                read_only=True,
                config={
                    # DuckDB keeps what it has read up to this; what needs more goes to a file.
                    "memory_limit": MEMORY,
                    "enable_external_access": "false",
                    "autoinstall_known_extensions": "false",
                    "autoload_known_extensions": "false",
                },
            )
            # A file that is open already in this process shares its database, locked as it is.
            [locked] = rows(connection.execute("SELECT current_setting('lock_configuration') AS v"))
            if not locked["v"]:
                connection.execute("SET GLOBAL TimeZone = 'UTC'")
                connection.execute("SET GLOBAL lock_configuration = true")
        except duckdb.Error as error:
            raise LakeError(f"the context {path} can't be opened: {first_line(error)}") from None
        return cls(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def query(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """Run one SELECT with bound parameters and give its rows as dictionaries."""
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._threads, "cursor", None)
        if cursor is None:
            cursor = self._threads.cursor = self._connection.cursor()
        try:
            if sql not in self._selects:
                self._check(cursor, sql)
            return rows(cursor.execute(sql, parameters or None))
        except ValueError:
            raise LakeError("the context answers one statement at a time") from None
        except duckdb.Error as error:
            raise LakeError(f"the context can't answer: {first_line(error)}") from error

    def _check(self, cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
        """Refuse all but SELECT: a temporary view would shadow the evidence for later leaves."""
        [statement] = cursor.extract_statements(sql)
        if statement.type != duckdb.StatementType.SELECT:
            raise LakeError("the context answers SELECT statements only")
        if len(sql) <= LONGEST_KEPT and len(self._selects) < MOST_KEPT:
            self._selects.add(sql)

    def cited(self, uids: Sequence[str]) -> list[CitedEvent]:
        """Give the events of these uids, complete enough to be read alone; unknown ones are not."""
        wanted = list(dict.fromkeys(uids))
        found = {
            row["event_uid"]: row
            for row in self.query(sql_text("context_cited"), [RAW_CAP, wanted])
        }
        return [
            CitedEvent(**found[uid], class_name=class_name(found[uid]["class_uid"]))
            for uid in wanted
            if uid in found
        ]


class _Scope(NamedTuple):
    """The rows in scope whatever the window: SQL, and the values bound to it."""

    sql: str
    values: dict[str, Any]
    has_condition: bool


def export_context(
    lake: Lake,
    folder: Path,
    *,
    tenant: str,
    window: Window | None = None,
    entity: str | None = None,
    where: str | None = None,
    snapshot_id: int | None = None,
) -> ContextInfo:
    """Write a tenant's events of a window to `context.duckdb` in the folder.

    Args:
        lake: where the events are.
        folder: an existing folder; a context that is there is replaced.
        tenant: whose events.
        window: which instants; None for all of the tenant's.
        entity: only events that name this host, user or address.
        where: a SQL condition over the events' columns, from the user.
        snapshot_id: the lake's snapshot to read; None for the newest.

    Raises:
        NotFoundError: nothing is in scope; says what the lake has instead.
        UsageError: the condition is no SQL condition over events.
        LakeError: the lake can't be read, or the folder not written.
    """
    snapshot = lake.snapshot_id() if snapshot_id is None else snapshot_id
    scope = _scope(lake, tenant, entity, where, snapshot)
    cover = _covered(lake, scope, window, tenant)
    path = folder / FILE_NAME
    part = folder / f"{FILE_NAME}.part"
    for old in (part, part.with_name(part.name + ".wal")):
        old.unlink(missing_ok=True)
    lake.execute(f"ATTACH '{str(part).replace(QUOTE, QUOTE * 2)}' AS slice")
    try:
        info = _write(lake, scope, cover, snapshot)
    except SentreeError:
        lake.execute("DETACH slice")
        part.unlink(missing_ok=True)
        raise
    lake.execute("DETACH slice")
    part.replace(path)
    return info.model_copy(update={"path": str(path)})


def _scope(lake: Lake, tenant: str, entity: str | None, where: str | None, snapshot: int) -> _Scope:
    sql = sql_text("context_rows", snapshot=str(snapshot))
    values: dict[str, Any] = {"tenant": tenant, **_sources(lake, tenant, snapshot)}
    if entity:
        named = entity.strip().lower()
        values |= {"entity": named, "short": None if _is_address(named) else named.split(".")[0]}
        sql = f"SELECT * FROM ({sql}) WHERE {sql_text('context_entity')}"
    if where:
        sql = f"SELECT * FROM ({sql}) WHERE (\n{where}\n)"
        _check_condition(lake, where, sql, values)
    return _Scope(sql, values, bool(where))


def _sources(lake: Lake, tenant: str, snapshot: int) -> dict[str, list[str]]:
    """Give the tenant's sources and the names that a context shows of them."""
    found = lake.query(
        f"SELECT source_uid, path FROM lake.sources AT (VERSION => {snapshot})"
        " WHERE tenant_uid = $tenant AND path IS NOT NULL ORDER BY source_uid",
        {"tenant": tenant},
    )
    names = source_names(row["path"] for row in found)
    return {
        "source_uids": [row["source_uid"] for row in found],
        "source_names": [names[row["path"]] for row in found],
    }


def _check_condition(lake: Lake, where: str, sql: str, values: dict[str, Any]) -> None:
    """Refuse what is no single condition before anything is written."""
    try:
        statements = duckdb.extract_statements(sql)
        lone = duckdb.extract_statements(f"SELECT 1 WHERE (\n{where}\n)")
        if len(statements) != 1 or len(lone) != 1 or lone[0].type != duckdb.StatementType.SELECT:
            raise UsageError("the condition must be one SQL condition over events' columns")
        lake.connection.execute(f"EXPLAIN {sql}", values)
    except WRONG_SQL as error:
        raise UsageError(f"the condition is not SQL over events: {first_line(error)}") from None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class _Cover(NamedTuple):
    window: Window
    outside: int
    timeless: int


def _covered(lake: Lake, scope: _Scope, window: Window | None, tenant: str) -> _Cover:
    """Find the window that is covered, and count what of the scope is left out."""
    span = {"start": None, "stop": None}
    if window:
        span = {"start": _naive(window.start), "stop": _naive(window.end)}
    counts = sql_text("context_counts", scope=scope.sql)
    try:
        [found] = lake.query(counts, {**scope.values, **span})
    except LakeError as error:
        if scope.has_condition and isinstance(error.__cause__, WRONG_SQL):
            raise UsageError(f"the condition fails: {first_line(error.__cause__)}") from None
        raise
    if not found["inside"]:
        raise NotFoundError(_nothing(lake, tenant, window, found))
    covered = window or Window(start=found["first"], end=found["last"] + LAST)
    return _Cover(covered, found["outside"], found["timeless"])


def _nothing(lake: Lake, tenant: str, window: Window | None, found: dict[str, Any]) -> str:
    """Say what the lake has where nothing is in scope."""
    if found["first"] is not None:
        there = f"the matching events are of {iso(found['first'])}..{iso(found['last'])}"
    elif found["timeless"]:
        there = f"the {found['timeless']:,} matching events have no time that can be read"
    else:
        tenants = lake.query(
            "SELECT tenant_uid AS t, count(*) AS n, min(time) AS a, max(time) AS z"
            " FROM lake.events GROUP BY ALL ORDER BY tenant_uid LIMIT 5"
        )
        parts = [
            f"{row['n']:,} events of tenant '{row['t']}'"
            + (f" ({iso(row['a'])}..{iso(row['z'])})" if row["a"] else "")
            for row in tenants
        ]
        there = "the lake has " + (", ".join(parts) or "no events: load some with `sentree ingest`")
    when = f" in {window}" if window else ""
    return f"no events of tenant '{tenant}' are in scope{when}; {there}"


def _write(lake: Lake, scope: _Scope, cover: _Cover, snapshot: int) -> ContextInfo:
    window = cover.window
    span = {"start": _naive(window.start), "stop": _naive(window.end)}
    lake.execute(sql_text("context_events", scope=scope.sql), {**scope.values, **span})
    lake.execute(
        sql_text("context_detections", now=detections_at(snapshot)),
        {"tenant": scope.values["tenant"]},
    )
    if (files("sentree.lake") / "sql" / "baselines.sql").is_file():
        lake.execute("USE slice")
        try:
            lake.execute(sql_text("baselines"))
        finally:
            lake.execute("USE lake")
    [total] = lake.query("SELECT count(*) AS n, sum(chars)::BIGINT AS chars FROM slice.events")
    return ContextInfo(
        path="",
        snapshot_id=snapshot,
        window=window,
        events=total["n"],
        characters=total["chars"] or 0,
        events_outside_window=cover.outside,
        events_without_time=cover.timeless,
        by_source=_slices(lake, "source_path"),
        by_class=_slices(lake, "class_uid"),
        content_hash=lake.query(sql_text("context_hash"))[0]["content_hash"],
    )


def _slices(lake: Lake, column: str) -> tuple[SliceCoverage, ...]:
    found = lake.query(
        f"SELECT {column} AS name, count(*) AS n, min(time) AS first, max(time) AS last"
        f" FROM slice.events GROUP BY ALL ORDER BY {column}"
    )
    return tuple(
        SliceCoverage(
            name=_class_label(row["name"]) if column == "class_uid" else str(row["name"]),
            events_in_scope=row["n"],
            events_looked_at=0,
            first=row["first"],
            last=row["last"],
        )
        for row in found
    )


def _class_label(uid: int | None) -> str:
    return "no class" if uid is None else f"{uid} {class_name(uid)}"


def _naive(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None)
