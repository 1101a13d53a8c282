"""Text for a reader: the head and tail of what was printed, with nothing invisible in it."""

from __future__ import annotations

import re

INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
PATH = re.compile(r"(?<![\w/.])/(?:[\w.@+~-]+/)+[\w.@+~-]*")


class HeadTail:
    """Keeps the first and the last characters of a stream and counts them all."""

    def __init__(self, characters: int) -> None:
        self.characters = characters
        self.length = 0
        self._head: list[str] = []
        self._tail = ""

    def write(self, text: str) -> None:
        """Take a piece of the stream."""
        room = self.characters - self.length
        self.length += len(text)
        if room > 0:
            self._head.append(text[:room])
            text = text[room:]
        if text:
            self._tail = (self._tail + text)[-self.characters :]

    def text(self) -> str:
        """Give what fits: all of it, or head, true length and tail."""
        return fit("".join(self._head), self._tail, self.length, self.characters)


def clip(text: str, characters: int) -> str:
    """Make a text visible and cut its middle if it is too long, saying how long it was."""
    return fit(text[:characters], text[characters:][-characters:], len(text), characters)


def fit(head: str, tail: str, length: int, characters: int) -> str:
    """Join the kept head and tail of a text of the given length."""
    shown_head, shown_tail = visible(head), visible(tail)
    if len(head) + len(tail) == length and len(shown_head) + len(shown_tail) <= characters:
        return shown_head + shown_tail
    mark = f"\n[... middle not shown; {length:,} characters in all ...]\n"
    room = max(characters - len(mark), 2)
    end = shown_tail or shown_head
    return shown_head[: room // 2] + mark + end[-(room // 2) :]


def visible(text: str) -> str:
    """Write control, direction, zero-width and lone surrogate characters as escapes."""
    return INVISIBLE.sub(_escaped, text)


def without_paths(text: str) -> str:
    """Replace absolute paths: a reader in a sandbox has no use for the host's folders."""
    return PATH.sub("<path>", text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
