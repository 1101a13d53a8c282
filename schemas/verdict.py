"""What the trials of an experiment add up to: effects, crossover, decision (DESIGN §9)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.base import Frozen, UtcTime
from schemas.experiment import EvalPath
from schemas.rating import Rating

POOLED = "all tasks"
"""The name of the figure in which every task counts once, however many cases it has."""


class Criteria(Frozen):
    """The thresholds of the decision and of the hypothesis, fixed before the trials are read."""

    improvement: float = Field(default=0.20, ge=0, description="Adopt: better by more than this.")
    tasks: int = Field(default=3, ge=1, description="Adopt: on at least so many tasks.")
    cost_ratio: float = Field(default=2.0, gt=0, description="Adopt: dearer by less than this.")
    seconds: float = Field(default=300.0, gt=0, description="Adopt: 95 % of answers come by then.")
    worth_watching: float = Field(
        default=0.10, ge=0, description="Defer: shown to be better by less than this."
    )
    base_floor: float = Field(
        default=0.25, gt=0, le=1, description="A lower baseline score counts as this one."
    )
    large_tokens: int = Field(default=100_000, ge=1, description="Hypothesis: above this size.")
    supported: float = Field(default=0.30, ge=0, description="Hypothesis: better by more.")
    falsified: float = Field(default=0.10, ge=0, description="Hypothesis: falsified by less.")
    falsified_cost: float = Field(default=3.0, gt=0, description="Hypothesis: falsified by more.")
    above_tokens: int = Field(
        default=0, ge=0, description="The decision rests on contexts larger than this."
    )
    min_cases: int = Field(default=5, ge=3, description="Fewer clusters give no interval.")


class Estimate(Frozen):
    """A figure with its 95 % interval, and the clusters of cases it rests on.

    A bound is None where nothing limits it, or where there are too few clusters to tell.
    """

    value: float
    low: float | None = None
    high: float | None = None
    clusters: int = Field(default=0, ge=0)


class Standing(StrEnum):
    """What the interval says of an inequality."""

    HOLDS = "holds"
    FAILS = "fails"
    UNDECIDED = "undecided"


class Inequality(Frozen):
    """One condition with its numbers. It holds or fails only if the whole interval says so."""

    key: str
    statement: str = Field(description="Such as 'improvement > 20 %'.")
    estimate: Estimate | None = Field(description="None where nothing could be measured.")
    threshold: float
    standing: Standing
    unit: str = Field(description="share, ratio, seconds or tasks.")
    note: str = ""
    more_cases: int | None = Field(
        default=None,
        description="Repetitions of every size to add per task, for a chance of 80 % to decide it.",
    )
    more_runs: int | None = Field(default=None, description="The same in trials of both paths.")


class TaskEffect(Frozen):
    """One path against the baseline on one task, or on all tasks, each counting once."""

    task: str
    pairs: int
    clusters: int
    cluster_sets: int = Field(description="Sets that are drawn apart: 1 where seeds are shared.")
    wins: int = Field(description="Pairs in which the path scored higher than the baseline.")
    ties: int
    losses: int
    base: Estimate
    treated: Estimate
    difference: Estimate
    improvement: Estimate = Field(description="Difference over the baseline, with its floor.")
    floored: bool = Field(description="The baseline's score was below the floor.")
    both_answered: Estimate | None = Field(
        description="The difference over pairs in which both paths gave an answer."
    )
    cost_ratio: Estimate | None = Field(description="None: no price, or the baseline is free.")
    baseline_free: bool = Field(description="The baseline costs nothing and the path does.")
    time_ratio: Estimate | None


class SizeCell(Frozen):
    """Both paths at one size of context."""

    size_tokens: int
    pairs: int
    base: Estimate
    treated: Estimate
    difference: Estimate
    base_usd: float | None
    treated_usd: float | None


class CrossoverKind(StrEnum):
    """Where the path and the baseline change places as the context grows."""

    OVERTAKES = "overtakes"
    FALLS_BEHIND = "falls behind"
    AHEAD = "ahead throughout"
    BEHIND = "behind throughout"
    NO_DIFFERENCE = "no difference"
    UNSETTLED = "unsettled"
    TOO_FEW = "too few"


class Crossover(Frozen):
    """The size at which the difference changes its sign, with its 95 % interval.

    A bound of None lies outside the tested range.
    """

    task: str
    kind: CrossoverKind
    tokens: float | None
    low: float | None
    high: float | None
    sizes: tuple[SizeCell, ...]
    statement: str


class Slope(Frozen):
    """How the score changes when the context doubles: context rot if it is below 0."""

    model: str
    path: EvalPath
    task: str
    sizes: int
    per_doubling: Estimate = Field(description="Every trial; what failed or declined scores 0.")
    answered: Estimate | None = Field(description="Only trials that gave an answer.")


class Tail(Frozen):
    """The distribution of a cost: what is usual, and what the dear ones are like."""

    trials: int
    mean: Estimate
    median: Estimate
    p95: Estimate
    most: float
    dearest_share: float = Field(description="Part of the sum that the dearest 5 % take.")


class PathSummary(Frozen):
    """Everything measured of one path with one model, paired or not."""

    model: str
    path: EvalPath
    trials: int
    cases: int
    score: Estimate
    score_answered: float | None
    answered: int
    declined: int
    limited: int
    failed: int
    failures: tuple[tuple[str, int], ...] = Field(description="Reasons, the most frequent first.")
    usd: Tail | None = Field(description="None if no trial has a price.")
    unpriced: int
    seconds: Tail | None
    tokens: Tail | None
    not_started: int = Field(description="Failed before any call: no cost and no latency.")
    citations_valid: Estimate | None
    coverage: Estimate | None
    peeked: Estimate
    grepped: Estimate
    partitioned: Estimate
    calls: float
    sub_calls: float
    turns: float
    peak_context_tokens: int
    peak_memory_bytes: int | None


class Policy(Frozen):
    """What always following one rule would have given on the same cases."""

    name: str
    score: float
    usd: float | None
    lost_score: Estimate = Field(description="Against the path that won each case.")
    lost_usd: Estimate | None


class RouterRegret(Frozen):
    """The router against the path that really won, in score and in dollars."""

    model: str
    cases: int
    right: Estimate = Field(description="Share of cases routed to a path that scored best.")
    policies: tuple[Policy, ...] = Field(description="The router first, then every fixed path.")
    confusion: tuple[tuple[EvalPath, EvalPath, int], ...] = Field(
        description="(routed to, won by, cases)"
    )
    not_run: int = Field(description="Cases whose routed path has no trial.")
    disagreeing: int = Field(description="Cases whose trials name different routes.")


class Decision(StrEnum):
    """What to do with the path."""

    ADOPT = "Adopt"
    MONITOR = "Monitor"
    DEFER = "Defer"


class HypothesisState(StrEnum):
    """What the trials say of a hypothesis."""

    SUPPORTED = "supported"
    FALSIFIED = "falsified"
    UNDECIDED = "undecided"


class Hypothesis(Frozen):
    """A hypothesis with the inequalities that support or falsify it."""

    uid: str
    statement: str
    state: HypothesisState
    reason: str
    pairs: int
    inequalities: tuple[Inequality, ...]
    more_cases: int | None = None
    more_runs: int | None = None


class Comparison(Frozen):
    """One path against the baseline with one model, and what follows from it."""

    model: str
    baseline: EvalPath
    path: EvalPath
    simulated: bool
    language_model: bool
    pairs: int
    clusters: int
    unpaired: int = Field(description="Trials of either path without a partner; left out.")
    pooled: TaskEffect
    tasks: tuple[TaskEffect, ...]
    rot_difference: Estimate | None = Field(description="Slope of the difference per doubling.")
    crossovers: tuple[Crossover, ...] = Field(description="All tasks first, then each.")
    inequalities: tuple[Inequality, ...]
    decision: Decision
    settled: bool = Field(description="False if more cases could change the decision.")
    reason: str
    more_cases: int | None = None
    more_runs: int | None = None
    hypothesis: Hypothesis


class Reading(Frozen):
    """What became of the trials that were handed in."""

    trials: int
    repeated: int = Field(description="Handed in twice, word for word.")
    rejected: int
    reasons: tuple[tuple[str, int], ...] = ()
    sha256: str = Field(description="Of the trials that count, in a fixed order.")


class VerdictReport(Frozen):
    """The whole evaluation of an experiment; every format is rendered from this."""

    experiment: str
    created_at: UtcTime
    sentree_version: str
    simulated: bool
    language_model: bool
    criteria: Criteria
    rounds: int
    seed: int
    reading: Reading
    tasks: tuple[str, ...]
    clustering: tuple[tuple[str, str], ...] = Field(
        description="(task, what is drawn together: seed, records or case)"
    )
    models: tuple[str, ...]
    sizes: tuple[int, ...]
    comparisons: tuple[Comparison, ...]
    paths: tuple[PathSummary, ...]
    slopes: tuple[Slope, ...]
    regret: tuple[RouterRegret, ...]
    ratings: tuple[Rating, ...] = ()
    notes: tuple[str, ...] = ()
