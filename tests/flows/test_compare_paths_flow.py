"""An experiment as a Prefect flow: every trial a task run, with the figures of a plain loop."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas.budget import Caps
from schemas.experiment import EvalPath
from schemas.experiment_plan import Conditions, ExperimentPlan
from sentree.evals.experiment.run import run_experiment
from sentree.lake.trials import read_trials
from sentree.settings import Settings

pytestmark = pytest.mark.slow

SURE = "simulated:top=1,floor=1,decomposing=1"
PLAN = ExperimentPlan(
    experiment="flowing",
    tasks=("needle",),
    sizes=(3_000,),
    paths=(EvalPath.DIRECT, EvalPath.RLM_AGENT),
    models=(SURE,),
    seeds=1,
    conditions=Conditions(leaf_tokens=1_000, workers=2),
)


def task_runs_of(flow_run_id: UUID, expected: int) -> set[str]:
    """Give the names of a flow run's task runs; Prefect's server learns of them after the fact."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    this = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id]))
    given_up = time.monotonic() + 30
    with get_client(sync_client=True) as client:
        while True:
            runs: list[Any] = client.read_task_runs(flow_run_filter=this, limit=200)
            if len(runs) >= expected or time.monotonic() > given_up:
                return {one.name for one in runs}
            time.sleep(0.1)


def test_each_trial_is_a_task_run_and_measures_what_a_plain_loop_measures(
    server: str, tmp_path: Path
) -> None:
    from flows.compare_paths import compare_paths

    settings, plain = Settings(home=tmp_path / "flow"), Settings(home=tmp_path / "plain")
    capped = compare_paths(
        PLAN.model_copy(update={"caps": Caps(calls=1)}), settings, return_state=True
    )
    assert (capped.name, capped.is_completed()) == ("Degraded", True)
    assert "1 of 2 trials" in (capped.message or "")
    whole = compare_paths(PLAN.model_copy(update={"at_once": 2}), settings, return_state=True)
    assert (whole.name, whole.result()) == ("Completed", "flowing")
    run_experiment(plain, PLAN)
    same = {"trial_uid", "score", "input_tokens", "calls", "usd", "seconds", "simulated"}
    first, second = (
        [one.model_dump(include=same) for one in read_trials(each, "flowing")]
        for each in (settings, plain)
    )
    assert first == second and all(one["simulated"] for one in first)
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        runs = [one for one in client.read_flow_runs() if one.name == "compare paths flowing"]
    assert len(runs) == 2
    assert all({"kind:experiment", "experiment:flowing"} <= set(one.tags) for one in runs)
    # Each made the case, the trials that were left, and the table; the capped one tried both.
    names = [task_runs_of(one.id, 4 if one.state_name == "Degraded" else 3) for one in runs]
    trials = {f"needle 3k #0 {path} {SURE}" for path in ("direct", "rlm-agent")}
    assert all({"case needle-3000-0", "publish flowing"} <= some for some in names)
    assert trials <= names[0] | names[1] and sum(len(trials & some) for some in names) == 3
