"""What one path costs, how it behaves and how often it fails, paired or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from schemas.experiment import EvalOutcome, Trial
from schemas.verdict import Criteria, Estimate, PathSummary, Tail
from sentree.evals.verdict.pairs import (
    Grouping,
    answered,
    case_key,
    cluster_of,
    counted_score,
    started,
)
from sentree.evals.verdict.resample import Drawn, Resampler, across_tasks, interval

REASONS = 8


def summarise(
    trials: Sequence[Trial],
    resampler: Resampler,
    group: Mapping[str, Grouping],
    criteria: Criteria,
) -> PathSummary:
    """Sum up the trials of one model's path; shares and means count every task once."""

    def mean(value: Callable[[Trial], float], some: Sequence[Trial] = trials) -> Estimate:
        rows = [(trial, float(value(trial))) for trial in some]
        return interval(_mean(rows, resampler, group), criteria.min_cases, (0, 1))

    def tail(value: Callable[[Trial], float | None]) -> Tail | None:
        known = [(trial, found) for trial in done if (found := value(trial)) is not None]
        return _tail(known, resampler, group, criteria) if known else None

    done = [trial for trial in trials if started(trial)]
    useful = [trial for trial in trials if answered(trial)]
    cited = [trial for trial in trials if trial.citations_valid is not None]
    covered = [trial for trial in trials if trial.coverage is not None]
    outcomes = Counter(trial.outcome for trial in trials)
    memory = [one.peak_memory_bytes for one in trials if one.peak_memory_bytes is not None]
    reasons = Counter(
        trial.failure or "no reason recorded"
        for trial in trials
        if trial.outcome is EvalOutcome.FAILED
    )
    return PathSummary(
        model=trials[0].model,
        path=trials[0].path,
        trials=len(trials),
        cases=len({case_key(trial) for trial in trials}),
        score=mean(counted_score),
        score_answered=_plain([trial.score for trial in useful]) if useful else None,
        answered=outcomes[EvalOutcome.ANSWERED],
        declined=outcomes[EvalOutcome.DECLINED],
        limited=outcomes[EvalOutcome.LIMITED],
        failed=outcomes[EvalOutcome.FAILED],
        failures=tuple(sorted(reasons.items(), key=lambda one: (-one[1], one[0]))[:REASONS]),
        usd=tail(lambda trial: trial.usd),
        unpriced=sum(trial.usd is None for trial in done),
        seconds=tail(lambda trial: trial.seconds),
        tokens=tail(lambda trial: trial.input_tokens + trial.output_tokens),
        not_started=len(trials) - len(done),
        citations_valid=mean(lambda one: one.citations_valid or 0.0, cited) if cited else None,
        coverage=mean(lambda one: one.coverage or 0.0, covered) if covered else None,
        peeked=mean(lambda trial: trial.peeked),
        grepped=mean(lambda trial: trial.grepped),
        partitioned=mean(lambda trial: trial.partitioned),
        calls=_plain([trial.calls for trial in trials]),
        sub_calls=_plain([trial.sub_calls for trial in trials]),
        turns=_plain([trial.turns for trial in trials]),
        peak_context_tokens=max(trial.peak_context_tokens for trial in trials),
        peak_memory_bytes=max(memory, default=None),
    )


def _mean(
    rows: Sequence[tuple[Trial, float]], resampler: Resampler, group: Mapping[str, Grouping]
) -> Drawn:
    tasks: dict[str, list[tuple[Trial, float]]] = {}
    for row in rows:
        tasks.setdefault(row[0].task, []).append(row)
    return across_tasks(
        [
            resampler.mean(
                [cluster_of(one, group) for one, _ in some], [value for _, value in some]
            )
            for _, some in sorted(tasks.items())
        ]
    )


def _tail(
    known: Sequence[tuple[Trial, float]],
    resampler: Resampler,
    group: Mapping[str, Grouping],
    criteria: Criteria,
) -> Tail:
    values = [value for _, value in known]
    clusters = [cluster_of(trial, group) for trial, _ in known]
    ranked = sorted(values, reverse=True)
    total = sum(ranked)
    dearest = sum(ranked[: max(round(0.05 * len(ranked)), 1)])
    fewest = criteria.min_cases
    return Tail(
        trials=len(values),
        mean=interval(_mean(known, resampler, group), fewest),
        median=interval(resampler.quantile(clusters, values, 0.5), fewest),
        p95=interval(resampler.quantile(clusters, values, 0.95), fewest),
        most=ranked[0],
        dearest_share=dearest / total if total else 0.0,
    )


def _plain(values: Sequence[float]) -> float:
    return sum(sorted(values)) / len(values)
