"""Rows that administration leaves as well, with nothing else beside them that points at anyone.

Who looks up a group, opens a remote session or mounts a share is an administrator on most days and
an intruder on few. Such a row keeps its weight in the company of others; by itself it is of low
level. It keeps its place, its evidence and its techniques.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from schemas.timeline import TimelineEntry
from sentree.analysis.company import Company, account_of
from sentree.analysis.fold import level_of
from sentree.intel.attack import technique

WEIGHT = 20
LEAST = 25
MEDIUM = 40
HIGH = 65
SESSION_SECONDS = 6 * 3600.0
TOGETHER_SECONDS = 1800.0
SURVEY = 3
"""Different techniques within `TOGETHER_SECONDS` that no chore explains."""
_REMOTE = frozenset({"T1021", "T1078", "T1570"})
_DISCOVERY = "discovery"


def weigh_alone(entries: Sequence[TimelineEntry]) -> tuple[TimelineEntry, ...]:
    """Take `WEIGHT` from medium rows that stand alone (`standing_alone`); the order stays."""
    alone = standing_alone(entries)
    return tuple(
        _lighter(entry) if entry.entry_uid in alone and entry.score < HIGH else entry
        for entry in entries
    )


def standing_alone(entries: Sequence[TimelineEntry]) -> frozenset[str]:
    """Give the uids of rows of medium level or above that are of common administration and alone.

    A row is of common administration when all its techniques are discovery, remote services or
    valid accounts. It stands alone when neither its host nor its account has, within
    `SESSION_SECONDS`, a row of medium level or above of another kind, nor, within
    `TOGETHER_SECONDS`, `SURVEY` techniques of its own kind. Routine rows are nobody's company.
    """
    medium = [entry for entry in entries if entry.score >= MEDIUM and not entry.routine]
    telling = [entry for entry in medium if not of_administration(entry)]
    common = [entry for entry in medium if of_administration(entry)]
    beside_telling, beside_common = _beside(telling), _beside(common)
    return frozenset(
        entry.entry_uid
        for entry in common
        if not beside_telling(entry, SESSION_SECONDS)
        and len(_parents(beside_common(entry, TOGETHER_SECONDS))) < SURVEY
    )


def _beside(
    rows: Iterable[TimelineEntry],
) -> Callable[[TimelineEntry, float], list[TimelineEntry]]:
    rows = list(rows)
    by_host = Company(rows, lambda entry: entry.host)
    by_user = Company(rows, account_of)

    def beside(entry: TimelineEntry, seconds: float) -> list[TimelineEntry]:
        found = list(by_host.beside(entry, seconds)) if entry.host else []
        return found + (list(by_user.beside(entry, seconds)) if entry.user else [])

    return beside


def of_administration(entry: TimelineEntry) -> bool:
    """Tell of a row whether all its techniques are discovery, remote services or valid accounts."""
    return bool(entry.techniques) and all(map(_of_chores, entry.techniques))


def _of_chores(uid: str) -> bool:
    return uid.partition(".")[0] in _REMOTE or technique(uid).tactics == (_DISCOVERY,)


def _parents(rows: Iterable[TimelineEntry]) -> set[str]:
    return {entry.technique_shares[0][0].partition(".")[0] for entry in rows}


def _lighter(entry: TimelineEntry) -> TimelineEntry:
    score = max(entry.score - WEIGHT, LEAST)
    note = (
        "By itself: nothing else points at an intruder on this host or account within 6 hours; "
        "weighed less."
    )
    return entry.model_copy(
        update={"score": score, "level": level_of(score), "details": (*entry.details, note)}
    )
