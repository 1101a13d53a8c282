"""The overview strip: a lane per host, time from left to right, marks by level, gaps hatched.

It computes places and texts only; the template draws them, so everything is escaped there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import log

from schemas.timeline import Timeline, TimelineEntry
from sentree.report.figures import LEVELS, level_rank, minute, plural

WIDTH = 1120
LEFT = 124
TOP = 24
LANE = 30
BINS = 166
MAX_LANES = 12
OTHER_HOSTS = "other hosts"
NO_HOST = "no host"

_STEPS = [
    timedelta(seconds=1),
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(days=1),
    timedelta(days=2),
    timedelta(days=7),
    timedelta(days=28),
    timedelta(days=91),
    timedelta(days=365),
    timedelta(days=3650),
]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bar:
    """Entries of one lane in one slice of time; `row` is the first of them."""

    x: float
    y: float
    width: float
    height: float
    level: str
    row: int
    title: str


@dataclass(frozen=True, slots=True)
class Band:
    """A gap in one lane, or an episode above all lanes; `number` counts from 0."""

    x: float
    y: float
    width: float
    number: int
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of the time axis; a `major` one begins a day."""

    x: float
    label: str
    major: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """All that the template draws."""

    width: int
    height: int
    left: int
    lanes: list[tuple[float, str]]
    bars: list[Bar]
    gaps: list[Band]
    episodes: list[Band]
    ticks: list[Tick]


@dataclass(frozen=True, slots=True)
class _Scale:
    start: datetime
    span: float

    def x(self, value: datetime) -> float:
        part = (value - self.start).total_seconds() / self.span
        return round(LEFT + min(max(part, 0.0), 1.0) * (WIDTH - LEFT), 1)


def build_strip(timeline: Timeline) -> Strip | None:
    """Lay out the strip; None when there is nothing to draw."""
    if not timeline.entries:
        return None
    scale = _scale(timeline)
    lane_of = _lanes(timeline)
    names = sorted(set(lane_of.values()), key=lambda name: (name in (OTHER_HOSTS, NO_HOST), name))
    tops = {name: TOP + place * LANE for place, name in enumerate(names)}
    height = TOP + LANE * len(names) + 22
    gaps = [
        Band(
            x=scale.x(gap.start),
            y=tops[lane_of[gap.host]],
            width=max(scale.x(gap.end) - scale.x(gap.start), 2.0),
            number=number,
            label="",
            title=gap.statement,
        )
        for number, gap in enumerate(timeline.gaps)
        if lane_of[gap.host] != OTHER_HOSTS
    ]
    return Strip(
        width=WIDTH,
        height=height,
        left=LEFT,
        lanes=[(tops[name], name) for name in names],
        bars=_bars(timeline, scale, lane_of, tops),
        gaps=gaps,
        episodes=_episodes(timeline, scale),
        ticks=_ticks(scale),
    )


def _scale(timeline: Timeline) -> _Scale:
    starts = [entry.time for entry in timeline.entries] + [gap.start for gap in timeline.gaps]
    ends = [entry.time for entry in timeline.entries] + [gap.end for gap in timeline.gaps]
    first, last = min(starts), max(ends)
    pad = max((last - first).total_seconds() * 0.01, 1.0)
    return _Scale(
        start=_shifted(first, -pad),
        span=(last - first).total_seconds() + 2 * pad,
    )


def _shifted(value: datetime, seconds: float) -> datetime:
    try:
        return value + timedelta(seconds=seconds)
    except OverflowError:
        return value


def _lane_name(entry: TimelineEntry) -> str:
    return entry.host or NO_HOST


def _lanes(timeline: Timeline) -> dict[str, str]:
    """Give each host its lane: the hosts with the worst and most entries get their own."""
    weight: Counter[str] = Counter({gap.host: 1 for gap in timeline.gaps})
    for entry in timeline.entries:
        weight[_lane_name(entry)] += 8 ** level_rank(entry.level)
    ranked = sorted(weight, key=lambda name: (-weight[name], name))
    own = ranked if len(ranked) <= MAX_LANES else ranked[: MAX_LANES - 1]
    return {name: name if name in own else OTHER_HOSTS for name in ranked}


def _bars(
    timeline: Timeline, scale: _Scale, lane_of: Mapping[str, str], tops: Mapping[str, float]
) -> list[Bar]:
    width = (WIDTH - LEFT) / BINS
    cells: dict[tuple[str, int], list[int]] = {}
    for row, entry in enumerate(timeline.entries):
        slot = min(int((scale.x(entry.time) - LEFT) / width), BINS - 1)
        cells.setdefault((lane_of[_lane_name(entry)], slot), []).append(row)
    most = max(len(rows) for rows in cells.values())
    bars: list[Bar] = []
    for (lane, slot), rows in sorted(cells.items()):
        entries = [timeline.entries[row] for row in rows]
        worst = max(level_rank(entry.level) for entry in entries)
        full = LANE - 8
        height = round(8 + (full - 8) * log(len(rows)) / log(most), 1) if most > 1 else full
        bars.append(
            Bar(
                x=round(LEFT + slot * width, 1),
                y=round(tops[lane] + LANE - 4 - height, 1),
                width=round(width - 1, 1),
                height=height,
                level=LEVELS[worst],
                row=rows[0],
                title=f"{lane}, {minute(entries[0].time)}: {plural(len(rows), 'row')}, "
                f"worst {LEVELS[worst]}",
            )
        )
    return bars


def _episodes(timeline: Timeline, scale: _Scale) -> list[Band]:
    bands: list[Band] = []
    label_free_from = 0.0
    for place, episode in enumerate(timeline.episodes):
        x = scale.x(episode.start)
        width = max(scale.x(episode.end) - x, 6.0)
        label = str(episode.number) if x >= label_free_from else ""
        if label:
            label_free_from = x + 9 + 7 * len(label)
        bands.append(Band(x, 0, round(width, 1), place, label, episode.statement))
    return bands


def _ticks(scale: _Scale) -> list[Tick]:
    step = next((step for step in _STEPS if scale.span / step.total_seconds() <= 11), _STEPS[-1])
    day = timedelta(days=1)
    skipped = (scale.start - _EPOCH) // step + 1
    ticks: list[Tick] = []
    end = scale.start.timestamp() + scale.span
    at = _EPOCH + skipped * step
    while at.timestamp() < end and len(ticks) < 12:
        major = step >= day or at.time() == datetime.min.time()
        form = "%b %d" if major else ("%H:%M:%S" if step < timedelta(minutes=1) else "%H:%M")
        form = "%Y" if step >= timedelta(days=365) else form
        if scale.x(at) < WIDTH - 36:
            ticks.append(Tick(scale.x(at), at.strftime(form), major))
        at = _shifted(at, step.total_seconds())
    return ticks
