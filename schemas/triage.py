"""The triage scenario: CVE records in, a ranking with SSVC decisions and their reasons out."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen
from schemas.claim import Evidence
from schemas.query import Query
from schemas.vulnerability import Automatable, Exploitation, Exposure, Mission, TechnicalImpact

Decision = Literal["Act", "Attend", "Track*", "Track"]
DECISIONS: tuple[Decision, ...] = ("Act", "Attend", "Track*", "Track")
"""The decisions of CISA's SSVC tree, most urgent first."""

Basis = Literal["measured", "stated", "EPSS", "estimated", "assets", "assumed"]
"""Where a decision point comes from.

`measured`: an SSVC assessment or KEV entry; `stated`: the record or a reference says so in words or
a CVSS metric; `EPSS`: estimated with FIRST's score among the signals; `estimated`: from text,
vector and product alone; `assets`: from the asset list; `assumed`: nothing was known.
"""

PointName = Literal["exploitation", "automatable", "technical impact", "mission and well-being"]


class TriageRequest(Frozen):
    """CVE files to rank, and what else is known.

    Without paths the CVE data of the tenant in the lake are meant, at a snapshot of it.
    The `use_` switches hide what the files hold: `use_epss` EPSS scores, `use_kev` catalogue
    entries (and lists of exploits that are built on them), `use_ssvc` assessments.
    """

    paths: tuple[str, ...]
    assets: tuple[str, ...] = ()
    epss: tuple[str, ...] = ()
    kev: tuple[str, ...] = ()
    title: str = ""
    use_epss: bool = True
    use_kev: bool = True
    use_ssvc: bool = True
    top: int = 10_000
    tenant_uid: str = "default"
    snapshot_id: int | None = None
    formats: tuple[str, ...] = ("html", "md", "csv")

    @property
    def query(self) -> Query:
        """The request as a query."""
        named = ", ".join(self.paths[:3]) + (", …" if len(self.paths) > 3 else "")
        what = self.title or named or "the lake"
        return Query(
            text=f"Which of these vulnerabilities come first, and why? ({what})",
            tenant_uid=self.tenant_uid,
        )


class DecisionPoint(Frozen):
    """One SSVC decision point: its likeliest value, how likely, and every reason for it.

    `probability` is that of the value, 0 to 1; 1.0 when it was measured.
    """

    point: PointName
    value: str
    probability: float
    basis: Basis
    reasons: tuple[str, ...]
    evidence: tuple[str, ...] = ()


class RankedVulnerability(Frozen):
    """A CVE in its place: score 0 to 100, SSVC decision, the points and what they rest on.

    `epss` is FIRST's score; `epss_estimate` is ours and given only without one. `adds` says how
    many points of the score would go if exploitation, automation and impact were each the mildest.
    """

    rank: int
    cve: str
    score: float
    decision: Decision
    product: str
    title: str
    points: tuple[DecisionPoint, ...]
    adds: dict[str, float]
    exploited: float
    cvss: float | None = None
    cvss_version: str | None = None
    vector: str | None = None
    epss: float | None = None
    epss_estimate: float | None = None
    kev_added: str | None = None
    ransomware: bool = False
    exposure: Exposure = "unknown"
    assets: tuple[str, ...] = ()
    assets_total: int = 0
    missing: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


class RejectedRecord(Frozen):
    """What could not be used, where it stands, and why."""

    file: str
    line: int
    record_uid: str
    reason: str


class AssetLine(Frozen):
    """An asset and what is to be done on it."""

    host: str
    exposure: Exposure
    mission: Mission | None
    owner: str
    record_uid: str
    decisions: dict[str, int]
    worst: tuple[str, ...]
    score: float


class TriageCounts(Frozen):
    """What was delivered, what is left after merging, and how much was known of it."""

    files: int
    records: int
    cves: int
    copies: int
    withdrawn: int
    rejected: int
    assets: int
    with_epss: int
    with_kev: int
    ransomware: int
    with_ssvc: int
    with_cvss: int
    affected: int
    decisions: dict[str, int]


class TriageReport(Frozen):
    """The ranking. `ranked` holds the first `TriageRequest.top`; the counts cover all."""

    counts: TriageCounts
    ranked: tuple[RankedVulnerability, ...] = ()
    assets: tuple[AssetLine, ...] = ()
    rejected: tuple[RejectedRecord, ...] = ()
    flaws: tuple[str, ...] = ()
    has_assets: bool = False
    hidden: tuple[str, ...] = ()


class TriageFinding(Frozen):
    """What a language model reads from one CVE record; a point it can't tell stays None."""

    cve: str
    exploitation: Exploitation | None = None
    automatable: Automatable | None = None
    technical_impact: TechnicalImpact | None = None
    reason: str
    evidence: tuple[Evidence, ...]


class TriageLeaf(Frozen):
    """What a language model gives for one part of the records; code merges the parts."""

    findings: tuple[TriageFinding, ...] = ()
