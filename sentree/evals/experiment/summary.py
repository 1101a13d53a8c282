"""What an experiment measured, in a few lines: means by task, size, path and model, and no more.

Intervals, crossover and the verdict are `sentree eval report` and `decide`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from schemas.experiment import EvalOutcome, EvalPath, Trial

SIMULATED = "SIMULATED: no language model answered; these figures measure nothing but the machine."


class Line(NamedTuple):
    """The means of the trials of one task, size, path and model; `usd` None without a price."""

    task: str
    size_tokens: int
    path: EvalPath
    model: str
    trials: int
    score: float
    answered: int
    seconds: float
    tokens: float
    usd: float | None
    simulated: bool


def summarise_trials(trials: Sequence[Trial]) -> list[Line]:
    """Give the means, sorted by task, size, path and model."""
    groups: dict[tuple[str, int, EvalPath, str], list[Trial]] = defaultdict(list)
    for one in trials:
        groups[one.task, one.size_tokens, one.path, one.model].append(one)
    return [_line(*key, groups[key]) for key in sorted(groups)]


def as_text(lines: Sequence[Line]) -> str:
    """Write the lines as a Markdown table, stamped where a model only pretended."""
    rows = [
        "| task | tokens | path | model | n | score | answered | s | tokens used | $ |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in lines:
        usd = "" if one.usd is None else f"{one.usd:.4f}"
        stamp = " (SIMULATED)" if one.simulated else ""
        rows.append(
            f"| {one.task} | {one.size_tokens:,} | {one.path} | {one.model}{stamp} | {one.trials} |"
            f" {one.score:.3f} | {one.answered} | {one.seconds:.1f} | {one.tokens:,.0f} | {usd} |"
        )
    stamped = [SIMULATED, ""] if any(one.simulated for one in lines) else []
    return "\n".join([*stamped, *rows])


def _line(task: str, size: int, path: EvalPath, model: str, trials: Sequence[Trial]) -> Line:
    prices = [one.usd for one in trials if one.usd is not None]
    return Line(
        task,
        size,
        path,
        model,
        len(trials),
        fmean(one.score for one in trials),
        sum(one.outcome is EvalOutcome.ANSWERED for one in trials),
        fmean(one.seconds for one in trials),
        fmean(one.input_tokens + one.cached_tokens + one.output_tokens for one in trials),
        fmean(prices) if prices else None,
        any(one.simulated for one in trials),
    )
