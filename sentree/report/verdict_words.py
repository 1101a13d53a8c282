"""How the figures of an evaluation are written: one place for every format."""

from __future__ import annotations

from schemas.verdict import Comparison, Decision, Estimate, HypothesisState, Inequality, Standing

SIMULATED = "SIMULATED"
SIMULATED_NOTE = (
    "SIMULATED: no real model answered. The figures show that the machine measures what was "
    "planted; they say nothing of any model."
)
NO_LANGUAGE_MODEL_NOTE = (
    "NOT A LANGUAGE MODEL: answers of the embedded analyst (rules and statistics) are among these "
    "trials. They say nothing of what a language model would do on these paths."
)
TONES = {
    Decision.ADOPT: "good",
    Decision.MONITOR: "warn",
    Decision.DEFER: "bad",
    HypothesisState.SUPPORTED: "good",
    HypothesisState.FALSIFIED: "bad",
    HypothesisState.UNDECIDED: "warn",
    Standing.HOLDS: "good",
    Standing.FAILS: "bad",
    Standing.UNDECIDED: "warn",
}


def figure(value: float | None, unit: str) -> str:
    """Write a figure in its unit: share, points, score, ratio, seconds, usd, tokens, tasks."""
    if value is None:
        return "?"
    match unit:
        case "share":
            return f"{100 * value:+,.0f} %"
        case "part":
            return f"{100 * value:.0f} %"
        case "points":
            return f"{value:+.3f}"
        case "ratio":
            return f"{value:,.2f}×"  # noqa: RUF001
        case "seconds":
            return f"{value:,.1f} s"
        case "usd":
            return f"${value:,.4f}" if abs(value) < 1 else f"${value:,.2f}"
        case "tokens" | "tasks":
            return f"{value:,.0f}"
        case _:
            return f"{value:.3f}"


def bounds(estimate: Estimate | None, unit: str) -> str:
    """Write the 95 % interval; say so where there is none."""
    if estimate is None or (estimate.low is None and estimate.high is None):
        return "no interval"
    low, high = (
        open_end if bound is None else figure(bound, unit)
        for bound, open_end in ((estimate.low, "below"), (estimate.high, "above"))
    )
    return f"{low} to {high}"


def with_bounds(estimate: Estimate | None, unit: str) -> str:
    """Write a figure and its interval in one line."""
    if estimate is None:
        return "not measured"
    return f"{figure(estimate.value, unit)} [{bounds(estimate, unit)}]"


def inequality_figure(one: Inequality) -> str:
    """Write the figure of an inequality; a count of tasks has a range, not an interval."""
    if one.estimate is None:
        return "not measured"
    if one.unit == "tasks":
        sure, most = one.estimate.value, one.estimate.high or one.estimate.value
        return f"{sure:.0f}" if most == sure else f"{sure:.0f}, at most {most:.0f}"
    return figure(one.estimate.value, one.unit)


def inequality_bounds(one: Inequality) -> str:
    """Write the interval of an inequality's figure; nothing for a count."""
    return "" if one.unit == "tasks" or one.estimate is None else bounds(one.estimate, one.unit)


def more(cases: int | None, runs: int | None) -> str:
    """Say how many more runs it takes; empty if none, or none would do."""
    if cases is None:
        return ""
    return f"{cases:,} more repetitions of each task" + (f" ({runs:,} runs)" if runs else "")


def named(comparison: Comparison) -> str:
    """Name a comparison."""
    return f"{comparison.path} against {comparison.baseline}, {comparison.model}"


def stamp(simulated: bool, language_model: bool) -> str:
    """Give the words that every part of an output bears; empty for a real language model."""
    if simulated:
        return SIMULATED
    return "" if language_model else "NOT A LANGUAGE MODEL"


def settling(comparison: Comparison) -> str:
    """Say what is left to do before the decision is settled."""
    if comparison.settled:
        return "Settled: more runs of this kind would not change it."
    wanted = more(comparison.more_cases, comparison.more_runs)
    if wanted:
        return f"Undecided: about {wanted} would settle it with a chance of 80 %."
    return "Undecided, and more runs of this kind would not settle it."


def size(tokens: float) -> str:
    """Write a size in few characters: 4K, 262K, 1.5M."""
    if tokens >= 999_500:
        return f"{tokens / 1e6:.3g}M"
    return f"{tokens / 1e3:.3g}K" if tokens >= 1_000 else f"{tokens:.0f}"
