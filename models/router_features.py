"""The lexical features of a question: words, pieces of words, and cues, as one sparse row."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import FiniteFloat, model_validator

from models.router_cues import cue_names, cues, mask
from schemas.base import Frozen

Doubles = npt.NDArray[np.float64]

SEEN_IN = {"words": 2, "pieces": 6}
"""A term is kept if it occurs in at least so many of the training questions."""
PIECE_LENGTHS = (3, 4, 5)
LONG = 40.0
_WORD = re.compile(r"\w+")
_EXTRAS = ("length", "asks")


class Terms(Frozen):
    """Terms of one kind with their inverse document frequency, in column order."""

    names: tuple[str, ...]
    idf: tuple[FiniteFloat, ...]

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        if len(self.names) != len(self.idf):
            raise ValueError("terms and idf differ in length")
        return self

    @classmethod
    def learn(cls, documents: Sequence[Iterable[str]], seen_in: int) -> Self:
        """Keep the terms that occur in at least `seen_in` of the documents."""
        counts = Counter(term for document in documents for term in set(document))
        names = tuple(sorted(term for term, count in counts.items() if count >= seen_in))
        idf = (1 + math.log((1 + len(documents)) / (1 + counts[name])) for name in names)
        return cls(names=names, idf=tuple(round(value, 3) for value in idf))

    @cached_property
    def columns(self) -> Mapping[str, int]:
        """The column of each term."""
        return {name: column for column, name in enumerate(self.names)}

    def row(self, document: Iterable[str]) -> dict[int, float]:
        """Give the unit row of TF-IDF weights; empty where no term is known."""
        counts = Counter(document)
        found = {self.columns[t]: 1 + math.log(n) for t, n in counts.items() if t in self.columns}
        row = {column: weight * self.idf[column] for column, weight in found.items()}
        length = math.sqrt(sum(weight * weight for weight in row.values()))
        return {column: weight / length for column, weight in row.items()}


class Lexicon(Frozen):
    """What turns a text into lexical features; `cues` fixes the order of the cue columns."""

    words: Terms
    pieces: Terms
    cues: tuple[str, ...]

    @model_validator(mode="after")
    def _known_cues(self) -> Self:
        if self.cues != cue_names():
            raise ValueError("the cue words are others than those it was trained with")
        return self

    @classmethod
    def learn(cls, texts: Sequence[str]) -> Self:
        """Learn the vocabulary of some texts."""
        masked = [mask(text) for text in texts]
        return cls(
            words=Terms.learn([list(_words(text)) for text in masked], SEEN_IN["words"]),
            pieces=Terms.learn([list(_pieces(text)) for text in masked], SEEN_IN["pieces"]),
            cues=cue_names(),
        )

    @property
    def cues_from(self) -> int:
        """The column of the first cue; words and their pieces come before."""
        return len(self.words.names) + len(self.pieces.names)

    @property
    def width(self) -> int:
        """How many features there are."""
        return self.cues_from + len(self.cues) + len(_EXTRAS)

    def row(self, text: str) -> dict[int, float]:
        """Give the features of a text that are not zero, by column."""
        masked = mask(text)
        pieces_from = len(self.words.names)
        extras_from = self.cues_from + len(self.cues)
        row = self.words.row(_words(masked))
        row |= {pieces_from + at: weight for at, weight in self.pieces.row(_pieces(masked)).items()}
        found = cues(masked)
        row |= {
            self.cues_from + at: min(found[name], 2) / 2
            for at, name in enumerate(self.cues)
            if name in found
        }
        row[extras_from] = min(len(masked.split()), LONG) / LONG
        row[extras_from + 1] = float(masked.endswith(("?", "か")))
        return row

    def word_row(self, text: str) -> dict[int, float]:
        """Give the features of the words alone, which takes a tenth of the time."""
        return self.words.row(_words(mask(text)))

    def vector(self, text: str) -> Doubles:
        """Give all features of a text."""
        vector = np.zeros(self.width)
        for column, weight in self.row(text).items():
            vector[column] = weight
        return vector

    def name(self, column: int) -> str:
        """Say in words what a column stands for."""
        if column < len(self.words.names):
            return f'"{self.words.names[column]}"'
        column -= len(self.words.names)
        if column < len(self.pieces.names):
            return f'"{self.pieces.names[column].strip()}…"'
        column -= len(self.pieces.names)
        if column < len(self.cues):
            return f"cue {self.cues[column].strip('_')}"
        return _EXTRAS[column - len(self.cues)]


def _words(masked: str) -> Iterable[str]:
    words = _WORD.findall(masked)
    yield from words
    yield from (f"{left} {right}" for left, right in pairwise(words))


def _pieces(masked: str) -> Iterable[str]:
    """Cut words into overlapping pieces; Japanese, unspaced, is cut as one long word."""
    for word in _WORD.findall(masked):
        if word.startswith("_"):
            continue
        padded = f" {word} "
        lengths = PIECE_LENGTHS if word.isascii() else (2, *PIECE_LENGTHS)
        for length in lengths:
            yield from (padded[at : at + length] for at in range(len(padded) - length + 1))
