"""Where the lake's catalogue is: an embedded SQLite file, or a Postgres database for many machines.

A catalogue is attached to a connection of DuckDB, and has the lock that writers take turns with.
"""

from __future__ import annotations

import fcntl
import random
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import duckdb

from sentree.errors import ConfigurationError, LakeError
from sentree.lake.storage import SCHEME, DataStore, data_store
from sentree.postgres_address import PostgresAddress, read_address
from sentree.settings import Settings

BUSY_SECONDS = 60
ONE_VIEW = "SET GLOBAL sqlite_disable_multithreaded_scans = true"
"""Lets a transaction read the catalogue by its own connection to SQLite.

Otherwise DuckDB opens one for each scan, which sees what others have committed meanwhile, but looks
up to the last row that the transaction knows: a table whose files were merged seems empty then.
"""
METADATA = "__ducklake_metadata_lake"
"""The database under which DuckLake attaches the catalogue of `lake`."""
LOCK_KEY = 0x53656E74726565
"""The advisory lock of a lake's writers; such locks are a database's own, as the catalogue is."""
LOCK_WAIT = "10s"
OWN_TABLES = """
SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') AS names
FROM pg_tables WHERE tablename LIKE 'ducklake\\_%'
"""
FIRST_PAUSE = 0.005
LONGEST_PAUSE = 0.2
ABSENT = "creating a new DuckLake is explicitly disabled"
ELSEWHERE = "does not match existing data path"

REASON = '": '
LONGEST_REASON = 300

Confirm = Callable[[], None]


class NoLakeError(LakeError):
    """There is no lake yet."""

    def __init__(self, where: str) -> None:
        super().__init__(f"no lake at {where}: load logs first with `sentree ingest PATH`")


