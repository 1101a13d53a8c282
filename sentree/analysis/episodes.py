"""Episodes and the ATT&CK chain: the shape of an incident, computed from its entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from schemas.timeline import ChainStep, Episode, TimelineEntry, Transition
from sentree.intel.attack import tactic_title, technique

QUIET_SECONDS = 1800.0
EPISODE_SCORE = 40
CHAIN_SCORES = (65, 40, 0)
CHAIN_STEPS = 3
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


def attack_chain(
    entries: Sequence[TimelineEntry],
) -> tuple[tuple[ChainStep, ...], tuple[Transition, ...]]:
    """Give each technique's first sighting in time order, and the transitions between them.

    Entries of high level count; where these show fewer than three techniques, those of medium
    level do as well, and at last all. Everyday administration shows techniques of lower level.
    """
    worthy: list[TimelineEntry] = []
    for floor in CHAIN_SCORES:
        worthy = [entry for entry in entries if entry.score >= floor]
        if len({uid for entry in worthy for uid in entry.techniques}) >= CHAIN_STEPS:
            break
    steps: dict[str, ChainStep] = {}
    for entry in worthy:
        for uid in entry.techniques:
            known = technique(uid)
            steps.setdefault(
                uid,
                ChainStep(
                    technique=uid,
                    name=known.name,
                    tactics=known.tactics,
                    time=entry.time,
                    host=entry.host,
                    entry_uid=entry.entry_uid,
                ),
            )
    chain = tuple(steps.values())
    counts = Counter((left.technique, right.technique) for left, right in pairwise(chain))
    transitions = tuple(
        Transition(source=source, target=target, count=count)
        for (source, target), count in counts.items()
    )
    return chain, transitions


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
