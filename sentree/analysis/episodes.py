"""Episodes: the shape of an incident, computed from its entries."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.timeline import Episode, TimelineEntry
from sentree.intel.attack import tactic_title

QUIET_SECONDS = 1800.0
EPISODE_SCORE = 40
CITED = 5


def number_episodes(
    entries: Sequence[TimelineEntry],
) -> tuple[tuple[TimelineEntry, ...], tuple[Episode, ...]]:
    """Group entries of medium level or above into episodes parted by half an hour of quiet.

    Returns:
        The entries with their episode's number, and the episodes.
    """
    groups: list[list[TimelineEntry]] = []
    last = None
    for entry in entries:
        if entry.score < EPISODE_SCORE:
            continue
        if last is None or (entry.time - last).total_seconds() > QUIET_SECONDS:
            groups.append([])
        groups[-1].append(entry)
        last = entry.time
    number_of = {
        entry.entry_uid: number for number, group in enumerate(groups, 1) for entry in group
    }
    numbered = tuple(
        entry.model_copy(update={"episode": number_of.get(entry.entry_uid)}) for entry in entries
    )
    return numbered, tuple(_episode(number, group) for number, group in enumerate(groups, 1))


def _episode(number: int, group: Sequence[TimelineEntry]) -> Episode:
    hosts = tuple(sorted({entry.host for entry in group if entry.host}))
    top = max(group, key=lambda entry: (entry.score, -entry.time.timestamp()))
    tactics = tuple(dict.fromkeys(tactic for entry in group for tactic in entry.tactics))
    worst = sorted(group, key=lambda entry: (-entry.score, entry.time, entry.entry_uid))[:CITED]
    start, end = group[0].time, group[-1].time
    facts = f"{len(group)} fact{'s' if len(group) > 1 else ''}"
    where = f" on {', '.join(hosts[:4])}{' and more' if len(hosts) > 4 else ''}" if hosts else ""
    what = f" ({', '.join(map(tactic_title, tactics))})" if tactics else ""
    return Episode(
        number=number,
        start=start,
        end=end,
        hosts=hosts,
        users=tuple(sorted({entry.user for entry in group if entry.user})),
        tactics=tactics,
        entries=len(group),
        top_level=top.level,
        statement=f"{facts}{where}{what}. Most severe: {top.statement}",
        evidence=tuple(entry.evidence[0] for entry in worst),
    )
