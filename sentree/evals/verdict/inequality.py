"""Inequalities with their numbers: each holds or fails only if the whole 95 % interval says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from schemas.verdict import Criteria, Estimate, Inequality, Standing, TaskEffect
from sentree.evals.verdict.effect import SAME
from sentree.evals.verdict.power import more_clusters

HOLDS, FAILS, UNDECIDED = Standing.HOLDS, Standing.FAILS, Standing.UNDECIDED


def percent(share: float) -> str:
    """Write a share."""
    return f"{100 * share:g} %"


@dataclass(frozen=True, slots=True)
class Size:
    """How many independent sets of clusters, and how many runs one more of each costs."""

    sets: int
    runs: float
    min_cases: int


def size_of(one: TaskEffect, rule: Criteria) -> Size:
    """Give what one more case costs."""
    sets = max(one.cluster_sets, 1)
    return Size(sets, 2 * one.pairs / max(one.clusters, 1) * sets, rule.min_cases)


def above(
    key: str,
    statement: str,
    estimate: Estimate | None,
    threshold: float,
    size: Size | None,
    *,
    note: str = "",
) -> Inequality:
    """State that a figure is larger than a threshold; `size` says what one more case costs."""
    standing = UNDECIDED
    if estimate is not None:
        if estimate.low is not None and estimate.low > threshold + SAME:
            standing = HOLDS
        elif estimate.high is not None and estimate.high <= threshold + SAME:
            standing = FAILS
    return _inequality(key, statement, estimate, threshold, standing, size, "share", note)


def below(
    key: str,
    statement: str,
    estimate: Estimate | None,
    threshold: float,
    size: Size | None,
    *,
    unit: str,
    missing: str,
) -> Inequality:
    """State that a figure does not exceed a threshold; `missing` says why there is none."""
    if estimate is None:
        return _inequality(key, statement, None, threshold, UNDECIDED, None, unit, missing)
    standing = UNDECIDED
    if estimate.high is not None and estimate.high <= threshold + SAME:
        standing = HOLDS
    elif estimate.low is not None and estimate.low > threshold + SAME:
        standing = FAILS
    return _inequality(key, statement, estimate, threshold, standing, size, unit, "")


def cost(key: str, sign: str, effect: TaskEffect, threshold: float, rule: Criteria) -> Inequality:
    """State that the path costs at most so many times what the baseline costs."""
    statement = f"{sign} {threshold:g}"
    found = below(
        key,
        statement,
        effect.cost_ratio,
        threshold,
        size_of(effect, rule),
        unit="ratio",
        missing="no pair has a price on both sides",
    )
    if effect.cost_ratio is None and effect.baseline_free:
        note = "the baseline costs nothing, the path does: no ratio, and too dear by any"
        return found.model_copy(update={"standing": FAILS, "note": note})
    return found


def _inequality(
    key: str,
    statement: str,
    estimate: Estimate | None,
    threshold: float,
    standing: Standing,
    size: Size | None,
    unit: str,
    note: str,
) -> Inequality:
    cases = runs = None
    if standing is UNDECIDED and estimate is not None and size is not None:
        added = more_clusters(estimate, threshold, size.min_cases)
        if added is None:
            note = _joined(note, "lies at the threshold: no practicable number of runs decides it")
        else:
            cases = ceil(added / size.sets)
            runs = ceil(cases * size.runs)
    if estimate is not None and estimate.low is None and estimate.high is None:
        note = _joined(note, f"too few independent cases ({estimate.clusters})")
    return Inequality(
        key=key,
        statement=statement,
        estimate=estimate,
        threshold=threshold,
        standing=standing,
        unit=unit,
        note=note,
        more_cases=cases,
        more_runs=runs,
    )


def enough(each: Sequence[Inequality], tasks: Sequence[TaskEffect], rule: Criteria) -> Inequality:
    """Count the tasks that pass; say which of the undecided ones would settle the count."""
    passed = sum(one.standing is HOLDS for one in each)
    undecided = [one for one in each if one.standing is UNDECIDED]
    most = passed + len(undecided)
    note = ""
    if passed >= rule.tasks:
        standing = HOLDS
    elif most < rule.tasks <= len(tasks):
        standing = FAILS
    else:
        standing = UNDECIDED
        if len(tasks) < rule.tasks:
            note = f"only {len(tasks)} of at least {rule.tasks} tasks were measured"
    cases = runs = None
    if standing is UNDECIDED and not note:
        hopeful = [one for one in undecided if (one.estimate or _NOTHING).value > one.threshold]
        others = [one for one in undecided if one not in hopeful]
        likely = passed + len(hopeful) >= rule.tasks
        wanted = rule.tasks - passed if likely else most - rule.tasks + 1
        known = sorted(
            (one.more_cases, one.more_runs or 0)
            for one in (hopeful if likely else others)
            if one.more_cases is not None
        )
        if len(known) >= wanted:
            cases = known[wanted - 1][0]
            runs = sum(cost for _, cost in known[:wanted])
    return Inequality(
        key="tasks",
        statement=f"tasks with an improvement > {percent(rule.improvement)}: at least {rule.tasks}",
        estimate=Estimate(value=passed, low=passed, high=most, clusters=len(tasks)),
        threshold=rule.tasks,
        standing=standing,
        unit="tasks",
        note=note,
        more_cases=cases,
        more_runs=runs,
    )


_NOTHING = Estimate(value=float("-inf"))


def floor_note(one: TaskEffect, rule: Criteria) -> str:
    """Say that the baseline's score was raised to the floor, if it was."""
    if not one.floored:
        return ""
    return f"the baseline scores {one.base.value:.2f}, counted as {rule.base_floor:g}"


def _joined(note: str, more: str) -> str:
    return f"{note}; {more}" if note else more
