"""What is true of a generated compliance case: the specification in, the labels out."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field

from schemas.base import Frozen, UtcTime
from schemas.evidence import Status


class ComplianceSpec(Frozen):
    """All that determines a generated case; equal specifications give equal bytes.

    `share_empty` of the controls have no check, `hostile` findings claim a control in their text,
    `stale` findings lie before the window.
    """

    seed: int = 7
    controls: int = Field(default=40, ge=4, le=5_000)
    checks: int = Field(default=60, ge=4, le=5_000)
    resources: int = Field(default=3, ge=1, le=1_000)
    share_empty: float = Field(default=0.2, ge=0, le=0.9)
    share_failing: float = Field(default=0.25, ge=0, le=1)
    hostile: int = Field(default=3, ge=0, le=1_000)
    stale: int = Field(default=10, ge=0, le=100_000)
    repeated: int = Field(default=10, ge=0, le=100_000)
    broken: int = Field(default=2, ge=0, le=1_000)
    end: UtcTime = datetime(2026, 1, 31, tzinfo=UTC)
    days: int = Field(default=30, ge=1, le=365)


class TrueControl(Frozen):
    """A control with the checks that are evidence for it and the status they give."""

    control_uid: str
    checks: tuple[str, ...]
    status: Status


class ComplianceTruth(Frozen):
    """The labels of a generated case. File names are relative to its folder."""

    spec: ComplianceSpec
    catalogue: str
    unmapped_catalogue: str
    oscal_catalogue: str
    findings: str
    controls: tuple[TrueControl, ...]
    delivered: int
    stale: int
    superseded: int
    rejected: int
    hostile: tuple[str, ...]
