"""Turns controls and records into the wording that the evidence head reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.evidence_cues import CheckText, ControlText
from models.evidence_head import Mapped
from schemas.control import Catalogue, Control
from schemas.evidence import EvidenceRecord


def control_text(control: Control) -> ControlText:
    """Give a control's wording; an id that stands for a title says nothing."""
    title = "" if control.title == control.control_uid else control.title
    return ControlText(title, control.text, control.section, control.family)


def check_text(record: EvidenceRecord) -> CheckText:
    """Give the wording of what a record looks at; never what it says it found."""
    return CheckText(record.check, record.title, record.text, record.risk, record.topics)


def mapped_texts(catalogue: Catalogue, checks: Sequence[CheckText]) -> Mapped:
    """Give a catalogue that assigns checks as what can be learned or carried over from."""
    place = {check.name: at for at, check in enumerate(checks)}
    pairs = np.zeros((len(catalogue.controls), len(checks)), dtype=np.bool_)
    for row, control in enumerate(catalogue.controls):
        for name in control.checks or ():
            if name in place:
                pairs[row, place[name]] = True
    return Mapped([control_text(one) for one in catalogue.controls], checks, pairs)