class Catalog(Protocol):
    """What the lake needs of its catalogue."""

    extensions: tuple[str, ...]
    shown: str
    data: DataStore

    def attach(self, connection: duckdb.DuckDBPyConnection, *, create: bool) -> None:
        """Attach the lake as `lake`.

        Raises:
            NoLakeError: there is none and `create` is false.
            LakeError: it can't be reached, or belongs to another folder.
        """
        ...

    def writing(self, connection: duckdb.DuckDBPyConnection) -> AbstractContextManager[Confirm]:
        """Hold the writers' lock; what it gives raises if the lock has been lost since."""
        ...

    def shrink(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Remove from the disk what was deleted from the catalogue; tell if all of it is gone."""
        ...


def catalog_of(settings: Settings, folder: Path) -> Catalog:
    """Give the catalogue that the settings name, for the lake in a folder."""
    data = data_store(settings, folder)
    if settings.catalog is None:
        return SqliteCatalog(folder, data)
    return PostgresCatalog(read_address(settings.catalog.get_secret_value()), folder, data)


class SqliteCatalog:
    """The catalogue in a file beside the data; writers of one machine lock a file."""

    def __init__(self, folder: Path, data: DataStore) -> None:
        self.extensions = ("sqlite_scanner", "ducklake", *data.extensions)
        self.data = data
        self._folder = folder
        self._file = folder / "catalog.sqlite"
        self.shown = str(self._file)

    def attach(self, connection: duckdb.DuckDBPyConnection, *, create: bool) -> None:
        """Attach the file, and make it if it isn't there."""
        if self._is_made():
            self._attach(connection)
        elif create or self._file.is_file():
            self._folder.mkdir(parents=True, exist_ok=True)
            self.data.make()
            with self.writing(connection):
                # Another process may have been making it while this one waited for the lock.
                if not self._is_made():
                    self.data.login(connection)
                    self.data.refuse_another(connection)
                self._attach(connection)
        else:
            raise NoLakeError(str(self._folder))

    def _is_made(self) -> bool:
        """Tell whether the file is a catalogue; while it is being made, it is none."""
        if not self._file.is_file():
            return False
        try:
            address = f"file:{quote(str(self._file))}?mode=ro"
            with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as own:
                found = own.execute(
                    "SELECT 1 FROM sqlite_master WHERE name = 'ducklake_snapshot'"
                ).fetchone()
        except sqlite3.Error:
            # DuckDB says what is wrong with it.
            return True
        return found is not None

    @contextmanager
    def writing(self, connection: duckdb.DuckDBPyConnection) -> Generator[Confirm]:
        """Lock the file `writer.lock`, which the kernel unlocks when the process ends."""
        with (self._folder / "writer.lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield lambda: None

    def _attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.data.login(connection)
        connection.execute(ONE_VIEW)
        # The data path is overridden so that the folder may be moved as a whole.
        connection.execute(
            f"ATTACH {quoted(f'ducklake:sqlite:{self._file}')} AS lake ("
            f"DATA_PATH {quoted(self.data.path)}, OVERRIDE_DATA_PATH true,"
            f" META_JOURNAL_MODE 'WAL', META_BUSY_TIMEOUT {BUSY_SECONDS * 1000})"
        )
        made = connection.execute(
            f"SELECT value FROM {METADATA}.ducklake_metadata WHERE key = 'data_path'"
        ).fetchone()
        path = str(made[0]).rstrip("/") if made else self.data.path
        if path != self.data.path and (self.data.is_remote or path.startswith(SCHEME)):
            raise LakeError(
                f"the data of the lake at {self._folder} are in {path}, not in {self.data.path}:"
                " set data_path to where they are, or choose another `home`"
            )

    def shrink(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Write the file anew without what was deleted from it; the log of writes is emptied."""
        with closing(sqlite3.connect(self._file, timeout=BUSY_SECONDS)) as own:
            own.execute("VACUUM")
            busy, _, _ = own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy


class PostgresCatalog:
    """The catalogue in a Postgres database; writers of all machines take turns at its lock.

    The password is given to DuckDB as a secret: nothing that DuckDB prints holds it.
    """

    def __init__(self, address: PostgresAddress, folder: Path, data: DataStore) -> None:
        self.extensions = ("postgres_scanner", "ducklake", *data.extensions)
        self.data = data
        self._address = address
        self._folder = folder
        self.shown = address.shown

    def attach(self, connection: duckdb.DuckDBPyConnection, *, create: bool) -> None:
        """Attach the database's lake; the first one to come makes it."""
        password = self._address.password
        secret = f", PASSWORD {quoted(password)}" if password else ""
        connection.execute(f"CREATE TEMPORARY SECRET catalog_login (TYPE postgres{secret})")
        self.data.login(connection)
        if self._attached(connection):
            # To make the folder would part the lake in two where it was only not mounted.
            if not self.data.is_there():
                raise LakeError(
                    f"the data of the catalogue {self.shown} are not at {self.data.path}: mount the"
                    " folder"
                    " that its users share, or name an empty database for a new lake"
                )
            return
        if not create:
            raise NoLakeError(self.shown)
        self._check_encoding(connection)
        self._folder.mkdir(parents=True, exist_ok=True)
        self.data.make()
        with self.writing(connection):
            # Another process may have made it while this one waited for the lock.
            if not self._attached(connection):
                self.data.refuse_another(connection)
                self._attached(connection, create=True)

    @contextmanager
    def writing(self, connection: duckdb.DuckDBPyConnection) -> Generator[Confirm]:
        """Hold an advisory lock of the database, in a transaction of a connection of its own.

        The server frees it when that connection ends, however the process died. A pooler between
        may hand out another connection for each transaction, so the lock is the transaction's.
        """
        with connection.cursor() as own:
            try:
                self._attach_gate(connection)
                own.execute("BEGIN TRANSACTION")
                self._take(own)
            except duckdb.Error as error:
                raise self._failed("locked", error) from None
            try:
                yield lambda: self._confirm(own)
            finally:
                with suppress(duckdb.Error):
                    own.execute("ROLLBACK")

    def shrink(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Let Postgres write its tables anew without what was deleted from them."""
        # Others may be reading for long, and the database may hold more than the lake.
        impatient = dict(self._address.options).get("options", "") + f" -c lock_timeout={LOCK_WAIT}"
        address = self._address._replace(
            options=(*self._address.options, ("options", impatient.strip()))
        )
        connection.execute(
            f"ATTACH {quoted(address.conninfo)} AS vacuum (TYPE postgres, SECRET catalog_login)"
        )
        try:
            found = connection.execute(
                f"SELECT names FROM postgres_query('vacuum', {quoted(OWN_TABLES)})"
            ).fetchone()
            if found is None or found[0] is None:
                return False
            # Postgres vacuums outside of transactions only.
            connection.execute(
                "CALL postgres_execute('vacuum', ?, use_transaction = false)",
                [f"VACUUM FULL {found[0]}"],
            )
        except duckdb.Error as error:
            if "lock timeout" in str(error):
                return False
            raise
        finally:
            connection.execute("DETACH vacuum")
        return True

    def _take(self, own: duckdb.DuckDBPyConnection) -> None:
        # The server would queue those who wait, but nothing could interrupt them.
        pause = FIRST_PAUSE
        while not self._ask(own, f"SELECT pg_try_advisory_xact_lock({LOCK_KEY}) AS got"):
            time.sleep(random.uniform(pause / 2, pause))
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _confirm(self, own: duckdb.DuckDBPyConnection) -> None:
        try:
            self._ask(own, "SELECT true AS alive")
        except duckdb.Error as error:
            raise LakeError(
                "the connection that held the writers' lock was lost; nothing was written"
            ) from error

    def _ask(self, own: duckdb.DuckDBPyConnection, sql: str) -> object:
        found = own.execute(f"SELECT * FROM postgres_query('gate', {quoted(sql)})").fetchone()
        return found[0] if found else None

    def _attach_gate(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(
            f"ATTACH IF NOT EXISTS {quoted(self._address.conninfo)} AS gate"
            " (TYPE postgres, SECRET catalog_login)"
        )

    def _check_encoding(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._attach_gate(connection)
        encoding = self._ask(connection, "SELECT getdatabaseencoding()::text AS encoding")
        if encoding != "UTF8":
            raise ConfigurationError(
                f"the database of {self.shown} has encoding {encoding}: logs hold any character,"
                " so make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
            )

    def _attached(self, connection: duckdb.DuckDBPyConnection, create: bool = False) -> bool:
        try:
            # Inlined rows would be Postgres text, which can't hold the NUL that a log may hold.
            connection.execute(
                f"ATTACH {quoted(f'ducklake:postgres:{self._address.conninfo}')} AS lake ("
                f"DATA_PATH {quoted(self.data.path)}, DATA_INLINING_ROW_LIMIT 0,"
                f" META_SECRET 'catalog_login', CREATE_IF_NOT_EXISTS {str(create).lower()})"
            )
        except duckdb.Error as error:
            text = str(error).strip().splitlines()[0]
            if ABSENT in text:
                return False
            if ELSEWHERE in text:
                raise LakeError(
                    f"the catalogue {self.shown} is of another lake than the one in"
                    f" {self._folder}: {text.removesuffix('.')}; use the home that it was made"
                    " with, or a database of its own"
                ) from None
            raise self._failed("opened", error) from None
        return True

    def _failed(self, what: str, error: duckdb.Error) -> LakeError:
        # DuckDB tells twice where it wanted to connect, and last what the server said.
        reason = str(error).strip().splitlines()[0].rpartition(REASON)[2][:LONGEST_REASON]
        return LakeError(f"the catalogue {self.shown} can't be {what}: {reason}")


def quoted(text: str) -> str:
    """Write a text as a SQL literal, for the statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"
