"""How good the router is: accuracy, calibration, confusion, what abstaining buys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.train_router import Predictions
from sentree.evals.metrics import Interval, bootstrap

BINS = 10
THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


class Rung(NamedTuple):
    """One threshold of the abstain rule: the share decided at or above it, and how well."""

    threshold: float
    coverage: float
    accuracy: float


class RouterScore(NamedTuple):
    """How one classifier did on one target; accuracy with its 95 % interval over groups."""

    target: str
    queries: int
    accuracy: Interval
    calibration_error: float
    mean_confidence: float
    labels: tuple[str, ...]
    confusion: dict[str, dict[str, int]]
    curve: tuple[Rung, ...]


def score(target: str, predictions: Predictions) -> RouterScore:
    """Score predictions; paraphrases of one group are drawn together for the interval."""
    labels, truth, probabilities, groups = predictions
    chosen = [labels[at] for at in probabilities.argmax(axis=1)]
    right = np.array([one == other for one, other in zip(chosen, truth, strict=True)])
    confidence = probabilities.max(axis=1)
    known = tuple(sorted({*labels, *truth}))
    pairs = Counter(zip(truth, chosen, strict=True))
    return RouterScore(
        target=target,
        queries=len(truth),
        accuracy=_interval(right, groups),
        calibration_error=calibration_error(right, confidence),
        mean_confidence=float(confidence.mean()),
        labels=known,
        confusion={row: {column: pairs[row, column] for column in known} for row in known},
        curve=_curve(right, confidence),
    )


def calibration_error(right: npt.NDArray[np.bool_], confidence: npt.NDArray[np.float64]) -> float:
    """Give the expected calibration error in ten equal bins (Naeini et al. 2015)."""
    bins: npt.NDArray[np.int64] = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = (
        abs(float(right[bins == number].sum()) - float(confidence[bins == number].sum()))
        for number in range(BINS)
    )
    return sum(gaps) / len(right)


def _interval(right: npt.NDArray[np.bool_], groups: Sequence[str]) -> Interval:
    units: dict[str, list[bool]] = {}
    for group, one in zip(groups, right.tolist(), strict=True):
        units.setdefault(group, []).append(one)

    def share(drawn: Sequence[list[bool]]) -> float:
        return sum(map(sum, drawn)) / sum(map(len, drawn))

    return bootstrap(list(units.values()), share)


def _curve(right: npt.NDArray[np.bool_], confidence: npt.NDArray[np.float64]) -> tuple[Rung, ...]:
    rungs: list[Rung] = []
    for threshold in THRESHOLDS:
        sure = confidence >= threshold
        accuracy = float(right[sure].mean()) if sure.any() else 1.0
        rungs.append(Rung(threshold, float(sure.mean()), accuracy))
    return tuple(rungs)
