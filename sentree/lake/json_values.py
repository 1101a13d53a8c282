"""Splits text into the JSON values it holds: arrays, values one after another, pretty-printed ones.

It only finds where values begin and end; whether they are valid JSON is for the reader of each.
Arrays are transparent: their elements are the values. So are wrappers (`{"Records":[…]}`).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SCAN = 128 * 1024
# After a break the text is looked at again, so the next look is short.
SCAN_AFTER_BREAK = 1024
HEAD = 64 * 1024
# Arrays inside this many arrays are values themselves.
TRANSPARENT_ARRAYS = 3
# How many levels one part of text may open; deeper brackets can't end a value.
SHALLOW = 6
RESTARTS = 200
WRAPPER_PREFIX = 256

QUOTE, ESCAPE, OPEN, CLOSE, NEWLINE = 1, 2, 3, 4, 5
KINDS = np.zeros(256, dtype=np.uint8)
KINDS[list(b'"\\[{]}\n')] = [QUOTE, ESCAPE, OPEN, OPEN, CLOSE, CLOSE, NEWLINE]
BLANK = b" \t\r\n,\x00"
CUT = "cut: the JSON value does not end"


class Value(NamedTuple):
    """A value's text and the line where it begins; with a reason, the head of what is no value."""

    line: int
    text: bytes
    reason: str | None = None
    length: int = 0


class _Brackets(NamedTuple):
    """The brackets outside strings in a part of text, and where the part stops making sense."""

    places: list[int]
    opens: list[bool]
    depths: list[int]
    broken_at: int | None
    in_string: bool
    odd_escapes: bool
    depth: int


class ValueSplitter:
    """Takes text in blocks of any size; gives each value as soon as it is complete."""

    def __init__(self, wrappers: frozenset[str] = frozenset(), max_bytes: int = 1 << 24) -> None:
        names = b"|".join(re.escape(name.encode()) for name in sorted(wrappers))
        self._wrapper = re.compile(rb'\{\s*"(?:' + names + rb')"\s*:\s*\[') if wrappers else None
        self._max_bytes = max_bytes
        self._text = bytearray()
        self._begin = 0  # where the value, or the text between two values, begins
        self._line = 1  # the line of _begin
        self._scanned = 0
        self._scan_bytes = SCAN
        self._depth = 0
        self._level = 0  # the depth at which values stand
        self._levels: list[int] = []  # those outside the arrays that are open
        self._in_value = False
        self._value_line = 1
        self._head = b""  # of a value that is too long to be kept
        self._dropped = 0
        self._in_string = False
        self._in_tail = False  # after a wrapper's list, until the wrapper closes
        self._odd_escapes = False
        self._restarts = 0

    @property
    def line(self) -> int:
        """The line up to which everything was given."""
        return self._line

    def feed(self, block: bytes) -> Iterator[Value]:
        """Take a block and give the values that are complete with it."""
        self._text += block
        yield from self._scan(final=False)

    def finish(self, reason: str = CUT) -> Iterator[Value]:
        """Give what is left; a value that does not end is rejected, what follows it is tried."""
        yield from self._scan(final=True)
        while self._in_value:
            again = self._text.find(b"\n{", self._begin) + 1
            if again <= 0 or self._head or self._restarts >= RESTARTS:
                yield self._reject(len(self._text), reason)
                break
            self._restarts += 1
            yield self._reject(again, CUT)
            self._restart(again)
            yield from self._scan(final=True)
        if not self._in_tail:
            yield from self._between(len(self._text))

    def _scan(self, *, final: bool) -> Iterator[Value]:
        while self._scanned < len(self._text):
            end = min(self._scanned + self._scan_bytes, len(self._text))
            waits = yield from self._scan_part(end, final)
            yield from self._forget()
            if waits:
                break

    def _scan_part(self, end: int, final: bool) -> Generator[Value, None, bool]:
        """Go through the text up to `end`; true if more text is needed to go on."""
        start = self._scanned
        found = self._brackets(bytes(self._text[start:end]))
        before = self._depth
        for place, opens, after in zip(found.places, found.opens, found.depths, strict=True):
            at = start + place
            if self._in_tail:
                if not opens and after == self._level:
                    self._in_tail = False
                    self._move(at + 1)
            elif self._in_value:
                if not opens and after == self._level:
                    yield self._value(at + 1)
            elif opens:
                before = after - 1
                if before == self._level:
                    wrapper = self._wrapper and self._text[at] == ord("{")
                    if wrapper and not final and len(self._text) - at < WRAPPER_PREFIX:
                        self._pause(at, before)
                        return True
                    yield from self._open(at, bool(wrapper))
                else:
                    self._move(at + 1)
            elif after < self._level:
                yield from self._close(at, after)
        if found.broken_at is not None:
            at = start + found.broken_at + 1
            if self._in_value:
                yield self._reject(at, "a string does not end on its line")
            elif not self._in_tail:
                yield from self._between(at)
            self._restart(at)
            self._scan_bytes = SCAN_AFTER_BREAK
        else:
            self._scan_bytes = min(2 * self._scan_bytes, SCAN)
            self._scanned, self._depth = end, found.depth
            self._in_string, self._odd_escapes = found.in_string, found.odd_escapes
        return False

    def _open(self, at: int, may_wrap: bool) -> Iterator[Value]:
        """Enter an array or a wrapper, or begin a value."""
        yield from self._between(at)
        is_array = self._text[at] == ord("[")
        if is_array and len(self._levels) < TRANSPARENT_ARRAYS:
            self._levels.append(self._level)
            self._level += 1
            self._move(at + 1)
        elif may_wrap and self._wrapper and self._wrapper.match(self._text, at):
            self._levels.append(self._level)
            self._level += 2
            self._move(at + 1)
        else:
            self._in_value, self._value_line = True, self._line

    def _close(self, at: int, after: int) -> Iterator[Value]:
        """Leave an array, or a wrapper's list."""
        yield from self._between(at)
        outside = self._levels.pop() if self._levels else 0
        self._in_tail = after - outside == 1
        self._level = outside
        self._move(at + 1)

    def _value(self, end: int) -> Value:
        if self._head:
            return self._reject(end, "longer than the limit")
        text = bytes(self._text[self._begin : end])
        self._in_value = False
        self._move(end)
        if len(text) > self._max_bytes:
            return Value(self._value_line, text[:HEAD], "longer than the limit", len(text))
        return Value(self._value_line, text)

    def _reject(self, end: int, reason: str) -> Value:
        head = self._head or bytes(self._text[self._begin : min(end, self._begin + HEAD)])
        length = self._dropped + end - self._begin
        self._in_value, self._head, self._dropped = False, b"", 0
        self._move(end)
        return Value(self._value_line, head.rstrip(b"\r\n"), reason, length)

    def _between(self, end: int) -> Iterator[Value]:
        """Give the text between two values, if there is any, line by line."""
        line, text = self._line, bytes(self._text[self._begin : end])
        self._move(end)
        if not text.strip(BLANK):
            return
        for number, piece in enumerate(text.split(b"\n"), start=line):
            if piece := piece.strip(BLANK):
                if len(piece) > self._max_bytes:
                    yield Value(number, piece[:HEAD], "longer than the limit", len(piece))
                else:
                    yield Value(number, piece)

    def _move(self, to: int) -> None:
        self._line += self._text.count(b"\n", self._begin, to)
        self._begin = to

    def _pause(self, at: int, depth: int) -> None:
        self._scanned, self._depth = at, depth
        self._in_string = self._odd_escapes = False

    def _restart(self, at: int) -> None:
        """Go on at a place after a break as if a value had just ended."""
        if not self._levels:
            self._level = 0
        self._move(at)
        self._in_tail = False
        self._pause(at, self._level)

    def _forget(self) -> Iterator[Value]:
        """Drop text that is done with, and all but the head of a value that is too long."""
        held = self._scanned - self._begin
        if held > self._max_bytes:
            if self._in_value:
                self._head = self._head or bytes(self._text[self._begin : self._begin + HEAD])
                self._dropped += held
                self._move(self._scanned)
            elif not self._in_tail:
                yield from self._between(self._scanned)
        if self._in_tail:
            self._move(self._scanned)
        del self._text[: self._begin]
        self._scanned -= self._begin
        self._begin = 0

    def _brackets(self, part: bytes) -> _Brackets:
        marks = _marks(part, self._in_string, self._odd_escapes)
        places, inside = marks.places, marks.inside
        depths = self._depth + np.cumsum(marks.steps)
        breaks = np.flatnonzero(((marks.kinds == NEWLINE) & inside) | (depths < 0))
        broken_at = int(places[breaks[0]]) if len(breaks) else None
        last = int(breaks[0]) if len(breaks) else len(places)
        shallow = depths[:last] <= self._level + SHALLOW
        wanted = np.flatnonzero((marks.steps[:last] != 0) & shallow)
        return _Brackets(
            places[wanted].tolist(),
            (marks.steps[wanted] > 0).tolist(),
            depths[wanted].tolist(),
            broken_at,
            bool(inside[-1]) if len(places) else self._in_string,
            marks.ends_odd,
            int(depths[-1]) if len(places) else self._depth,
        )


