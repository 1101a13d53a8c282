"""How much better a path is than the baseline: difference, relative improvement, cost, time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from schemas.verdict import Criteria, Estimate, TaskEffect
from sentree.evals.verdict.pairs import Pair, Side, by_task
from sentree.evals.verdict.resample import Drawn, Resampler, across_tasks, interval

SAME = 1e-9


def effect(
    task: str, pairs: Sequence[Pair], resampler: Resampler, criteria: Criteria
) -> TaskEffect:
    """Compare the paths over pairs; of several tasks, each counts once.

    The improvement is the difference over the baseline's score. A baseline below the floor counts
    as the floor, so that a small gain on nothing is not a large improvement.
    """
    base = _over_tasks(pairs, resampler, lambda pair: pair.base.score)
    treated = _over_tasks(pairs, resampler, lambda pair: pair.treated.score)
    gain = treated.minus(base)
    floor = criteria.base_floor
    below = max(base.point, floor)
    fewest = criteria.min_cases
    both = [pair for pair in pairs if pair.base.answered and pair.treated.answered]
    return TaskEffect(
        task=task,
        pairs=len(pairs),
        clusters=gain.clusters,
        cluster_sets=len(gain.origins),
        wins=sum(pair.difference > SAME for pair in pairs),
        ties=sum(abs(pair.difference) <= SAME for pair in pairs),
        losses=sum(pair.difference < -SAME for pair in pairs),
        base=interval(base, fewest, (0, 1)),
        treated=interval(treated, fewest, (0, 1)),
        difference=interval(gain, fewest, (-1, 1)),
        improvement=interval(gain.over(base, floor), fewest, (-1 / below, 1 / below)),
        floored=base.point < floor,
        both_answered=interval(
            _over_tasks(both, resampler, lambda pair: pair.difference), fewest, (-1, 1)
        )
        if both
        else None,
        cost_ratio=ratio(pairs, resampler, lambda side: side.usd, fewest),
        baseline_free=_only_path_costs(pairs),
        time_ratio=ratio(pairs, resampler, lambda side: side.seconds, fewest),
    )


def ratio(
    pairs: Sequence[Pair],
    resampler: Resampler,
    measure: Callable[[Side], float | None],
    min_clusters: int,
) -> Estimate | None:
    """Give the ratio of mean costs over the pairs in which both are known.

    None where nothing is known, or where the baseline costs nothing and the path does.
    """
    known = [
        pair
        for pair in pairs
        if measure(pair.base) is not None and measure(pair.treated) is not None
    ]
    if not known:
        return None
    base = _over_tasks(known, resampler, lambda pair: measure(pair.base) or 0.0)
    treated = _over_tasks(known, resampler, lambda pair: measure(pair.treated) or 0.0)
    if base.point == 0:
        free = Estimate(value=1.0, low=1.0, high=1.0, clusters=base.clusters)
        return free if treated.point == 0 else None
    return interval(treated.over(base), min_clusters)


def _only_path_costs(pairs: Sequence[Pair]) -> bool:
    known = [
        (pair.base.usd, pair.treated.usd)
        for pair in pairs
        if pair.base.usd is not None and pair.treated.usd is not None
    ]
    return any(usd > 0 for _, usd in known) and all(usd == 0 for usd, _ in known)


def _over_tasks(
    pairs: Sequence[Pair], resampler: Resampler, value: Callable[[Pair], float]
) -> Drawn:
    return across_tasks(
        [
            resampler.mean([pair.cluster for pair in some], [value(pair) for pair in some])
            for some in by_task(pairs).values()
        ]
    )
