"""Context rot: how a path's score falls as its context doubles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import log2

from schemas.experiment import Trial
from schemas.verdict import POOLED, Criteria, Estimate, Slope
from sentree.evals.verdict.pairs import (
    Grouping,
    Pair,
    answered,
    by_task,
    cluster_of,
    counted_score,
)
from sentree.evals.verdict.resample import Cluster, Drawn, Resampler, across_tasks, interval

Points = dict[str, list[tuple[Cluster, int, float]]]
"""Per task: cluster, size in tokens, value."""


def slopes(
    trials: Sequence[Trial],
    resampler: Resampler,
    group: Mapping[str, Grouping],
    criteria: Criteria,
) -> list[Slope]:
    """Fit the slope of one model's path, over all tasks and for each."""
    everything, useful = _points(trials, group, False), _points(trials, group, True)
    tasks = [task for task, rows in everything.items() if len({row[1] for row in rows}) > 1]
    wanted = [(POOLED, tasks), *((task, [task]) for task in tasks)] if tasks else []
    found: list[Slope] = []
    for name, chosen in wanted:
        all_of_it = _slope({task: everything[task] for task in chosen}, resampler, criteria)
        if all_of_it is None:
            continue
        found.append(
            Slope(
                model=trials[0].model,
                path=trials[0].path,
                task=name,
                sizes=len({row[1] for task in chosen for row in everything[task]}),
                per_doubling=all_of_it,
                answered=_slope(
                    {task: useful[task] for task in chosen if task in useful}, resampler, criteria
                ),
            )
        )
    return found


def rot_difference(
    pairs: Sequence[Pair], resampler: Resampler, criteria: Criteria
) -> Estimate | None:
    """Fit the slope of the difference between two paths: above 0, the path rots less."""
    points: Points = {
        task: [(pair.cluster, pair.size_tokens, pair.difference) for pair in some]
        for task, some in by_task(pairs).items()
    }
    return _slope(points, resampler, criteria, 2.0)


def _points(trials: Sequence[Trial], group: Mapping[str, Grouping], only_answered: bool) -> Points:
    points: Points = defaultdict(list)
    for trial in trials:
        if answered(trial) or not only_answered:
            row = (cluster_of(trial, group), trial.size_tokens, counted_score(trial))
            points[trial.task].append(row)
    return {task: sorted(rows) for task, rows in sorted(points.items())}


def _slope(
    points: Points, resampler: Resampler, criteria: Criteria, spread: float = 1.0
) -> Estimate | None:
    parts: list[Drawn] = []
    widths: list[float] = []
    for rows in points.values():
        x = [log2(size) for _, size, _ in rows]
        if len(set(x)) > 1:
            clusters = [cluster for cluster, _, _ in rows]
            parts.append(resampler.slope(clusters, x, [value for *_, value in rows]))
            widths.append(max(x) - min(x))
    if not parts:
        return None
    steepest = spread / min(widths)
    return interval(across_tasks(parts), criteria.min_cases, (-steepest, steepest))
