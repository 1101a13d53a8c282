"""Text as a context: files of any kind, cut into chunks that stand where events would.

A chunk has no time: `time` is NULL, so nothing can show one. Its rows are in reading order (by
path, then place in it), which is the order of `rowid`; `documents` numbers a file's chunks.
"""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from ocsf.classes import class_name
from ocsf.columns import PROMOTED
from schemas.context import ContextInfo
from schemas.coverage import SliceCoverage
from schemas.window import Window
from sentree.errors import LakeError, UnreadableInputError
from sentree.lake.context import FILE_NAME
from sentree.lake.db import first_line, rows, sql_text
from sentree.lake.engines import NO_BAR
from sentree.lake.readers import STDIN, BrokenStreamError, Input, NotTextError, find_inputs
from sentree.lake.records import Table, as_text
from sentree.lake.search_index import build_index
from sentree.lake.text_files import read_chunks

ALWAYS = Window(
    start=datetime(1970, 1, 1, tzinfo=UTC), end=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
)
"""Stands for "no window" in the info of a context of documents, whose chunks have no time."""

NO_SNAPSHOT = 0
BATCH_CHARACTERS = 16 * 1024 * 1024
MEMORY = "256MB"
# Small groups of rows are written early: memory stays flat whatever the folder holds.
ROW_GROUP = 16_384
MOST_SOURCES = 1_000
NAMED_IN_NOTE = 5
COLUMNS = ("event_uid", "source_uid", "path", "seq", "line", "text", "note")


class _Named(NamedTuple):
    """A file to read under the name that it has in the context."""

    name: str
    path: str


class Chunk(NamedTuple):
    """A chunk on its way into the file; fields as `COLUMNS`."""

    event_uid: str
    source_uid: str
    path: str
    seq: int
    line: int
    text: str
    note: str | None


@dataclass(slots=True)
class _Account:
    """What could not be taken in, by reason."""

    binary: list[str] = field(default_factory=list[str])
    empty: list[str] = field(default_factory=list[str])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    broken: dict[str, str] = field(default_factory=dict[str, str])

    def notes(self) -> tuple[str, ...]:
        """Give a sentence per sort of loss, with the first names."""
        told = (
            ("Files skipped because they hold no text", self.binary),
            ("Files without any text that can be read", self.empty),
            ("Files that could not be read", _reasoned(self.failed)),
            ("Files read in part only", _reasoned(self.broken)),
        )
        return tuple(f"{what}: {len(names):,} ({_first(names)})." for what, names in told if names)


def export_documents(
    paths: Sequence[str | Path],
    folder: Path,
    *,
    tenant: str = "default",
    threads: int = 2,
    baselines: bool = True,
) -> ContextInfo:
    """Write the text of files, folders and globs to `context.duckdb` in the folder.

    Args:
        paths: files, folders (with all in them that is not hidden), globs, or `-`.
        folder: an existing folder; a context that is there is replaced.
        tenant: whose documents they are.
        threads: threads of DuckDB.
        baselines: make the tables of what is usual too, which only `EmbeddedAnalyst` reads.

    Raises:
        UnreadableInputError: no text could be read; says why.
        LakeError: the context can't be written.
    """
    account = _Account()
    files = _named(find_inputs(paths), paths, account)
    info = _export(_rows(files, account), account, folder, tenant, threads, baselines)
    if not info.events:
        (folder / FILE_NAME).unlink(missing_ok=True)
        what = ", ".join(_printable(str(path)) for path in paths[:NAMED_IN_NOTE]) or "nothing"
        raise UnreadableInputError(" ".join((f"no text in {what}.", *info.notes)))
    return info


def export_records(
    records: Mapping[str, str], folder: Path, *, name: str, tenant: str = "default"
) -> ContextInfo:
    """Write records by uid to `context.duckdb` in the folder, in their order, as documents.

    Raises:
        LakeError: the context can't be written.
    """
    source_uid = _digest(b"document\x00" + name.encode())
    chunks = (
        Chunk(uid, source_uid, name, number, number, _encodable(text), None)
        for number, (uid, text) in enumerate(records.items(), 1)
    )
    return _export(chunks, _Account(), folder, tenant, 2, baselines=False)


def _export(
    chunks: Iterator[Chunk],
    account: _Account,
    folder: Path,
    tenant: str,
    threads: int,
    baselines: bool,
) -> ContextInfo:
    part = folder / f"{FILE_NAME}.part"
    leftovers = (part, part.with_name(f"{part.name}.wal"))
    try:
        for old in leftovers:
            old.unlink(missing_ok=True)
        info = _write(part, chunks, account, tenant, threads, baselines)
        build_index(part)
        part.replace(folder / FILE_NAME)
    except (OSError, duckdb.Error) as error:
        raise LakeError(f"the context in {folder} can't be written: {first_line(error)}") from None
    finally:
        for left in leftovers:
            with suppress(OSError):
                left.unlink(missing_ok=True)
    return info.model_copy(update={"path": str(folder / FILE_NAME)})