def nesting(text: bytes) -> int:
    """Give how deep the brackets of a JSON text nest."""
    return int(np.cumsum(_marks(text, False, False).steps).max(initial=0))


class _Marks(NamedTuple):
    """Quotes, backslashes, brackets and newlines of a text, and which stand inside a string."""

    places: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    steps: NDArray[np.int64]
    ends_odd: bool


def _marks(part: bytes, in_string: bool, odd_escapes: bool) -> _Marks:
    kinds = KINDS[np.frombuffer(part, dtype=np.uint8)]
    places = np.flatnonzero(kinds)
    kinds = kinds[places]
    runs = _escape_runs(places, kinds, odd_escapes)
    escaped = np.zeros(len(places), dtype=bool)
    escaped[1:] = (runs[:-1] & 1 == 1) & (np.diff(places) == 1)
    if odd_escapes and len(places) and places[0] == 0:
        escaped[0] = True
    quotes = (kinds == QUOTE) & ~escaped
    inside = ((np.cumsum(quotes) + in_string) & 1).astype(bool)
    steps = np.zeros(len(places), dtype=np.int64)
    steps[(kinds == OPEN) & ~inside] = 1
    steps[(kinds == CLOSE) & ~inside] = -1
    ends_odd = bool(len(places) and places[-1] == len(part) - 1 and runs[-1] & 1)
    return _Marks(places, kinds, inside, steps, ends_odd)


def _escape_runs(
    places: NDArray[np.int64], kinds: NDArray[np.uint8], odd_escapes: bool
) -> NDArray[np.int64]:
    """Count, for each backslash, how many stand in a row up to it; 0 for anything else."""
    escapes = kinds == ESCAPE
    index = np.arange(len(places))
    goes_on = np.zeros(len(places), dtype=bool)
    goes_on[1:] = escapes[1:] & escapes[:-1] & (np.diff(places) == 1)
    first = np.maximum.accumulate(np.where(escapes & ~goes_on, index, 0))
    runs = np.where(escapes, index - first + 1, 0)
    if odd_escapes and len(places) and places[0] == 0:
        runs[escapes & (first == 0) & (places == index)] += 1
    return runs
