"""Finds the records in a source, with their lines.

They are lines, JSON values, Zeek's tab-separated rows, or Windows events, binary or as XML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentree.lake.evtx import evtx_records
from sentree.lake.json_values import CUT, Value, ValueSplitter, nesting
from sentree.lake.readers import EVTX_MAGIC, BrokenStreamError
from sentree.lake.records import (
    RAW_CAP,
    Frame,
    Record,
    Reject,
    as_text,
    reject,
    table_of,
    table_of_lines,
)
from sentree.lake.windows_xml import is_windows_xml, windows_xml_records
from sentree.lake.zeek import ZeekRows

CHUNK = 32 * 1024 * 1024
HEAD = 512 * 1024
SAMPLE_LINES = 50
CHUNK_RECORDS = 100_000
COMPARE = 128 * 1024
BLANK = b" \t\r\n\v\f\x00"
# JSON itself may nest without end; those who read events later walk them recursively.
MAX_DEPTH = 256
TOO_LONG = "longer than the limit"
TOO_DEEP = "too deep"

ZEEK_HEAD = re.compile(rb"\s*#(separator|fields)[ \t]")
VALUE_HEAD = re.compile(rb'\s*(\{\s*("|\})|\[\s*(\{|\]|\[))')


class Framing(StrEnum):
    """How records stand in the text."""

    LINES = "lines"
    VALUES = "values"
    ZEEK = "zeek"
    EVTX = "evtx"
    WINDOWS_XML = "windows xml"


def find_framing(head: bytes) -> Framing:
    """Tell the framing from the first part of the text."""
    if head.startswith(EVTX_MAGIC):
        return Framing.EVTX
    if ZEEK_HEAD.match(head):
        return Framing.ZEEK
    if not VALUE_HEAD.match(head):
        return Framing.WINDOWS_XML if is_windows_xml(head) else Framing.LINES
    # Lines it is when most of what begins like a JSON value at a line's start ends on that line.
    lines = [line for line in head.split(b"\n") if line.strip()][: SAMPLE_LINES + 1]
    if len(head) >= HEAD and len(lines) <= SAMPLE_LINES:
        lines = lines[:-1] or lines
    begun = [line for line in lines if line.lstrip().startswith((b"{", b"["))]
    whole = sum(_is_json(line) for line in begun)
    return Framing.LINES if whole * 2 > len(begun) else Framing.VALUES


def _is_json(line: bytes) -> bool:
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict)


def frames(
    blocks: Iterable[bytes], framing: Framing, *, wrappers: frozenset[str], max_line_bytes: int
) -> Iterator[Frame]:
    """Give the records of blocks of text in batches."""
    if framing is Framing.LINES:
        return _line_frames(blocks, max_line_bytes)
    if framing is Framing.EVTX:
        return _batches(evtx_records(blocks))
    if framing is Framing.WINDOWS_XML:
        return _batches(windows_xml_records(blocks, max_line_bytes))
    if framing is Framing.ZEEK:
        return _batches(_zeek_records(blocks, max_line_bytes))
    return _batches(_value_records(blocks, wrappers, max_line_bytes))


def _line_frames(blocks: Iterable[bytes], max_line_bytes: int) -> Iterator[Frame]:
    for text, line, broken in _whole_lines(blocks, max_line_bytes):
        if isinstance(text, Reject):
            yield Frame(rejects=[text])
        elif broken:
            yield Frame(rejects=[reject(line, broken, text)])
        else:
            yield _frame_of(text, line, max_line_bytes)


def _whole_lines(
    blocks: Iterable[bytes], max_line_bytes: int
) -> Iterator[tuple[bytes | Reject, int, str | None]]:
    """Give text that ends with a line, the number of its first line, and why it is broken off."""
    held: list[bytes] = []
    size, line = 0, 1
    head, overlong = b"", 0
    broken = None
    stream = iter(blocks)
    while True:
        try:
            block = next(stream, None)
        except BrokenStreamError as error:
            block, broken = None, str(error)
        if block is None:
            break
        if overlong:
            end = block.find(b"\n")
            if end < 0:
                overlong += len(block)
                continue
            yield reject(line, TOO_LONG, head, overlong + end), line, None
            line, overlong, block = line + 1, 0, block[end + 1 :]
        held.append(block)
        size += len(block)
        if size < CHUNK:
            continue
        text = b"".join(held)
        end = text.rfind(b"\n") + 1
        if end:
            yield text[:end], line, None
            line += text.count(b"\n", 0, end)
        held, size = [text[end:]], len(text) - end
        if size > max_line_bytes:
            head, overlong, held, size = held[0][: 4 * RAW_CAP], size, [], 0
    text = b"".join(held)
    if overlong:
        yield reject(line, TOO_LONG, head, overlong), line, None
    if broken:
        end = text.rfind(b"\n") + 1
        if end:
            yield text[:end], line, None
            line += text.count(b"\n", 0, end)
        yield text[end:], line, broken
    elif text:
        yield text, line, None


def _frame_of(text: bytes, first_line: int, max_line_bytes: int) -> Frame:
    data = np.frombuffer(text, dtype=np.uint8)
    newlines = _places(data, lambda part: part == ord("\n"))
    starts = np.concatenate([[0], newlines + 1])
    ends = np.concatenate([newlines, [len(text)]])
    # A carriage return before the newline is the line's end, not its content.
    ends = ends - ((ends > starts) & (data[ends - 1] == ord("\r")))
    lines = np.arange(first_line, first_line + len(starts))
    lengths = ends - starts
    bad = dict.fromkeys(_blank_rows(text, data, starts, ends), "")
    bad |= dict.fromkeys(np.flatnonzero(lengths > max_line_bytes).tolist(), TOO_LONG)
    for row in _deep_rows(text, data, starts, ends):
        bad.setdefault(row, TOO_DEEP)
    rejects = [
        reject(int(lines[row]), reason, text[starts[row] : ends[row]])
        for row, reason in sorted(bad.items())
        if reason
    ]
    if bad:
        kept = np.ones(len(starts), dtype=bool)
        kept[list(bad)] = False
        starts, ends, lines = starts[kept], ends[kept], lines[kept]
    return Frame(table_of_lines(text, starts, ends, lines) if len(starts) else None, rejects)


def _places(
    data: NDArray[np.uint8], wanted: Callable[[NDArray[np.uint8]], Any]
) -> NDArray[np.int64]:
    """Find the wanted bytes, in pieces that stay in the processor's cache."""
    found = [
        np.flatnonzero(wanted(data[at : at + COMPARE])) + at for at in range(0, len(data), COMPARE)
    ]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _blank_rows(
    text: bytes, data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> list[int]:
    firsts = data[np.minimum(starts, len(data) - 1)]
    maybe = np.flatnonzero((ends <= starts) | (firsts <= ord(" ")))
    return [row for row in maybe.tolist() if not text[starts[row] : ends[row]].strip(BLANK)]


def _deep_rows(
    text: bytes, data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> list[int]:
    """List the rows whose JSON nests too deep; only those with many brackets are looked at."""
    opens = _places(data, lambda part: (part & 0xDF) == ord("["))
    counts = np.diff(np.searchsorted(opens, np.append(starts, len(text))))
    return [
        row
        for row in np.flatnonzero(counts > MAX_DEPTH).tolist()
        if is_too_deep(text[starts[row] : ends[row]])
    ]


def is_too_deep(text: bytes) -> bool:
    """Say whether text that begins like a JSON value nests deeper than is safe to walk."""
    return text.lstrip().startswith((b"{", b"[")) and nesting(text) > MAX_DEPTH


def _value_records(
    blocks: Iterable[bytes], wrappers: frozenset[str], max_line_bytes: int
) -> Iterator[Record | Reject]:
    splitter = ValueSplitter(wrappers, max_line_bytes)
    reason = CUT
    try:
        for block in blocks:
            yield from map(_record_of, splitter.feed(block))
    except BrokenStreamError as error:
        reason = str(error)
    ended = False
    for value in splitter.finish(reason):
        ended = ended or value.reason == reason
        yield _record_of(value)
    if reason is not CUT and not ended:
        yield reject(splitter.line, reason, b"")


def _record_of(value: Value) -> Record | Reject:
    if value.reason:
        return reject(value.line, value.reason, value.text, value.length)
    if len(value.text) > MAX_DEPTH and is_too_deep(value.text):
        return reject(value.line, TOO_DEEP, value.text)
    text, note = as_text(value.text)
    return Record(value.line, text, None, note)


def _zeek_records(blocks: Iterable[bytes], max_line_bytes: int) -> Iterator[Record | Reject]:
    rows = ZeekRows()
    for text, first, broken in _whole_lines(blocks, max_line_bytes):
        if isinstance(text, Reject):
            yield text
            continue
        if broken:
            yield reject(first, broken, text)
            continue
        for line, row in enumerate(text.split(b"\n"), start=first):
            if len(row) > max_line_bytes:
                yield reject(line, TOO_LONG, row)
            elif row.strip(BLANK):
                found = rows.read(line, row.rstrip(b"\r"))
                if found:
                    yield found


def _batches(found: Iterable[Record | Reject]) -> Iterator[Frame]:
    """Gather single records into batches of about a chunk's size."""
    records: list[Record] = []
    rejects: list[Reject] = []
    size = 0
    for each in found:
        if isinstance(each, Reject):
            rejects.append(each)
        else:
            records.append(each)
            size += len(each.text)
        if size > CHUNK or len(records) + len(rejects) >= CHUNK_RECORDS:
            yield Frame(table_of(records) if records else None, rejects)
            records, rejects, size = [], [], 0
    if records or rejects:
        yield Frame(table_of(records) if records else None, rejects)
