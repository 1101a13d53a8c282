"""Cues: words, commands, keys and events that name a technique to whoever knows the field.

The table is `models/data/technique_cues.yml`; its head explains the notation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import yaml

_BLANKS = re.compile(r"[^\S\n]+")
_CUE = re.compile(r"(~?)(T\d{4}(?:\.\d{3})?(?:,T\d{4}(?:\.\d{3})?)*): (.+)")


class Cue(NamedTuple):
    """Words that must all be there, and words that must not; `weak` ones only lean to a technique.

    `uid` is the place in the table, stable for one version of it.
    """

    uid: int
    techniques: tuple[str, ...]
    words: tuple[str, ...]
    without: tuple[str, ...] = ()
    weak: bool = False

    def __str__(self) -> str:
        return " + ".join(word.removesuffix("*") for word in self.words)


class CueTable:
    """All cues, ready to be looked for in texts."""

    def __init__(self, cues: Sequence[Cue]) -> None:
        self.cues = tuple(cues)
        words = {word for cue in cues for word in (*cue.words, *cue.without)}
        self._words: Mapping[str, tuple[str, bool, bool]] = {
            word: (
                word.removesuffix("*"),
                word[0].isalnum(),
                not word.endswith("*") and word[-1].isalnum(),
            )
            for word in sorted(words)
        }

    def found(self, text: str) -> list[Cue]:
        """List the cues of a text, in the order of the table."""
        low = folded(text)
        there = {word for word, parts in self._words.items() if _holds(low, *parts)}
        return [
            cue
            for cue in self.cues
            if there.issuperset(cue.words) and there.isdisjoint(cue.without)
        ]


@cache
def packaged_cues() -> CueTable:
    """Read the table that comes with the package."""
    text = (files("models.data") / "technique_cues.yml").read_text(encoding="utf-8")
    return CueTable(tuple(read_cues(yaml.safe_load(text)["cues"].splitlines())))


def read_cues(lines: Iterable[str]) -> Iterator[Cue]:
    """Read lines of a table of cues, one cue for each alternative.

    Raises:
        ValueError: a line is no cue; it is quoted.
    """
    uid = 0
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        match = _CUE.fullmatch(line.strip())
        if match is None:
            raise ValueError(f"not a cue: {line[:120]}")
        techniques = tuple(match[2].split(","))
        for alternative in match[3].split(" | "):
            parts = [part.strip().lower() for part in alternative.split(" & ")]
            words = tuple(part for part in parts if not part.startswith("!"))
            without = tuple(part[1:] for part in parts if part.startswith("!"))
            if not all((*words, *without)) or not words:
                raise ValueError(f"a cue without words: {line[:120]}")
            yield Cue(uid, techniques, words, without, weak=bool(match[1]))
            uid += 1


def folded(text: str) -> str:
    """Bring a text to the form that cues are looked for in: lower case, single blanks."""
    return _BLANKS.sub(" ", text).lower()


def _holds(text: str, word: str, left: bool, right: bool) -> bool:
    place = text.find(word)
    while place >= 0:
        end = place + len(word)
        before = left and place > 0 and text[place - 1].isalnum()
        after = right and end < len(text) and text[end].isalnum()
        if not before and not after:
            return True
        place = text.find(word, place + 1)
    return False
