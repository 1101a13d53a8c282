"""Finds and removes what runs hold of a tenant or an entity: folders, model calls, task results."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

import duckdb

from schemas.upkeep import ForgetRequest, Remainder
from sentree.errors import LakeError
from sentree.lake.context import FILE_NAME
from sentree.lake.db import first_line
from sentree.lake.engines import NO_BAR
from sentree.lake.entity_pattern import pattern_of
from sentree.settings import Settings

CALLS = "calls.sqlite"
OVERLAP = 4096
BLOCK = 1 << 20
TEXTS = (
    ("model_calls", "request || char(10) || reply"),
    ("node_states", "state"),
)


class Traces(NamedTuple):
    """What is to go: runs by name, stored calls and states by table and row, files of results."""

    runs: tuple[str, ...]
    calls: tuple[tuple[str, int], ...]
    task_results: tuple[Path, ...]


class _Search:
    """Tells whether a text or a file is of the tenant and holds the entity."""

    def __init__(self, request: ForgetRequest) -> None:
        self.request = request
        found = pattern_of(request.entity) if request.entity else None
        self.regex = found.regex if found else None
        # Python has no \pL; what is of no name is found alike by \w.
        python = found and found.regex.replace(r"\pL\pN_", r"\w")
        self._text = re.compile(python) if python else None
        tenant = json.dumps(request.tenant_uid or "")
        self._owner = re.compile(rf'"tenants?(?:_uid)?"\s*:\s*(?:\[[^\]]*)?{re.escape(tenant)}')
        self.writings: tuple[bytes, ...] = ()
        if found:
            self.writings = tuple(
                each
                for word in found.writings
                for each in (word.encode().lower(), word.encode("utf-16-le").lower())
            )

    def names(self, text: str) -> bool:
        """Tell whether a text names the entity."""
        return self._text is not None and self._text.search(text) is not None

    def is_owned(self, text: str) -> bool:
        """Tell whether a JSON text says that it is the tenant's."""
        return self._owner.search(text) is not None


def find_traces(settings: Settings, request: ForgetRequest) -> Traces:
    """Find what runs hold; nothing is changed.

    Raises:
        LakeError: the store of model calls can't be read.
    """
    search = _Search(request)
    runs = sorted(folder.name for folder in _runs(settings) if _concerns(folder, search))
    results = [path for path in _results(settings) if search.regex is None or _holds(path, search)]
    return Traces(tuple(runs), _calls(settings, search, set(runs)), tuple(sorted(results)))


def remove_traces(settings: Settings, traces: Traces) -> None:
    """Remove them: stored calls first, whose runs are known by their folders only.

    Raises:
        LakeError: something could not be removed.
    """
    path = settings.home / CALLS
    try:
        if path.is_file():
            with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                for table, row in traces.calls:
                    connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
                connection.execute("COMMIT")
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for run in traces.runs:
            rmtree(settings.runs_dir / run)
        for result in traces.task_results:
            result.unlink(missing_ok=True)
    except (sqlite3.Error, OSError) as error:
        raise LakeError(f"what runs hold can't be removed: {first_line(error)}") from None


def remaining_files(settings: Settings, request: ForgetRequest) -> list[Remainder]:
    """Look through every file of the home for the entity, as bytes; give those that hold it.

    What is packed (Parquet, context files) was looked through as tables before.
    """
    search = _Search(request)
    found: list[Remainder] = []
    for path in sorted(settings.home.rglob("*")) if search.writings else ():
        if _is_plain(path) and _holds(path, search):
            reason = "another tenant's" if request.tenant_uid else "not a file of the lake's own"
            if path.is_relative_to(settings.prefect_home):
                reason = "Prefect's own history; with no server running the folder may be deleted"
            elif path.is_relative_to(settings.lake_dir):
                reason = (
                    "the lake's own file: rows that name it are listed above, or run this again"
                )
            found.append(Remainder(subject=str(path), reason=f"holds the value ({reason})"))
    return found


def _runs(settings: Settings) -> Iterator[Path]:
    if settings.runs_dir.is_dir():
        yield from (folder for folder in settings.runs_dir.iterdir() if folder.is_dir())


def _results(settings: Settings) -> Iterator[Path]:
    """Give the task results that Prefect keeps so that a killed run can go on."""
    folder = settings.prefect_home / "storage"
    if folder.is_dir():
        yield from (path for path in folder.rglob("*") if path.is_file())


def _concerns(folder: Path, search: _Search) -> bool:
    """Tell whether a run is the tenant's and holds the entity, as far as both are asked for."""
    if search.request.tenant_uid is not None and not _is_tenants(folder, search):
        return False
    if search.regex is None:
        return True
    if any(_in_context(path, _names_it(search)) for path in _contexts(folder)):
        return True
    return any(_is_plain(path) and _holds(path, search) for path in folder.rglob("*"))


def _is_tenants(folder: Path, search: _Search) -> bool:
    for path in folder.rglob("*.json"):
        with suppress(OSError):
            if search.is_owned(path.read_text("utf-8", "replace")):
                return True
    condition = "tenant_uid = ?", [search.request.tenant_uid]
    return any(_in_context(path, condition) for path in _contexts(folder))


def _contexts(folder: Path) -> list[Path]:
    """Give a run's context, and what a killed run left of one."""
    return [path for path in folder.rglob(f"{FILE_NAME}*") if path.is_file()]


def _is_plain(path: Path) -> bool:
    """Tell whether a file's bytes can be searched: what is packed is searched as a table."""
    return path.is_file() and path.suffix != ".parquet" and not path.name.startswith(FILE_NAME)


def _names_it(search: _Search) -> tuple[str, list[object]]:
    text = "concat_ws(chr(10), raw, event, source_path)"
    return f"regexp_matches({text}, ?)", [search.regex]


def _in_context(path: Path, condition: tuple[str, Sequence[object]]) -> bool:
    sql, values = condition
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute(NO_BAR)
            found = connection.execute(f"SELECT 1 FROM events WHERE {sql} LIMIT 1", values)
            return found.fetchone() is not None
    except duckdb.Error:
        # What can't be read can't be cleared of holding it.
        return True


def _calls(settings: Settings, search: _Search, runs: set[str]) -> tuple[tuple[str, int], ...]:
    path = settings.home / CALLS
    if not path.is_file():
        return ()
    found: list[tuple[str, int]] = []
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)) as connection:
            for table, text in TEXTS:
                rows = connection.execute(f"SELECT rowid, run_uid, {text} FROM {table}")
                for row, run, content in rows:
                    is_any = search.request.tenant_uid is None
                    if run in runs or (is_any and search.names(str(content))):
                        found.append((table, int(row)))
    except sqlite3.Error as error:
        raise LakeError(f"{path} can't be read: {error}") from None
    return tuple(found)


def _holds(path: Path, search: _Search) -> bool:
    """Tell whether a file holds the entity, in UTF-8 or UTF-16, as a whole name."""
    before = b""
    with suppress(OSError), path.open("rb") as file:
        while block := file.read(BLOCK):
            window = before + block
            small = window.lower()
            if any(word in small for word in search.writings):
                if search.names(window.decode("utf-8", "replace")):
                    return True
                if search.names(window.decode("utf-16-le", "replace")):
                    return True
            before = window[-OVERLAP:]
    return False
