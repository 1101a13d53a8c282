"""Places in a text that are to be replaced, and how such places become one list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of a text, and what kind of value stands there."""

    start: int
    end: int
    kind: str


def outermost(found: Iterable[Span]) -> list[Span]:
    """Join what overlaps, under the kind of the longest of them; in the order of the text."""
    joined: list[Span] = []
    longest = 0
    for span in sorted(found, key=lambda one: (one.start, -one.end)):
        size = span.end - span.start
        if not joined or span.start >= joined[-1].end:
            joined.append(span)
            longest = size
            continue
        last = joined[-1]
        kind = span.kind if size > longest else last.kind
        longest = max(longest, size)
        joined[-1] = Span(last.start, max(last.end, span.end), kind)
    return joined


def ascii_lower(text: str) -> str:
    """Give the text in lower case with every character in its place."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    # A few letters have a lower case of two characters.
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)
