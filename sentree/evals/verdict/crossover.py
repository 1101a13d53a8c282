"""Where two paths change places as the context grows, with an interval that may leave the range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2

import numpy as np

from schemas.verdict import Criteria, Crossover, CrossoverKind, SizeCell
from sentree.evals.verdict.pairs import Pair, by_task
from sentree.evals.verdict.resample import (
    LEVEL,
    Drawn,
    Floats,
    Resampler,
    across_tasks,
    all_origins,
    interval,
    tail_level,
)


def find_crossover(
    task: str, pairs: Sequence[Pair], resampler: Resampler, criteria: Criteria
) -> Crossover:
    """Find the size at which the path overtakes the baseline, or falls behind it.

    The mean difference per size is made monotone in the size (isotonic regression, Barlow et al.
    1972) and read where it is 0, between sizes on the logarithmic scale. Every draw does the same;
    a draw without a change of sign puts the crossover outside the tested range. Of several tasks,
    only the sizes that all of them have are used, so that the mix of tasks does not change.
    """
    cells = _cells(pairs)
    sized = {size: _drawn(cells[size], resampler) for size in sorted(cells)}
    table = tuple(
        _cell(size, cells[size], base, treated, criteria) for size, (base, treated) in sized.items()
    )
    gains = {size: treated.minus(base) for size, (base, treated) in sized.items()}
    enough = {size: gain for size, gain in gains.items() if gain.free > 0}
    origins = all_origins(enough.values())
    clusters = sum(origins.values())
    free = clusters - len(origins)
    if len(enough) < 2 or clusters < criteria.min_cases or free < 4:
        few = f"it takes two sizes, and {criteria.min_cases} independent cases"
        return Crossover(
            task=task,
            kind=CrossoverKind.TOO_FEW,
            tokens=None,
            low=None,
            high=None,
            sizes=table,
            statement=f"No crossover can be looked for: {few}.",
        )
    sizes = list(enough)
    x = np.array([log2(size) for size in sizes])
    weights = np.array([len(cells[size]) for size in sizes], np.float64)
    points = np.array([[gain.point for gain in enough.values()]])
    draws = np.stack([gain.draws for gain in enough.values()], axis=1)
    draws = draws[~np.isnan(draws).any(axis=1)]
    tail = tail_level(clusters, free)
    falling = _falls(x, weights, draws, tail)
    sign = -1.0 if falling else 1.0
    point = _crossings(x, isotonic(sign * points, weights))
    found = _crossings(x, isotonic(sign * draws, weights))
    # A draw without any difference leaves the crossover open to both sides.
    low = _ordered(np.where(np.isnan(found), -np.inf, found), tail)
    high = _ordered(np.where(np.isnan(found), np.inf, found), 1 - tail)
    kind = _kind(low, high, falling, _clear(draws, clusters, free))
    tokens = _tokens(float(point[0]))
    limits = (_tokens(low), _tokens(high))
    return Crossover(
        task=task,
        kind=kind,
        tokens=tokens,
        low=limits[0],
        high=limits[1],
        sizes=table,
        statement=_statement(kind, tokens, limits, (sizes[0], sizes[-1]), falling),
    )


def isotonic(values: Floats, weights: Floats) -> Floats:
    """Give, row by row, the nearest non-decreasing values (the min-max formula)."""
    count = values.shape[1]
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values * weights, axis=1)], 1)
    total = np.concatenate([[0.0], np.cumsum(weights)])
    fitted = np.empty_like(values)
    for at in range(count):
        best = np.full(len(values), -np.inf)
        for start in range(at + 1):
            ends = range(at, count)
            means = [
                (sums[:, end + 1] - sums[:, start]) / (total[end + 1] - total[start])
                for end in ends
            ]
            best = np.maximum(best, np.min(means, axis=0))
        fitted[:, at] = best
    # The formula leaves rounding dust where exact arithmetic gives 0.
    return np.where(np.abs(fitted) < 1e-12, 0.0, fitted)


def _crossings(x: Floats, fitted: Floats) -> Floats:
    """Give the place of 0 of each non-decreasing row; infinite if outside, NaN if all are 0."""
    count = len(x)
    below = (fitted < 0).sum(axis=1)
    above = count - (fitted > 0).sum(axis=1)
    rows = np.arange(len(fitted))
    out = np.full(len(fitted), np.nan)
    out[(below == 0) & (above < count)] = -np.inf
    out[(below > 0) & (above == count)] = np.inf
    inside = (below > 0) & (above < count)
    last, first = np.maximum(below - 1, 0), np.minimum(above, count - 1)
    low, high = fitted[rows, last], fitted[rows, first]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossed = x[last] + (x[first] - x[last]) * (-low) / (high - low)
    # Between the last below and the first above there may be sizes of no difference at all.
    level = inside & (above > below)
    crossed[level] = (x[below[level]] + x[above[level] - 1]) / 2
    out[inside] = crossed[inside]
    return out


def _falls(x: Floats, weights: Floats, draws: Floats, tail: float) -> bool:
    centred = x - np.average(x, weights=weights)
    slopes = draws @ (weights * centred)
    return bool(np.quantile(slopes, 1 - tail) < 0)


def _cells(pairs: Sequence[Pair]) -> Mapping[int, list[Pair]]:
    tasks = by_task(pairs)
    common = set.intersection(*({pair.size_tokens for pair in some} for some in tasks.values()))
    cells: dict[int, list[Pair]] = {size: [] for size in common}
    for pair in pairs:
        if pair.size_tokens in common:
            cells[pair.size_tokens].append(pair)
    return cells


def _drawn(pairs: Sequence[Pair], resampler: Resampler) -> tuple[Drawn, Drawn]:
    tasks = by_task(pairs).values()
    base = [
        resampler.mean([pair.cluster for pair in some], [pair.base.score for pair in some])
        for some in tasks
    ]
    treated = [
        resampler.mean([pair.cluster for pair in some], [pair.treated.score for pair in some])
        for some in tasks
    ]
    return across_tasks(base), across_tasks(treated)


def _cell(
    size: int, pairs: Sequence[Pair], base: Drawn, treated: Drawn, criteria: Criteria
) -> SizeCell:
    fewest = criteria.min_cases
    return SizeCell(
        size_tokens=size,
        pairs=len(pairs),
        base=interval(base, fewest, (0, 1)),
        treated=interval(treated, fewest, (0, 1)),
        difference=interval(treated.minus(base), fewest, (-1, 1)),
        base_usd=_mean([pair.base.usd for pair in pairs]),
        treated_usd=_mean([pair.treated.usd for pair in pairs]),
    )


def _kind(low: float, high: float, falling: bool, clear: bool) -> CrossoverKind:
    if np.isfinite(low) and np.isfinite(high):
        return CrossoverKind.FALLS_BEHIND if falling else CrossoverKind.OVERTAKES
    if high == -np.inf:
        return CrossoverKind.BEHIND if falling else CrossoverKind.AHEAD
    if low == np.inf:
        return CrossoverKind.AHEAD if falling else CrossoverKind.BEHIND
    return CrossoverKind.UNSETTLED if clear else CrossoverKind.NO_DIFFERENCE


def _clear(draws: Floats, clusters: int, free: int) -> bool:
    """Tell whether a size shows a difference; the more sizes are looked at, the more it takes."""
    tail = tail_level(clusters, free, 1 - (1 - LEVEL) / draws.shape[1])
    low, high = np.quantile(draws, (tail, 1 - tail), axis=0)
    return bool((low > 0).any() or (high < 0).any())


def _statement(
    kind: CrossoverKind,
    tokens: float | None,
    limits: tuple[float | None, float | None],
    tested: tuple[int, int],
    falling: bool,
) -> str:
    span = f"{tested[0]:,} to {tested[1]:,} tokens"
    none = f"No crossover in the tested range ({span}): "
    low, high = limits
    if kind in (CrossoverKind.OVERTAKES, CrossoverKind.FALLS_BEHIND):
        verb = "overtakes the baseline" if kind is CrossoverKind.OVERTAKES else "falls behind"
        return (
            f"The path {verb} at about {tokens or 0:,.0f} tokens "
            f"(95 % interval {low or 0:,.0f} to {high or 0:,.0f})."
        )
    if kind is CrossoverKind.AHEAD:
        return none + "the path is ahead throughout."
    if kind is CrossoverKind.BEHIND:
        return none + "the baseline is ahead throughout."
    if kind is CrossoverKind.NO_DIFFERENCE:
        return none + "no difference was found at any size."
    if high is not None:
        after, before = ("behind", "ahead") if falling else ("ahead", "behind")
        return (
            f"Not settled: the path is {after} from {high:,.0f} tokens on; "
            f"that it is {before} at {tested[0]:,} is not shown."
        )
    if low is not None:
        before, after = ("ahead", "behind") if falling else ("behind", "ahead")
        return (
            f"Not settled: the path is {before} up to {low:,.0f} tokens; "
            f"that it is {after} at {tested[1]:,} is not shown."
        )
    return f"Not settled: the paths differ somewhere within {span}, but not where they cross."


def _ordered(values: Floats, level: float) -> float:
    ranked = np.sort(values)
    return float(ranked[min(max(int(np.ceil(level * len(ranked))) - 1, 0), len(ranked) - 1)])


def _tokens(place: float) -> float | None:
    return float(2**place) if np.isfinite(place) else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(sorted(known)) / len(known) if known else None
