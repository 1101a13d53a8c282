"""The tasks that experiments can ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sentree.errors import UsageError
from sentree.evals.experiment.case import Task
from sentree.evals.experiment.questions import QUESTION_TASKS
from sentree.evals.experiment.scenarios import (
    chain,
    classify,
    correlate,
    evidence,
    intel,
    timeline,
    triage,
)

_SCENARIOS = (classify, triage, intel, timeline, chain, evidence, correlate)
TASKS: Mapping[str, Task] = {
    task.name: task for task in (*QUESTION_TASKS, *(one.TASK for one in _SCENARIOS))
}


def find_task(name: str) -> Task:
    """Give a task by its name.

    Raises:
        UsageError: there is none of that name.
    """
    if name in TASKS:
        return TASKS[name]
    raise UsageError(f"no task '{name}': there are {', '.join(TASKS)}")


def find_tasks(names: Sequence[str]) -> list[Task]:
    """Give the tasks named, each once."""
    return [find_task(name) for name in dict.fromkeys(names)]
