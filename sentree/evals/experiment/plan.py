"""From an experiment to its trials: each with the hash of everything that determines it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import sentree
from models.simulated import PREFIX, profile_of
from schemas.ask import EMBEDDED
from schemas.experiment import EvalPath
from schemas.experiment_plan import CaseSpec, Conditions, ExperimentPlan, TrialSpec, Unasked
from schemas.simulated import SimulatedProfile
from sentree.engine.agent_tools import PROMPTS
from sentree.engine.prompt_files import prompt_hash
from sentree.evals.experiment.case import Task
from sentree.evals.experiment.registry import find_tasks

GENERATION = 1
"""To be raised when a generator or a scorer changes: its trials are then made again."""

_SCENARIOS = ("chain", "classify", "correlate", "evidence", "intel", "map_rules", "timeline")


class Trials(NamedTuple):
    """The trials of an experiment case by case, and what of it can't be asked."""

    by_case: tuple[tuple[CaseSpec, tuple[TrialSpec, ...]], ...]
    unasked: tuple[Unasked, ...]

    @property
    def total(self) -> int:
        """How many trials there are."""
        return sum(len(trials) for _, trials in self.by_case)


def plan_trials(plan: ExperimentPlan) -> Trials:
    """List the trials: every case on every path with every model, small cases first.

    Raises:
        UsageError: a task is unknown.
        ConfigurationError: a simulated model is unknown.
    """
    tasks = find_tasks(plan.tasks)
    sizes = sorted(set(plan.sizes))
    unasked = list(_unasked(plan, tasks))
    left_out = {(one.task, one.path, one.model) for one in unasked}
    unasked += _out_of_range(plan, tasks)
    sources = {task.name: _source(task.name) for task in tasks}
    by_case: list[tuple[CaseSpec, tuple[TrialSpec, ...]]] = []
    for size in sizes:
        for seed in range(plan.seeds):
            for task in tasks:
                if not task.smallest <= size <= task.largest:
                    continue
                case = CaseSpec(
                    task=task.name, size_tokens=size, seed=seed, source=sources[task.name]
                )
                trials = tuple(
                    _trial(plan, case, path, model)
                    for path in dict.fromkeys(plan.paths)
                    for model in dict.fromkeys(plan.models)
                    if (task.name, path, model) not in left_out
                )
                if trials:
                    by_case.append((case, trials))
    return Trials(tuple(by_case), tuple(unasked))


def simulated_profile(model: str) -> SimulatedProfile | None:
    """Give the profile that a model's name stands for; None for a model that does not pretend."""
    return profile_of(model) if model.startswith(PREFIX) else None


def _unasked(plan: ExperimentPlan, tasks: Sequence[Task]) -> Iterator[Unasked]:
    for task in tasks:
        for path in dict.fromkeys(plan.paths):
            for model in dict.fromkeys(plan.models):
                reason = task.unasked.get(path)
                if model == EMBEDDED:
                    paths = task.embedded_paths
                    reason = None if path in paths else _computed(paths)
                elif model.startswith(PREFIX) and not task.simulated:
                    reason = "nobody knows which record says what, so it can't be pretended"
                if reason is not None:
                    yield Unasked(task=task.name, path=path, model=model, reason=reason)


def _computed(paths: Sequence[EvalPath]) -> str:
    if not paths:
        return "it takes a language model"
    return f"no prompt is made; what is computed counts as {' and '.join(paths)}"


def _out_of_range(plan: ExperimentPlan, tasks: Sequence[Task]) -> Iterator[Unasked]:
    for task in tasks:
        for size in sorted(set(plan.sizes)):
            if not task.smallest <= size <= task.largest:
                reason = f"it can have {task.smallest:,} to {task.largest:,} tokens"
                for path in dict.fromkeys(plan.paths):
                    for model in dict.fromkeys(plan.models):
                        yield Unasked(
                            task=task.name,
                            size_tokens=size,
                            path=path,
                            model=model,
                            reason=reason,
                        )


def _source(task: str) -> str:
    """Give the hash of the files that a task's name names."""
    path = Path(task.partition(":")[2])
    if not path.name:
        return ""
    paths = sorted(path.rglob("*")) if path.is_dir() else [path]
    total = sha256()
    for one in paths:
        if one.is_file():
            total.update(sha256(one.read_bytes()).digest())
    return total.hexdigest()


def _trial(plan: ExperimentPlan, case: CaseSpec, path: EvalPath, model: str) -> TrialSpec:
    profile = simulated_profile(model)
    decides = {
        # Where a file lies makes no difference, what it holds does.
        "case": {**case.model_dump(mode="json"), "task": case.kind},
        "path": path.value,
        "model": model,
        "profile": profile and profile.model_dump(mode="json"),
        "conditions": _deciding(plan.conditions),
        "prompts": _prompts(case.kind, path),
        "generation": GENERATION,
        "version": sentree.__version__,
    }
    text = json.dumps(decides, sort_keys=True, separators=(",", ":"))
    return TrialSpec(
        trial_uid=sha256(text.encode()).hexdigest()[:24],
        experiment=plan.experiment,
        case=case,
        path=path,
        model=model,
        profile=profile,
    )


def _deciding(conditions: Conditions) -> dict[str, object]:
    """Give the conditions that a trial depends on."""
    return conditions.model_dump(mode="json")


def _prompts(task: str, path: EvalPath) -> str:
    scenario = task.replace("-", "_")
    more = (f"scenarios/{scenario}",) if scenario in _SCENARIOS else ()
    names = {
        EvalPath.DIRECT: ("direct", "leaf"),
        EvalPath.RETRIEVAL: ("direct", "leaf"),
        EvalPath.RLM_PLANNED: ("leaf",),
        EvalPath.RLM_AGENT: (*PROMPTS, "leaf"),
    }[path]
    return prompt_hash(*names, *more)
