"""An experiment: the same cases on several paths with several models, every trial a task run."""

from __future__ import annotations

from typing import cast

from prefect import flow
from prefect.states import Completed

from schemas.experiment_plan import ExperimentPlan
from sentree.evals.experiment.run import begin, work_through
from sentree.lake.trials import find_trials
from sentree.settings import Settings, load_settings
from tasks.compare_paths import as_task_runs, publish_trials
from tasks.run_tags import tag_flow_run


@flow(
    name="compare-paths", flow_run_name="compare paths {plan.experiment}", validate_parameters=True
)
def compare_paths(plan: ExperimentPlan, settings: Settings | None = None) -> str:
    """Make the trials that are left of an experiment; gives its name.

    The flow run's state is `Degraded` when a cap of the experiment ended it early.
    """
    settings = settings or load_settings()
    tag_flow_run("kind:experiment", f"experiment:{plan.experiment}")
    with begin(settings, plan) as begun:
        ended = work_through(begun, as_task_runs)
    publish_trials(plan.experiment, find_trials(settings, plan.experiment))
    name = "Completed" if ended.limit is None else "Degraded"
    message = f"{ended.trials} of {ended.total} trials" + (f": {ended.limit}" * bool(ended.limit))
    # Prefect takes the state as the run's, and gives its data to the caller.
    return cast(str, Completed(name=name, data=plan.experiment, message=message))
