"""Timesketch JSONL: one line per timeline row and gap, importable without edits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.result import Result
from schemas.timeline import Gap, TimelineEntry
from sentree.report.attack import is_technique_id
from sentree.report.citations import Citations, number_citations
from sentree.report.escape import json_text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def render_timesketch(result: Result) -> str:
    """Render the timeline in time order; the text is empty when there is none."""
    timeline = result.timeline
    if timeline is None:
        return ""
    citations = number_citations(result)
    claims = _claims_by_event(result)
    rows = [(entry.time, _entry(entry, result, citations, claims)) for entry in timeline.entries]
    rows += [(gap.start, _gap(gap, result)) for gap in timeline.gaps]
    rows.sort(key=lambda row: row[0])
    return "".join(json_text(row) + "\n" for _, row in rows)


def _entry(
    entry: TimelineEntry, result: Result, citations: Citations, claims: dict[str, list[str]]
) -> dict[str, Any]:
    uids = list(dict.fromkeys(one.event_uid for one in entry.evidence))
    first = citations.events.get(uids[0]) if uids else None
    techniques = [one for one in entry.techniques if is_technique_id(one)]
    tags = [entry.level, *techniques, *(f"sentree-{kind.value}" for kind in entry.kinds)]
    cited_in = sorted({text for uid in uids for text in claims.get(uid, [])})
    row = _times(entry.time) | {
        "message": entry.statement,
        "timestamp_desc": "Event time",
        "data_type": "sentree:timeline:entry",
        "tag": [*dict.fromkeys(tags)],
        "event_uid": uids[0] if uids else entry.entry_uid,
        "event_uids": uids,
        "entry_uid": entry.entry_uid,
        "end_datetime": _times(entry.last_time)["datetime"],
        "recorded_datetime": _times(entry.recorded_time)["datetime"]
        if entry.recorded_time
        else None,
        "hostname": entry.host,
        "username": entry.user,
        "level": entry.level,
        "score": entry.score,
        "technique_ids": list(entry.techniques),
        "tactics": list(entry.tactics),
        "details": list(entry.details),
        "rules": [rule.title for rule in entry.rules],
        "rule_authors": [rule.author for rule in entry.rules if rule.author],
        "sensors": list(entry.sensors),
        "episode": entry.episode,
        "claim": cited_in,
        "source_file": f"{first.source}:{first.line}" if first else None,
        "run_uid": result.run_uid,
    }
    return _filled(row)


def _gap(gap: Gap, result: Result) -> dict[str, Any]:
    row = _times(gap.start) | {
        "message": gap.statement,
        "timestamp_desc": "Telemetry gap begins",
        "data_type": "sentree:timeline:gap",
        "tag": ["sentree-gap"],
        "event_uid": gap.before_uid or gap.after_uid,
        "event_uids": [uid for uid in (gap.before_uid, gap.after_uid) if uid],
        "end_datetime": _times(gap.end)["datetime"],
        "duration_s": (gap.end - gap.start).total_seconds(),
        "hostname": gap.host,
        "run_uid": result.run_uid,
    }
    return _filled(row)


def _times(value: datetime) -> dict[str, Any]:
    return {
        "datetime": value.isoformat(timespec="microseconds"),
        "timestamp": (value - _EPOCH) // timedelta(microseconds=1),
    }


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is empty, save for the list every row has."""
    return {name: value for name, value in row.items() if value not in (None, []) or name == "tag"}


def _claims_by_event(result: Result) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for number, claim in enumerate(result.summary, start=1):
        for one in claim.evidence:
            found.setdefault(one.event_uid, []).append(f"{number}: {claim.text}")
    return found
