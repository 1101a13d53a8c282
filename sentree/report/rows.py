"""Timeline rows as the HTML page shows them: days, episodes, entries and gaps in one order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from schemas.result import Result
from schemas.timeline import Episode, Gap, Timeline, TimelineEntry
from schemas.window import iso
from sentree.report.attack import in_attack_order, tactic_name
from sentree.report.citations import LinkedMarks
from sentree.report.escape import cut
from sentree.report.figures import LEVELS, chain_of, clock, length, level_rank, most_telling, plural

MAX_ROWS = 5_000
MAX_ROW_BYTES = 8_000_000
MAX_MARKS = 6
MAX_STATEMENT = 800
MAX_LISTED = 12


@dataclass(frozen=True, slots=True)
class Chip:
    """A technique on a row, linking to its place in the matrix."""

    href: str
    technique: str
    name: str


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of the timeline."""

    row: int
    iso: str
    clock: str
    fraction: str
    until: str
    level: str
    rank: int
    host: str
    user: str
    statement: str
    details: list[str]
    chips: list[Chip]
    sensors: str
    rules: list[str]
    marks: list[str]
    more_marks: int

    kind = "entry"

    @property
    def more(self) -> str:
        """What folding hides, as the label of the fold."""
        parts: list[str] = []
        if self.details:
            parts.append(plural(len(self.details), "more statement"))
        if self.rules:
            parts.append(plural(len(self.rules), "rule"))
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class GapRow:
    """A stretch without telemetry, a row of its own."""

    number: int
    iso: str
    clock: str
    host: str
    until: str
    length: str
    statement: str
    marks: list[str]

    kind = "gap"


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """The heading of an episode; `first` is false where it goes on after midnight."""

    number: int
    first: bool
    span: str
    statement: str
    level: str
    tactics: str
    marks: list[str]

    kind = "episode"


class _NumberedGap(NamedTuple):
    number: int
    gap: Gap


TimelineRow = EntryRow | GapRow | EpisodeRow


@dataclass(frozen=True, slots=True)
class Day:
    """The rows of one day, in UTC."""

    date: str
    weekday: str
    rows: list[TimelineRow]
    entries: int


def build_days(
    result: Result, marks: LinkedMarks, chips: dict[str, Chip]
) -> tuple[list[Day], list[int]]:
    """Lay out the timeline; also gives the entries that are shown, when there are too many."""
    timeline = result.timeline
    if timeline is None:
        return [], []
    shown = _fitting(timeline)
    episodes = {episode.number: episode for episode in timeline.episodes}
    days: list[Day] = []
    current: int | None = None
    opened: set[int] = set()
    counts: list[int] = []
    for time, item in _in_time_order(timeline, shown):
        date = f"{time:%Y-%m-%d}"
        if not days or days[-1].date != date:
            days.append(Day(date, f"{time:%A}", [], 0))
            counts.append(0)
            current = None
        rows = days[-1].rows
        if isinstance(item, _NumberedGap):
            rows.append(_gap_row(item, marks))
            continue
        entry = timeline.entries[item]
        counts[-1] += 1
        if entry.episode is not None and entry.episode != current and entry.episode in episodes:
            episode = episodes[entry.episode]
            rows.append(_episode_row(episode, entry.episode not in opened, marks))
            opened.add(entry.episode)
        current = entry.episode
        rows.append(_entry_row(item, entry, marks, chips))
    days = [
        Day(day.date, day.weekday, day.rows, count) for day, count in zip(days, counts, strict=True)
    ]
    return days, shown


def _fitting(timeline: Timeline) -> list[int]:
    chosen = most_telling(timeline, MAX_ROWS)
    sizes = {row: _estimate(timeline.entries[row]) for row in chosen}
    if sum(sizes.values()) <= MAX_ROW_BYTES:
        return chosen
    room = MAX_ROW_BYTES
    fitting: list[int] = []
    for row in _worst_first(timeline, chosen):
        room -= sizes[row]
        if room < 0:
            break
        fitting.append(row)
    return sorted(fitting)


