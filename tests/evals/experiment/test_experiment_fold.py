"""Answers folded of what readers found: right where they are, however the records were parted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.observed import ObservedQuestion, Shape
from schemas.question_truth import LogFormat, QuestionSpec
from sentree.evals.experiment.fold import fold, fold_source
from sentree.evals.generate.questions import generate_questions
from sentree.evals.generate.questions.observing import observe_questions
from sentree.evals.questions import score_answer


def items_of(one: ObservedQuestion) -> list[dict[str, Any]]:
    return [
        {"event_uid": each.sha256, "value": each.value, "place": each.place, "time": each.time}
        for each in one.observations
    ]


@pytest.mark.parametrize("form", list(LogFormat))
@pytest.mark.parametrize("seed", [3, 4])
def test_the_observations_of_every_question_fold_to_its_true_answer(
    seed: int, form: LogFormat, tmp_path: Path
) -> None:
    spec = QuestionSpec(seed=seed, tokens=12_000, format=form)
    observed = observe_questions(tmp_path / "observed", spec).questions
    for one in observed:
        found = tuple(fold(one.shape.value, one.within, items_of(one)))
        assert score_answer(one.question.kind, one.question.answer, found).partial == 1.0, one
    # Watching changes neither logs nor questions.
    plain = generate_questions(tmp_path / "plain", spec)
    assert [one.question for one in observed] == list(plain.questions)


VALUES = st.sampled_from(["ana", "bo", "cem", ""])
TIMES = st.integers(0, 59).flatmap(
    lambda m: st.sampled_from(["2026-02-28", "2026-03-01"]).map(
        lambda day: f"{day}T{23 if day.endswith('28') else 0:02d}:{m:02d}:00.000Z"
    )
)
ITEM = st.fixed_dictionaries(
    {
        "event_uid": st.integers(0, 6).map(str),
        "value": VALUES,
        "place": st.sampled_from(["1", "2"]),
        "time": TIMES,
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ITEM, max_size=8), st.randoms(), st.sampled_from(list(Shape)))
def test_order_and_repeats_of_items_make_no_difference(
    items: list[dict[str, Any]], rng: Any, shape: Shape
) -> None:
    told = fold(shape.value, 3_600, items)
    again = [*items, *items[:3]]
    rng.shuffle(again)
    assert fold(shape.value, 3_600, again) == told


def test_pairs_are_found_across_midnight_and_the_end_of_a_month() -> None:
    items = [
        {"event_uid": "1", "value": "bo", "place": "x", "time": "2026-02-28T23:59:00Z"},
        {"event_uid": "2", "value": "ana", "place": "x", "time": "2026-03-01T00:58:00.000Z"},
        {"event_uid": "3", "value": "cem", "place": "x", "time": "2026-03-01T01:00:00Z"},
    ]
    assert fold("pairs", 3_600, items) == ["ana & bo", "ana & cem"]


def test_items_of_a_model_that_lack_fields_are_no_error() -> None:
    assert fold("pairs", 60, [{"event_uid": "1"}, {"time": None, "value": "a"}]) == []
    assert fold("first", 0, [{"event_uid": "1", "value": "a"}]) == []
    assert "def fold(" in fold_source()
