"""How the router is scored: accuracy by group, calibration, confusion, the abstain curve."""

from __future__ import annotations

import numpy as np
import pytest

from models.train_router import Predictions
from sentree.evals.router import calibration_error, score

LABELS = ("direct", "rlm")


def _predictions(sure: list[float], truth: list[str], groups: list[str]) -> Predictions:
    """Predict direct with probability `sure`, rlm with the rest."""
    probabilities = np.array([[p, 1 - p] for p in sure])
    return Predictions(LABELS, tuple(truth), probabilities, tuple(groups))


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    right, confidence = np.array([True, True, False, False]), np.full(4, 0.95)
    assert calibration_error(right, confidence) == pytest.approx(0.45)
    assert calibration_error(np.ones(4, bool), np.ones(4)) == pytest.approx(0)


def test_confusion_counts_every_query_once_in_its_own_row() -> None:
    found = score(
        "path",
        _predictions([0.9, 0.8, 0.3, 0.6], ["direct", "rlm", "rlm", "direct"], list("abcd")),
    )
    assert found.confusion == {"direct": {"direct": 2, "rlm": 0}, "rlm": {"direct": 1, "rlm": 1}}
    assert found.accuracy.value == pytest.approx(0.75)


def test_abstaining_more_decides_less() -> None:
    sure = [0.99, 0.9, 0.8, 0.7, 0.55, 0.51]
    found = score("path", _predictions(sure, ["direct"] * 5 + ["rlm"], list("abcdef")))
    coverage = [rung.coverage for rung in found.curve]
    assert coverage == sorted(coverage, reverse=True)
    assert coverage[0] == 1
    assert [rung.accuracy for rung in found.curve if rung.threshold >= 0.6] == [1.0] * 5


def test_paraphrases_of_one_group_widen_the_interval() -> None:
    sure, truth = [0.9] * 40, ["direct", "rlm"] * 20
    alone = score("path", _predictions(sure, truth, [str(n) for n in range(40)])).accuracy
    joined = score(
        "path", _predictions(sure, sorted(truth), [str(n // 10) for n in range(40)])
    ).accuracy
    assert alone.value == joined.value == pytest.approx(0.5)
    assert joined.high - joined.low > alone.high - alone.low
