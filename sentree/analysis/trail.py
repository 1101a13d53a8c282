"""The trail of an intruder: what else an account did from where it did something severe.

A call that anybody makes on any day is remarkable by nothing but who makes it and when. Once a
weighty row, or medium rows of several techniques, show an account acting from one address, its
other calls from there are told as well, as rows of low level. An address that several accounts
share is a company's own and makes no trail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from models.patterns.notable import NOTABLE
from models.patterns.sight import address_kind
from models.patterns.wording import placed, plain
from schemas.base import as_utc
from schemas.claim import Evidence
from schemas.finding import Finding, FindingKind
from schemas.ports import ContextReader
from schemas.timeline import TimelineEntry
from sentree.analysis.fold import fold_findings
from sentree.analysis.sql_texts import sql_text

SEVERE = 50
MEDIUM = 40
LOW = 20
KNOWN_SCORE = 34
"""Of a deed whose technique is known: enough to be a link of the chain beside severe rows."""
OTHER_SCORE = 24
SESSION = timedelta(hours=3)
SHARED = 3
PLACES = 50


class _Place(NamedTuple):
    """An account at an address, and when it did something severe there."""

    who: str
    src: str
    times: tuple[datetime, ...]


def with_trail(
    context: ContextReader, entries: Sequence[TimelineEntry]
) -> tuple[TimelineEntry, ...]:
    """Add rows for what accounts did around their severe deeds, from the same address."""
    cited = sorted({ev.event_uid for e in entries if e.score >= LOW for ev in e.evidence})
    findings = [
        finding
        for place in _places(context, entries)
        for row in context.query(sql_text("trail_calls"), _bounds(place, cited))
        for finding in _finding(row)
    ]
    if not findings:
        return tuple(entries)
    # A row that was informational until now gives way to the one that the trail makes of it.
    told = {ev.event_uid for one in findings for ev in one.evidence}
    kept = [
        entry
        for entry in entries
        if entry.score >= LOW or not {ev.event_uid for ev in entry.evidence} <= told
    ]
    every = (*kept, *fold_findings(findings))
    return tuple(sorted(every, key=lambda entry: (entry.time, entry.entry_uid)))


def _places(context: ContextReader, entries: Sequence[TimelineEntry]) -> list[_Place]:
    medium = [entry for entry in entries if entry.score >= MEDIUM and not entry.routine]
    of_event = {entry.evidence[0].event_uid: entry for entry in medium}
    rows = context.query(sql_text("trail_places"), {"cited": sorted(of_event)}) if medium else []
    deeds: dict[tuple[str, str], list[TimelineEntry]] = defaultdict(list)
    for row in rows:
        src = str(row["src"] or "")
        if src and int(row["accounts"] or 0) < SHARED and address_kind(src) == "external":
            deeds[str(row["who"]), src].append(of_event[str(row["event_uid"])])
    found = [
        _Place(who, src, tuple(entry.recorded_time or entry.time for entry in group))
        for (who, src), group in sorted(deeds.items())
        if any(entry.score >= SEVERE for entry in group) or len(set(map(_lead, group))) > 1
    ]
    return found[:PLACES]


def _bounds(place: _Place, cited: Sequence[str]) -> Mapping[str, Any]:
    since, until = min(place.times) - SESSION, max(place.times) + SESSION
    return {
        "who": place.who,
        "src": place.src,
        "since": _naive(since),
        "until": _naive(until),
        "cited": list(cited),
    }


def _finding(row: Mapping[str, Any]) -> list[Finding]:
    uids = [str(uid) for uid in row["uids"]]
    who, src = plain(str(row["who"]), 100), plain(str(row["src"] or ""), 64)
    service, call = plain(str(row["service"] or ""), 60), plain(str(row["operation"] or ""), 80)
    times = int(row["times"])
    known = NOTABLE.get(str(row["kind"]))
    did = " ".join(filter(None, ("called", service, call))) if call else "was active"
    where = f" from {src}" if src else ""
    count = "once" if times == 1 else f"{times} times"
    why = "within hours of what this account did there that weighs more"
    told = f"{who} {did}{where} {count} — {why}."
    key = "|".join(("trail", who, src, service, call, uids[0]))
    return [
        Finding(
            finding_uid=sha256(key.encode("utf-8", "replace")).hexdigest()[:20],
            kind=known.kind if known else FindingKind.INDICATOR,
            time=as_utc(row["time"]),
            host=plain(str(row["host"]), 128) if row["host"] else src or None,
            user=who or None,
            statement=placed(src or None, told),
            evidence=tuple(Evidence(event_uid=uid) for uid in uids),
            techniques=known.techniques if known else (),
            score=max(KNOWN_SCORE, known.score - 5) if known else OTHER_SCORE,
            fact=key[:300],
            sensor="calls",
        )
    ]


def _lead(entry: TimelineEntry) -> str:
    return entry.technique_shares[0][0] if entry.technique_shares else ""


def _naive(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(tzinfo=None)
