"""The ATT&CK chain of an intrusion: which technique came first on which host, and what followed.

Rows count when they are of medium level or above and no routine, and lighter ones beside such a row
of the same host and account: discovery on its own means little, in the company of an intruder
much. For the same reason a medium row counts only in the presence of an intruder: hours around a
high row of its host or account, or within half an hour of medium rows of other techniques there.

Rows within seconds of each other are one deed. What it is about is decided by the weight of all its
rows: one that speaks of several techniques weighs less for each, and a means (a shell, a script)
less than what it was used for. A link of the chain is a deed whose technique is new on its host.
Two sensors on two hosts that see the same deed make one link.

A transition joins a link to the next. Where a deed speaks nearly as much of a second technique,
that is a candidate too, with less probability.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from math import inf
from typing import NamedTuple

from models.patterns.sight import address_kind
from schemas.timeline import ChainStep, TimelineEntry, Transition
from sentree.analysis.alone import of_administration, standing_alone
from sentree.analysis.company import Company, account_of
from sentree.analysis.fold import MEANS, MEANS_WEIGHT
from sentree.intel.attack import technique

HIGH = 65
MEDIUM = 40
LOW = 20
LEAST_ALONE = 31
BESIDE_SECONDS = 1800.0
SESSION_SECONDS = 6 * 3600.0
TOGETHER_SECONDS = 1800.0
DEED_SECONDS = 2.0
SAME_DEED_SECONDS = 10.0
REMOTE_SECONDS = 300.0
SECOND_SHARE = 0.35
LEADING_SHARE = 0.5
KNOWN_SECONDS = 3600.0
KNOWN_WEIGHT = 0.3
NEARLY = 0.6
NEAR_SECONDS = 120.0
ARRIVAL_SECONDS = 60.0
_SAME_WAY = {"T1190": ("T1190", "T1505")}
"""A shell below a web server speaks of both; once a web shell is there, of no new exploit."""


class _Link(NamedTuple):
    """A deed of the chain: its technique, the row that says so, and the technique's share.

    `candidates` are the technique and those that weigh nearly as much, relative to it. A `passing`
    link may be no step of its own: a new account that is put into a group.
    """

    technique: str
    entry: TimelineEntry
    share: float
    candidates: tuple[tuple[str, float], ...]
    passing: bool = False


def attack_chain(
    entries: Sequence[TimelineEntry],
) -> tuple[tuple[ChainStep, ...], tuple[Transition, ...]]:
    """Give the chain in time order, and its transitions, the most probable of each source first."""
    links = _links(entries)
    return tuple(map(_step, links)), _transitions(links)


def _links(entries: Sequence[TimelineEntry]) -> list[_Link]:
    seen: set[tuple[str, str | None]] = set()
    last: dict[str, TimelineEntry] = {}
    links: list[_Link] = []

    def known(uid: str, entry: TimelineEntry) -> bool:
        """Tell of a technique whether the last hour showed it; of new services, see below."""
        for one in _SAME_WAY.get(_parent(uid), (_parent(uid),)):
            before = last.get(one)
            if before is not None and (entry.time - before.time).total_seconds() <= KNOWN_SECONDS:
                return True
        # A service that comes with a copied program is a way to run it, not to stay.
        return uid == "T1543.003" and since("T1021", entry) <= REMOTE_SECONDS

    def since(uid: str, entry: TimelineEntry) -> float:
        before = last.get(uid)
        return (entry.time - before.time).total_seconds() if before else inf

    def part_of_another(link: _Link) -> bool:
        """Tell of a link whether it only goes on with what another one began.

        An account that was made minutes ago is used; a session that came by a gateway arrives. Both
        are the deed that made the account, or opened the way.
        """
        if _parent(link.technique) == "T1078":
            return since("T1136", link.entry) <= KNOWN_SECONDS
        if link.technique == "T1133":
            return since("T1136", link.entry) <= REMOTE_SECONDS
        if link.technique == "T1006":
            return since("T1561", link.entry) <= ARRIVAL_SECONDS
        if _parent(link.technique) == "T1021":
            return since("T1133", link.entry) <= ARRIVAL_SECONDS
        return False

    for deed in _deeds(_of_intruder(entries)):
        for link in _about(deed, known):
            before = last.get(_parent(link.technique))
            last[_parent(link.technique)] = link.entry
            place = link.technique, link.entry.host
            if part_of_another(link):
                continue
            if place not in seen and not _same_deed(before, link.entry.time):
                joins = link.technique == "T1098.007"
                soon = since("T1136", link.entry) <= REMOTE_SECONDS
                links.append(link._replace(passing=joins and soon))
            seen.add(place)
    return links


def _of_intruder(entries: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """Give the rows that may be an intruder's doing, by their weight and their company."""
    told = [entry for entry in entries if entry.technique_shares and not entry.routine]
    alone = standing_alone(entries)
    rows = [entry for entry in told if entry.entry_uid not in alone]
    if not any(entry.score >= MEDIUM for entry in rows):
        # Where administration is all there is, it is what there is to tell.
        rows = told
    medium = [entry for entry in rows if entry.score >= MEDIUM]
    if not medium:
        return rows
    high = [entry for entry in medium if entry.score >= HIGH]
    by_host, by_user = Company(high, _host), Company(high, account_of)
    beside, of_user = Company(medium, _host), Company(medium, account_of)
    # Rights are taken and accounts changed in the middle of things: minutes bind whatever the name.
    of_moment = Company(high, _host)
    # What an audit log without names of hosts tells may have been done on any of them.
    unplaced = Company((entry for entry in high if entry.host is None), _nowhere)

    def present(entry: TimelineEntry) -> bool:
        here = [one for one in by_host.beside(entry, SESSION_SECONDS) if _goes_with(one, entry)]
        if here:
            return True
        if entry.user and any(by_user.beside(entry, SESSION_SECONDS)):
            return True
        if any(unplaced.beside(entry, SESSION_SECONDS)):
            return True
        near = [*beside.beside(entry, _reach(entry, TOGETHER_SECONDS))]
        near += of_user.beside(entry, TOGETHER_SECONDS) if entry.user else ()
        return any(_lead(one) != _lead(entry) for one in near) or not high

    def company(entry: TimelineEntry) -> bool:
        if entry.score < LEAST_ALONE or all(uid in MEANS for uid, _ in entry.technique_shares):
            return False
        return any(
            one.user is None or entry.user is None or account_of(one) == account_of(entry)
            for one in beside.beside(entry, _reach(entry, BESIDE_SECONDS))
        ) or any(of_moment.beside(entry, NEAR_SECONDS))

    return [
        entry
        for entry in rows
        if entry.score >= HIGH or ((entry.score >= MEDIUM or company(entry)) and present(entry))
    ]


