"""How far clocks are apart, from differences between their records of the same things. Pure.

Each two clocks that share things get a line: the median of the differences, with a drift where the
differences move (Theil and Sen's median of slopes). The lines join the clocks into groups; in each
the largest set of clocks that agree is taken to be right, the network sensor's set on a draw, and
every other clock is measured against it. Medians bear up to half of the pairs being wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from statistics import median
from typing import NamedTuple

SENSOR = "network sensor"
LEAST_PAIRS = 8
AGREE_SECONDS = 3.0
"""Clocks nearer than this agree: records are written late by up to seconds."""
SPREAD_SECONDS = 2.0
SPREAD_SHARE = 0.02
DRIFT_PAIRS = 12
DRIFT_HOURS = 6.0
SLOPE_POINTS = 120


class Pair(NamedTuple):
    """One thing on two clocks: when the second saw it (s), and how much later the first says."""

    moment: float
    seconds: float
    uids: tuple[str, str]
    kind: str

    @property
    def reversed(self) -> Pair:
        """The same seen from the other clock."""
        one, other = self.uids
        return Pair(self.moment + self.seconds, -self.seconds, (other, one), self.kind)


class Line(NamedTuple):
    """What one clock shows less what another does: `offset` at moment 0, `slope` s a s."""

    offset: float
    slope: float
    spread: float
    pairs: int

    def at(self, moment: float) -> float:
        """Give the difference at a moment."""
        return self.offset + self.slope * moment

    @property
    def reversed(self) -> Line:
        """The same seen from the other clock."""
        return Line(-self.offset, -self.slope, self.spread, self.pairs)


class Reading(NamedTuple):
    """One clock against the reference of its group; `agreeing` clocks make the reference."""

    clock: str
    reference: str
    line: Line
    agreeing: int


def fit_line(pairs: Sequence[Pair]) -> Line | None:
    """Fit the difference of two clocks; None where the pairs are too few or don't agree."""
    if len(pairs) < LEAST_PAIRS:
        return None
    whole = _constant(pairs)
    drifting = _drifting(pairs, whole)
    line = drifting or whole
    middle = median(pair.moment for pair in pairs)
    bearable = max(SPREAD_SECONDS, SPREAD_SHARE * abs(line.at(middle)))
    return line if line.spread <= bearable else None


def read_clocks(pairs: Mapping[tuple[str, str], Sequence[Pair]]) -> tuple[Reading, ...]:
    """Measure every clock that can be measured against its group's reference, by name."""
    lines = {key: line for key, several in pairs.items() if (line := fit_line(several))}
    moments = [pair.moment for several in pairs.values() for pair in several]
    middle = median(moments) if moments else 0.0
    found: dict[str, Reading] = {}
    for group in _groups(lines):
        agreeing = _agreeing(group, middle)
        reference = SENSOR if SENSOR in agreeing else max(sorted(agreeing), key=_weight(lines))
        base = group[reference]
        for clock, line in group.items():
            apart = Line(
                line.offset - base.offset, line.slope - base.slope, line.spread, line.pairs
            )
            if clock == reference:
                apart = Line(0.0, 0.0, 0.0, base.pairs)
            found.setdefault(clock, Reading(clock, reference, apart, len(agreeing)))
        # Once it is known which clocks are right, all pairs with any of them speak together.
        for clock in {name for key in pairs for name in key} - agreeing - found.keys() | (
            group.keys() - agreeing
        ):
            if line := fit_line(_pooled(clock, agreeing, pairs)):
                found[clock] = Reading(clock, reference, line, len(agreeing))
    return tuple(found[clock] for clock in sorted(found))


def _pooled(
    clock: str, others: Collection[str], pairs: Mapping[tuple[str, str], Sequence[Pair]]
) -> list[Pair]:
    pooled: list[Pair] = []
    for (one, other), several in pairs.items():
        if one == clock and other in others:
            pooled += several
        elif other == clock and one in others:
            pooled += [pair.reversed for pair in several]
    return pooled


def _constant(pairs: Sequence[Pair]) -> Line:
    centre = median(pair.seconds for pair in pairs)
    spread = median(abs(pair.seconds - centre) for pair in pairs)
    return Line(centre, 0.0, spread, len(pairs))


def _drifting(pairs: Sequence[Pair], whole: Line) -> Line | None:
    """Fit a slope where it explains what a constant can't."""
    ordered = sorted(pairs)
    span = ordered[-1].moment - ordered[0].moment
    if len(ordered) < DRIFT_PAIRS or span < DRIFT_HOURS * 3600:
        return None
    step = max(1, len(ordered) // SLOPE_POINTS)
    points = ordered[::step]
    slopes = [
        (right.seconds - left.seconds) / (right.moment - left.moment)
        for n, left in enumerate(points)
        for right in points[n + 1 :]
        if right.moment - left.moment > span / 20
    ]
    if not slopes:
        return None
    slope = median(slopes)
    offset = median(pair.seconds - slope * pair.moment for pair in ordered)
    spread = median(abs(pair.seconds - offset - slope * pair.moment) for pair in ordered)
    moved = abs(slope) * span
    clear = moved > max(1.0, 6 * spread) and spread < 0.7 * whole.spread
    return Line(offset, slope, spread, len(ordered)) if clear else None


def _groups(lines: Mapping[tuple[str, str], Line]) -> list[dict[str, Line]]:
    """Join clocks by the lines with most pairs; each group's lines are against its first clock."""
    near: dict[str, list[tuple[str, Line]]] = defaultdict(list)
    for (one, other), line in lines.items():
        near[one].append((other, line.reversed))
        near[other].append((one, line))
    groups: list[dict[str, Line]] = []
    seen: set[str] = set()
    for root in sorted(near, key=lambda name: (name != SENSOR, name)):
        if root in seen:
            continue
        group = {root: Line(0.0, 0.0, 0.0, max(line.pairs for _, line in near[root]))}
        while True:
            edges = [
                (line.pairs, clock, start, line)
                for start in group
                for clock, line in near[start]
                if clock not in group
            ]
            if not edges:
                break
            _, clock, start, line = max(edges, key=lambda edge: (edge[0], edge[1], edge[2]))
            below = group[start]
            group[clock] = Line(
                below.offset + line.offset,
                below.slope + line.slope,
                max(below.spread, line.spread),
                line.pairs,
            )
        seen |= set(group)
        groups.append(group)
    return groups


def _agreeing(group: Mapping[str, Line], middle: float) -> set[str]:
    """Give the largest set of clocks that agree with one of them, at the middle of the time."""
    value = {clock: line.at(middle) for clock, line in group.items()}
    sets = [
        {other for other in group if abs(value[other] - value[clock]) <= AGREE_SECONDS}
        for clock in sorted(group)
    ]
    return max(sets, key=lambda found: (len(found), SENSOR in found))


def _weight(lines: Mapping[tuple[str, str], Line]) -> Callable[[str], int]:
    def weight(clock: str) -> int:
        return sum(line.pairs for key, line in lines.items() if clock in key)

    return weight
