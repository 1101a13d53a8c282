"""What is true of generated CVE records and assets: the specification in, the labels out."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Frozen
from schemas.triage import Decision
from schemas.vulnerability import Automatable, Exploitation, Mission, TechnicalImpact


class TriageSpec(Frozen):
    """All that determines generated records; equal specifications give equal bytes.

    `hints` is the share of CVEs whose record shows its exploitation state at all: in words, by
    references or by the kind of product. The rest can only be guessed. `broken` is the share of
    records that can't be read.
    """

    seed: int = 7
    cves: int = Field(default=400, ge=1, le=1_000_000)
    assets: int = Field(default=40, ge=0, le=100_000)
    hints: float = Field(default=0.8, ge=0.0, le=1.0)
    broken: float = Field(default=0.01, ge=0.0, le=0.5)
    with_ssvc: bool = False


class TrueVulnerability(Frozen):
    """The points, decision and affected hosts of one CVE."""

    cve: str
    exploitation: Exploitation
    automatable: Automatable
    technical_impact: TechnicalImpact
    mission: Mission
    decision: Decision
    hosts: tuple[str, ...]
    in_kev: bool


class TriageTruth(Frozen):
    """The labels of generated records, kept apart from them; files by role."""

    spec: TriageSpec
    records: tuple[str, ...]
    assets: tuple[str, ...]
    epss: tuple[str, ...]
    kev: tuple[str, ...]
    vulnerabilities: tuple[TrueVulnerability, ...]
    rejected: int
    copies: int
