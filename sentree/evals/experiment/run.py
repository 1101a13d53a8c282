"""An experiment from plan to stored trials: the steps that the flow shares, and a plain loop."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from models.prices import load_prices
from schemas.ask import EMBEDDED
from schemas.experiment import Trial
from schemas.experiment_plan import CaseSpec, ExperimentPlan, TrialSpec
from sentree.engine.gate import RetryPolicy
from sentree.errors import LimitReachedError, UsageError
from sentree.evals.experiment.case import Case
from sentree.evals.experiment.plan import Trials, plan_trials, simulated_profile
from sentree.evals.experiment.registry import find_task
from sentree.evals.experiment.spending import experiment_budget
from sentree.evals.experiment.trial import Bench, run_trial
from sentree.lake.trials import find_trials, store_trial
from sentree.settings import Settings

PLAN = "plan.json"
Progress = Callable[[int, int, str], None]


class Begun(NamedTuple):
    """An experiment ready to be worked on: what is left of it, and what was done before."""

    plan: ExperimentPlan
    bench: Bench
    trials: Trials
    left: tuple[tuple[CaseSpec, tuple[TrialSpec, ...]], ...]
    done: int


class Ended(NamedTuple):
    """How far an experiment has come; `limit` ended it early."""

    trials: int
    total: int
    limit: LimitReachedError | None = None


def experiment_folder(settings: Settings, name: str) -> Path:
    """Give the folder of an experiment: its plan, its stored calls, and the case at hand."""
    return settings.home / "experiments" / name


def begin(
    settings: Settings,
    plan: ExperimentPlan,
    *,
    alone: bool = True,
    retry: RetryPolicy | None = None,
) -> Begun:
    """Check the plan, remember it, and find what is left to do.

    Raises:
        UsageError: the plan can't be carried out, or an experiment of that name was begun under
            other conditions.
        ConfigurationError: a cap in dollars on a model without a price; an unknown model.
    """
    trials = plan_trials(plan)
    real = [one for one in plan.models if one != EMBEDDED and simulated_profile(one) is None]
    prices = load_prices(settings.prices)
    prices.require(real, plan.caps)
    prices.require(real, plan.conditions.caps)
    folder = experiment_folder(settings, plan.experiment)
    folder.mkdir(parents=True, exist_ok=True)
    _remember(folder / PLAN, plan)
    stored = find_trials(settings, plan.experiment)
    known = {one.trial_uid for one in stored}
    left = tuple(
        (case, open_ones)
        for case, every in trials.by_case
        if (open_ones := tuple(one for one in every if one.trial_uid not in known))
    )
    done = trials.total - sum(len(open_ones) for _, open_ones in left)
    budget = experiment_budget(plan.caps, stored)
    bench = Bench(settings, folder, plan.conditions, budget, alone, retry)
    return Begun(plan, bench, trials, left, done)


def make_case(bench: Bench, spec: CaseSpec) -> Case:
    """Make a case, or find it made by a task that shares its records."""
    task = find_task(spec.task)
    name = f"{task.records}-{spec.size_tokens}-{spec.seed}"
    return task.make(spec, bench.folder / "cases" / name)


def make_trial(bench: Bench, spec: TrialSpec, case: Case) -> Trial:
    """Make a trial and store it at once."""
    trial = run_trial(bench, spec, case)
    store_trial(bench.settings, trial)
    shutil.rmtree(bench.folder / "trials" / spec.trial_uid, ignore_errors=True)
    return trial


def drop_cases(bench: Bench, keep: Sequence[CaseSpec]) -> None:
    """Remove the contexts of cases that are done with."""
    wanted = {f"{find_task(one.task).records}-{one.size_tokens}-{one.seed}" for one in keep}
    folder = bench.folder / "cases"
    for made in folder.iterdir() if folder.is_dir() else ():
        if made.name not in wanted:
            shutil.rmtree(made, ignore_errors=True)


def run_experiment(
    settings: Settings,
    plan: ExperimentPlan,
    progress: Progress | None = None,
    *,
    retry: RetryPolicy | None = None,
) -> Ended:
    """Make the trials that are left, one after the other, in this process."""
    begun = begin(settings, plan, retry=retry)
    made = begun.done
    for place, (spec, trials) in enumerate(begun.left):
        case = make_case(begun.bench, spec)
        for trial in trials:
            try:
                make_trial(begun.bench, trial, case)
            except LimitReachedError as limit:
                return Ended(made, begun.trials.total, limit)
            made += 1
            if progress is not None:
                progress(made, begun.trials.total, trial.label)
        drop_cases(begun.bench, [one for one, _ in begun.left[place + 1 : place + 2]])
    return Ended(made, begun.trials.total)


def _remember(path: Path, plan: ExperimentPlan) -> None:
    """Keep the plan; more tasks, sizes, paths, models and seeds may be added to it later."""
    if path.is_file():
        before = ExperimentPlan.model_validate_json(path.read_bytes())
        for name, value in before.conditions:
            now = getattr(plan.conditions, name)
            if now != value:
                raise UsageError(
                    f"experiment '{plan.experiment}' was begun with {name} {value}, not {now}:"
                    " choose another --name"
                )
    part = path.with_suffix(".part")
    part.write_text(plan.model_dump_json(indent=1), encoding="utf-8")
    part.replace(path)
