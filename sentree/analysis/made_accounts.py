"""Accounts that an intruder made: what they do afterwards is the intruder's doing.

That an account signs in, opens a tunnel or a session is remarkable by nothing. It is when a row of
high level, or a lighter one beside such a row, tells of the account being made. The rows of such an
account weigh more; so do rows of the address that a tunnel gives it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from models.patterns.sight import address_kind
from schemas.base import as_utc
from schemas.ports import ContextReader
from schemas.timeline import TimelineEntry
from sentree.analysis.company import Company, account_of
from sentree.analysis.fold import level_of

HIGH = 65
LEAST = 20
MADE = "T1136"
WAY_IN = "T1133"
WEIGHT = 22
MOST = 60
BESIDE_SECONDS = 3600.0
LEAST_NAME = 3
EARLIER = timedelta(seconds=60)
_SECURITY_ID = re.compile(r"s-1-\d")
TUNNEL = timedelta(hours=24)
CHARACTERS = 16_384
_ADDRESS = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")


class _Made(NamedTuple):
    """The row that tells of an account being made, and the record it rests on."""

    entry: TimelineEntry
    text: str


def weigh_made_accounts(
    context: ContextReader, entries: Sequence[TimelineEntry]
) -> tuple[TimelineEntry, ...]:
    """Add `WEIGHT` to rows of accounts that an intruder made, and of their tunnels' addresses."""
    made = _made(context, entries)
    if not made:
        return tuple(entries)
    names = sorted({name for entry in entries if (name := account_of(entry))})
    named = {
        name: told.entry
        for name in names
        if len(name) >= LEAST_NAME and (told := next((m for m in made if _names(m, name)), None))
    }
    first = _first_acts(context, list(named))
    maker = {
        name: row
        for name, row in named.items()
        if first.get(name, row.time) >= (row.recorded_time or row.time) - EARLIER
    }
    theirs = {
        entry.entry_uid: made_by
        for entry in entries
        if (made_by := maker.get(account_of(entry) or "")) and entry.time > made_by.time
    }
    ways = [one for one in entries if one.entry_uid in theirs and WAY_IN in one.techniques]
    given = _given(context, ways)

    def weighed(entry: TimelineEntry) -> TimelineEntry:
        if made_by := theirs.get(entry.entry_uid):
            return _heavier(entry, f"The account was made on {made_by.time:%Y-%m-%d at %H:%M} UTC.")
        way = given.get(entry.host or "")
        if way and way.time <= entry.time <= way.time + TUNNEL and not entry.user:
            told = f"The address was given to the tunnel of {way.user}, an account that was made."
            return _heavier(entry, told).model_copy(update={"user": way.user})
        return entry

    return tuple(map(weighed, entries))


def _made(context: ContextReader, entries: Sequence[TimelineEntry]) -> list[_Made]:
    high = Company((one for one in entries if one.score >= HIGH and not one.routine), _place)
    rows = [
        entry
        for entry in entries
        if entry.score >= 2 * LEAST
        and not entry.routine
        and any(uid.startswith(MADE) for uid, _ in entry.technique_shares[:1])
        and (entry.score >= HIGH or any(high.beside(entry, BESIDE_SECONDS)))
    ]
    texts = _texts(context, rows)
    return [_Made(entry, texts.get(entry.evidence[0].event_uid, "")) for entry in rows]


def _first_acts(context: ContextReader, names: Sequence[str]) -> Mapping[str, datetime]:
    """Give when each account first acted: one that did before it was made is not that one."""
    if not names:
        return {}
    rows = context.query(
        "SELECT lower(split_part(actor_user, '@', 1)) AS who, min(time) AS first FROM events"
        " WHERE list_contains(?::VARCHAR[], lower(split_part(actor_user, '@', 1))) GROUP BY who",
        (list(names),),
    )
    return {str(row["who"]): as_utc(row["first"]) for row in rows if row["first"]}


def _names(made: _Made, name: str) -> bool:
    """Tell whether the record names the account; whoever made it is in the record as well."""
    if account_of(made.entry) == name or _SECURITY_ID.match(name):
        return False
    return bool(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", made.text))


def _given(context: ContextReader, ways: Sequence[TimelineEntry]) -> Mapping[str, TimelineEntry]:
    """Give the inside addresses that records of ways in name, each with its way in."""
    texts = _texts(context, ways)
    given: dict[str, TimelineEntry] = {}
    for entry in ways:
        for address in _ADDRESS.findall(texts.get(entry.evidence[0].event_uid, "")):
            if address_kind(address) == "internal":
                given.setdefault(address, entry)
    return given


def _texts(context: ContextReader, rows: Sequence[TimelineEntry]) -> dict[str, str]:
    uids = sorted({row.evidence[0].event_uid for row in rows})
    if not uids:
        return {}
    found = context.query(
        "SELECT event_uid, raw FROM events WHERE list_contains(?::VARCHAR[], event_uid)", (uids,)
    )
    return {str(row["event_uid"]): str(row["raw"])[:CHARACTERS].casefold() for row in found}


def _heavier(entry: TimelineEntry, told: str) -> TimelineEntry:
    if entry.score < LEAST or entry.score >= MOST:
        return entry
    score = min(entry.score + WEIGHT, MOST)
    details = (*entry.details, told)
    return entry.model_copy(
        update={"score": score, "level": level_of(score), "details": details, "routine": False}
    )


def _place(entry: TimelineEntry) -> str | None:
    return entry.host
