"""Every task: what is true of its records scores one, and the embedded analyst is scored alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from messages_server import MessagesServer, say

from schemas.experiment import EvalPath
from schemas.experiment_plan import CaseSpec, Conditions, ExperimentPlan
from sentree.errors import UsageError
from sentree.evals.experiment.oolong import read_lines, score_text
from sentree.evals.experiment.plan import plan_trials
from sentree.evals.experiment.registry import TASKS, find_task
from sentree.evals.experiment.run import run_experiment
from sentree.lake.trials import read_trials
from sentree.settings import Settings

SURE = "simulated:top=1,floor=1,decomposing=1"
TYPED = ("chain", "triage", "evidence", "classify", "map-rules")
ROOM = Conditions(leaf_tokens=1_500, max_tokens=30_000, workers=2)


def measured(settings: Settings, tasks: tuple[str, ...], size: int, *models: str):
    plan = ExperimentPlan(
        experiment="e",
        tasks=tasks,
        sizes=(size,),
        paths=(EvalPath.DIRECT, EvalPath.RLM_PLANNED),
        models=models,
        seeds=1,
        conditions=ROOM,
    )
    run_experiment(settings, plan)
    return read_trials(settings, "e")


def test_a_model_that_is_always_right_scores_one_on_typed_readings(settings: Settings) -> None:
    found = measured(settings, TYPED, 3_000, SURE)
    scores = {(one.task, one.path): one.score for one in found}
    assert set(scores) == {
        (task, path) for task in TYPED for path in (EvalPath.DIRECT, EvalPath.RLM_PLANNED)
    }
    # Steps of one account that fall into two parts are not seen together.
    assert scores.pop(("chain", EvalPath.RLM_PLANNED)) > 0.8
    assert set(scores.values()) == {1.0}
    assert all(one.citations_valid == 1.0 and one.coverage == 1.0 for one in found)
    assert all(abs(one.context_tokens - 3_000) < 400 for one in found)


@pytest.mark.slow
def test_logs_and_bundles_are_worked_on_alike(settings: Settings) -> None:
    found = measured(settings, ("timeline", "correlate", "intel"), 8_000, SURE)
    scores = {(one.task, one.path): one.score for one in found}
    assert len(found) == 6 and set(scores.values()) == {1.0}, scores


def test_equal_specifications_give_equal_cases(tmp_path: Path) -> None:
    spec = CaseSpec(task="triage", size_tokens=2_000, seed=3)
    one, other = (find_task("triage").make(spec, tmp_path / name) for name in ("a", "b"))
    assert one.info.content_hash == other.info.content_hash
    another = find_task("triage").make(spec.model_copy(update={"seed": 4}), tmp_path / "c")
    assert another.info.content_hash != one.info.content_hash
    assert {"needle", "counting", "pairing"} <= set(TASKS)


def oolong(path: Path, **changes: object) -> str:
    text = "\n".join(f"Date: Jan {n} || User: {n % 7} || Instance: {'x' * 60}" for n in range(120))
    row = {
        "id": 1,
        "context_window_text": text,
        "question": "How many users are there? Answer in the form 'Label: answer'.",
        "answer": "[7]",
        "answer_type": "ANSWER_TYPE.NUMERIC",
        **changes,
    }
    path.write_text(f"\n{json.dumps(row)}\n", encoding="utf-8")
    return str(path)


def test_cases_of_others_are_asked_and_scored_by_their_rule(
    settings: Settings, tmp_path: Path
) -> None:
    path = oolong(tmp_path / "cases.jsonl")
    answer = {"answer": "I count them.\nAnswer: 8", "claims": []}
    with MessagesServer(lambda _: say(json.dumps(answer))) as server:
        reached = {"base_url": server.url, "api_key": "k"}
        keyed = Settings(home=settings.home, **reached)
        [trial] = measured(keyed, (f"oolong:{path}",), 3_000, "claude-haiku-4-5", SURE)
    assert (trial.task, trial.path, trial.score) == ("oolong", EvalPath.DIRECT, 0.75)
    assert not trial.simulated and trial.coverage == 1.0


def test_a_files_content_decides_its_trials_and_its_place_does_not(tmp_path: Path) -> None:
    def uids(path: str) -> list[str]:
        plan = ExperimentPlan(
            experiment="e",
            tasks=(f"oolong:{path}",),
            sizes=(3_000,),
            paths=(EvalPath.DIRECT,),
            models=("some-model",),
            seeds=1,
        )
        return [one.trial_uid for _, every in plan_trials(plan).by_case for one in every]

    first = uids(oolong(tmp_path / "one.jsonl"))
    assert first == uids(oolong(tmp_path / "two.jsonl"))
    assert first != uids(oolong(tmp_path / "three.jsonl", answer="[8]"))


@pytest.mark.parametrize(
    ("text", "answers", "score"),
    [
        ("Thus.\nAnswer: 7", ("7",), 1.0),
        ("Answer: 1,009", ("1007",), 0.75**2),
        ("Label: **Spam**", ("ham", "spam"), 1.0),
        ("Answer: ham", ("spam",), 0.0),
        ("", ("7",), 0.0),
        ("Answer: seven", ("7",), 0.0),
    ],
)
def test_answers_are_scored_as_their_authors_do(
    text: str, answers: tuple[str, ...], score: float
) -> None:
    assert score_text(text, answers) == pytest.approx(score)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there are none"),
        ("{", ":1: no JSON"),
        ("[1]", ":1: no JSON object"),
        ('{"question": "q", "answer": "a"}', ":1: lacks context_window_text"),
        (None, "can't be read"),
    ],
)
def test_a_file_that_holds_no_cases_says_where_and_why(
    text: str | None, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "cases.jsonl"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=why):
        read_lines(str(path))
