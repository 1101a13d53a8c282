"""Trials in a real lake: kept once, read back as they were, found by experiment."""

from __future__ import annotations

import pytest

from schemas.experiment import EvalOutcome, EvalPath, Trial
from sentree.errors import NotFoundError
from sentree.lake.trials import experiments, find_trials, read_trials, store_trial
from sentree.settings import Settings


def trial(**changes: object) -> Trial:
    values = {
        "experiment": "first",
        "task": "needle",
        "case_uid": "needle-8000-0",
        "size_tokens": 8_000,
        "context_tokens": 8_100,
        "path": EvalPath.DIRECT,
        "model": "some-model",
        "seed": 0,
        "score": 0.5,
        "metrics": {"right": 0.0},
        "outcome": EvalOutcome.ANSWERED,
        "seconds": 1.5,
        "trial_uid": "a",
    }
    return Trial.model_validate({**values, **changes})


def test_a_trial_comes_back_as_it_was_and_is_kept_once(settings: Settings) -> None:
    assert find_trials(settings, "first") == []
    one, other = trial(), trial(trial_uid="b", path=EvalPath.RLM_AGENT, usd=0.25, simulated=True)
    for each in (other, one, one.model_copy(update={"score": 0.0}), other):
        store_trial(settings, each)
    assert read_trials(settings, "first") == [one, other]
    store_trial(settings, trial(experiment="second"))
    assert experiments(settings) == [("first", 2, True), ("second", 1, False)]


def test_an_unknown_experiment_is_an_error_that_names_those_there_are(settings: Settings) -> None:
    with pytest.raises(NotFoundError, match="none yet"):
        read_trials(settings, "lost")
    store_trial(settings, trial())
    with pytest.raises(NotFoundError, match="there are: first"):
        read_trials(settings, "lost")
