"""Whole experiments on a real lake: measured, resumed, capped, never paid for twice."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from messages_server import Answer, MessagesServer, say

from schemas.budget import Caps
from schemas.experiment import EvalOutcome, EvalPath, Trial
from schemas.experiment_plan import Conditions, ExperimentPlan
from sentree.engine.gate import RetryPolicy
from sentree.errors import ConfigurationError, LimitReachedError, ModelError, UsageError
from sentree.evals.experiment.plan import plan_trials
from sentree.evals.experiment.run import experiment_folder, run_experiment
from sentree.lake.calls import SqliteCallStore
from sentree.lake.trials import find_trials, read_trials
from sentree.settings import Settings

SURE = "simulated:top=1,floor=1,decomposing=1"
SMALL = Conditions(leaf_tokens=1_000, retrieval_tokens=600, workers=2)


def plan(**changes: Any) -> ExperimentPlan:
    values = {
        "experiment": "e",
        "tasks": ("needle", "pairing"),
        "sizes": (3_000,),
        "paths": tuple(EvalPath),
        "models": (SURE,),
        "seeds": 1,
        "conditions": SMALL,
    }
    return ExperimentPlan.model_validate({**values, **changes})


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, list[Trial]]:
    """Two cases on all paths, with a model that is always right and the embedded analyst."""
    settings = Settings(home=tmp_path_factory.mktemp("experiment"))
    ended = run_experiment(settings, plan(models=(SURE, "embedded")))
    assert (ended.trials, ended.total, ended.limit) == (10, 10, None)
    return settings, read_trials(settings, "e")


def of_path(trials: list[Trial], path: EvalPath, model: str = SURE) -> list[Trial]:
    return [one for one in trials if one.path is path and one.model == model]


def test_a_model_that_is_always_right_scores_one_wherever_it_is_shown_everything(
    measured: tuple[Settings, list[Trial]],
) -> None:
    _, trials = measured
    for path in (EvalPath.DIRECT, EvalPath.RLM_PLANNED, EvalPath.RLM_AGENT):
        found = of_path(trials, path)
        assert [one.score for one in found] == [1.0, 1.0], path
        assert [one.coverage for one in found] == [1.0, 1.0]
        assert all(one.citations_valid == 1.0 for one in found)
    assert all(0 < (one.coverage or 0) < 1 for one in of_path(trials, EvalPath.RETRIEVAL))


def test_every_trial_of_a_pretended_model_says_so_and_the_embedded_analyst_is_no_language_model(
    measured: tuple[Settings, list[Trial]],
) -> None:
    _, trials = measured
    assert {(one.model, one.simulated, one.language_model) for one in trials} == {
        (SURE, True, True),
        ("embedded", False, False),
    }
    needle, pairing = of_path(trials, EvalPath.DIRECT, "embedded")
    assert (needle.calls, needle.usd, needle.score) == (0, 0.0, 1.0)
    # This pairing is about what tickets mean: nobody is misled.
    assert (pairing.outcome, pairing.score) == (EvalOutcome.DECLINED, 0.0)


def test_a_trial_accounts_for_what_its_stored_calls_used(
    measured: tuple[Settings, list[Trial]],
) -> None:
    settings, trials = measured
    with SqliteCallStore(experiment_folder(settings, "e") / "calls.sqlite") as store:
        for one in trials:
            spent = store.spent(one.trial_uid)
            assert (one.calls, one.input_tokens, one.usd) == (
                spent.calls,
                spent.input_tokens,
                spent.usd,
            )
    [direct, *_], [agent, *_], [planned, *_] = (
        of_path(trials, path)
        for path in (EvalPath.DIRECT, EvalPath.RLM_AGENT, EvalPath.RLM_PLANNED)
    )
    assert (direct.calls, direct.sub_calls, direct.turns) == (1, 0, 0)
    assert direct.peak_context_tokens == direct.input_tokens
    assert agent.turns == 3 and agent.sub_calls == agent.calls - 3 > 2
    assert (agent.peeked, agent.partitioned, agent.grepped) == (True, True, False)
    assert planned.sub_calls == planned.calls > 2 and planned.partitioned
    assert planned.peak_context_tokens < direct.peak_context_tokens
    # Readings pretend to run side by side; nobody waited for either.
    assert direct.metrics["wall_seconds"] < direct.seconds


def test_cases_are_paired_over_paths_and_models(measured: tuple[Settings, list[Trial]]) -> None:
    _, trials = measured
    by_case: dict[str, set[int]] = {}
    for one in trials:
        by_case.setdefault(one.case_uid, set()).add(one.context_tokens)
    assert sorted(by_case) == ["needle-3000-0", "pairing-3000-0"]
    assert all(len(sizes) == 1 for sizes in by_case.values())


def test_nothing_is_made_again_and_more_can_be_added(
    measured: tuple[Settings, list[Trial]],
) -> None:
    settings, trials = measured
    told: list[str] = []
    wider = plan(models=(SURE, "embedded"), tasks=("needle", "pairing", "ordering"))
    ended = run_experiment(settings, wider, lambda *one: told.append(one[2]))
    assert (ended.trials, len(told)) == (15, 5)
    assert all(each.startswith("ordering-") for each in told)
    again = {one.trial_uid: one for one in read_trials(settings, "e")}
    assert all(again[one.trial_uid] == one for one in trials)


def test_an_experiment_does_not_mix_conditions(measured: tuple[Settings, list[Trial]]) -> None:
    settings, _ = measured
    with pytest.raises(UsageError, match="begun with leaf_tokens 1000, not 2000"):
        run_experiment(settings, plan(conditions=SMALL.model_copy(update={"leaf_tokens": 2_000})))


def test_a_cap_ends_the_experiment_before_it_is_passed_and_a_higher_one_goes_on(
    settings: Settings,
) -> None:
    tight = plan(caps=Caps(usd=0.15), tasks=("needle",))
    ended = run_experiment(settings, tight)
    assert isinstance(ended.limit, LimitReachedError) and ended.limit.limit == "usd"
    some = find_trials(settings, "e")
    assert 0 < len(some) == ended.trials < ended.total == 4
    assert spent(settings) <= 0.15
    run_experiment(settings, tight)
    assert spent(settings) <= 0.15
    assert run_experiment(settings, plan(tasks=("needle",))).limit is None
    every = read_trials(settings, "e")
    assert len(every) == 4 and all(one in every for one in some)
    # What was paid for before the cap was reached was not paid for again.
    assert spent(settings) == pytest.approx(sum(one.usd or 0 for one in every))


def spent(settings: Settings) -> float:
    path = experiment_folder(settings, "e") / "calls.sqlite"
    with sqlite3.connect(path) as connection:
        [(nano,)] = connection.execute("SELECT total(nano_usd) FROM model_charges").fetchall()
    return nano / 1e9


def test_a_trials_own_cap_is_an_outcome_and_is_measured(settings: Settings) -> None:
    conditions = SMALL.model_copy(update={"caps": Caps(calls=2)})
    run_experiment(settings, plan(conditions=conditions, tasks=("pairing",)))
    outcomes = {one.path: one.outcome for one in read_trials(settings, "e")}
    assert outcomes[EvalPath.DIRECT] is EvalOutcome.ANSWERED
    assert outcomes[EvalPath.RLM_PLANNED] is outcomes[EvalPath.RLM_AGENT] is EvalOutcome.LIMITED


CHILD = """
import sys
from schemas.experiment_plan import ExperimentPlan
from sentree.evals.experiment.run import run_experiment
from sentree.settings import Settings
from pathlib import Path
plan = ExperimentPlan.model_validate_json(sys.argv[2])
run_experiment(Settings(home=Path(sys.argv[1])), plan, lambda *one: print(*one, flush=True))
"""


def test_a_killed_experiment_goes_on_and_gives_what_an_undisturbed_one_gives(
    measured: tuple[Settings, list[Trial]], tmp_path: Path
) -> None:
    _, undisturbed = measured
    wanted = plan(tasks=("needle",))
    words = [sys.executable, "-c", CHILD, str(tmp_path), wanted.model_dump_json()]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env=dict(os.environ), start_new_session=True
    ) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(2)]
        os.killpg(child.pid, signal.SIGKILL)
    assert lines[1].startswith("2 4 ")
    settings = Settings(home=tmp_path)
    kept = find_trials(settings, "e")
    assert 2 <= len(kept) <= 4
    run_experiment(settings, wanted)
    found = {one.trial_uid: one for one in read_trials(settings, "e")}
    assert all(found[one.trial_uid] == one for one in kept)
    same = {"score", "input_tokens", "usd", "calls", "seconds", "answer"}
    for one in undisturbed:
        if one.model == SURE and one.task == "needle":
            other = found[one.trial_uid]
            assert other.model_dump(include=same) == one.model_dump(include=same)


def test_a_trial_uid_follows_from_all_that_decides_a_trial() -> None:
    def uids(**changes: Any) -> list[str]:
        return [one.trial_uid for _, every in plan_trials(plan(**changes)).by_case for one in every]

    first = uids()
    assert first == uids(caps=Caps(usd=1), experiment="other") and len(set(first)) == 8
    for changes in (
        {"sizes": (4_000,)},
        {"models": ("simulated:none",)},
        {"conditions": SMALL.model_copy(update={"turns": 5})},
        {"conditions": SMALL.model_copy(update={"caps": Caps(calls=9)})},
    ):
        assert not set(first) & set(uids(**changes)), changes
    assert set(first) < set(uids(seeds=2))


def test_what_cannot_be_asked_is_said() -> None:
    trials = plan_trials(plan(tasks=("chain",), models=("embedded", SURE)))
    said = {(one.path, one.model): one.reason for one in trials.unasked}
    assert "search" in said[EvalPath.RETRIEVAL, SURE]
    assert "submission" in said[EvalPath.RLM_AGENT, SURE]
    assert (EvalPath.RLM_PLANNED, "embedded") in said
    assert {(one.path, one.model) for _, every in trials.by_case for one in every} == {
        (EvalPath.DIRECT, "embedded"),
        (EvalPath.DIRECT, SURE),
        (EvalPath.RLM_PLANNED, SURE),
    }


def test_a_plan_that_makes_no_sense_is_refused(settings: Settings) -> None:
    with pytest.raises(UsageError, match="no task 'haystack'"):
        plan_trials(plan(tasks=("haystack",)))
    with pytest.raises(ConfigurationError, match="no simulated model"):
        plan_trials(plan(models=("simulated:best",)))
    with pytest.raises(ConfigurationError, match="no price is known"):
        run_experiment(settings, plan(models=("nobody-knows",), caps=Caps(usd=1)))


def answered(body: dict[str, Any]) -> Answer:
    """Answer a direct prompt and a reader as a model might, in words and with one wrong quote."""
    assert "output_config" in body
    evidence = [{"event_uid": "1", "quote": ""}, {"event_uid": "2", "quote": "not there"}]
    if "claims" in body["output_config"]["format"]["schema"]["properties"]:
        claims = [{"text": "One.", "evidence": [one]} for one in evidence]
        return say(json.dumps({"answer": "It was PC11.\nAnswer: pc11", "claims": claims}))
    item = {"event_uid": "1", "value": "pc11", "place": "", "time": ""}
    return say(json.dumps({"answer": "x", "evidence": evidence, "data": {"items": [item]}}))


@pytest.fixture
def keyed(settings: Settings) -> Iterator[Settings]:
    with MessagesServer(answered) as server:
        keyed = {"base_url": server.url, "api_key": "k"}
        yield Settings(home=settings.home, **keyed)
        assert server.refused == []


def test_a_real_models_calls_are_measured_over_the_wire(keyed: Settings) -> None:
    paths = (EvalPath.DIRECT, EvalPath.RLM_PLANNED)
    wanted = plan(models=("claude-haiku-4-5",), paths=paths, tasks=("needle",))
    run_experiment(keyed, wanted)
    direct, planned = read_trials(keyed, "e")
    for one in (direct, planned):
        assert not one.simulated and one.language_model
        assert one.usd and one.seconds > 0 and one.input_tokens > 0 and one.output_tokens > 0
        assert one.citations_valid == 0.5
        assert one.outcome is EvalOutcome.ANSWERED


def test_a_server_that_is_out_of_reach_is_no_measure_of_a_path(settings: Settings) -> None:
    away = Settings(home=settings.home, base_url="http://127.0.0.1:9", api_key="k")  # type: ignore[arg-type]
    wanted = plan(models=("claude-haiku-4-5",), paths=(EvalPath.DIRECT,), tasks=("needle",))
    with pytest.raises(ModelError, match="what was measured is kept"):
        run_experiment(away, wanted, retry=RetryPolicy(attempts=2, first=0.001))
    assert find_trials(away, "e") == []