def _named(found: Iterable[Input], paths: Sequence[str | Path], account: _Account) -> list[_Named]:
    """Name each file by its path below what all given paths have in common; sorted by name."""
    bases = [_base(str(path)) for path in paths if str(path) != STDIN]
    common = os.path.commonpath(bases) if bases else ""
    named: dict[str, _Named] = {}
    taken: set[str] = set()
    for each in found:
        whole = each.path if each.path == STDIN else os.path.abspath(each.path)
        name = _printable(STDIN if whole == STDIN else os.path.relpath(whole, common))
        if each.error:
            account.failed[name] = each.error
        elif whole not in named:
            # Names that differ in what can't be printed only must not become one document.
            while name in taken:
                name += "'"
            taken.add(name)
            named[whole] = _Named(name, each.path)
    return sorted(named.values())


def _base(given: str) -> str:
    if glob.has_magic(given) and not os.path.lexists(given):
        parts = Path(os.path.abspath(given)).parts
        plain = next(at for at, part in enumerate(parts) if glob.has_magic(part))
        return os.path.join(*parts[:plain])
    whole = os.path.abspath(given)
    return whole if os.path.isdir(whole) else os.path.dirname(whole)


def _write(
    part: Path,
    chunks: Iterator[Chunk],
    account: _Account,
    tenant: str,
    threads: int,
    baselines: bool,
) -> ContextInfo:
    with duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": "",
            "threads": threads,
            "memory_limit": MEMORY,
        }
    ) as connection:
        connection.execute(NO_BAR)
        connection.execute("SET TimeZone = 'UTC'")
        quoted = str(part).replace("'", "''")
        connection.execute(f"ATTACH '{quoted}' AS slice (ROW_GROUP_SIZE {ROW_GROUP})")
        connection.execute("USE slice")
        promoted = ", ".join(f"{column.name} {column.sql_type}" for column in PROMOTED)
        connection.execute(sql_text("documents_schema", promoted=promoted))
        insert = sql_text("documents_rows")
        for batch in _batches(chunks):
            connection.register("chunks", batch)
            connection.execute(insert, {"tenant": tenant})
            connection.unregister("chunks")
        if baselines:
            connection.execute(sql_text("baselines"))
        return _info(connection, account)


def _rows(files: Iterable[_Named], account: _Account) -> Iterator[Chunk]:
    for name, path in files:
        source_uid = _digest(b"document\x00" + name.encode())
        seq = 0
        try:
            for seq, chunk in enumerate(read_chunks(path), 1):
                text, note = as_text(chunk.text)
                uid = _digest(f"{name}\x00{seq}\x00{text}".encode())
                yield Chunk(uid, source_uid, name, seq, chunk.line, text, note)
        except NotTextError:
            account.binary.append(name)
        except BrokenStreamError as error:
            (account.broken if seq else account.failed)[name] = str(error)
        except OSError as error:
            (account.broken if seq else account.failed)[name] = (
                error.strerror or type(error).__name__
            ).lower()
        else:
            if not seq:
                account.empty.append(name)


def _batches(found: Iterator[Chunk]) -> Iterator[Table]:
    held: list[Chunk] = []
    size = 0
    for row in found:
        held.append(row)
        size += len(row.text)
        if size >= BATCH_CHARACTERS:
            yield _table(held)
            held, size = [], 0
    if held:
        yield _table(held)


def _table(held: Sequence[Chunk]) -> Table:
    types = {"seq": pa.int64(), "line": pa.int64()}
    columns = zip(COLUMNS, zip(*held, strict=True), strict=True)
    return pa.table(
        {name: pa.array(values, types.get(name, pa.string())) for name, values in columns}
    )


def _info(connection: duckdb.DuckDBPyConnection, account: _Account) -> ContextInfo:
    totals = "SELECT count(*) AS n, coalesce(sum(chars), 0)::BIGINT AS chars FROM slice.events"
    [total] = rows(connection.execute(totals))
    sources = rows(connection.execute(sql_text("documents_sources"), {"most": MOST_SOURCES}))
    [content] = rows(connection.execute(sql_text("context_hash")))
    return ContextInfo(
        path="",
        snapshot_id=NO_SNAPSHOT,
        window=ALWAYS,
        events=total["n"],
        characters=total["chars"],
        by_source=tuple(_slice(row["name"], row["events"]) for row in sources),
        by_class=(_slice(f"0 {class_name(0)}", total["n"]),),
        content_hash=content["content_hash"] or "",
        notes=account.notes(),
    )


def _slice(name: str, events: int) -> SliceCoverage:
    return SliceCoverage(name=name, events_in_scope=events, events_looked_at=0)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _reasoned(found: dict[str, str]) -> list[str]:
    return [f"{name} ({reason})" for name, reason in sorted(found.items())]


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED_IN_NOTE:,} more" if len(names) > NAMED_IN_NOTE else ""
    return ", ".join(names[:NAMED_IN_NOTE]) + more


def _printable(name: str) -> str:
    """Make a file's name fit for a terminal and a database, whatever its maker put into it."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
