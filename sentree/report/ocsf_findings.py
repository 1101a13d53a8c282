"""Stored detections as OCSF Detection Findings (class 2004), one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from ocsf.mapping import OCSF_VERSION
from schemas.detection import StoredFinding
from sentree import __version__
from sentree.intel import attack
from sentree.intel.attack_newer import BY_ID

SEVERITIES = {
    "informational": (1, "Informational"),
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
SIGMA = "Sigma"


def write_findings(findings: Iterable[StoredFinding]) -> Iterator[str]:
    """Give a line of JSON for each detection."""
    for finding in findings:
        yield json.dumps(detection_finding(finding), ensure_ascii=False)


def detection_finding(found: StoredFinding) -> dict[str, Any]:
    """Write a detection as an OCSF Detection Finding.

    The rule's author is named, as the Detection Rule License asks; techniques are those of the
    ATT&CK version that is loaded.
    """
    one = found.detection
    severity_id, severity = SEVERITIES.get(one.level or "", (0, "Unknown"))
    time = _millis(one.time)
    info: dict[str, Any] = {
        "uid": one.detection_uid,
        "title": one.rule_title,
        "desc": found.description,
        "types": [SIGMA],
        "analytic": {
            "uid": one.rule_uid,
            "name": one.rule_title,
            "type_id": 1,
            "type": "Rule",
            "category": SIGMA,
            "version": found.rule_sha256,
        },
        "attacks": [_attack(uid) for uid in one.techniques],
        "related_events": [{"uid": uid} for uid in one.event_uids],
        "related_events_count": len(one.event_uids),
        "first_seen_time": time,
        "last_seen_time": time,
    }
    by = f", a rule by {one.rule_author}" if one.rule_author else ""
    event: dict[str, Any] = {
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "activity_id": 1,
        "activity_name": "Create",
        "type_uid": 200401,
        "type_name": "Detection Finding: Create",
        "severity_id": severity_id,
        "severity": severity,
        "status_id": 1,
        "status": "New",
        "is_alert": True,
        "time": time,
        "count": max(len(one.event_uids), 1),
        "message": f"{one.rule_title}{by}",
        "metadata": {
            "version": OCSF_VERSION,
            "uid": one.detection_uid,
            "product": {"name": "Sentree", "vendor_name": "Sentree", "version": __version__},
        },
        "finding_info": _kept(info),
        "device": {"hostname": found.host, "type_id": 0} if found.host else None,
        "evidences": [
            {"name": match.selection, "data": {match.selection: dict(match.fields)}}
            for match in found.matches
        ],
        "unmapped": _kept(
            {
                "rule_author": one.rule_author,
                "rule_level": one.level,
                "rule_status": found.status,
                "rule_tactics": list(one.tactics),
                "rule_techniques": list(one.techniques),
                "rule_pack": found.pack,
                "rule_pack_version": found.pack_version,
                "event_class_uid": found.event_class,
                "event_id": found.event_original_uid,
            }
        ),
    }
    return _kept(event)


def _attack(uid: str) -> dict[str, Any]:
    known = attack.technique(uid)
    named = {"uid": known.uid, "name": known.name}
    told: dict[str, Any] = {"version": "19" if known.uid in BY_ID else attack.VERSION}
    if known.parent:
        above = attack.technique(known.parent)
        told |= {"technique": {"uid": above.uid, "name": above.name}, "sub_technique": named}
    else:
        told["technique"] = named
    tactics = [
        {"uid": attack.tactic_uid(name), "name": attack.tactic_title(name)}
        for name in known.tactics
    ]
    return {**told, "tactics": tactics} if tactics else told


def _kept(attributes: dict[str, Any]) -> dict[str, Any]:
    """Leave out what there is nothing to say of."""
    return {key: value for key, value in attributes.items() if value not in (None, [], {})}


def _millis(time: datetime) -> int:
    return int(time.timestamp() * 1000)
