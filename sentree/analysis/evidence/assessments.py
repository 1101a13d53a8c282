"""Reads OSCAL assessment results as evidence: what an earlier assessment said of each control."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.evidence import EvidenceRecord, NamedControl, Outcome
from sentree.analysis.evidence.findings import read_time, text_of


def is_assessment(body: Any) -> bool:
    """Tell whether a document is OSCAL assessment results."""
    return isinstance(body, dict) and isinstance(body.get("assessment-results"), dict)


def read_assessment(body: dict[str, Any], source: str) -> Iterator[EvidenceRecord]:
    """Give a record per finding that judges a control, statement or objective."""
    document: dict[str, Any] = body["assessment-results"]
    for result in _dicts(document.get("results")):
        collected = {
            text_of(one.get("uuid")): read_time(one.get("collected"))
            for one in _dicts(result.get("observations"))
        }
        ended = read_time(result.get("end")) or read_time(result.get("start"))
        for finding in _dicts(result.get("findings")):
            target: Any = finding.get("target")
            if not isinstance(target, dict) or not text_of(target.get("target-id")):
                continue
            status: Any = target.get("status")
            state = text_of(status.get("state")) if isinstance(status, dict) else ""
            outcome: Outcome = (
                "pass" if state == "satisfied" else "fail" if state == "not-satisfied" else "none"
            )
            times = [
                time
                for one in _dicts(finding.get("related-observations"))
                if (time := collected.get(text_of(one.get("observation-uuid"))))
            ]
            uid = text_of(finding.get("uuid"))
            if not uid:
                continue
            yield EvidenceRecord(
                record_uid=uid,
                kind="assessment",
                check=f"assessment {text_of(target['target-id'])}",
                title=text_of(finding.get("title")),
                text=text_of(finding.get("description")),
                outcome=outcome,
                detail=text_of(target.get("title")),
                time=max(times, default=ended),
                named=(NamedControl(framework="", control_uid=text_of(target["target-id"])),),
                source=source,
            )


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))
