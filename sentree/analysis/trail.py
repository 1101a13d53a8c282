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