def _goes_with(high: TimelineEntry, entry: TimelineEntry) -> bool:
    """Tell whether a high row makes one of its host suspect; not another account's chore."""
    near = abs((high.time - entry.time).total_seconds()) <= TOGETHER_SECONDS
    ours, theirs = account_of(entry), account_of(high)
    return near or not of_administration(entry) or not (ours and theirs) or ours == theirs


def _deeds(rows: Iterable[TimelineEntry]) -> list[list[TimelineEntry]]:
    deeds: list[list[TimelineEntry]] = []
    for entry in rows:
        if not deeds or (entry.time - deeds[-1][-1].time).total_seconds() > DEED_SECONDS:
            deeds.append([])
        deeds[-1].append(entry)
    return deeds


def _about(
    deed: Sequence[TimelineEntry], known: Callable[[str, TimelineEntry], bool]
) -> list[_Link]:
    """Say which techniques a deed shows: the weightiest, and what other rows lead with.

    What is known from the last hour weighs less: a web shell's commands are about what they do.
    """
    weights: dict[str, float] = defaultdict(float)
    told_already: set[tuple[int, object]] = set()
    leading: dict[str, TimelineEntry] = {}
    for entry in deed:
        # Shares are of one row; one that speaks of means only says less than its whole score.
        said = MEANS_WEIGHT if all(uid in MEANS for uid, _ in entry.technique_shares) else 1.0
        # The same said of several hosts, or again and again, is one deed, and no heavier for it.
        if (entry.score, entry.technique_shares) in told_already:
            continue
        told_already.add((entry.score, entry.technique_shares))
        for uid, share in entry.technique_shares:
            told = KNOWN_WEIGHT if known(uid, entry) else 1.0
            weights[uid] += share * entry.score * said * told
        lead, share = entry.technique_shares[0]
        if share >= LEADING_SHARE:
            leading.setdefault(lead, entry)
    for parent in [uid for uid in weights if "." not in uid]:
        children = [uid for uid in weights if uid.startswith(f"{parent}.")]
        if len(children) == 1 and parent not in leading:
            weights[children[0]] += weights.pop(parent)
    best = min(weights, key=lambda uid: (-weights[uid], uid))
    chosen = {best: leading.get(best, deed[0])}
    for uid, entry in leading.items():
        heavy = weights[uid] >= SECOND_SHARE * weights[best]
        new = uid not in MEANS and not known(uid, entry)
        if heavy and new and _parent(uid) not in set(map(_parent, chosen)):
            chosen[uid] = entry
    total = sum(weights.values())
    others = sorted(weights.keys() - chosen.keys())
    links = [
        _Link(
            uid,
            entry,
            round(weights[uid] / total, 3),
            (
                (uid, 1.0),
                *(
                    (one, min(1.0, ratio))
                    for one in others
                    if (ratio := weights[one] / weights[uid]) >= NEARLY
                ),
            ),
        )
        for uid, entry in chosen.items()
    ]
    return sorted(links, key=lambda link: (link.entry.time, link.entry.entry_uid, link.technique))


