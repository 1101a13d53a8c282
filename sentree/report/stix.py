"""A STIX 2.1 bundle: a report object that cites the objects of an answer, a note per sentence.

The objects cited are named by id and stay with those who published them; nothing of their prose
is repeated beyond what the answer itself says. Equal results give equal bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from schemas.claim import Claim
from schemas.result import Result
from sentree.intel.attack import technique
from sentree.report.attack import is_technique_id, technique_uses
from sentree.report.escape import cut, json_text, visible

NAMESPACE = UUID("6c1b7d0c-4a55-5d0a-9a3c-1f0f5f6b2f5e")
"""Ids of ours are UUIDv5 in this namespace, from what the object says (STIX 2.1 §2.9)."""

FIXED_TIME = "2026-01-01T00:00:00.000Z"
"""When the objects came to be that are the same in every bundle of ours."""

MAX_REFS = 5_000
MAX_TEXT = 10_000
MAX_LABEL = 250

_STIX_ID = re.compile(
    r"[a-z][a-z0-9-]{2,248}[a-z0-9]--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)


def render_stix(result: Result) -> str:
    """Render the bundle: who says it, the report, its notes, techniques that have no object."""
    times = [event.time for event in result.cited_events if event.time is not None]
    # The same answer given again is a later version of the same report, so `created` is the
    # time of the newest record in it.
    born = min(max(times, default=result.created_at), result.created_at)
    author = author_identity()
    common = {
        "spec_version": "2.1",
        "created_by_ref": author["id"],
        "created": stix_time(born),
        "modified": stix_time(result.created_at),
        **_marking(result),
    }
    cited = [event.event_uid for event in result.cited_events if is_stix_id(event.event_uid)]
    own = {} if cited else _techniques(result, author["id"])
    refs = [*cited, *(one["id"] for one in own.values())] or [author["id"]]
    report = _report(result, common, refs[:MAX_REFS])
    claims = (*result.summary, *(one for section in result.sections for one in section.claims))
    notes = [_note(one, common, report["id"], own, number) for number, one in enumerate(claims, 1)]
    objects = [author, report, *notes, *own.values()]
    key = "\n".join(str(one["id"]) for one in objects)
    bundle = {"type": "bundle", "id": stix_uid("bundle", key), "objects": objects}
    return json_text(bundle, indent=2) + "\n"


def is_stix_id(text: str) -> bool:
    """Tell whether text is an identifier of STIX 2.1 §2.9 with a UUID."""
    return _STIX_ID.fullmatch(text) is not None


def _report(result: Result, common: dict[str, Any], refs: list[str]) -> dict[str, Any]:
    summary = "\n".join(f"{n}. {one.text}" for n, one in enumerate(result.summary, start=1))
    name = stix_text(result.title, MAX_LABEL)
    report: dict[str, Any] = {
        "type": "report",
        "id": stix_uid("report", "\n".join((name, summary, *refs))),
        **common,
        "name": name,
        "description": stix_text(summary or "No sentence could be supported by evidence."),
        "report_types": ["threat-report"],
        "published": common["modified"],
        "object_refs": refs,
    }
    sources = [
        {
            "source_name": "sentree input",
            "external_id": stix_text(one.path.rpartition("/")[2], MAX_LABEL) or "input",
            "description": f"{one.records} objects, sha256 {one.sha256 or 'unknown'}",
        }
        for one in result.inputs
    ]
    if sources:
        report["external_references"] = sources
    return report


def _note(
    claim: Claim,
    common: dict[str, Any],
    report: str,
    own: Mapping[str, dict[str, Any]],
    number: int,
) -> dict[str, Any]:
    """Write one sentence of the answer as a note on what it rests on."""
    cited = dict.fromkeys(ev.event_uid for ev in claim.evidence if is_stix_id(ev.event_uid))
    named = [own[uid]["id"] for uid in claim.techniques if uid in own]
    content = stix_text(claim.text)
    return {
        "type": "note",
        "id": stix_uid("note", f"{report}\n{claim.claim_uid}\n{content}"),
        **common,
        "abstract": f"Sentence {number}",
        "content": content,
        "object_refs": [*cited, *named][:MAX_REFS] or [report],
    }


def _techniques(result: Result, author: str) -> dict[str, dict[str, Any]]:
    """Make an attack pattern per technique of an answer that cites no STIX objects."""
    made: dict[str, dict[str, Any]] = {}
    for use in technique_uses(result):
        known = technique(use.technique)
        if not is_technique_id(use.technique):
            continue
        reference = {"source_name": "mitre-attack", "external_id": use.technique}
        if known.url:
            reference["url"] = known.url
        made[use.technique] = {
            "type": "attack-pattern",
            "spec_version": "2.1",
            "id": stix_uid("attack-pattern", use.technique),
            "created_by_ref": author,
            "created": FIXED_TIME,
            "modified": FIXED_TIME,
            "name": known.name,
            "external_references": [reference],
        }
    return made


def author_identity() -> dict[str, Any]:
    """Give the identity that says these objects; the same in every bundle."""
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": stix_uid("identity", "sentree"),
        "created": FIXED_TIME,
        "modified": FIXED_TIME,
        "name": "Sentree",
        "identity_class": "system",
    }


def _marking(result: Result) -> dict[str, Any]:
    """Pass the strictest marking of the objects on."""
    uid = (result.data or {}).get("marking_uid")
    if isinstance(uid, str) and is_stix_id(uid) and uid.startswith("marking-definition--"):
        return {"object_marking_refs": [uid]}
    return {}


def stix_time(time: datetime) -> str:
    """Write an instant as STIX does, to the millisecond."""
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"


def stix_text(text: str, limit: int = MAX_TEXT) -> str:
    """Make text fit for a property: visible, and not too long."""
    return cut(visible(text), limit)


def stix_uid(kind: str, key: str) -> str:
    """Give the id of an object of ours, from what it says."""
    return f"{kind}--{uuid5(NAMESPACE, kind + chr(10) + key)}"
