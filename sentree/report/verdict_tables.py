"""The tables of the evaluation page, as plain values for the template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from schemas.rating import Rating
from schemas.verdict import (
    POOLED,
    Comparison,
    Crossover,
    Estimate,
    Inequality,
    PathSummary,
    RouterRegret,
    Slope,
    Tail,
    TaskEffect,
)
from sentree.report.verdict_plot import Bar, inequality_bar
from sentree.report.verdict_words import (
    TONES,
    bounds,
    figure,
    inequality_bounds,
    inequality_figure,
    more,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure with what stands small below it."""

    text: str
    small: str = ""
    tone: str = ""
    bar: Bar | None = None
    number: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """A table: names of columns, and rows whose first cell names the row."""

    title: str
    columns: list[str]
    rows: list[list[Cell]] = field(default_factory=list[list[Cell]])
    note: str = ""


def inequalities(title: str, found: Sequence[Inequality], note: str = "") -> View:
    """Show each inequality with its numbers."""
    rows = [
        [
            _text(one.statement, one.note),
            Cell(str(one.standing), tone=TONES[one.standing], number=False),
            Cell(inequality_figure(one), inequality_bounds(one)),
            Cell("", bar=inequality_bar(one, TONES[one.standing]), number=False),
            _text(more(one.more_cases, one.more_runs)),
        ]
        for one in found
    ]
    columns = ["Inequality", "Says", "Figure, 95 % interval", "Interval and threshold", "To decide"]
    return View(title, columns, rows, note)


def effects(one: Comparison) -> View:
    """Show both paths task by task, and over all tasks."""
    rows = [
        [
            _text(effect.task, f"{effect.pairs:,} pairs, {effect.clusters:,} clusters"),
            _cell(effect.base, "score"),
            _cell(effect.treated, "score"),
            _cell(effect.difference, "points"),
            Cell(
                figure(effect.improvement.value, "share"),
                bounds(effect.improvement, "share") + (" (floor)" if effect.floored else ""),
            ),
            Cell(f"{effect.wins:,} / {effect.ties:,} / {effect.losses:,}"),
            _cell(effect.both_answered, "points"),
            _cost(effect),
            _cell(effect.time_ratio, "ratio"),
        ]
        for effect in ([one.pooled, *one.tasks] if len(one.tasks) > 1 else list(one.tasks))
    ]
    columns = [
        "Task",
        str(one.baseline),
        str(one.path),
        "Difference",
        "Improvement",
        "Wins / ties / losses",
        "If both answered",
        "Cost",
        "Time",
    ]
    note = (
        "Failed and declined trials score 0. All tasks: each task counts once. Cost and time are "
        "ratios of means over pairs with both figures."
    )
    return View(f"Accuracy, {one.path} against {one.baseline}, {one.model}", columns, rows, note)


def crossover_data(found: Crossover, names: tuple[str, str]) -> View:
    """Show the figures behind a plot."""
    rows = [
        [
            _text(f"{cell.size_tokens:,}", f"{cell.pairs:,} pairs"),
            _cell(cell.base, "score"),
            _cell(cell.treated, "score"),
            _cell(cell.difference, "points"),
            Cell(figure(cell.base_usd, "usd")),
            Cell(figure(cell.treated_usd, "usd")),
        ]
        for cell in found.sizes
    ]
    columns = ["Tokens", *names, "Difference", f"$ {names[0]}", f"$ {names[1]}"]
    return View(f"Data of the plots: {found.task}", columns, rows)


def summaries(paths: Sequence[PathSummary]) -> View:
    """Show score, outcomes and citations of every path."""
    rows = [
        [
            _text(str(one.path), one.model),
            _cell(one.score, "score", f"{one.trials:,} trials"),
            Cell(figure(one.score_answered, "score") if one.score_answered is not None else "none"),
            Cell(f"{one.answered:,}"),
            Cell(f"{one.limited:,}"),
            Cell(f"{one.declined:,}"),
            _failed(one),
            _cell(one.citations_valid, "part"),
            _cell(one.coverage, "part"),
        ]
        for one in paths
    ]
    columns = [
        "Path",
        "Score",
        "Score where answered",
        "Answered",
        "Limited",
        "Declined",
        "Failed",
        "Citations valid",
        "Events read",
    ]
    note = (
        "All trials, paired or not; every task counts once. Declined: no answer was claimed, so "
        "nobody is misled; it scores 0 all the same. Where answered: plain mean of what is left, "
        "not comparable between paths that answered different cases."
    )
    return View("Outcomes by path", columns, rows, note)


def tails(paths: Sequence[PathSummary]) -> View:
    """Show what is usual and what the dear trials are like."""
    rows: list[list[Cell]] = []
    for one in paths:
        for name, unit, tail in (
            ("dollars", "usd", one.usd),
            ("seconds", "seconds", one.seconds),
            ("tokens", "tokens", one.tokens),
        ):
            rows.append([_text(f"{one.path}, {name}", one.model), *_tail(tail, unit)])
    columns = ["Path", "Mean", "Median", "95 of 100 below", "Most", "Dearest 5 % take", "Trials"]
    note = (
        "What failed before its first call has no cost and no time, and is left out. With fewer "
        "than about 70 trials the upper end of the 95 % point is the largest one seen."
    )
    return View("Cost and latency tails", columns, rows, note)