def _lead(entry: TimelineEntry) -> str:
    return entry.technique_shares[0][0]


def _same_deed(before: TimelineEntry | None, time: datetime) -> bool:
    return before is not None and (time - before.time).total_seconds() <= SAME_DEED_SECONDS


def _step(link: _Link) -> ChainStep:
    known = technique(link.technique)
    return ChainStep(
        technique=link.technique,
        name=known.name,
        tactics=known.tactics,
        time=link.entry.time,
        host=link.entry.host,
        entry_uid=link.entry.entry_uid,
        probability=link.share,
    )


def _transitions(links: Sequence[_Link]) -> tuple[Transition, ...]:
    best: dict[tuple[str, str], float] = {}
    counts: dict[tuple[str, str], int] = defaultdict(int)
    rows: dict[tuple[str, str], tuple[str, str]] = {}
    for left, right in _neighbours(links):
        for source, of_source in left.candidates:
            for target, of_target in right.candidates:
                pair, probability = (source, target), of_source * of_target
                if source == target or probability < NEARLY:
                    continue
                counts[pair] += probability == 1.0
                if probability > best.get(pair, 0.0):
                    best[pair] = probability
                    rows[pair] = left.entry.entry_uid, right.entry.entry_uid
    order = {link.entry.entry_uid: number for number, link in enumerate(links)}
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


def _neighbours(links: Sequence[_Link]) -> Iterator[tuple[_Link, _Link]]:
    """Give links that follow each other, and those with only a passing one between them."""
    for place, right in enumerate(links):
        if place:
            yield links[place - 1], right
        if place > 1 and links[place - 1].passing:
            yield links[place - 2], right


def _host(entry: TimelineEntry) -> str | None:
    return entry.host


def _reach(entry: TimelineEntry, seconds: float) -> float:
    """Give how far in time company counts: an address changes hands slower than a host."""
    return SESSION_SECONDS if address_kind(entry.host or "") == "external" else seconds


def _nowhere(entry: TimelineEntry) -> str:
    return ""


def _parent(uid: str) -> str:
    return uid.partition(".")[0]
