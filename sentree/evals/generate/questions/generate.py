"""Write the logs and answer the questions in one pass."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

from schemas.question_truth import QuestionSpec, QuestionTruth
from schemas.scenario import RecordKey
from sentree.errors import UsageError
from sentree.evals.generate.delivery import Delivery
from sentree.evals.generate.questions.asking import questions
from sentree.evals.generate.questions.facts import Fact, build_company, needles, ordinary
from sentree.evals.generate.questions.tracking import Tracker, finished
from sentree.evals.generate.questions.writing import as_record
from sentree.evals.generate.world import MILLISECOND

CHARACTERS_PER_TOKEN = 4
Watch = Callable[[Tracker, Fact, RecordKey], None]


def truth_path(folder: Path) -> Path:
    """Tell where the questions about the logs in `folder` are: beside it, never among the logs."""
    return folder.parent / f"{folder.name}.questions.json"


def read_truth(folder: Path) -> QuestionTruth:
    """Read the questions about the logs in `folder`."""
    return QuestionTruth.model_validate_json(truth_path(folder).read_bytes())


def generate_questions(
    folder: Path, spec: QuestionSpec, watch: Watch | None = None
) -> QuestionTruth:
    """Write logs of the wanted size into `folder`, and the questions with their truth beside it.

    Equal specifications give equal bytes. Memory grows with people, hosts and questions, which are
    few, not with the logs. `watch` is told of every fact and where it stands, for each question.

    Raises:
        UsageError: the folder holds files already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: name a new folder for the logs")
    company = build_company(spec)
    planted = needles(spec, company)
    trackers = questions(spec, company, planted)
    rng = Random(f"{spec.seed}:questions:records")
    size = spec.tokens * CHARACTERS_PER_TOKEN
    span = company.end - company.start
    written = number = 0
    time = company.start
    facts, waiting = ordinary(spec, company), deque(planted)
    with Delivery(folder, {}) as delivery:
        while written < size or waiting:
            # Time passes as the logs fill, never backwards, in whole milliseconds.
            due = company.start + span * min(written, size) // size
            time = max(time, due + rng.randrange(20_000) * MILLISECOND) + MILLISECOND
            here = waiting and waiting[0].place * size <= written
            fact = waiting.popleft().fact if here else next(facts)
            fact = replace(fact, time=time // MILLISECOND * MILLISECOND)
            emission = as_record(fact, spec.format, rng, number)
            key = delivery.write(emission)
            written += len(str(emission.record)) + 1
            number += 1
            for tracker in trackers:
                tracker.see(fact, key)
                if watch is not None:
                    watch(tracker, fact, key)
    truth = QuestionTruth(
        spec=spec,
        records=number,
        characters=written,
        files=delivery.counts(),
        questions=finished(trackers),
    )
    truth_path(folder).write_text(truth.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return truth
