"""Batches of framed records on their way into DuckDB: Arrow tables that share the text's bytes."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

# What fits no VARCHAR of a reject's table: its head, for a look.
RAW_CAP = 4096
# A multiple of DuckDB's vector size, small enough that two threads share a chunk evenly.
BATCH_ROWS = 2048
INVALID_UTF8 = "invalid_utf8"
# pyarrow has no types of its own for a checker.
Table = Any
Array = Any
VIEW = np.dtype([("length", "<i4"), ("prefix", "<u4"), ("buffer", "<i4"), ("offset", "<i4")])
INLINE = 12


class Reject(NamedTuple):
    """What can't become an event: where, why, the head of its text, and its length in bytes."""

    line: int
    reason: str
    raw: str
    length: int


class Record(NamedTuple):
    """One record: its line, its text as it came, and the JSON made of it where it came as none."""

    line: int
    text: str
    doc: str | None = None
    note: str | None = None


@dataclass(slots=True)
class Frame:
    """A batch: the Arrow table `(line, text, doc, note)` and what was rejected on the way."""

    table: Table | None = None
    rejects: list[Reject] = field(default_factory=list[Reject])


def as_text(raw: bytes) -> tuple[str, str | None]:
    """Decode UTF-8; a byte that is none becomes the character of its number, and a note says so.

    One bad byte would otherwise hide a whole record.
    """
    try:
        return raw.decode(), None
    except UnicodeDecodeError:
        return raw.decode("utf-8", "sentree-latin"), INVALID_UTF8


def _as_latin(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("sentree-latin", _as_latin)


def reject(line: int, reason: str, raw: bytes, length: int | None = None) -> Reject:
    """Make a reject of a record's bytes."""
    text, _ = as_text(raw[: 4 * RAW_CAP])
    return Reject(line, reason, text[:RAW_CAP], len(raw) if length is None else length)


def table_of(records: Sequence[Record]) -> Table:
    """Make a table of single records."""
    lines, texts, docs, notes = zip(*records, strict=True) if records else ((), (), (), ())
    return _batched(
        pa.array(lines, pa.int64()),
        pa.array(texts, pa.string()),
        pa.array(docs, pa.string()),
        pa.array(notes, pa.string()),
    )


def table_of_lines(
    text: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64], lines: NDArray[np.int64]
) -> Table:
    """Make a table of parts of a text without copying them.

    Args:
        text: less than 2 GiB.
        starts: where each record begins.
        ends: where it ends.
        lines: its line number.
    """
    count = len(starts)
    texts = _views(text, starts, ends)
    notes = pa.nulls(count, pa.string())
    if not text.isascii():
        try:
            texts.validate(full=True)
        except pa.ArrowInvalid:
            decoded = [
                as_text(text[a:b]) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
            ]
            texts = pa.array([each for each, _ in decoded], pa.string())
            notes = pa.array([note for _, note in decoded], pa.string())
    return _batched(pa.array(lines), texts, pa.nulls(count, pa.string()), notes)


def _batched(*columns: Array) -> Table:
    table = pa.table(list(columns), names=["line", "text", "doc", "note"])
    return pa.Table.from_batches(table.to_batches(max_chunksize=BATCH_ROWS), table.schema)


def _views(text: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Array:
    """Build a string view array by hand: pyarrow has no maker that takes begins and ends."""
    data = np.frombuffer(text, dtype=np.uint8)
    views = np.zeros(len(starts), dtype=VIEW)
    views["length"] = ends - starts
    long = np.flatnonzero(ends - starts > INLINE)
    heads = data[starts[long, None] + np.arange(4)]
    views["prefix"][long] = np.ascontiguousarray(heads).view("<u4").reshape(-1)
    views["offset"][long] = starts[long]
    inlined = views.view(np.uint8).reshape(-1, VIEW.itemsize)
    for row in np.flatnonzero(ends - starts <= INLINE):
        part = data[starts[row] : ends[row]]
        inlined[row, 4 : 4 + len(part)] = part
    return pa.Array.from_buffers(
        pa.string_view(), len(starts), [None, pa.py_buffer(views), pa.py_buffer(text)]
    )