def behaviour(paths: Sequence[PathSummary]) -> View:
    """Show how often runs peek, grep and partition, and how much they call."""
    rows = [
        [
            _text(str(one.path), one.model),
            _cell(one.peeked, "part"),
            _cell(one.grepped, "part"),
            _cell(one.partitioned, "part"),
            Cell(f"{one.turns:,.1f}"),
            Cell(f"{one.calls:,.1f}"),
            Cell(f"{one.sub_calls:,.1f}"),
            Cell(figure(one.peak_context_tokens, "tokens")),
            Cell(
                f"{one.peak_memory_bytes / 1e6:,.0f} MB"
                if one.peak_memory_bytes is not None
                else "?"
            ),
        ]
        for one in paths
    ]
    columns = [
        "Path",
        "Peek",
        "Grep",
        "Partition",
        "Turns",
        "Calls",
        "Sub-calls",
        "Longest prompt, tokens",
        "Most memory",
    ]
    return View("Share of runs that peek, grep, partition", columns, rows)


def rot(slopes: Sequence[Slope]) -> View:
    """Show the slope of every path, for all tasks and for each."""
    rows = [
        [
            _text(f"{one.path}, {one.task}", one.model),
            _cell(one.per_doubling, "points"),
            _cell(one.answered, "points"),
            Cell(f"{one.sizes}"),
        ]
        for one in slopes
    ]
    columns = ["Path and task", "Per doubling", "Only what was answered", "Sizes"]
    note = (
        "Change of the score when the context doubles (least squares on the logarithm). Below 0 "
        "the path rots. The second figure leaves out the cliff where a context no longer fits."
    )
    return View("Context rot", columns, rows, note)


def regrets(one: RouterRegret) -> View:
    """Show the router beside every fixed path."""
    rows = [
        [
            _text(policy.name),
            Cell(figure(policy.score, "score")),
            _cell(policy.lost_score, "score"),
            Cell(figure(policy.usd, "usd") if policy.usd is not None else "no price"),
            _cell(policy.lost_usd, "usd") if policy.lost_usd else Cell("no price"),
        ]
        for policy in one.policies
    ]
    columns = ["Rule", "Score", "Score lost to the winner", "Dollars", "Dollars over the winner"]
    note = (
        f"{one.cases:,} cases that every path answered; routed to a path that scored best: "
        f"{figure(one.right.value, 'part')} [{bounds(one.right, 'part')}]. The winner is known "
        "only afterwards and with its luck, so no rule loses nothing. Negative dollars: cheaper "
        "than the winner."
    )
    if one.not_run or one.disagreeing:
        note += (
            f" Left out: {one.not_run:,} cases whose routed path was not run, "
            f"{one.disagreeing:,} with several routes."
        )
    return View(f"Router regret, {one.model}", columns, rows, note)


def confusion(one: RouterRegret) -> View:
    """Show where the router sent cases, and who won them."""
    rows = [
        [_text(str(routed)), _text(str(won)), Cell(f"{count:,}")]
        for routed, won, count in one.confusion
    ]
    return View(f"Routed to and won by, {one.model}", ["Routed to", "Won by", "Cases"], rows)


def rated(ratings: Iterable[Rating]) -> View:
    """Show what people preferred without knowing the paths."""
    rows = [
        [
            _text(f"{one.path} against {one.baseline}", f"sheet {one.sheet}"),
            Cell(
                figure(one.win_rate, "part"),
                bounds(Estimate(value=one.win_rate, low=one.low, high=one.high), "part"),
            ),
            Cell(f"{one.wins:,} / {one.ties:,} / {one.losses:,}"),
            Cell(f"p = {one.sign_test:.3f}"),
            Cell(f"{one.raters:,}", f"{one.ratings:,} ratings"),
            Cell(
                "none"
                if one.agreement is None or one.agreement.kappa is None
                else f"{one.agreement.kappa:.2f}",
                "" if one.agreement is None else one.agreement.statistic,
            ),
            Cell(
                "?" if one.side_a is None else figure(one.side_a, "part"),
                f"p = {one.side_test:.3f}",
            ),
        ]
        for one in ratings
    ]
    columns = [
        "Sheet",
        "Preferred",
        "Wins / ties / losses",
        "Sign test",
        "Raters",
        "Agreement (kappa)",
        "Chose side A",
    ]
    note = "A tie counts half. Raters saw neither path nor model; sides were shuffled."
    return View("Blind ratings by people", columns, rows, note)


def is_pooled(task: str) -> bool:
    """Tell whether a figure is over all tasks."""
    return task == POOLED


def _text(text: str, small: str = "") -> Cell:
    return Cell(text, small, number=False)


def _cell(found: Estimate | None, unit: str, more_small: str = "") -> Cell:
    if found is None:
        return Cell("none", more_small)
    small = bounds(found, unit)
    return Cell(figure(found.value, unit), f"{small}; {more_small}" if more_small else small)


def _cost(effect: TaskEffect) -> Cell:
    if effect.baseline_free:
        return Cell("no ratio", "the baseline is free")
    return _cell(effect.cost_ratio, "ratio") if effect.cost_ratio else Cell("no price")


def _tail(tail: Tail | None, unit: str) -> list[Cell]:
    if tail is None:
        return [Cell("no price" if unit == "usd" else "none"), *[Cell("") for _ in range(5)]]
    return [
        _cell(tail.mean, unit),
        _cell(tail.median, unit),
        _cell(tail.p95, unit),
        Cell(figure(tail.most, unit)),
        Cell(figure(tail.dearest_share, "part")),
        Cell(f"{tail.trials:,}"),
    ]


def _failed(one: PathSummary) -> Cell:
    reasons = "; ".join(f"{count:,} {reason[:80]}" for reason, count in one.failures[:3])
    return Cell(f"{one.failed:,}", reasons)
