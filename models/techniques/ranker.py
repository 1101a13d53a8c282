"""Ranks ATT&CK techniques for texts, with a calibrated probability and the reasons.

Without labelled examples it compares texts with ATT&CK's own prose and with the cues; with
examples it learns from them as well. The first line of a text is taken as its title.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from models.techniques import examples as learned
from models.techniques import signals as known
from models.techniques.catalogue import Doubles, Example, Floats
from models.techniques.examples import MAX_EXAMPLES, Examples
from models.techniques.signals import Reading, Signals
from models.techniques.weights import Weights, chosen, fit_weights, packaged_weights

CANDIDATES = 12
"""How many techniques each signal puts up; every technique with a cue is a candidate besides."""
FLOOR = 0.1
MIN_EXAMPLES = 20

_PUT_UP = ("description", "procedures", "meaning", "head", "nearest examples")

ReasonKind = Literal["cue", "example", "procedure", "description"]


class Reason(NamedTuple):
    """Why a technique is named: words in the text, or the known text that is like it.

    `source` says where that text stands, for an example.
    """

    kind: ReasonKind
    text: str
    source: str = ""


class Scored(NamedTuple):
    """A technique with its probability; `named` when it is among those to be said."""

    uid: str
    probability: float
    named: bool
    reasons: tuple[Reason, ...] = ()


class TechniqueRanker:
    """Ranks techniques; made by `untrained` or `fit`."""

    def __init__(self, signals: Signals, weights: Weights, examples: Examples | None) -> None:
        self.known = signals
        self.weights = weights
        self.examples = examples

    @classmethod
    def untrained(cls, signals: Signals) -> TechniqueRanker:
        """Rank by ATT&CK's prose and the cues alone."""
        return cls(signals, packaged_weights(), None)

    @classmethod
    def fit(cls, signals: Signals, examples: Sequence[Example]) -> TechniqueRanker:
        """Learn from labelled texts as well.

        Raises:
            ValueError: there are fewer than 20 or more than 8,000 examples.
        """
        if not MIN_EXAMPLES <= len(examples) <= MAX_EXAMPLES:
            raise ValueError(
                f"{len(examples)} labelled texts: between {MIN_EXAMPLES} and {MAX_EXAMPLES:,} "
                "are needed"
            )
        readings = signals.read([one.text for one in examples])
        added = Examples(examples, readings, signals.places)
        matrices = [
            np.hstack([signals.signals(one), added.own_signals(number)])
            for number, one in enumerate(readings)
        ]
        names = known.NAMES + learned.NAMES
        return cls(signals, fit_pairs(names, matrices, added.labels), added)

    @classmethod
    def restore(
        cls,
        signals: Signals,
        examples: Sequence[Example],
        weights: Weights,
        vectors: Floats | None = None,
    ) -> TechniqueRanker:
        """Make the ranker again that `fit` gave, from its examples, weights and their vectors."""
        readings = signals.read([one.text for one in examples], vectors)
        return cls(signals, weights, Examples(examples, readings, signals.places))

    @classmethod
    def fit_untrained(cls, signals: Signals, examples: Sequence[Example]) -> TechniqueRanker:
        """Fit only the coefficients of the signals that need no examples, and keep no example."""
        readings = signals.read([one.text for one in examples])
        labels = np.zeros((len(examples), len(signals.places)))
        for row, one in zip(labels, examples, strict=True):
            row[[signals.places[uid] for uid in one.techniques if uid in signals.places]] = 1.0
        matrices = [signals.signals(one) for one in readings]
        return cls(signals, fit_pairs(known.NAMES, matrices, labels), None)

    def probabilities(self, reading: Reading) -> Doubles:
        """Give the probability of every technique, in the order of the catalogue."""
        matrix = self.known.signals(reading)
        if self.examples is not None:
            matrix = np.hstack([matrix, self.examples.signals(reading)])
        return self._probabilities(matrix)

    def _probabilities(self, matrix: Doubles) -> Doubles:
        found = np.zeros(len(matrix))
        places = _candidates(self.weights.signals, matrix)
        found[places] = self.weights.probabilities(matrix[places])
        return found

    def own_probabilities(self, number: int) -> Doubles:
        """Give the probabilities for an example as if it were not among the examples.

        Raises:
            ValueError: the ranker learned from no examples.
        """
        if self.examples is None:
            raise ValueError("the ranker learned from no examples")
        reading = self.examples.readings[number]
        own = self.examples.own_signals(number)
        return self._probabilities(np.hstack([self.known.signals(reading), own]))

    def named(self, probabilities: Doubles) -> list[str]:
        """Choose the techniques to name, the likeliest first."""
        places = chosen(probabilities, self.weights.cut, FLOOR)
        return [self.known.techniques[place].uid for place in places]

    def rank(
        self, texts: Sequence[str], top: int = 10, *, reasons: bool = True
    ) -> list[tuple[Scored, ...]]:
        """Rank techniques for each text, the likeliest first, at most `top` and all named ones.

        Args:
            texts: what is to be judged, a title in the first line.
            top: how many to give for each text.
            reasons: say why; costs some milliseconds a technique.
        """
        return [self._ranked(reading, top, reasons) for reading in self.known.read(texts)]

    def _ranked(self, reading: Reading, top: int, reasons: bool) -> tuple[Scored, ...]:
        probabilities = self.probabilities(reading)
        named = set(chosen(probabilities, self.weights.cut, FLOOR))
        order = np.argsort(-probabilities, kind="stable")[: max(top, len(named))]
        return tuple(
            Scored(
                self.known.techniques[place].uid,
                float(probabilities[place]),
                place in named,
                self.reasons(reading, place) if reasons else (),
            )
            for place in map(int, order)
            if probabilities[place] > 0
        )

    def reasons(self, reading: Reading, place: int) -> tuple[Reason, ...]:
        """Say what speaks for a technique in a text, the strongest kind first."""
        cues = sorted(
            (
                cue
                for cue in reading.cues
                if any(self.known.cue_places.get(uid) == place for uid in cue.techniques)
            ),
            key=lambda cue: (cue.uid not in reading.title_cues, -self.known.strength[cue.uid]),
        )
        found = [Reason("cue", str(cue)) for cue in cues[:3]]
        if self.examples is not None:
            nearest = self.examples.nearest(reading, place)
            if nearest is not None and nearest.alike >= 0.2:
                text = known.title(nearest.example.text)
                found.append(Reason("example", text, nearest.example.source))
        if len(found) < 2:
            procedure = self.known.nearest_procedure(reading, place)
            if procedure:
                found.append(Reason("procedure", " ".join(procedure.split())[:140]))
            words = self.known.shared_terms(reading, place)
            if words:
                found.append(Reason("description", ", ".join(words)))
        return tuple(found)


def fit_pairs(names: tuple[str, ...], matrices: Sequence[Doubles], labels: Doubles) -> Weights:
    """Fit weights on the candidates of each text; `matrices` has the signals of one text each."""
    rows: list[Doubles] = []
    right: list[Doubles] = []
    texts: list[Doubles] = []
    for number, matrix in enumerate(matrices):
        places = _candidates(names, matrix)
        rows.append(matrix[places])
        right.append(labels[number, places])
        texts.append(np.full(len(places), float(number)))
    return fit_weights(names, np.vstack(rows), np.concatenate(right), np.concatenate(texts))


def _candidates(names: tuple[str, ...], matrix: Doubles) -> list[int]:
    places = {int(place) for place in np.flatnonzero(matrix[:, names.index("cues")])}
    for name in _PUT_UP:
        if name in names:
            column = matrix[:, names.index(name)]
            number = min(CANDIDATES, len(column))
            places.update(int(place) for place in np.argpartition(-column, number - 1)[:number])
    return sorted(places)
