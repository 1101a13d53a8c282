"""Takes a large JSON list apart into tables of its elements, without a step of Python for each.

Only what is regular is taken. Whoever has something else is told so, and reads it with more
patience.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentree.lake.records import Table, table_of_lines

PART = 1 << 25
PIECE = 1 << 17
"""So much is looked at in one go: it stays in the processor's cache."""
HEAD = 1 << 16
MAX_ELEMENT = 1 << 24
MAX_DEPTH = 200

MAX_ESCAPES = 1000

_QUOTE, _OPEN, _CLOSE = 1, 2, 3
_NEWLINE, _ESCAPE = ord("\n"), ord("\\")
_KINDS = np.zeros(256, dtype=np.uint8)
_KINDS[list(b'"{[]}')] = [_QUOTE, _OPEN, _OPEN, _CLOSE, _CLOSE]
_BETWEEN = np.full(256, 2, dtype=np.uint8)
_BETWEEN[list(b" \t\r\n,")] = [0, 0, 0, 0, 1]
_BOM = b"\xef\xbb\xbf"
_SCALAR = rb'(?:"(?:[^"\\]|\\.)*+"|[-+.\w]++)'
_PROPERTY = rb'\s*+"(?:[^"\\]|\\.)*+"\s*+:\s*+' + _SCALAR + rb"\s*+"
_TAIL = re.compile(rb"(?:," + _PROPERTY + rb")*+\}\s*+", re.DOTALL)
_BLANK = b" \t\r\n"


class Irregular(Exception):
    """The text is no plain list of objects."""


def element_tables(blocks: Iterable[bytes], key: str) -> Iterator[Table]:
    """Give the elements of a list, part by part: where each begins (`line`) and its `text`.

    Args:
        blocks: UTF-8 text: a list of objects, or an object with such a list at `key`.
        key: where the list stands in an object; beside it there are scalar values only.

    Raises:
        Irregular: it is something else, or it is cut off; then nothing given so far counts.
    """
    stream = iter(blocks)
    text = _more(b"", stream, HEAD)
    begin, closing = _beginning(text, key)
    line = 1 + text.count(b"\n", 0, begin)
    part = text[begin:]
    comma = False
    wanted = PART
    while True:
        size = len(part)
        part = _more(part, stream, wanted)
        found = _Elements.find(part)
        if found.rough or len(found.starts) != len(found.ends):
            raise Irregular
        if len(found.starts):
            _check_between(found, comma)
            comma = True
            yield table_of_lines(part, found.starts, found.ends, line + found.lines)
            done = int(found.ends[-1])
            line += part.count(b"\n", 0, done)
            part = part[done:]
            wanted = PART
            continue
        if found.list_end >= 0:
            break
        if len(part) == size or len(part) > MAX_ELEMENT:
            raise Irregular
        wanted = 2 * len(part)
    if part[: found.list_end].strip(_BLANK) or part[found.list_end : found.list_end + 1] != b"]":
        raise Irregular
    tail = _more(part[found.list_end + 1 :], stream, HEAD)
    if next(stream, None) is not None or not _is_tail(tail, closing):
        raise Irregular


def _more(text: bytes, stream: Iterator[bytes], size: int) -> bytes:
    """Add blocks until there is so much text, or no more."""
    held = [text]
    length = len(text)
    while length < size and (block := next(stream, None)) is not None:
        held.append(block)
        length += len(block)
    return b"".join(held)


def _beginning(text: bytes, key: str) -> tuple[int, bytes]:
    """Find the place behind the list's bracket, and what closes the list and what it is in."""
    body = text.removeprefix(_BOM)
    skipped = len(text) - len(body) + len(body) - len(body.lstrip(_BLANK))
    if text[skipped : skipped + 1] == b"[":
        return skipped + 1, b"]"
    if text[skipped : skipped + 1] != b"{":
        raise Irregular
    head = re.compile(
        rb"\{(?:" + _PROPERTY + rb",)*+" + rb'\s*+"' + re.escape(key.encode()) + rb'"\s*+:\s*+\[',
        re.DOTALL,
    ).match(text, skipped, HEAD)
    if head is None:
        raise Irregular
    return head.end(), b"]}"


