"""Regexes as RE2 reads them, which is how Sentree runs them, and as Python does."""

from __future__ import annotations

import re
from typing import Any

from bench.sigma_oracle.words import Test, Unsupported

Tests = tuple[Test, Test]


def read_regex(value: Any, modifiers: list[str]) -> Tests:
    """Give the tests of a regex, as RE2 reads it and as Python does."""
    letters = "".join(sorted({"i", "m", "s"}.intersection(modifiers)))
    given = f"(?{letters}){value}" if letters else str(value)
    try:
        patterns = re.compile(_as_re2(given, "m" in letters)), re.compile(given)
    except re.error as error:
        raise Unsupported(f"regex: {error}") from None
    # Patterns are bound to names of their own: a closure in a loop would share the last one.
    first, second = (pattern.search for pattern in patterns)
    return (lambda text: first(text) is not None), (lambda text: second(text) is not None)


_RE2_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
_TOKEN = re.compile(r"\\.|\[\^?\]?|.", re.DOTALL)


def _as_re2(regex: str, lines: bool) -> str:
    """Write a regex so that Python reads it as RE2 does: ASCII classes, `$` at the very end."""
    written, inside = "", False
    for token in _TOKEN.findall(regex):
        kind = token[1:].lower() if token[0] == "\\" else ""
        if kind in _RE2_CLASSES and not (inside and token[1].isupper()):
            sign = "^" if token[1].isupper() else ""
            letters = _RE2_CLASSES[kind]
            token = letters if inside else f"[{sign}{letters}]"
        elif kind == "b" and not inside:
            token = f"(?a:{token})"
        elif token == "$" and not inside and not lines:
            token = r"\Z"
        elif token[0] == "[":
            inside, token = True, token if not inside else token.replace("[", r"\[", 1)
        elif token == "]":
            inside = False
        written += token
    return written
