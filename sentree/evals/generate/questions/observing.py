"""Generated questions with every record that bears on them, not only the first few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from schemas.observed import Observation, ObservedQuestion, ObservedQuestions, Shape
from schemas.question_truth import QuestionSpec
from schemas.scenario import RecordKey
from sentree.evals.generate.questions.facts import Fact
from sentree.evals.generate.questions.generate import generate_questions
from sentree.evals.generate.questions.tracking import (
    Both,
    Count,
    Earlier,
    Edge,
    Pairs,
    Tracker,
    Values,
)
from sentree.evals.generate.world import SECOND, iso

_OF_VALUES = {"all": Shape.UNION, "number": Shape.DISTINCT, "top": Shape.TOP}


def observe_questions(folder: Path, spec: QuestionSpec) -> ObservedQuestions:
    """Write logs as `generate_questions` does; memory grows with the records that matter.

    Raises:
        UsageError: the folder holds files already.
    """
    seen: dict[str, list[Observation]] = defaultdict(list)
    trackers: dict[str, Tracker] = {}

    def watch(tracker: Tracker, fact: Fact, key: RecordKey) -> None:
        trackers[tracker.asked.text] = tracker
        seen[tracker.asked.text] += _observations(tracker, fact, key.sha256)

    truth = generate_questions(folder, spec, watch)
    return ObservedQuestions(
        questions=tuple(
            ObservedQuestion(
                question=one,
                shape=_shape(trackers[one.text]),
                within=_within(trackers[one.text]),
                observations=tuple(seen[one.text]),
            )
            for one in truth.questions
        )
    )


def _observations(tracker: Tracker, fact: Fact, sha256: str) -> Iterator[Observation]:
    def made(value: str = "", place: str = "") -> Observation:
        return Observation.model_construct(
            sha256=sha256, value=value.lower(), place=place.lower(), time=iso(fact.time)
        )

    match tracker:
        case Count() if tracker.test(fact):
            yield made()
        case Values() if tracker.test(fact):
            yield made(tracker.value(fact))
        case Edge() if tracker.test(fact):
            yield Observation.model_construct(
                sha256=sha256, value=iso(fact.time), place="", time=iso(fact.time)
            )
        case Earlier():
            yield from (made(name) for name, test in tracker.tests.items() if test(fact))
        case Both():
            for number, test in enumerate(tracker.tests, start=1):
                if test(fact):
                    yield made(tracker.value(fact), str(number))
        case Pairs() if tracker.test(fact):
            yield made(tracker.value(fact), str(tracker.place(fact)))
        case _:
            return


def _shape(tracker: Tracker) -> Shape:
    match tracker:
        case Count():
            return Shape.COUNT
        case Values():
            return _OF_VALUES[tracker.give]
        case Edge():
            return Shape.LAST if tracker.last else Shape.FIRST
        case Both():
            return Shape.BOTH
        case Pairs():
            return Shape.PAIRS
        case _:
            return Shape.FIRST


def _within(tracker: Tracker) -> int:
    return tracker.within // SECOND if isinstance(tracker, Pairs) else 0
