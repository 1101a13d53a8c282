"""OSCAL assessment results (JSON) of a compliance run: observations, and a finding per control.

UUIDs are made from content (version 5), so the same run gives the same document.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Any

from schemas.evidence import ControlVerdict, EvidenceLink, EvidenceReport
from schemas.result import Result
from schemas.window import iso
from sentree.errors import UsageError
from sentree.report.escape import cut, json_text, visible

OSCAL_VERSION = "1.1.2"
NAMESPACE = uuid.UUID("6f1b2d0e-4c39-5a8e-9f54-2b7c1d9a3e60")
PROPERTIES = "urn:sentree:oscal"
MAX_EVIDENCE = 40
MAX_TEXT = 2_000
_TOKEN = re.compile(r"[^0-9A-Za-z_.\-]")
_METHOD = {"document": "EXAMINE", "assessment": "EXAMINE"}


def render_oscal(result: Result) -> str:
    """Render the run as assessment results that follow NIST's schema.

    Raises:
        UsageError: the run is no compliance run.
    """
    if result.scenario != "evidence" or result.data is None:
        raise UsageError("the format oscal is made from a run of `sentree evidence` only")
    report = EvidenceReport.model_validate(result.data)
    document = {
        "uuid": _uuid(result, "document"),
        "metadata": {
            "title": _line(result.title),
            "last-modified": iso(result.created_at),
            "version": _line(result.run_uid),
            "oscal-version": OSCAL_VERSION,
            "remarks": _text(
                f"Made by Sentree {result.sentree_version}; analyst {result.analyst.name}, "
                f"{'a' if result.analyst.is_language_model else 'no'} language model."
            ),
        },
        "import-ap": {"href": "#", "remarks": "No assessment plan was imported."},
        "results": [_result(result, report)],
    }
    return json_text({"assessment-results": document}, indent=1) + "\n"


def control_token(control_uid: str) -> str:
    """Give a control id as the token that OSCAL demands: 164.308(a) becomes _164.308_a."""
    token = re.sub(r"_+", "_", _TOKEN.sub("_", control_uid.strip())).rstrip("_")
    return token if token[:1].isalpha() or token[:1] == "_" else f"_{token}"


def _result(result: Result, report: EvidenceReport) -> dict[str, Any]:
    times = [one.time for one in report.records if one.time is not None]
    window = result.query.window
    start = window.start if window else min(times, default=result.created_at)
    end = window.end if window else max(times, default=result.created_at)
    made = {
        (one.control.control_uid, link.check): _uuid(
            result, f"observation\x00{link.check}\x00{link.basis}\x00{link.reason}"
        )
        for one in report.verdicts
        for link in one.links
    }
    observations: dict[str, dict[str, Any]] = {}
    for one in report.verdicts:
        for link in one.links:
            uid = made[one.control.control_uid, link.check]
            if uid not in observations:
                observations[uid] = _observation(uid, link, result.created_at)
    body: dict[str, Any] = {
        "uuid": _uuid(result, "result"),
        "title": _line(result.title),
        "description": _text(
            " ".join(claim.text for claim in result.summary) or "No control has evidence."
        ),
        "start": iso(start),
        "end": iso(end),
        "reviewed-controls": {
            "control-selections": [
                {
                    "include-controls": [
                        {"control-id": token}
                        for token in dict.fromkeys(
                            control_token(one.control.control_uid) for one in report.verdicts
                        )
                    ]
                }
            ]
        },
    }
    if observations:
        body["observations"] = list(observations.values())
    body["findings"] = [_finding(result, one, made) for one in report.verdicts]
    if result.notes or result.coverage.not_searched:
        body["remarks"] = _text("\n\n".join((*result.notes, *result.coverage.not_searched)))
    return body


def _observation(uid: str, link: EvidenceLink, created: datetime) -> dict[str, Any]:
    said = f"{link.passed:,} pass, {link.failed:,} fail, {link.other:,} without a result"
    return {
        "uuid": uid,
        "title": _line(link.title or link.check),
        "description": _text(f"Check {link.check}: {said}. {link.reason}."),
        "props": [_property("check", link.check), _property("mapping-basis", link.basis)]
        + ([_property("probability", f"{link.score:.3f}")] if link.basis == "proposed" else []),
        "methods": [_METHOD.get(link.basis, "TEST")],
        "types": ["control-objective"],
        "relevant-evidence": [
            {
                "href": f"#{control_token(record)}",
                "description": _text(f"Record {record} of the run"),
            }
            for record in link.records[:MAX_EVIDENCE]
        ],
        "collected": iso(link.newest or created),
    }


def _finding(
    result: Result, one: ControlVerdict, made: dict[tuple[str, str], str]
) -> dict[str, Any]:
    uid = one.control.control_uid
    reasons = {"satisfied": "pass", "failed": "fail"}
    # A proposed mapping is no confirmed evidence: it never makes a control satisfied here.
    shown = one.status == "satisfied" and not one.proposed
    found: dict[str, Any] = {
        "uuid": _uuid(result, f"finding\x00{uid}"),
        "title": _line(one.control.label),
        "description": _text(f"{one.status}{' (proposed)' if one.proposed else ''}: {one.reason}."),
        "props": [
            _property("control-id", uid),
            _property("status", one.status.replace(" ", "-")),
            *([_property("mapping", "proposed")] if one.proposed else []),
        ],
        "target": {
            "type": "objective-id",
            "target-id": control_token(uid),
            "title": _line(one.control.label),
            "status": {
                # OSCAL knows two states; what nobody has shown is not satisfied, for that reason.
                "state": "satisfied" if shown else "not-satisfied",
                "reason": "other" if one.proposed else reasons.get(one.status, "other"),
                "remarks": _text(
                    f"{one.reason}; the mapping is proposed and not confirmed"
                    if one.proposed
                    else one.reason
                ),
            },
        },
    }
    related = dict.fromkeys(made[uid, link.check] for link in one.links)
    if related:
        found["related-observations"] = [{"observation-uuid": each} for each in related]
    return found


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": PROPERTIES, "value": _line(value)}


def _uuid(result: Result, what: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{result.run_uid}\x00{what}"))


def _line(text: str) -> str:
    """Give one line that is not empty: OSCAL allows no white space at its ends."""
    return " ".join(visible(cut(text, 400)).split()) or "-"


def _text(text: str) -> str:
    return visible(cut(text, MAX_TEXT)).strip() or "-"
