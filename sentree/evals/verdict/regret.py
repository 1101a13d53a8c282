"""The router against the path that really won, in score and in dollars."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.experiment import EvalPath, Trial
from schemas.verdict import Criteria, Estimate, Policy, RouterRegret
from sentree.evals.verdict.effect import SAME
from sentree.evals.verdict.pairs import (
    CaseKey,
    Grouping,
    case_key,
    cluster_of,
    counted_score,
)
from sentree.evals.verdict.resample import Cluster, Resampler, across_tasks, interval

ROUTER = "router"


@dataclass(frozen=True, slots=True)
class _Asked:
    task: str
    cluster: Cluster
    route: EvalPath
    score: Mapping[EvalPath, float]
    usd: Mapping[EvalPath, float]

    @property
    def winner(self) -> EvalPath:
        """The path with the best score; of equal ones the cheapest, then the simplest."""
        order = list(EvalPath)
        best = max(self.score.values())
        ahead = [path for path in self.score if self.score[path] >= best - SAME]
        return min(ahead, key=lambda path: (self.usd.get(path, 0.0), order.index(path)))


def regret(
    trials: Sequence[Trial], group: Mapping[str, Grouping], criteria: Criteria, seed: int
) -> RouterRegret | None:
    """Compare the router of one model's trials with every fixed path; None if nothing is routed.

    Only cases count that all paths answered, so that every rule is judged on the same cases. The
    winner is known only afterwards and with the luck of the draw, so no rule can lose nothing.
    """
    cases: dict[CaseKey, list[Trial]] = defaultdict(list)
    for trial in trials:
        cases[case_key(trial)].append(trial)
    paths = sorted({trial.path for trial in trials}, key=list(EvalPath).index)
    asked: list[_Asked] = []
    not_run = disagreeing = 0
    for key in sorted(cases):
        some = cases[key]
        routes = {trial.router_path for trial in some if trial.router_path}
        if len(routes) != 1:
            disagreeing += len(routes) > 1
            continue
        one = _asked(some, routes.pop(), group)
        if one.route not in one.score:
            not_run += 1
        elif len(one.score) == len(paths):
            asked.append(one)
    if not asked or len(paths) < 2:
        return None
    resampler = Resampler([one.cluster for one in asked], seed=seed)
    policies = [
        _policy(ROUTER, asked, [one.route for one in asked], resampler, criteria),
        *(
            _policy(f"always {path}", asked, [path] * len(asked), resampler, criteria)
            for path in paths
        ),
    ]
    best = [max(one.score.values()) for one in asked]
    hits = [float(one.score[one.route] >= top - SAME) for one, top in zip(asked, best, strict=True)]
    met = Counter((one.route, one.winner) for one in asked)
    return RouterRegret(
        model=trials[0].model,
        cases=len(asked),
        right=_over_tasks(asked, hits, resampler, criteria, (0, 1)),
        policies=tuple(policies),
        confusion=tuple((*pair, count) for pair, count in sorted(met.items())),
        not_run=not_run,
        disagreeing=disagreeing,
    )


def _asked(trials: Sequence[Trial], route: EvalPath, group: Mapping[str, Grouping]) -> _Asked:
    scores: dict[EvalPath, list[float]] = defaultdict(list)
    prices: dict[EvalPath, list[float | None]] = defaultdict(list)
    for trial in trials:
        scores[trial.path].append(counted_score(trial))
        prices[trial.path].append(trial.usd)
    first = min(trials, key=lambda one: one.seed)
    return _Asked(
        task=first.task,
        cluster=cluster_of(first, group),
        route=route,
        score={path: sum(sorted(all_of)) / len(all_of) for path, all_of in scores.items()},
        usd={
            path: sum(sorted(known)) / len(known)
            for path, all_of in prices.items()
            if (known := [price for price in all_of if price is not None])
        },
    )


def _policy(
    name: str,
    asked: Sequence[_Asked],
    chosen: Sequence[EvalPath],
    resampler: Resampler,
    criteria: Criteria,
) -> Policy:
    each = list(zip(asked, chosen, strict=True))
    scores = [one.score[path] for one, path in each]
    lost = [max(one.score.values()) - one.score[path] for one, path in each]
    priced = all(len(one.usd) == len(one.score) for one in asked)
    prices = [one.usd[path] for one, path in each] if priced else []
    dearer = [one.usd[path] - one.usd[one.winner] for one, path in each] if priced else []
    return Policy(
        name=name,
        score=_over_tasks(asked, scores, resampler, criteria, (0, 1)).value,
        usd=_over_tasks(asked, prices, resampler, criteria, None).value if priced else None,
        lost_score=_over_tasks(asked, lost, resampler, criteria, (0, 1)),
        lost_usd=_over_tasks(asked, dearer, resampler, criteria, None) if priced else None,
    )


def _over_tasks(
    asked: Sequence[_Asked],
    values: Sequence[float],
    resampler: Resampler,
    criteria: Criteria,
    bounds: tuple[float, float] | None,
) -> Estimate:
    rows: dict[str, list[tuple[Cluster, float]]] = defaultdict(list)
    for one, value in zip(asked, values, strict=True):
        rows[one.task].append((one.cluster, value))
    parts = [
        resampler.mean([row[0] for row in some], [row[1] for row in some])
        for _, some in sorted(rows.items())
    ]
    return interval(across_tasks(parts), criteria.min_cases, bounds)
