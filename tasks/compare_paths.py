"""The steps of an experiment as Prefect tasks: make a case, make one trial of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from schemas.experiment import Trial
from schemas.experiment_plan import CaseSpec, TrialSpec
from sentree.errors import LimitReachedError
from sentree.evals.experiment.case import Case
from sentree.evals.experiment.run import Begun, Outcome, make_case, make_trial
from sentree.evals.experiment.summary import summarise_trials


@task(name="case", task_run_name="case {spec.uid}", cache_policy=NO_CACHE, persist_result=False)
def prepare_case(begun: Begun, spec: CaseSpec) -> Case:
    """Write the case's records, or find them."""
    return make_case(begun.bench, spec)


# No retries: the gate makes a call again, and knows what each attempt cost.
@task(name="trial", task_run_name="{spec.label}", cache_policy=NO_CACHE, persist_result=False)
def measure_trial(begun: Begun, spec: TrialSpec, case: Case) -> Outcome:
    """Make one trial and store it."""
    return make_trial(begun, spec, case)


def as_task_runs(begun: Begun, case: CaseSpec, trials: Sequence[TrialSpec]) -> Iterator[Outcome]:
    """Make a case and its trials as task runs, as many at once as the plan says."""
    made: Any = prepare_case.submit(begun, case)
    width = begun.plan.at_once
    for start in range(0, len(trials), width):
        futures = [measure_trial.submit(begun, one, made) for one in trials[start : start + width]]
        outcomes = [future.result() for future in futures]
        yield from outcomes
        if any(isinstance(one, LimitReachedError) for one in outcomes):
            return


@task(name="publish", task_run_name="publish {experiment}", cache_policy=NO_CACHE)
def publish_trials(experiment: str, trials: list[Trial]) -> None:
    """Show the means of an experiment as an artifact; simulated ones say so."""
    lines = summarise_trials(trials)
    create_table_artifact(
        key="trials",
        table=[{**one._asdict(), "path": one.path.value} for one in lines],
        description=f"Experiment {experiment}"
        + (" (SIMULATED)" if any(one.simulated for one in lines) else ""),
    )
