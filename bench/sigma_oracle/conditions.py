"""A rule's condition line: a small parser that gives a function of what the selections say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from bench.sigma_oracle.words import Unsupported

Holds = Callable[[Callable[[str], bool]], bool]
"""Takes what tells whether a selection holds, tells whether the condition does."""

_TOKEN = re.compile(r"\s*(\(|\)|[A-Za-z0-9_*-]+)")


def read_condition(text: str, names: Sequence[str]) -> Holds:
    """Read a condition over the selections of these names.

    Raises:
        Unsupported: it is none, or names what is not there.
    """
    tokens = list(_tokens(text))
    holds, place = _either(tokens, 0, names)
    if place != len(tokens):
        raise Unsupported(f"'{tokens[place]}' in the condition")
    return holds


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        if found is None:
            raise Unsupported(f"'{text[place:].strip()[:20]}' in the condition")
        yield found[1]
        place = found.end()


def _either(tokens: list[str], place: int, names: Sequence[str]) -> tuple[Holds, int]:
    return _chain("or", any, _both, tokens, place, names)


def _both(tokens: list[str], place: int, names: Sequence[str]) -> tuple[Holds, int]:
    return _chain("and", all, _one, tokens, place, names)


def _chain(
    word: str,
    fold: Callable[[Iterator[bool]], bool],
    below: Callable[[list[str], int, Sequence[str]], tuple[Holds, int]],
    tokens: list[str],
    place: int,
    names: Sequence[str],
) -> tuple[Holds, int]:
    first, place = below(tokens, place, names)
    items = [first]
    while place < len(tokens) and tokens[place] == word:
        item, place = below(tokens, place + 1, names)
        items.append(item)
    if len(items) == 1:
        return first, place
    return lambda says: fold(item(says) for item in items), place


def _one(tokens: list[str], place: int, names: Sequence[str]) -> tuple[Holds, int]:
    if place >= len(tokens):
        raise Unsupported("the condition ends too early")
    token = tokens[place]
    if token == "not":
        item, place = _one(tokens, place + 1, names)
        return lambda says: not item(says), place
    if token == "(":
        item, place = _either(tokens, place + 1, names)
        if tokens[place : place + 1] != [")"]:
            raise Unsupported("a bracket of the condition is not closed")
        return item, place + 1
    if token in {"1", "any", "all"} and tokens[place + 1 : place + 2] == ["of"]:
        if place + 2 >= len(tokens):
            raise Unsupported("the condition ends too early")
        return _several(token, tokens[place + 2], names), place + 3
    if token not in names:
        raise Unsupported(f"there is no selection '{token}'")
    return lambda says: says(token), place + 1


def _several(count: str, pattern: str, names: Sequence[str]) -> Holds:
    pattern = "*" if pattern == "them" else pattern
    hidden = pattern.startswith("_")
    chosen = [n for n in names if fnmatchcase(n, pattern) and (hidden or not n.startswith("_"))]
    if not chosen:
        raise Unsupported(f"no selection is named '{pattern}'")
    fold = all if count == "all" else any
    return lambda says: fold(says(name) for name in chosen)
