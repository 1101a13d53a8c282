"""Places and texts of the evaluation's plots; the template draws them, so all is escaped there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log2, log10

from schemas.verdict import Crossover, Estimate, Inequality
from sentree.report.verdict_words import figure, size

WIDTH, HEIGHT = 400, 250
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 26, 34
BAR_WIDTH = 160


@dataclass(frozen=True, slots=True)
class Mark:
    """One size of one series; `low` and `high` are the ends of the whisker."""

    x: float
    y: float
    low: float | None
    high: float | None
    title: str


@dataclass(frozen=True, slots=True)
class Series:
    """One path over all sizes."""

    name: str
    kind: str
    line: str
    marks: list[Mark]


@dataclass(frozen=True, slots=True)
class Zone:
    """The interval of the crossover, and its place."""

    x: float
    width: float
    at: float | None


@dataclass(frozen=True, slots=True)
class Plot:
    """All that the template draws."""

    anchor: str
    title: str
    desc: str
    stamp: str
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    y_name: str
    series: list[Series]
    zone: Zone | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval on a line: the threshold is a mark; `tone` colours it."""

    low: float
    width: float
    at: float
    threshold: float
    tone: str


def score_plot(
    crossover: Crossover, names: tuple[str, str], anchor: str, stamp: str
) -> Plot | None:
    """Lay out the score of both paths over the size, with the crossover's interval."""
    cells = crossover.sizes
    if not cells:
        return None
    x = _scale([cell.size_tokens for cell in cells])

    def y(value: float) -> float:
        return _between(value, 0.0, 1.0)

    return Plot(
        anchor=anchor,
        title=f"Score over context size: {crossover.task}",
        desc=crossover.statement,
        stamp=stamp,
        x_ticks=_sizes(x, [cell.size_tokens for cell in cells]),
        y_ticks=[(y(part / 4), f"{part / 4:g}") for part in range(5)],
        y_name="score",
        series=[
            _series(
                names[place],
                ("base", "treated")[place],
                [(cell.size_tokens, (cell.base, cell.treated)[place], "score") for cell in cells],
                x,
                y,
            )
            for place in (0, 1)
        ],
        zone=_zone(crossover, x),
    )


def cost_plot(crossover: Crossover, names: tuple[str, str], anchor: str, stamp: str) -> Plot | None:
    """Lay out the mean cost of both paths over the size, both on logarithmic scales."""
    cells = [cell for cell in crossover.sizes if cell.base_usd and cell.treated_usd]
    if not cells:
        return None
    costs = [usd for cell in cells for usd in (cell.base_usd, cell.treated_usd) if usd]
    low, high = floor(log10(min(costs))), ceil(log10(max(costs)))
    high = max(high, low + 1)
    x = _scale([cell.size_tokens for cell in cells])

    def y(value: float) -> float:
        return _between(log10(value), low, high)

    def of(place: int) -> list[tuple[int, Estimate, str]]:
        return [
            (
                cell.size_tokens,
                Estimate(value=(cell.base_usd, cell.treated_usd)[place] or 0.0),
                "usd",
            )
            for cell in cells
        ]

    return Plot(
        anchor=anchor,
        title=f"Mean dollars per question over context size: {crossover.task}",
        desc="; ".join(
            f"{size(cell.size_tokens)}: {figure(cell.base_usd, 'usd')} and "
            f"{figure(cell.treated_usd, 'usd')}"
            for cell in cells
        ),
        stamp=stamp,
        x_ticks=_sizes(x, [cell.size_tokens for cell in cells]),
        y_ticks=[(y(10.0**power), f"${10.0**power:g}") for power in range(low, high + 1)],
        y_name="dollars",
        series=[
            _series(names[place], ("base", "treated")[place], of(place), x, y) for place in (0, 1)
        ],
        zone=None,
    )


def inequality_bar(one: Inequality, tone: str) -> Bar | None:
    """Lay out an interval beside its threshold; None without an interval."""
    found = one.estimate
    if found is None or found.low is None or found.high is None or one.unit == "tasks":
        return None
    ends = [found.low, found.high, one.threshold, found.value]
    if one.unit == "share":
        ends.append(0.0)
    first, last = min(ends), max(ends)
    room = (last - first) or 1.0

    def place(value: float) -> float:
        return round(4 + (BAR_WIDTH - 8) * (value - first) / room, 1)

    return Bar(
        low=place(found.low),
        width=round(max(place(found.high) - place(found.low), 1.5), 1),
        at=place(found.value),
        threshold=place(one.threshold),
        tone=tone,
    )


def _series(
    name: str,
    kind: str,
    points: Sequence[tuple[int, Estimate, str]],
    x: Callable[[float], float],
    y: Callable[[float], float],
) -> Series:
    shift = -2.5 if kind == "base" else 2.5
    marks = [
        Mark(
            x=round(x(tokens) + shift, 1),
            y=round(y(found.value), 1),
            low=None if found.low is None else round(y(found.low), 1),
            high=None if found.high is None else round(y(found.high), 1),
            title=f"{name}, {tokens:,} tokens: {figure(found.value, unit)}"
            + (
                f" ({figure(found.low, unit)} to {figure(found.high, unit)})"
                if found.low is not None and found.high is not None
                else ""
            ),
        )
        for tokens, found, unit in points
    ]
    line = " ".join(f"{mark.x},{mark.y}" for mark in marks)
    return Series(name=name, kind=kind, line=line, marks=marks)


def _zone(crossover: Crossover, x: Callable[[float], float]) -> Zone | None:
    if crossover.low is None or crossover.high is None:
        return None
    start, end = x(crossover.low), x(crossover.high)
    return Zone(
        x=round(start, 1),
        width=round(max(end - start, 2.0), 1),
        at=None if crossover.tokens is None else round(x(crossover.tokens), 1),
    )


def _scale(sizes: Sequence[int]) -> Callable[[float], float]:
    first, last = log2(min(sizes)), log2(max(sizes))
    pad = 14.0
    room = WIDTH - LEFT - RIGHT - 2 * pad

    def place(tokens: float) -> float:
        if last == first:
            return LEFT + pad + room / 2
        return LEFT + pad + room * (log2(tokens) - first) / (last - first)

    return place


def _sizes(x: Callable[[float], float], sizes: Sequence[int]) -> list[tuple[float, str]]:
    ticks: list[tuple[float, str]] = []
    for tokens in sorted(sizes):
        at = round(x(tokens), 1)
        free = not ticks or at - ticks[-1][0] >= 36
        ticks.append((at, size(tokens))) if free else None
    return ticks


def _between(value: float, low: float, high: float) -> float:
    part = (min(max(value, low), high) - low) / (high - low)
    return round(HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - TOP), 1)