def _check_between(found: _Elements, comma: bool) -> None:
    """Raise unless one comma stands between two elements, and before the first if one is due."""
    begins = np.concatenate([[0], found.ends[:-1]])
    lengths = found.starts - begins
    counts = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=counts[1:])
    places = np.arange(counts[-1]) + np.repeat(begins - counts[:-1], lengths)
    kinds = _BETWEEN[found.data[places]]
    if (kinds == 2).any():
        raise Irregular
    commas = np.diff(np.concatenate([[0], np.cumsum(kinds, dtype=np.int64)])[counts])
    if (commas[1:] != 1).any() or commas[0] != comma:
        raise Irregular


def _is_tail(text: bytes, closing: bytes) -> bool:
    """Tell whether only scalar values and what closes the list's object stand behind the list."""
    if closing == b"]":
        return not text.strip(_BLANK)
    return _TAIL.fullmatch(text.lstrip(_BLANK)) is not None


class _Elements(NamedTuple):
    """Whole elements in a part of text that begins between two: their places and lines."""

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    lines: NDArray[np.int64]
    list_end: int
    rough: bool

    @classmethod
    def find(cls, part: bytes) -> _Elements:
        data = np.frombuffer(part, dtype=np.uint8)
        places, opens, newlines = _brackets(part, data)
        depths = np.cumsum(np.where(opens, np.int8(1), np.int8(-1)), dtype=np.int32)
        after = np.flatnonzero(depths < 0)
        list_end = int(places[after[0]]) if len(after) else -1
        if len(after):
            places, opens, depths = places[: after[0]], opens[: after[0]], depths[: after[0]]
        ends = places[(depths == 0) & ~opens] + 1
        starts = places[(depths == 1) & opens][: len(ends)]
        rough = bool(len(depths) and depths.max() > MAX_DEPTH) or not _is_utf8(part)
        return cls(data, starts, ends, np.searchsorted(newlines, starts), list_end, rough)


def _is_utf8(part: bytes) -> bool:
    if part.isascii():
        return True
    try:
        part.decode()
    except UnicodeDecodeError as error:
        # A character may be cut by the end of the part.
        return error.end == len(part) and error.start >= len(part) - 3
    return True


def _brackets(
    part: bytes, data: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Find the brackets that stand outside strings, whether they open, and the ends of lines."""
    places = [np.zeros(0, dtype=np.int64)]
    opens = [np.zeros(0, dtype=bool)]
    newlines = [np.zeros(0, dtype=np.int64)]
    inside = 0
    for at in range(0, len(data), PIECE):
        piece = data[at : at + PIECE]
        newlines.append(np.flatnonzero(piece == _NEWLINE) + at)
        kinds = _KINDS[piece]
        here = np.flatnonzero(kinds)
        kinds = kinds[here]
        quotes = kinds == _QUOTE
        if part.find(b"\\", max(at - 1, 0), at + PIECE) >= 0:
            quotes[quotes] = ~_escaped(data, here[quotes] + at)
        parity = np.cumsum(quotes, dtype=np.int32) & 1
        wanted = np.flatnonzero((parity == inside) & (kinds != _QUOTE))
        places.append(here[wanted] + at)
        opens.append(kinds[wanted] == _OPEN)
        inside ^= int(parity[-1]) if len(parity) else 0
    return np.concatenate(places), np.concatenate(opens), np.concatenate(newlines)


def _escaped(data: NDArray[np.uint8], quotes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell before which quotes an odd number of backslashes stands."""
    escaped = np.zeros(len(quotes), dtype=bool)
    left = np.arange(len(quotes))
    for back in range(1, MAX_ESCAPES):
        left = left[quotes[left] >= back]
        left = left[data[quotes[left] - back] == _ESCAPE]
        if not len(left):
            return escaped
        escaped[left] = ~escaped[left]
    raise Irregular
