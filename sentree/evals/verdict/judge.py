"""From the trials of an experiment to everything that is said about them. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import sentree
from schemas.experiment import EvalPath, Trial
from schemas.rating import Rating
from schemas.verdict import (
    POOLED,
    Comparison,
    Criteria,
    PathSummary,
    Reading,
    RouterRegret,
    Slope,
    Tail,
    VerdictReport,
)
from sentree.errors import UnreadableInputError, UsageError
from sentree.evals.verdict.crossover import find_crossover
from sentree.evals.verdict.decide import decide, judge_hypothesis
from sentree.evals.verdict.effect import effect
from sentree.evals.verdict.pairs import (
    Grouping,
    by_task,
    cluster_of,
    grouping,
    make_pairs,
    without_repeats,
)
from sentree.evals.verdict.paths import summarise
from sentree.evals.verdict.regret import regret
from sentree.evals.verdict.resample import ROUNDS, Resampler
from sentree.evals.verdict.rot import rot_difference, slopes

RLM_PATHS = (EvalPath.RLM_PLANNED, EvalPath.RLM_AGENT)


def judge(
    trials: Sequence[Trial],
    *,
    now: datetime,
    criteria: Criteria | None = None,
    baseline: EvalPath = EvalPath.DIRECT,
    paths: Sequence[EvalPath] = (),
    models: Sequence[str] = (),
    rejected: Mapping[str, int] | None = None,
    ratings: Sequence[Rating] = (),
    rounds: int = ROUNDS,
    seed: int = 7,
) -> VerdictReport:
    """Compare paths with the baseline, model by model; the order of the trials plays no part.

    Args:
        trials: of one experiment.
        now: the instant that the report bears.
        criteria: thresholds; by default those of the experiment's plan.
        baseline: what the paths are compared with.
        paths: only these; by default the RLM paths that have trials.
        models: only these; by default all.
        rejected: lines that held no trial, counted by reason.
        ratings: what people chose, to be shown beside.
        rounds: how often to draw.
        seed: equal seeds give equal intervals.

    Raises:
        UnreadableInputError: there is no trial, or no case that two paths answered.
        UsageError: the trials are of several experiments, or nothing is of a path or model named.
    """
    rule = criteria or Criteria()
    kept, repeated = without_repeats(trials)
    _check(kept, baseline, paths, models)
    digest = hashlib.sha256("\n".join(one.model_dump_json() for one in kept).encode()).hexdigest()
    group = grouping(kept, rule.min_cases)
    known = sorted({one.model for one in kept if not models or one.model in models})
    comparisons: list[Comparison] = []
    summaries: list[PathSummary] = []
    rot: list[Slope] = []
    routed: list[RouterRegret] = []
    for model in known:
        own = [one for one in kept if one.model == model]
        for path in EvalPath:
            some = [one for one in own if one.path is path]
            if some:
                clusters = [cluster_of(one, group) for one in some]
                drawn = Resampler(clusters, rounds=rounds, seed=seed)
                summaries.append(summarise(some, drawn, group, rule))
                rot += slopes(some, drawn, group, rule)
        for path in paths or [one for one in RLM_PATHS if one is not baseline]:
            p95 = next(
                (one.seconds for one in summaries if (one.model, one.path) == (model, path)), None
            )
            found = _compare(own, baseline, path, group, rule, rounds, seed, p95)
            comparisons += [found] if found else []
        lost = regret(own, group, rule, seed)
        routed += [lost] if lost else []
    if not comparisons:
        raise UnreadableInputError(
            f"no case was answered both by {baseline} and by "
            f"{' or '.join(paths or RLM_PATHS)}: nothing can be compared"
        )
    shown = [one for one in kept if one.model in known]
    return VerdictReport(
        experiment=kept[0].experiment,
        created_at=now,
        sentree_version=sentree.__version__,
        simulated=any(one.simulated for one in shown),
        language_model=all(one.language_model for one in shown),
        criteria=rule,
        rounds=rounds,
        seed=seed,
        reading=Reading(
            trials=len(kept),
            repeated=repeated,
            rejected=sum((rejected or {}).values()),
            reasons=tuple(sorted((rejected or {}).items())),
            sha256=digest,
        ),
        tasks=tuple(sorted(group)),
        clustering=tuple(sorted(group.items())),
        models=tuple(known),
        sizes=tuple(sorted({one.size_tokens for one in shown})),
        comparisons=tuple(comparisons),
        paths=tuple(summaries),
        slopes=tuple(rot),
        regret=tuple(routed),
        ratings=tuple(ratings),
        notes=tuple(_notes(shown, group)),
    )


def _check(
    trials: Sequence[Trial],
    baseline: EvalPath,
    paths: Sequence[EvalPath],
    models: Sequence[str],
) -> None:
    if not trials:
        raise UnreadableInputError("no trial to judge: run `sentree eval run` first")
    names = sorted({one.experiment for one in trials})
    if len(names) > 1:
        raise UsageError(f"trials of several experiments, name one: {', '.join(names)}")
    known = {one.model for one in trials}
    for model in models:
        if model not in known:
            raise UsageError(f"no trial of model '{model}'; there are: {', '.join(sorted(known))}")
    if baseline in paths:
        raise UsageError(f"{baseline} can't be compared with itself")


def _compare(
    trials: Sequence[Trial],
    baseline: EvalPath,
    path: EvalPath,
    group: Mapping[str, Grouping],
    rule: Criteria,
    rounds: int,
    seed: int,
    seconds: Tail | None,
) -> Comparison | None:
    pairs, unpaired = make_pairs(trials, baseline, path, group)
    if not pairs:
        return None
    drawn = Resampler([pair.cluster for pair in pairs], rounds=rounds, seed=seed)
    crossovers = [find_crossover(POOLED, pairs, drawn, rule)]
    each_task = by_task(pairs)
    if len(each_task) > 1:
        crossovers += [find_crossover(task, some, drawn, rule) for task, some in each_task.items()]
    judged = [pair for pair in pairs if pair.context_tokens > rule.above_tokens]
    if not judged:
        raise UnreadableInputError(
            f"{path}: no pair with more than {rule.above_tokens:,} tokens to decide on"
        )
    pooled = effect(POOLED, judged, drawn, rule)
    tasks = tuple(effect(task, some, drawn, rule) for task, some in by_task(judged).items())
    late = [pair for pair in pairs if pair.context_tokens > rule.large_tokens]
    large = effect(POOLED, late, drawn, rule) if late else None
    both = [one for one in trials if one.path in (baseline, path)]
    p95 = seconds.p95 if seconds else None
    verdict = decide(pooled, tasks, large, crossovers[0], p95, rule)
    return Comparison(
        model=trials[0].model,
        baseline=baseline,
        path=path,
        simulated=any(one.simulated for one in both),
        language_model=all(one.language_model for one in both),
        pairs=len(pairs),
        clusters=pooled.clusters,
        unpaired=unpaired,
        pooled=pooled,
        tasks=tasks,
        rot_difference=rot_difference(pairs, drawn, rule),
        crossovers=tuple(crossovers),
        inequalities=verdict.inequalities,
        decision=verdict.decision,
        settled=verdict.settled,
        reason=verdict.reason,
        more_cases=verdict.more_cases,
        more_runs=verdict.more_runs,
        hypothesis=judge_hypothesis(large, rule),
    )


def _notes(trials: Sequence[Trial], group: Mapping[str, Grouping]) -> list[str]:
    notes: list[str] = []
    alone = [task for task, kind in group.items() if kind.startswith("case")]
    if alone and len({one.seed for one in trials}) > 1:
        notes.append(
            f"In {', '.join(alone)} every case is drawn by itself: seeds don't tell its records "
            "apart. Cases that share records would make intervals too narrow."
        )
    few = [task for task, kind in group.items() if kind == "records"]
    if few:
        notes.append(
            f"In {', '.join(few)} there are too few seeds to draw from, so each size is drawn by "
            "itself: one seed's sizes count as independent."
        )
    off = sum(
        one.context_tokens > 0 and not 0.75 <= one.context_tokens / one.size_tokens <= 1.25
        for one in trials
    )
    if off:
        notes.append(
            f"{off:,} of {len(trials):,} trials have a context more than a quarter off the size "
            "asked for; plots use the size asked for, the hypothesis the size it has."
        )
    return notes
