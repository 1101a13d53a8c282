"""The trail of an intruder: what else an account did from where it did something severe.

A call that anybody makes on any day is remarkable by nothing but who makes it and when. Once a
weighty row, or medium rows of several techniques, show an account acting from one address, its
other calls from there are told as well: within hours at an address outside, as rows of low or
medium level, within half an hour inside, as rows of low level. An address that several accounts
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
NEAR = timedelta(minutes=30)
SHARED = 3
PLACES = 50


class _Place(NamedTuple):
    """An account at an address, and between which instants its doings there are of interest."""

    who: str
    src: str
    since: datetime
    until: datetime

    @property
    def outside(self) -> bool:
        """Tell whether the address is none of the home networks'."""
        return address_kind(self.src) == "external"


def with_trail(
    context: ContextReader, entries: Sequence[TimelineEntry]
) -> tuple[TimelineEntry, ...]:
    """Add rows for what accounts did around their severe deeds, from the same address."""
    cited = sorted({ev.event_uid for e in entries if e.score >= LOW for ev in e.evidence})
    findings = [
        finding
        for place in _places(context, entries)
        for row in context.query(sql_text("trail_calls"), _bounds(place, cited))
        for finding in _finding(row, place.outside)
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
        if src and int(row["accounts"] or 0) < SHARED:
            deeds[str(row["who"]), src].append(of_event[str(row["event_uid"])])
    found: list[_Place] = []
    for (who, src), group in sorted(deeds.items()):
        if any(entry.score >= SEVERE for entry in group) or len(set(map(_lead, group))) > 1:
            reach = SESSION if address_kind(src) == "external" else NEAR
            times = sorted(entry.recorded_time or entry.time for entry in group)
            found += [_Place(who, src, *span) for span in _spans(times, reach)]
    return found[:PLACES]


def _spans(times: Sequence[datetime], reach: timedelta) -> list[tuple[datetime, datetime]]:
    """Give the stretches within `reach` of any of the instants, those that touch as one."""
    spans: list[tuple[datetime, datetime]] = []
    for time in times:
        since, until = time - reach, time + reach
        if spans and since <= spans[-1][1]:
            since = spans.pop()[0]
        spans.append((since, until))
    return spans


def _bounds(place: _Place, cited: Sequence[str]) -> Mapping[str, Any]:
    return {
        "who": place.who,
        "src": place.src,
        "since": _naive(place.since),
        "until": _naive(place.until),
        "cited": list(cited),
    }


def _finding(row: Mapping[str, Any], outside: bool) -> list[Finding]:
    uids = [str(uid) for uid in row["uids"]]
    who, src = plain(str(row["who"]), 100), plain(str(row["src"] or ""), 64)
    service, call = plain(str(row["service"] or ""), 60), plain(str(row["operation"] or ""), 80)
    times = int(row["times"])
    known = NOTABLE.get(str(row["kind"]))
    most = max(KNOWN_SCORE, known.score - 5) if known and outside else KNOWN_SCORE
    score = most if known else OTHER_SCORE
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
            score=score,
            fact=key[:300],
            sensor="calls",
        )
    ]


def _lead(entry: TimelineEntry) -> str:
    return entry.technique_shares[0][0] if entry.technique_shares else ""


def _naive(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(tzinfo=None)
