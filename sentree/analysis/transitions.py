"""The ATT&CK chain of an intrusion: which technique came first on which host, and what followed.

A link of the chain is the first row on a host whose leading technique is new there. Rows count
when they are of medium level or above and no routine, and lighter ones beside such a row of the
same host and account: discovery on its own means little, in the company of an intruder much. Two
sensors on two hosts that see the same deed make one link.

A transition joins a link to the next, and with less probability to the one after it, since the
steps of an intrusion overlap. Where a row speaks of several techniques each is a candidate, with
the share it has in the row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from schemas.timeline import ChainStep, TimelineEntry, Transition
from sentree.analysis.company import Company
from sentree.intel.attack import technique

MEDIUM = 40
LOW = 20
BESIDE_SECONDS = 900.0
SAME_DEED_SECONDS = 10.0
OVERLAP = 0.5
LEAST_SHARE = 0.5
LEAST_PROBABILITY = 0.2


def attack_chain(
    entries: Sequence[TimelineEntry],
) -> tuple[tuple[ChainStep, ...], tuple[Transition, ...]]:
    """Give the chain in time order, and its transitions, the most probable of each source first."""
    links = _links(entries)
    steps = tuple(_step(entry, entry.technique_shares[0]) for entry in links)
    return steps, _transitions(links)


def _links(entries: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    candidates = [entry for entry in entries if entry.technique_shares and not entry.routine]
    medium = [entry for entry in candidates if entry.score >= MEDIUM]
    severe = Company(medium or candidates, lambda entry: entry.host)
    seen: set[tuple[str, str | None]] = set()
    last: dict[str, TimelineEntry] = {}
    links: list[TimelineEntry] = []
    for entry in candidates:
        if entry.score < MEDIUM and not _in_company(severe, entry):
            continue
        lead = entry.technique_shares[0][0]
        before = last.get(_parent(lead))
        last[_parent(lead)] = entry
        same_deed = (
            before is not None
            and before.host != entry.host
            and (entry.time - before.time).total_seconds() <= SAME_DEED_SECONDS
        )
        if (lead, entry.host) not in seen and not same_deed:
            links.append(entry)
        seen.add((lead, entry.host))
    return links


def _in_company(severe: Company, entry: TimelineEntry) -> bool:
    return entry.score >= LOW and any(
        one.user is None or entry.user is None or one.user == entry.user
        for one in severe.beside(entry, BESIDE_SECONDS)
    )


def _step(entry: TimelineEntry, share: tuple[str, float]) -> ChainStep:
    known = technique(share[0])
    return ChainStep(
        technique=share[0],
        name=known.name,
        tactics=known.tactics,
        time=entry.time,
        host=entry.host,
        entry_uid=entry.entry_uid,
        probability=share[1],
    )


def _transitions(links: Sequence[TimelineEntry]) -> tuple[Transition, ...]:
    best: dict[tuple[str, str], float] = {}
    counts: dict[tuple[str, str], int] = defaultdict(int)
    rows: dict[tuple[str, str], tuple[str, str]] = {}
    near = [(left, right, 1.0) for left, right in pairwise(links)]
    near += [(left, right, OVERLAP) for left, right in zip(links, links[2:], strict=False)]
    for left, right, weight in near:
        for source, of_source in _leading(left):
            for target, of_target in _leading(right):
                pair = source, target
                probability = weight * of_source * of_target
                if source == target or probability < LEAST_PROBABILITY:
                    continue
                counts[pair] += weight == 1.0
                if probability > best.get(pair, 0.0):
                    best[pair] = probability
                    rows[pair] = left.entry_uid, right.entry_uid
    order = {entry.entry_uid: number for number, entry in enumerate(links)}
    ranked = sorted(best, key=lambda pair: (order[rows[pair][0]], -best[pair], pair))
    return tuple(
        Transition(
            source=source,
            target=target,
            count=max(counts[source, target], 1),
            probability=round(best[source, target], 3),
            entry_uids=rows[source, target],
        )
        for source, target in ranked
    )


def _leading(entry: TimelineEntry) -> list[tuple[str, float]]:
    """Give the techniques that may be what a row is about, with shares that sum to 1."""
    most = entry.technique_shares[0][1]
    shares = [(uid, share) for uid, share in entry.technique_shares if share >= LEAST_SHARE * most]
    total = sum(share for _, share in shares)
    return [(uid, share / total) for uid, share in shares]


def _parent(uid: str) -> str:
    return uid.partition(".")[0]
