"""The tasks that experiments can ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from sentree.errors import UsageError
from sentree.evals.experiment import oolong
from sentree.evals.experiment.case import Task
from sentree.evals.experiment.questions import QUESTION_TASKS
from sentree.evals.experiment.scenarios import (
    chain,
    classify,
    correlate,
    evidence,
    intel,
    map_rules,
    timeline,
    triage,
)

_SCENARIOS = (classify, triage, intel, timeline, chain, evidence, correlate)
TASKS: Mapping[str, Task] = {
    task.name: task for task in (*QUESTION_TASKS, *(one.TASK for one in _SCENARIOS))
}
FROM_FILES: Mapping[str, str] = {
    map_rules.NAME: "tagged rules, tags hidden: the techniques of each; also map-rules:FOLDER",
    f"{oolong.NAME}:FILE": "questions of a file in OOLONG's form (JSONL)",
}


@cache
def find_task(name: str) -> Task:
    """Give a task by its name, or one over a file or folder by `name:path`.

    Raises:
        UsageError: there is none of that name, or the file holds no case.
    """
    kind, _, path = name.partition(":")
    if kind == map_rules.NAME:
        return map_rules.task(path)
    if kind == oolong.NAME and path:
        return oolong.task(path)
    if name in TASKS:
        return TASKS[name]
    raise UsageError(f"no task '{name}': there are {', '.join((*TASKS, *FROM_FILES))}")


def find_tasks(names: Sequence[str]) -> list[Task]:
    """Give the tasks named, each once."""
    return [find_task(name) for name in dict.fromkeys(names)]
