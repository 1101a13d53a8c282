"""Further records of what a row tells: other sensors' of the same connection, look-up or file.

A network sensor's record of a look-up is remarkable by nothing until a command that named it was
flagged. Such records become evidence of the row; they change neither its words nor its weight.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from schemas.claim import Evidence
from schemas.ports import ContextReader
from schemas.timeline import TimelineEntry
from sentree.analysis.fold import CITED
from sentree.analysis.sql_texts import sql_text

LEAST = 20
SEEDS = 3
"""So many first records of a row are followed; a burst's others tell the same."""
FURTHER = 8


def with_further_records(
    context: ContextReader, entries: Sequence[TimelineEntry]
) -> tuple[TimelineEntry, ...]:
    """Add to each row of low level or above what other sensors recorded of the same thing."""
    seeds = sorted({
        ev.event_uid
        for entry in entries
        if entry.score >= LEAST
        for ev in entry.evidence[:SEEDS]
    })  # fmt: skip
    if not seeds:
        return tuple(entries)
    further: dict[str, list[str]] = defaultdict(list)
    for row in context.query(sql_text("further_records"), {"cited": seeds}):
        further[str(row["seed"])].append(str(row["event_uid"]))
    return tuple(
        _added(entry, [uid for ev in entry.evidence[:SEEDS] for uid in further[ev.event_uid]])
        if entry.score >= LEAST
        else entry
        for entry in entries
    )


def _added(entry: TimelineEntry, uids: Sequence[str]) -> TimelineEntry:
    known = {ev.event_uid for ev in entry.evidence}
    new = [uid for uid in dict.fromkeys(uids) if uid not in known][:FURTHER]
    if not new:
        return entry
    told = f"{len(new)} further record{'s' if len(new) > 1 else ''} of the same thing."
    evidence = (*entry.evidence, *(Evidence(event_uid=uid) for uid in new))[:CITED]
    return entry.model_copy(update={"evidence": evidence, "details": (*entry.details, told)})
