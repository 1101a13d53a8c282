"""Turns controls and records into the wording that the evidence head reads."""

from __future__ import annotations

from models.evidence_cues import CheckText, ControlText
from schemas.control import Control
from schemas.evidence import EvidenceRecord


def control_text(control: Control) -> ControlText:
    """Give a control's wording; an id that stands for a title says nothing."""
    title = "" if control.title == control.control_uid else control.title
    return ControlText(title, control.text, control.section, control.family)


def check_text(record: EvidenceRecord) -> CheckText:
    """Give the wording of what a record looks at; never what it says it found."""
    return CheckText(record.check, record.title, record.text, record.risk, record.topics)
