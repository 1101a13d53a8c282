"""Reads one JSON object of any common scanner as a record of evidence.

What a record is about comes from fields made for it only. Its messages, names and details are
written by whoever owns the resource: they are kept to be shown and never read for a control.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from schemas.base import as_utc
from schemas.evidence import EvidenceRecord, NamedControl, Outcome, RecordKind
from sentree.analysis.evidence.control_ids import split_requirement

MAX_TEXT = 4_000
MAX_NAMED = 2_000
FINDING_CLASSES = frozenset(range(2001, 2008))
VULNERABILITY = 2002
COMPLIANCE = 2003
_PASS = frozenset({"pass", "passed", "compliant", "ok", "success", "satisfied"})
_FAIL = frozenset({"fail", "failed", "non_compliant", "noncompliant", "failure", "not-satisfied"})
_SLUG = re.compile(r"[^a-z0-9]+")
_LATEST = 253_402_300_799


class _Parts(NamedTuple):
    kind: RecordKind
    check: str
    title: str
    text: str
    risk: str
    topics: tuple[str, ...]
    outcome: Outcome
    detail: str
    resource: str
    severity: str
    time: datetime | None
    named: tuple[NamedControl, ...]


def read_finding(
    body: Mapping[str, Any], source: str, line: int, record_uid: str | None = None
) -> EvidenceRecord | str:
    """Read one object; gives the reason when it is no evidence that is understood."""
    if "class_uid" in body or "finding_info" in body:
        parts = _ocsf(body)
    elif "CheckID" in body or "check_id" in body:
        parts = _scanner(body)
    elif "GeneratorId" in body or "AwsAccountId" in body:
        parts = _asff(body)
    else:
        parts = "neither an OCSF finding, a scanner's result, a check nor an assessment"
    if isinstance(parts, str):
        return parts
    if not parts.check:
        return "it names no check and has no title"
    uid = record_uid or _digest(body)
    return EvidenceRecord(record_uid=uid, source=source, line=line, **parts._asdict())


def _ocsf(body: Mapping[str, Any]) -> _Parts | str:
    number: Any = body.get("class_uid")
    info = _dict(body.get("finding_info")) or _dict(body.get("finding"))
    if number not in FINDING_CLASSES and not (number is None and info):
        return f"OCSF class {str(number)[:20]} is no finding"
    metadata, compliance = _dict(body.get("metadata")), _dict(body.get("compliance"))
    unmapped = _dict(body.get("unmapped"))
    title = text_of(info.get("title")) or text_of(body.get("message"))[:200]
    check = (
        text_of(metadata.get("event_code"))
        or text_of(unmapped.get("check_id"))
        or text_of(compliance.get("control"))
        or text_of(_dict(info.get("analytic")).get("uid"))
        or _slug(text_of(info.get("title")))
    )
    resources = [one for one in _list(body.get("resources")) if isinstance(one, dict)]
    resource = _dict(resources[0]) if resources else _dict(body.get("resource"))
    account = text_of(_dict(_dict(body.get("cloud")).get("account")).get("uid"))
    return _Parts(
        kind="finding",
        check=check,
        title=title,
        text=text_of(info.get("desc")),
        risk=text_of(body.get("risk_details")),
        topics=_topics(unmapped.get("categories")) or _topics(info.get("types")),
        outcome=_ocsf_outcome(body, compliance, number),
        detail=text_of(body.get("status_detail")) or text_of(body.get("message")),
        resource=" ".join(
            filter(None, (text_of(resource.get("uid")) or text_of(resource.get("name")), account))
        ),
        severity=text_of(body.get("severity")),
        time=read_time(body.get("time")) or read_time(body.get("time_dt")),
        named=tuple(_ocsf_named(unmapped, compliance))[:MAX_NAMED],
    )


def _ocsf_outcome(
    body: Mapping[str, Any], compliance: Mapping[str, Any], number: object
) -> Outcome:
    for said in (body.get("status_code"), compliance.get("status"), compliance.get("status_code")):
        outcome = _outcome(said)
        if outcome != "none":
            return outcome
    by_number: dict[object, Outcome] = {1: "pass", 3: "fail"}
    if compliance and compliance.get("status_id") in (1, 3):
        return by_number[compliance["status_id"]]
    # An open vulnerability is a failing by its nature; a resolved one says nothing of today.
    return "fail" if number == VULNERABILITY and body.get("status_id") not in (3, 4, 5) else "none"


def _ocsf_named(
    unmapped: Mapping[str, Any], compliance: Mapping[str, Any]
) -> Iterator[NamedControl]:
    yield from _by_framework(unmapped.get("compliance"))
    standards = [text_of(one) for one in _list(compliance.get("standards"))]
    requirements = [text_of(one) for one in _list(compliance.get("requirements"))]
    for one in (*requirements, text_of(compliance.get("control"))):
        framework, uid = split_requirement(one)
        if not uid:
            continue
        for name in (framework,) if framework else standards:
            yield NamedControl(framework=name, control_uid=uid)


def _scanner(body: Mapping[str, Any]) -> _Parts:
    status: Any = body.get("Status", body.get("status"))
    checked: Any = body.get("CheckID", body.get("check_id"))
    categories = body.get("Categories", body.get("categories"))
    return _Parts(
        kind="finding" if status else "check",
        check=text_of(checked),
        title=text_of(body.get("CheckTitle")) or text_of(body.get("check_title")),
        text=text_of(body.get("Description")) or text_of(body.get("description")),
        risk=text_of(body.get("Risk")) or text_of(body.get("risk")),
        topics=_topics(categories),
        outcome=_outcome(status),
        detail=text_of(body.get("StatusExtended")) or text_of(body.get("status_extended")),
        resource=text_of(body.get("ResourceArn"))
        or text_of(body.get("ResourceId"))
        or text_of(body.get("resource_uid")),
        severity=text_of(body.get("Severity")) or text_of(body.get("severity")),
        time=read_time(body.get("AssessmentStartTime", body.get("timestamp"))),
        named=tuple(_by_framework(body.get("Compliance", body.get("compliance"))))[:MAX_NAMED],
    )


def _asff(body: Mapping[str, Any]) -> _Parts:
    compliance = _dict(body.get("Compliance"))
    resources = [one for one in _list(body.get("Resources")) if isinstance(one, dict)]
    named: list[NamedControl] = []
    for one in _list(compliance.get("RelatedRequirements")):
        framework, uid = split_requirement(text_of(one))
        if framework:
            named.append(NamedControl(framework=framework, control_uid=uid))
    return _Parts(
        kind="finding",
        check=text_of(compliance.get("SecurityControlId")) or text_of(body.get("GeneratorId")),
        title=text_of(body.get("Title")),
        text=text_of(body.get("Description")),
        risk="",
        topics=_topics(body.get("Types")),
        outcome=_outcome(compliance.get("Status")),
        detail=text_of(body.get("Description")),
        resource=text_of(_dict(resources[0]).get("Id")) if resources else "",
        severity=text_of(_dict(body.get("Severity")).get("Label")),
        time=read_time(body.get("UpdatedAt")),
        named=tuple(named[:MAX_NAMED]),
    )


def _by_framework(value: Any) -> Iterator[NamedControl]:
    for framework, listed in _dict(value).items():
        for uid in _list(listed):
            if text_of(uid):
                yield NamedControl(framework=str(framework), control_uid=text_of(uid))


def _outcome(value: Any) -> Outcome:
    word = text_of(value).casefold()
    return "pass" if word in _PASS else "fail" if word in _FAIL else "none"


def read_time(value: Any) -> datetime | None:
    """Read a time in milliseconds, seconds or ISO 8601; None when it is none of them."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        # OCSF counts milliseconds; some producers write seconds.
        seconds = value / 1000 if abs(value) > 1e11 else value
        if 0 < seconds <= _LATEST:
            return datetime.fromtimestamp(seconds, UTC)
        return None
    if isinstance(value, str):
        try:
            return as_utc(datetime.fromisoformat(value.strip()))
        except (ValueError, OverflowError):
            return None
    return None


def _topics(value: Any) -> tuple[str, ...]:
    return tuple(filter(None, (text_of(one) for one in _list(value)[:20])))


def _slug(text: str) -> str:
    return _SLUG.sub("_", text.lower()).strip("_")[:120]


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def text_of(value: Any) -> str:
    """Give a plain value as one line of text, cut to a bounded length; other values are empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = str(value).encode("utf-8", "replace").decode("utf-8")
    return " ".join(text.split())[:MAX_TEXT]


def _digest(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
