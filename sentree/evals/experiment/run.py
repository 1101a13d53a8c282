"""An experiment from plan to stored trials: the steps that the flow shares, and a plain loop."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, Self

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
from sentree.lake.trials import TrialStore, find_trials
from sentree.settings import Settings

PLAN = "plan.json"
Progress = Callable[[int, int, str], None]
Outcome = Trial | LimitReachedError
"""A trial that was made and stored, or the experiment's cap that kept it from being made."""


class Steps(Protocol):
    """Carries out the trials of one case: in this process, or as task runs of a workflow."""

    def __call__(
        self, begun: Begun, case: CaseSpec, trials: Sequence[TrialSpec]
    ) -> Iterator[Outcome]:
        """Make the case, then its trials; gives what came of each, in any order."""
        ...


class Begun(NamedTuple):
    """An experiment ready to be worked on: what is left of it, and what was done before."""

    plan: ExperimentPlan
    bench: Bench
    store: TrialStore
    trials: Trials
    left: tuple[tuple[CaseSpec, tuple[TrialSpec, ...]], ...]
    done: int

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.__exit__()


class Ended(NamedTuple):
    """How far an experiment has come; `limit` ended it early."""

    trials: int
    total: int
    limit: LimitReachedError | None = None


def experiment_folder(settings: Settings, name: str) -> Path:
    """Give the folder of an experiment: its plan, its stored calls, and the case at hand."""
    return settings.home / "experiments" / name


def begin(settings: Settings, plan: ExperimentPlan, *, retry: RetryPolicy | None = None) -> Begun:
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
    bench = Bench(settings, folder, plan.conditions, budget, {}, plan.at_once == 1, retry)
    return Begun(plan, bench, TrialStore(settings), trials, left, done)


def make_case(bench: Bench, spec: CaseSpec) -> Case:
    """Make a case, or find it made by a task that shares its records."""
    return find_task(spec.task).make(spec, bench.folder / "cases" / _place(spec))


def make_trial(begun: Begun, spec: TrialSpec, case: Case) -> Outcome:
    """Make a trial and store it at once; or give the experiment's cap that was reached.

    Raises:
        ModelError: the model can't be reached, or won't answer anybody.
    """
    try:
        trial = run_trial(begun.bench, spec, case)
    except LimitReachedError as limit:
        return limit
    begun.store.store(trial)
    shutil.rmtree(begun.bench.folder / "trials" / spec.trial_uid, ignore_errors=True)
    return trial


def drop_cases(bench: Bench, keep: Sequence[CaseSpec]) -> None:
    """Remove the contexts of cases that are done with."""
    wanted = {_place(one) for one in keep}
    folder = bench.folder / "cases"
    for made in folder.iterdir() if folder.is_dir() else ():
        if made.name not in wanted:
            shutil.rmtree(made, ignore_errors=True)


def _place(spec: CaseSpec) -> str:
    """Name the folder of a case's records, which other tasks may share."""
    records = find_task(spec.task).records
    return f"{records}-{spec.source[:8]}{spec.size_tokens}-{spec.seed}"


def run_experiment(
    settings: Settings,
    plan: ExperimentPlan,
    progress: Progress | None = None,
    *,
    retry: RetryPolicy | None = None,
) -> Ended:
    """Make the trials that are left, one after the other, in this process.

    Raises:
        UsageError, ConfigurationError: as `begin`.
        ModelError: the model can't be reached; what was measured is kept.
    """
    with begin(settings, plan, retry=retry) as begun:
        return work_through(begun, one_by_one, progress)


def work_through(begun: Begun, steps: Steps, progress: Progress | None = None) -> Ended:
    """Carry out what is left, case by case, until a cap of the experiment is reached."""
    made, total = begun.done, begun.trials.total
    for place, (spec, trials) in enumerate(begun.left):
        limit: LimitReachedError | None = None
        for outcome in steps(begun, spec, trials):
            if isinstance(outcome, LimitReachedError):
                limit = outcome
                continue
            made += 1
            if progress is not None:
                progress(made, total, f"{outcome.case_uid} {outcome.path} {outcome.model}")
        if limit is not None:
            return Ended(made, total, limit)
        drop_cases(begun.bench, [one for one, _ in begun.left[place + 1 : place + 2]])
    return Ended(made, total)


def one_by_one(begun: Begun, case: CaseSpec, trials: Sequence[TrialSpec]) -> Iterator[Outcome]:
    """Make a case and its trials in this process."""
    made = make_case(begun.bench, case)
    for trial in trials:
        outcome = make_trial(begun, trial, made)
        yield outcome
        if isinstance(outcome, LimitReachedError):
            return


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
