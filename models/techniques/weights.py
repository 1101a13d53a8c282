"""Turns signals into calibrated probabilities: one logistic regression over all techniques.

The same few coefficients serve every technique, so that rare ones are judged by the same evidence
as common ones.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Self

import numpy as np
from pydantic import Field, FiniteFloat, model_validator

from models.techniques.catalogue import Doubles
from schemas.base import Frozen

RIDGE = 10.0
CUTS = np.linspace(0.05, 0.7, 66)
STEPS = 60


class Weights(Frozen):
    """Coefficients of standardised signals, and the probability from which one is said."""

    signals: tuple[str, ...]
    means: tuple[FiniteFloat, ...]
    scales: tuple[FiniteFloat, ...]
    coefficients: tuple[FiniteFloat, ...]
    intercept: FiniteFloat
    cut: float = Field(ge=0, le=1)
    texts: int = Field(ge=0, description="labelled texts that the coefficients were fitted on")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        widths = {len(self.means), len(self.scales), len(self.coefficients), len(self.signals)}
        if len(widths) != 1:
            raise ValueError("signals, means, scales and coefficients differ in number")
        if min(self.scales, default=1.0) <= 0:
            raise ValueError("a scale is not positive")
        return self

    def probabilities(self, signals: Doubles) -> Doubles:
        """Give a probability for each row of signals; any shape whose last axis is signals."""
        scaled = (signals - np.array(self.means)) / np.array(self.scales)
        scores = scaled @ np.array(self.coefficients) + self.intercept
        return 1 / (1 + np.exp(-np.clip(scores, -40, 40)))


def packaged_weights() -> Weights:
    """Read the coefficients that come with the package; they need no labelled example."""
    return Weights.model_validate_json(
        (files("models.data") / "technique_weights.json").read_bytes()
    )


def fit_weights(
    names: tuple[str, ...], signals: Doubles, labels: Doubles, texts: Doubles
) -> Weights:
    """Fit coefficients on pairs of a text and a candidate technique, and choose the cut.

    Args:
        names: the signals, in column order.
        signals: a row for each pair.
        labels: 1 where the technique is right, else 0.
        texts: the number of the text of each pair.
    """
    means, scales = signals.mean(axis=0), signals.std(axis=0)
    scales = np.where(scales < 1e-9, 1.0, scales)
    design = np.hstack([(signals - means) / scales, np.ones((len(signals), 1))])
    found = _newton(design, labels)
    scores = 1 / (1 + np.exp(-np.clip(design @ found, -40, 40)))
    return Weights(
        signals=names,
        means=_plain(means),
        scales=_plain(scales),
        coefficients=_plain(found[:-1]),
        intercept=round(float(found[-1]), 6),
        cut=_best_cut(scores, labels, texts),
        texts=len(np.unique(texts)),
    )


def chosen(probabilities: Doubles, cut: float, floor: float) -> list[int]:
    """Choose the techniques to name for a text: all from `cut` on, else the best from `floor`."""
    named = [int(place) for place in np.flatnonzero(probabilities >= cut)]
    if not named and probabilities.size and probabilities.max() >= floor:
        named = [int(np.argmax(probabilities))]
    return sorted(named, key=lambda place: -probabilities[place])


def _newton(design: Doubles, labels: Doubles) -> Doubles:
    """Minimise the ridged logistic loss; each step is shortened until it helps."""
    penalty = np.full(design.shape[1], RIDGE)
    penalty[-1] = 1e-6
    share = float(np.clip(labels.mean(), 1e-6, 1 - 1e-6))
    found = np.zeros(design.shape[1])
    found[-1] = np.log(share / (1 - share))

    def loss(point: Doubles) -> float:
        scores = design @ point
        return float(
            np.logaddexp(0, scores).sum() - scores @ labels + point @ (penalty * point) / 2
        )

    best = loss(found)
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-np.clip(design @ found, -40, 40)))
        slope = design.T @ (likely - labels) + penalty * found
        bend = (design * (likely * (1 - likely))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        length = 1.0
        while length > 1e-6 and loss(found - length * step) > best:
            length /= 2
        found = found - length * step
        now = loss(found)
        if best - now < 1e-7 * abs(best):
            break
        best = now
    return found


def _best_cut(scores: Doubles, labels: Doubles, texts: Doubles) -> float:
    """Find the cut with the best micro-F1; the best candidate of a text is always named."""
    order = np.lexsort((-scores, texts))
    first = np.zeros(len(scores), bool)
    if len(scores):
        first[order[np.flatnonzero(np.diff(texts[order], prepend=-1.0))]] = True
    values: list[float] = []
    for cut in CUTS:
        named = (scores >= cut) | first
        values.append(float(labels[named].sum() / max(named.sum() + labels.sum(), 1)))
    # The best cuts are about equally good: their middle is steadier than the very best.
    good = CUTS[np.array(values) >= 0.995 * max(values)]
    return round(float(good.mean()), 3)


def _plain(values: Doubles) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)
