"""DuckDB instances with their extensions loaded, kept in the process for the next lake.

To load the lake's extensions costs more than half a second of processor time, since DuckDB checks
the signature of some 70 MB each time. So an instance whose lake was closed is emptied and kept; a
lake gets a connection of its own, with which its temporary tables, macros and settings go.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import duckdb

from sentree.errors import ConfigurationError

NO_BAR = "SET enable_progress_bar = false"
"""stdout carries data only; DuckDB would draw its bar there on what is slow, of a load too."""
KEPT = 2
"""Instances that wait for a lake at most; each holds some 30 MB."""
OWN = ("memory", "system", "temp")
"""The databases that every instance has."""


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """What an instance is set to: folders, threads, and the memory limit in DuckDB's words."""

    extension_directory: str
    temp_directory: str
    threads: int
    memory_limit: str

    def settings(self) -> dict[str, str | int]:
        """Give the settings by DuckDB's names."""
        return {
            "extension_directory": self.extension_directory,
            "temp_directory": self.temp_directory,
            "threads": self.threads,
            "memory_limit": self.memory_limit,
        }


class Engine:
    """One in-memory DuckDB instance, and the connection that a lake uses it by."""

    def __init__(self, config: EngineConfig, extensions: Sequence[str]) -> None:
        self._extensions = tuple(extensions)
        self._root = duckdb.connect(
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "preserve_insertion_order": "false",
                **{name: str(value) for name, value in config.settings().items()},
            }
        )
        try:
            self._root.execute(NO_BAR)
            for name in extensions:
                self._root.execute(f"LOAD {_quoted(str(extension_file(name)))}")
        except BaseException:
            self._root.close()
            raise
        self.connection = self._cursor()

    def fits(self, extensions: Sequence[str]) -> bool:
        """Tell whether just these extensions are loaded."""
        return self._extensions == tuple(extensions)

    def begin(self, config: EngineConfig) -> None:
        """Set an emptied instance to a new lake's settings, and open its connection."""
        for name, value in config.settings().items():
            self._root.execute(f"SET GLOBAL {name} = {_quoted(str(value))}")
        self.connection = self._cursor()

    def end(self) -> bool:
        """Close the lake's connection and empty the instance; tell whether it is as new."""
        self.connection.close()
        try:
            for (name,) in self._root.execute(_DATABASES, [list(OWN)]).fetchall():
                # DuckLake takes its catalogue's database along, which is listed as well.
                with suppress(duckdb.CatalogException, duckdb.BinderException):
                    self._root.execute(f'DETACH "{name}"')
            for (name,) in self._root.execute("SELECT name FROM duckdb_secrets()").fetchall():
                self._root.execute(f'DROP TEMPORARY SECRET "{name}"')
            left = self._root.execute(_LEFT, [list(OWN)]).fetchone()
        except duckdb.Error:
            return False
        return left == (0,)

    def close(self) -> None:
        """End the instance."""
        self.connection.close()
        self._root.close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        connection = self._root.cursor()
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(NO_BAR)
        return connection


_DATABASES = (
    "SELECT database_name FROM duckdb_databases() WHERE NOT list_contains(?, database_name)"
    " ORDER BY starts_with(database_name, '__'), database_name"
)
_LEFT = (
    "SELECT (SELECT count(*) FROM duckdb_databases() WHERE NOT list_contains(?, database_name))"
    " + (SELECT count(*) FROM duckdb_tables()) + (SELECT count(*) FROM duckdb_secrets())"
)
_lock = threading.Lock()
_IDLE: list[Engine] = []
_OF_PARENT: list[Engine] = []


def take(config: EngineConfig, extensions: Sequence[str]) -> Engine:
    """Give an instance with these extensions and settings, an idle one where there is one.

    Raises:
        ConfigurationError: an extension is not installed.
        duckdb.Error: DuckDB refuses a setting or an extension.
    """
    with _lock:
        found = next((each for each in _IDLE if each.fits(extensions)), None)
        if found:
            _IDLE.remove(found)
    if found:
        try:
            found.begin(config)
            return found
        except duckdb.Error:
            # Such as a folder for temporary files that can't be changed once it was used.
            found.close()
    return Engine(config, extensions)


def give_back(engine: Engine) -> None:
    """End a lake's use of an instance; it is kept if it is as new and there is room."""
    clean = engine.end()
    with _lock:
        if clean and len(_IDLE) < KEPT:
            _IDLE.append(engine)
            return
    engine.close()


def extension_file(name: str) -> Path:
    """Find an extension of DuckDB in the package that installed it."""
    package = f"duckdb_extension_{name}"
    wanted = f"v{duckdb.__version__}/{name}.duckdb_extension"
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if str(file).endswith(wanted):
            return Path(str(file.locate()))
    raise ConfigurationError(
        f"DuckDB's {name} extension for version {duckdb.__version__} is not installed:"
        f" pip install {package.replace('_', '-')}=={duckdb.__version__}"
    )


def _forget() -> None:
    # The threads of an instance don't come along into a forked process: it must not be closed.
    global _lock
    _lock = threading.Lock()
    _OF_PARENT.extend(_IDLE)
    _IDLE.clear()


os.register_at_fork(after_in_child=_forget)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