def _worst_first(timeline: Timeline, rows: Sequence[int]) -> list[int]:
    entries = timeline.entries
    return sorted(rows, key=lambda row: (-level_rank(entries[row].level), -entries[row].score, row))


def _estimate(entry: TimelineEntry) -> int:
    texts = (entry.statement, *entry.details[:MAX_LISTED])
    return 1_200 + sum(2 * min(len(text.encode(errors="replace")), MAX_STATEMENT) for text in texts)


def _in_time_order(
    timeline: Timeline, shown: Sequence[int]
) -> Iterator[tuple[datetime, int | _NumberedGap]]:
    items: list[tuple[datetime, int, int | _NumberedGap]] = [
        (timeline.entries[row].time, row, row) for row in shown
    ]
    items += [
        (gap.start, len(timeline.entries), _NumberedGap(number, gap))
        for number, gap in enumerate(timeline.gaps[:MAX_ROWS])
    ]
    items.sort(key=lambda item: (item[0], item[1]))
    for time, _, item in items:
        yield time, item


def _entry_row(
    row: int, entry: TimelineEntry, marks: LinkedMarks, chips: dict[str, Chip]
) -> EntryRow:
    time, _, fraction = clock(entry.time).partition(".")
    same_day = entry.last_time.date() == entry.time.date()
    until = ""
    if entry.last_time > entry.time:
        until = clock(entry.last_time).partition(".")[0]
        until = until if same_day else f"{entry.last_time:%m-%d} {until}"
    return EntryRow(
        row=row,
        iso=iso(entry.time),
        clock=time,
        fraction=f".{fraction}" if fraction else "",
        until="" if until == time and same_day else until,
        level=LEVELS[level_rank(entry.level)],
        rank=level_rank(entry.level),
        host=cut(entry.host or "no host", 80),
        user=cut(entry.user or "", 80),
        statement=cut(entry.statement, MAX_STATEMENT),
        details=[cut(text, MAX_STATEMENT) for text in entry.details[:MAX_LISTED]],
        chips=[chips[technique] for technique in entry.techniques[:MAX_LISTED]],
        sensors=", ".join(cut(sensor, 60) for sensor in entry.sensors[:MAX_LISTED]),
        rules=[
            cut(f"{rule.title}{f' (by {rule.author})' if rule.author else ''}", 300)
            for rule in entry.rules[:MAX_LISTED]
        ],
        marks=marks.of(entry.evidence, MAX_MARKS),
        more_marks=max(len({one.event_uid for one in entry.evidence}) - MAX_MARKS, 0),
    )


def _gap_row(item: _NumberedGap, marks: LinkedMarks) -> GapRow:
    number, gap = item
    return GapRow(
        number=number,
        iso=iso(gap.start),
        clock=clock(gap.start).partition(".")[0],
        host=cut(gap.host, 80),
        until=f"{gap.end:%m-%d %H:%M:%S}"
        if gap.end.date() != gap.start.date()
        else f"{gap.end:%H:%M:%S}",
        length=length(gap.end - gap.start),
        statement=cut(gap.statement, MAX_STATEMENT),
        marks=marks.of_uids((gap.before_uid, gap.after_uid), 2),
    )


def _episode_row(episode: Episode, first: bool, marks: LinkedMarks) -> EpisodeRow:
    same_day = episode.start.date() == episode.end.date()
    end = f"{episode.end:%H:%M}" if same_day else f"{episode.end:%m-%d %H:%M}"
    return EpisodeRow(
        number=episode.number,
        first=first,
        span=f"{episode.start:%H:%M} to {end}, {length(episode.end - episode.start)}",
        statement=cut(episode.statement, MAX_STATEMENT),
        level=LEVELS[level_rank(episode.top_level)],
        tactics=chain_of([tactic_name(tactic) for tactic in in_attack_order(episode.tactics)]),
        marks=marks.of(episode.evidence, MAX_MARKS),
    )
