"""What labelled texts add: a linear head over terms, cues and meaning, and the nearest texts.

The head is kernel ridge regression: closed form, the same numbers every time, and what it would
say of each of its own examples without that example comes for free.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from models.techniques.catalogue import Doubles, Example
from models.techniques.index import LexicalIndex
from models.techniques.signals import Reading

NAMES = ("head", "nearest examples", "share of the best examples")
"""The signals that examples add, in column order."""

RIDGE = 0.3
NEIGHBOURS = 8
MAX_EXAMPLES = 8_000


class Nearest(NamedTuple):
    """The labelled text most like another, among those with a technique."""

    example: Example
    alike: float


class Examples:
    """Labelled texts, ready to be compared with others."""

    def __init__(
        self,
        examples: Sequence[Example],
        readings: Sequence[Reading],
        places: dict[str, int],
    ) -> None:
        self.examples = tuple(examples)
        self.readings = tuple(readings)
        self.labels = np.zeros((len(examples), len(places)))
        for row, one in zip(self.labels, examples, strict=True):
            for uid in one.techniques:
                if uid in places:
                    row[places[uid]] = 1.0
        self._indexes = (
            LexicalIndex.build([one.terms for one in readings]),
            LexicalIndex.build([one.title_terms for one in readings]),
            LexicalIndex.build([_cue_terms(one) for one in readings]),
        )
        self.vectors = (
            np.stack([one.vector for one in readings if one.vector is not None])
            if readings and all(one.vector is not None for one in readings)
            else None
        )
        self._kernel = np.stack([self.alike(one) for one in readings])
        self._mean = self.labels.mean(axis=0)
        self._inverse = np.linalg.inv(self._kernel + RIDGE * np.eye(len(examples)))
        self._dual = self._inverse @ (self.labels - self._mean)

    def alike(self, reading: Reading) -> Doubles:
        """Say how alike a text is to each example, 0 to 1."""
        parts = [
            self._indexes[0].similarities(reading.terms),
            self._indexes[1].similarities(reading.title_terms),
            self._indexes[2].similarities(_cue_terms(reading)),
        ]
        if self.vectors is not None and reading.vector is not None:
            parts.append((self.vectors @ reading.vector).astype(float))
        return np.mean(parts, axis=0)

    def signals(self, reading: Reading) -> Doubles:
        """Give a row for each technique, a column for each of `NAMES`."""
        alike = self.alike(reading)
        return _columns(alike @ self._dual + self._mean, self._vote(alike))

    def own_signals(self, number: int) -> Doubles:
        """Give the signals of an example as if it were not among the examples."""
        alike = self._kernel[number].copy()
        alike[number] = -1.0
        own = self.labels[number]
        # The leave-one-out residual of ridge regression is its dual over the inverse's diagonal.
        head = own - self._dual[number] / self._inverse[number, number]
        return _columns(head, self._vote(alike))

    def nearest(self, reading: Reading, place: int) -> Nearest | None:
        """Find the example most like a text among those that have a technique."""
        own = np.flatnonzero(self.labels[:, place])
        if not own.size:
            return None
        alike = self.alike(reading)[own]
        best = int(np.argmax(alike))
        return Nearest(self.examples[int(own[best])], float(alike[best]))

    def _vote(self, alike: Doubles) -> Doubles:
        number = min(NEIGHBOURS, len(alike) - 1)
        if number < 1:
            return np.zeros(self.labels.shape[1])
        nearest = np.argpartition(-alike, number)[:number]
        weights = np.maximum(alike[nearest], 0) ** 2
        return weights @ self.labels[nearest] / max(float(weights.sum()), 1e-9)


def _columns(head: Doubles, vote: Doubles) -> Doubles:
    best = vote.max(initial=0.0)
    return np.stack([head, vote, vote / best if best > 0 else vote], axis=1)


def _cue_terms(reading: Reading) -> list[str]:
    found: list[str] = []
    for cue in reading.cues:
        found.append(f"cue {cue.uid}")
        found += cue.techniques
        found += [uid.partition(".")[0] + "." for uid in cue.techniques]
    return found
