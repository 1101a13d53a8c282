"""The texts of Sigma rules, read and compared plainly: wildcards, escapes, encodings, dashes.

Written from the Sigma specification. It shares no code with Sentree's compiler nor with pySigma,
so that the three can be held against each other.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from enum import Enum

DASHES = "-/\u2013\u2014\u2015"
_OPTION = re.compile(r"\B[-/]\b")

Test = Callable[[str], bool]


class Special(Enum):
    """What stands in a text for other text."""

    MANY = ".*"
    ONE = "."
    DASH = f"[{DASHES}]"


Words = tuple[str | Special, ...]


class Unsupported(Exception):
    """The rule has no meaning that this reading knows; the text says why."""


def read_words(text: str) -> Words:
    r"""Read a text: `*` and `?` are wildcards, `\` makes one of them, or itself, plain."""
    parts: list[str | Special] = []
    literal, place = "", 0
    while place < len(text):
        letter, following = text[place], text[place + 1 : place + 2]
        if letter == "\\" and following and following in "\\*?":
            literal, place = literal + following, place + 2
            continue
        if letter in "*?":
            parts += [literal] if literal else []
            parts.append(Special.MANY if letter == "*" else Special.ONE)
            literal = ""
        else:
            literal += letter
        place += 1
    return (*parts, literal) if literal else tuple(parts)


def fold(text: str) -> str:
    """Lower the case letter by letter, so that a part of a text folds as it does in the whole."""
    if text.isascii():
        return text.lower()
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def fold_ascii(text: str) -> str:
    """Lower the case of ASCII letters only, as SQLite does."""
    return "".join(c.lower() if c.isascii() else c for c in text)


def word_test(words: Words, change: Callable[[str], str]) -> Test:
    """Give the test that a text, which `change` was applied to, fits the words."""
    plain = [change(part) if isinstance(part, str) else part for part in words]
    many = Special.MANY
    opens, closes = plain[:1] == [many], len(plain) > 1 and plain[-1] is many
    inner = plain[opens : len(plain) - closes]
    if len(inner) == 1 and isinstance(inner[0], str):
        literal = inner[0]
        if opens and closes:
            return lambda text: literal in text
        if opens:
            return lambda text: text.endswith(literal)
        if closes:
            return lambda text: text.startswith(literal)
        return lambda text: text == literal
    written = "".join(re.escape(p) if isinstance(p, str) else p.value for p in plain)
    pattern = re.compile(written, re.DOTALL)
    return lambda text: pattern.fullmatch(text) is not None


def wrapped(words: Words, before: bool, after: bool) -> Words:
    """Let any text stand before or after; a wildcard that is there already is enough."""
    many = Special.MANY
    if before and words[:1] != (many,):
        words = (many, *words)
    if after and words[-1:] != (many,):
        words = (*words, many)
    return words


def dashed(words: Words) -> Words:
    """Let every dash or slash that begins an option be any of Windows' dashes."""
    parts: list[str | Special] = []
    for part in words:
        if not isinstance(part, str):
            parts.append(part)
            continue
        pieces = _OPTION.split(part)
        for number, piece in enumerate(pieces):
            parts += ([Special.DASH] if number else []) + ([piece] if piece else [])
    return tuple(parts)


def widened(words: Words, codec: str) -> Words:
    """Write a text in two bytes a letter, each byte a letter of its own."""
    try:
        parts = tuple(
            part.encode(codec).decode("utf-8") if isinstance(part, str) else part for part in words
        )
    except UnicodeError:
        raise Unsupported(f"letters outside ASCII in {codec}") from None
    return parts


def in_base64(words: Words, marked: bool) -> Words:
    """Encode a text that has no wildcards."""
    return (base64.b64encode(_bytes(words, marked)).decode(),)


def at_every_offset(words: Words, marked: bool) -> list[Words]:
    """Give what of a text's base64 is sure at each of the three places where it may begin."""
    data, found = _bytes(words, marked), list[Words]()
    for offset in range(3):
        length = 8 * (offset + len(data))
        encoded = base64.b64encode(bytes(offset) + data).decode().rstrip("=")
        # A letter holds six bits: those it shares with bytes before or after are not sure.
        first, last = -(-8 * offset // 6), length // 6
        found.append((encoded[first:last],))
    return found


def _bytes(words: Words, marked: bool) -> bytes:
    if any(not isinstance(part, str) for part in words):
        raise Unsupported("a wildcard in what is encoded")
    data = "".join(part for part in words if isinstance(part, str)).encode()
    return b"\xff\xfe" + data if marked else data
