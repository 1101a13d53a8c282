"""The text of HTML: tags, scripts and styles left out, links kept, every line where it was."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from sentree.lake.readers import BrokenStreamError

# What is longer between `<` and `>` is no tag: text with a stray `<` must not vanish.
LONGEST_TAG = 64 * 1024
LONGEST_ENTITY = 40
TAG = re.compile(rb"</?[A-Za-z]|<[!?]")
NAME = re.compile(rb"</?([A-Za-z][A-Za-z0-9]*)")
LINK = re.compile(rb"""\s(?:href|action)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""", re.IGNORECASE)
ENTITY = re.compile(rb"&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,8}|[A-Za-z][A-Za-z0-9]{1,31});")
SILENT = {b"script": b"</script", b"style": b"</style"}
INLINE = frozenset(b"a abbr b big code em font i mark s small span strong sub sup tt u".split())
COMMENT = b"<!--"


def html_text(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Give the text of HTML in blocks of any size.

    A link's address follows its tag in parentheses: it is evidence. Newlines inside of what is
    left out are kept, so that a line of the text is that line of the file.

    Raises:
        BrokenStreamError: the blocks broke off; the text of what had come was given before.
    """
    reader = _Reader()
    try:
        for block in blocks:
            yield reader.feed(block)
    except BrokenStreamError:
        yield reader.close()
        raise
    yield reader.close()


class _Reader:
    def __init__(self) -> None:
        self._held = b""
        self._until: bytes | None = None

    def feed(self, block: bytes) -> bytes:
        return self._read(block, final=False)

    def close(self) -> bytes:
        return self._read(b"", final=True)

    def _read(self, block: bytes, *, final: bool) -> bytes:
        text = self._held + block
        lowered = text.lower()
        given: list[bytes] = []
        start, ahead = 0, -1
        while start < len(text):
            if self._until:
                start = self._skip(text, lowered, start, given, final=final)
                if self._until:
                    break
                continue
            tag = text.find(b"<", start)
            if tag < 0:
                start = self._plain(text, start, len(text), given, final=final)
                break
            self._plain(text, start, tag, given, final=True)
            start = tag
            if len(text) - tag < len(COMMENT) and not final:
                break
            if text.startswith(COMMENT, tag):
                self._until = b"-->"
                continue
            if not TAG.match(text, tag):
                given.append(b"<")
                start = tag + 1
                continue
            # One search serves all tags before its find: many a `<` without `>` costs no more.
            if ahead < tag:
                ahead = text.find(b">", tag)
                ahead = len(text) + LONGEST_TAG if ahead < 0 else ahead
            if ahead >= len(text) and len(text) - tag <= LONGEST_TAG and not final:
                break
            if ahead - tag > LONGEST_TAG:
                given.append(b"<")
                start = tag + 1
                continue
            given.append(self._tag(text[tag : ahead + 1]))
            start = ahead + 1
        self._held = text[start:]
        return b"".join(given)

    def _skip(
        self, text: bytes, lowered: bytes, start: int, given: list[bytes], *, final: bool
    ) -> int:
        """Pass over what is silent; give the place behind it, or where its end is to be sought."""
        assert self._until
        end = lowered.find(self._until, start)
        if end >= 0:
            behind = end + len(self._until) if self._until == b"-->" else end
            self._until = None
        else:
            behind = len(text) if final else max(start, len(text) - len(self._until) + 1)
        given.append(b"\n" * text.count(b"\n", start, behind))
        return behind

    def _plain(self, text: bytes, start: int, end: int, given: list[bytes], *, final: bool) -> int:
        """Give text with its entities read; one that the next block may complete is held back."""
        if not final:
            begun = text.find(b"&", max(start, end - LONGEST_ENTITY), end)
            end = begun if begun >= 0 else end
        given.append(ENTITY.sub(_character, text[start:end]))
        return end

    def _tag(self, tag: bytes) -> bytes:
        named = NAME.match(tag)
        name = named[1].lower() if named else b""
        if not tag.startswith(b"</"):
            self._until = SILENT.get(name)
        lines = b"\n" * tag.count(b"\n")
        if name != b"link" and (link := LINK.search(tag)):
            address = ENTITY.sub(_character, link[1].strip(b"\"'").replace(b"\n", b""))
            return b"(" + address + b") " + lines
        return lines if lines or name in INLINE else b" "


def _character(entity: re.Match[bytes]) -> bytes:
    # A newline that is written as an entity is none of the file's.
    return html.unescape(entity[0].decode()).replace("\n", " ").encode("utf-8", "replace")
