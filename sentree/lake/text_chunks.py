"""Cuts text into chunks at headings, paragraphs and lines; no byte is lost and none doubled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sentree.lake.readers import BrokenStreamError

LEAST = 500
WANTED = 2_500
MOST = 4_000

HEADING = b"\n#"
PARAGRAPHS = (b"\n\n", b"\n\r\n")
LINE = b"\n"
SPACE = b" "


class Chunk(NamedTuple):
    """A piece of a text as UTF-8 bytes, and the 1-based line on which it starts."""

    line: int
    text: bytes


def chunked(blocks: Iterable[bytes]) -> Iterator[Chunk]:
    """Cut a text into chunks, the same ones however it comes in blocks.

    Raises:
        BrokenStreamError: the blocks broke off; every chunk of what had come was given before.
    """
    held, line = b"", 1
    broken: BrokenStreamError | None = None
    stream = iter(blocks)
    while True:
        try:
            block = next(stream, None)
        except BrokenStreamError as error:
            block, broken = None, error
        held += block or b""
        start = 0
        # A cut looks no further than this, so it is the same when more text is known.
        while len(held) - start >= (MOST + LEAST if block is not None else 1):
            end = _cut(held, start)
            yield Chunk(line, held[start:end])
            line += held.count(LINE, start, end)
            start = end
        held = held[start:]
        if block is None:
            break
    if broken:
        raise broken


def _cut(text: bytes, start: int) -> int:
    """Find where the chunk that starts at `start` ends."""
    stop = len(text)
    if stop - start <= WANTED:
        return stop
    least = start + LEAST
    near, far = min(start + WANTED, stop - LEAST), min(start + MOST, stop)
    if (place := text.rfind(HEADING, least, near)) >= 0:
        return place + len(LINE)
    ends = [
        place + len(mark) for mark in PARAGRAPHS if (place := text.rfind(mark, least, near)) >= 0
    ]
    if ends:
        return max(ends)
    ends = [place + len(mark) for mark in PARAGRAPHS if (place := text.find(mark, near, far)) >= 0]
    if ends:
        return min(ends)
    for mark in (LINE, SPACE):
        if (place := text.rfind(mark, least, near)) >= 0:
            return place + len(mark)
        if (place := text.find(mark, near, far)) >= 0:
            return place + len(mark)
    return far if far == stop else _between_characters(text, far)


def _between_characters(text: bytes, place: int) -> int:
    """Step back out of the middle of a UTF-8 character."""
    if 0x80 <= text[place] < 0xC0:
        for back in range(1, 4):
            if text[place - back] >= 0xC0:
                return place - back
            if text[place - back] < 0x80:
                break
    return place
