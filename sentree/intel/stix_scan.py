"""Finds JSON values in text with their places, and goes on behind what is broken.

A bundle is walked object by object, so that a truncated file gives what stands before the cut
and one malformed object costs only itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

MAX_RESYNC = 2_000
"""How many places are tried to find the next object behind a broken one."""

_BLANK = re.compile(r"[ \t\r\n]*")
_COMMA_BLANK = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")
_NEXT_OBJECT = re.compile(r"[,\[\n][ \t\r\n]*(?=\{)")


class Scanned(NamedTuple):
    """A value with its place in the text."""

    value: Any
    start: int
    end: int


class Broken(NamedTuple):
    """A place where no value could be read, and why."""

    start: int
    reason: str


_scan = json.JSONDecoder(parse_constant=str, strict=False).raw_decode


def is_stix(value: Any) -> bool:
    """Tell whether a value looks like a STIX object or a container of some."""
    return isinstance(value, dict) and "type" in value and ("id" in value or "objects" in value)


class _Shape(NamedTuple):
    """The keys whose lists are walked, and what a value must look like to go on from there."""

    lists: Collection[str]
    expected: Callable[[Any], bool]


def scan(
    text: str,
    lists: Collection[str] = ("objects",),
    expected: Callable[[Any], bool] = is_stix,
) -> Iterator[Scanned | Broken]:
    """Go through every top-level value, the elements of lists and of an `objects` list.

    Lists and objects with an `objects` list (bundles, TAXII envelopes) give their elements; any
    other value comes as it is. Several values may follow one another, as in JSON lines.

    Args:
        text: JSON text, whole or broken.
        lists: keys of an object whose list is walked in place of the object.
        expected: tells whether a value behind broken text is one to go on from.
    """
    shape = _Shape(lists, expected)
    at, size = _skip(text, 0), len(text)
    while at < size:
        if text[at] == "[":
            at = yield from _elements(text, at, shape)
        elif text[at] == "{":
            at = yield from _object(text, at, shape)
        elif text[at] == "\x1e" or text[at] == ",":
            at += 1
        else:
            yield Broken(at, "is no JSON object")
            at = _line_end(text, at)
        at = _skip(text, at)


def _object(text: str, start: int, shape: _Shape) -> Iterator[Scanned | Broken]:
    """Walk an object's properties until its list; without one it is a value itself."""
    at, head = _skip(text, start + 1), {}
    found = False
    try:
        while at < len(text) and text[at] == '"':
            key, at = _scan(text, at)
            at = _skip(text, at)
            if text[at : at + 1] != ":":
                raise json.JSONDecodeError("':' is missing", text, at)
            at = _skip(text, at + 1)
            if key in shape.lists and text[at : at + 1] == "[":
                found = True
                at = yield from _elements(text, at, shape)
            else:
                head[key], at = _scan(text, at)
            comma = _COMMA_BLANK.match(text, at)
            if comma is None:
                break
            at = comma.end()
        at = _skip(text, at)
        if found and at > len(text):
            return at
        if text[at : at + 1] != "}":
            raise json.JSONDecodeError("'}' is missing", text, at)
        if not found:
            yield Scanned(head, start, at + 1)
        return at + 1
    except (ValueError, RecursionError) as error:
        yield Broken(start if not found else at, _reason(error, text))
        return _resync(text, start + 1, shape) if not found else len(text)


def _elements(text: str, start: int, shape: _Shape) -> Iterator[Scanned | Broken]:
    """Walk the elements of a list; gives the place behind it."""
    at, size, whole = _skip(text, start + 1), len(text), True
    while at < size and text[at] != "]":
        try:
            value, end = _scan(text, at)
        except (ValueError, RecursionError) as error:
            yield Broken(at, _reason(error, text))
            at, whole = _resync(text, at + 1, shape), False
            continue
        whole = True
        yield Scanned(value, at, end)
        comma = _COMMA_BLANK.match(text, end)
        at = comma.end() if comma else _skip(text, end)
        if comma is None and at < size and text[at] not in "]{":
            yield Broken(at, "stands between two objects where a comma should")
            at = _resync(text, at, shape)
    if at >= size and whole:
        yield Broken(start, "the list of objects has no end: the file is cut off")
    return at + 1


def _resync(text: str, at: int, shape: _Shape) -> int:
    """Find the next value behind `at` of the expected shape; the end without one."""
    for tried, place in enumerate(_NEXT_OBJECT.finditer(text, at)):
        if tried >= MAX_RESYNC:
            break
        try:
            value, _ = _scan(text, place.end())
        except (ValueError, RecursionError):
            continue
        if shape.expected(value):
            return place.end()
    return len(text)


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _reason(error: Exception, text: str) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        cut = error.pos >= len(text.rstrip()) or "Unterminated" in error.msg
        return "ends in the middle" if cut else f"is no JSON: {error.msg}"
    return f"is no JSON: {error}"
