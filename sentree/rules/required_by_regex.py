"""Finds the texts that whatever matches a regular expression must hold.

The expression is RE2's; it is read with Python's parser. Where that refuses it, or both would read
it differently, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from re import (
    _constants as sre,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
)
from re import (
    _parser as parser,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
)
from typing import Any

from sentree.rules.need import TELLING, AllOf, Need, OneOf, Word, joined, telling

LONG_S = "\u017f"
"""In any case, RE2 takes it for an s, though it is its own lower case. Of no other letter of ASCII
is a letter taken for it whose lower case differs."""
_DISPUTED = re.compile(r"\[:|\[\^?\[|\[[^\]]*(?:--|&&|~~|\|\|)")
"""A class by name, and what Python warns that it may come to read as sets of sets."""


def required_by_regex(name: str | None, regex: str) -> Need | None:
    """Give what a field must hold wherever the expression is found in it; None for nothing."""
    if _DISPUTED.search(regex):
        return None
    try:
        tree: Any = parser.parse(regex)
        return _need(name, tree, fold=bool(tree.state.flags & re.IGNORECASE))
    except (re.error, OverflowError, RecursionError):
        return None


def _need(name: str | None, items: Iterable[Any], *, fold: bool) -> Need | None:
    found = _Found(name)
    found.read(items, fold=fold)
    return found.need()


@dataclass(slots=True)
class _Found:
    """What a sequence must hold: texts, each of letters side by side, and what its parts need."""

    name: str | None
    pieces: list[str] = field(default_factory=lambda: [""])
    folded: set[str] = field(default_factory=set[str])
    needs: list[Need] = field(default_factory=list[Need])
    fold_s: bool = False

    def read(self, items: Iterable[Any], *, fold: bool) -> None:
        for op, value in items:
            if op is sre.LITERAL:
                self._add(chr(value), fold=fold)
            elif op is sre.IN and (letter := _one_letter(value)):
                self._add(letter, fold=fold)
            elif op is sre.SUBPATTERN:
                _, added, removed, inner = value
                folds = (fold or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE
                self.read(inner, fold=folds)
            elif op is sre.BRANCH:
                self._break()
                needs = [_need(self.name, each, fold=fold) for each in value[1]]
                known = [need for need in needs if need is not None]
                either = joined(OneOf, known) if len(known) == len(needs) else None
                self.needs += [either] if either else []
            elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
                self._break()
                if value[0]:
                    self.read(value[2], fold=fold)
                    self._break()
            elif op is not sre.AT:
                self._break()

    def need(self) -> Need | None:
        self._break()
        chosen = telling(self.pieces)
        words = [self._word(piece) for piece in chosen]
        if len(chosen) == 1 and len(chosen[0]) >= TELLING:
            return words[0]
        return joined(AllOf, [*words, *self.needs])

    def _add(self, letter: str, *, fold: bool) -> None:
        if fold and not letter.isascii():
            self._break()
            return
        self.pieces[-1] += letter
        self.fold_s |= fold and letter in "sS"

    def _break(self) -> None:
        if self.fold_s:
            self.folded.add(self.pieces[-1])
        self.fold_s = False
        self.pieces.append("")

    def _word(self, piece: str) -> Need:
        word = Word(self.name, "l", "contains", piece)
        if piece not in self.folded:
            return word
        return OneOf((word, Word(self.name, "l", "contains", LONG_S)))


def _one_letter(options: Iterable[Any]) -> str | None:
    """Give the letter in lower case if a class stands for one in either case, as `[Aa]` does."""
    letters: set[str] = set()
    for op, value in options:
        if op is not sre.LITERAL or value > 127:
            return None
        letters.add(chr(value).lower())
    return letters.pop() if len(letters) == 1 else None
