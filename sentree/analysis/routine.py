"""What is done again and again: the same deed of the same account, on several days.

Administration looks like an intrusion row by row, and unlike one over days: it recurs with the
same words, whereas an intruder goes on. Such rows keep their place and evidence but lose weight.
Nothing else is taken from them, and what stands beside a severe row of the same account is left
as it is, since an intruder may well act like an administrator.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from schemas.timeline import TimelineEntry
from sentree.analysis.company import Company
from sentree.analysis.fold import level_of

REMOTE = "T1021"
PLACES = 3
DAYS = 2
WEIGHT = 40
LEAST = 20
SEVERE = 65
BESIDE_SECONDS = 7200.0
ELSEWHERE_SECONDS = 1800.0

_UNLIKE = re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\d{4}-\d\d-\d\d[T ][\d:.]+Z?|\d+")
_RULE = re.compile("rule “[^”]*” matched: ")


def weigh_routine(entries: Sequence[TimelineEntry]) -> tuple[TimelineEntry, ...]:
    """Take `WEIGHT` from the score of rows that recur as routine; the order stays.

    A deed is routine when the same account did it, in the same words but for numbers and the
    host's name, on at least `PLACES` pairs of host and day, on at least `DAYS` days. A row within
    `BESIDE_SECONDS` of a severe row of the same account and host that is not done again keeps its
    score, one within `ELSEWHERE_SECONDS` whatever its host; so does a remote session that comes
    before such a row of its host, whatever account that is of.
    """
    recurring: dict[int, tuple[int, int]] = {}
    for numbers in _same_deeds(entries):
        places = {(entries[n].host, entries[n].time.date()) for n in numbers}
        days = {day for _, day in places}
        if len(places) >= PLACES and len(days) >= DAYS:
            recurring.update(dict.fromkeys(numbers, (len(numbers), len(days))))
    again = _done_again(entries)
    severe = Company(
        (
            entry
            for entry in entries
            if entry.user and entry.score >= SEVERE and entry.entry_uid not in again
        ),
        _account,
    )
    on_host = Company(
        (entry for entry in entries if entry.score >= SEVERE and entry.entry_uid not in again),
        lambda entry: entry.host,
    )

    def kept(entry: TimelineEntry) -> bool:
        arrives = bool(entry.technique_shares) and _lead(entry).startswith(REMOTE)
        return any(
            one.host == entry.host
            or abs((one.time - entry.time).total_seconds()) <= ELSEWHERE_SECONDS
            for one in severe.beside(entry, BESIDE_SECONDS)
        ) or (
            arrives
            and entry.host is not None
            and any(one.time > entry.time for one in on_host.beside(entry, BESIDE_SECONDS))
        )

    return tuple(
        _lighter(entry, *recurring[number]) if number in recurring and not kept(entry) else entry
        for number, entry in enumerate(entries)
    )


def _done_again(entries: Sequence[TimelineEntry]) -> frozenset[str]:
    """Give the uids of rows whose account did the same, in the same words, on another day.

    Two days are too few to call a deed routine, and enough not to hold it against its neighbours.
    """
    return frozenset(
        entries[n].entry_uid
        for numbers in _same_deeds(entries)
        if len({entries[n].time.date() for n in numbers}) >= DAYS
        for n in numbers
    )


def _same_deeds(entries: Sequence[TimelineEntry]) -> Iterable[list[int]]:
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for number, entry in enumerate(entries):
        if entry.score > LEAST:
            groups[_account(entry), _shape(entry), _lead(entry)].append(number)
    return groups.values()


def _lead(entry: TimelineEntry) -> str:
    """Give what a row is about: one sentence may stand for deeds that differ in what they mean."""
    return entry.technique_shares[0][0].partition(".")[0] if entry.technique_shares else ""


def _account(entry: TimelineEntry) -> str:
    return (entry.user or "").casefold()


def _shape(entry: TimelineEntry) -> str:
    """Give the fact of a row: without the rule, the explanation, and what differs by place."""
    text = entry.statement.casefold()
    if entry.host:
        text = text.removeprefix(f"{entry.host.casefold()}: ")
    text = _RULE.sub("", text).partition(" — ")[0].rstrip(".")
    return _UNLIKE.sub("#", text)


def _lighter(entry: TimelineEntry, times: int, days: int) -> TimelineEntry:
    score = max(entry.score - WEIGHT, LEAST)
    note = f"Routine: the same account did the same {times} times on {days} days; weighed less."
    return entry.model_copy(
        update={
            "score": score,
            "level": level_of(score),
            "details": (*entry.details, note),
            "routine": True,
        }
    )
