"""The compliance scenario: a control catalogue and evidence in, a verdict per control out."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen, UtcTime
from schemas.control import Catalogue, Control
from schemas.query import Query
from schemas.window import Window

Outcome = Literal["pass", "fail", "none"]
"""What a record says for itself; `none` for what has no result: a manual check, a document."""

RecordKind = Literal["finding", "check", "document", "assessment", "events"]

Basis = Literal["catalogue", "reference", "finding", "assessment", "document", "proposed"]
"""Why a record counts for a control.

`catalogue`: the catalogue assigns the check. `reference`: another mapped catalogue of the same
framework does. `finding`: the record names the control in a field made for it. `assessment`: an
earlier assessment judged this control. `document`: a heading of the document names the control.
`proposed`: control and check are about the same thing by their wording; a person has to confirm.
"""

Status = Literal["satisfied", "failed", "to review", "no evidence"]
"""`to review`: there is evidence, but none that says pass or fail."""

Mapping = Literal["auto", "given", "propose"]


class EvidenceRequest(Frozen):
    """A catalogue, and where evidence lies; without files, the findings in the lake are read.

    `mapping`: `given` uses what catalogue and findings state, `propose` ignores what the catalogue
    states and proposes by wording, `auto` proposes only where the catalogue states nothing at all.
    `head` is a trained head of one's own instead of the one that comes with the product.
    """

    catalog: str
    evidence: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    window: Window | None = None
    mapping: Mapping = "auto"
    head: str = ""
    title: str = ""
    tenant_uid: str = "default"
    formats: tuple[str, ...] = ("html", "md", "oscal", "csv")

    @property
    def query(self) -> Query:
        """The request as a query."""
        return Query(
            text=f"Which controls of {self.catalog} does the evidence satisfy? Which have none?",
            window=self.window,
            tenant_uid=self.tenant_uid,
        )


class NamedControl(Frozen):
    """A control that a record names in a field made for it; `framework` may be empty."""

    framework: str
    control_uid: str


class EvidenceRecord(Frozen):
    """One piece of evidence. `check` names what was looked at; equal names, equal question."""

    record_uid: str
    kind: RecordKind
    check: str
    title: str
    text: str = ""
    risk: str = ""
    topics: tuple[str, ...] = ()
    outcome: Outcome = "none"
    detail: str = ""
    resource: str = ""
    severity: str = ""
    time: UtcTime | None = None
    named: tuple[NamedControl, ...] = ()
    source: str
    line: int = 0


class EvidenceLink(Frozen):
    """One check that counts for a control: why, what it says, and the records it rests on.

    `score` is 1 for a stated mapping and the head's probability for a proposed one.
    """

    check: str
    title: str
    basis: Basis
    score: float
    outcome: Outcome
    passed: int
    failed: int
    other: int
    records: tuple[str, ...]
    reason: str
    newest: UtcTime | None = None


class ControlVerdict(Frozen):
    """What the evidence says of one control. `proposed`: it rests on proposed mappings alone."""

    control: Control
    status: Status
    proposed: bool = False
    reason: str
    links: tuple[EvidenceLink, ...] = ()
    newest: UtcTime | None = None
    not_seen: tuple[str, ...] = ()

    @property
    def records(self) -> tuple[str, ...]:
        """Every record the verdict rests on, each once; failing checks first."""
        order = {"fail": 0, "pass": 1, "none": 2}
        links = sorted(self.links, key=lambda link: order[link.outcome])
        return tuple(dict.fromkeys(uid for link in links for uid in link.records))


class EvidenceCounts(Frozen):
    """What was read, and what was left out of the answer, by reason."""

    records: int
    used: int
    outside_window: int = 0
    without_time: int = 0
    superseded: int = 0
    rejected: int = 0
    checks: int = 0


class EvidenceReport(Frozen):
    """The whole answer: a verdict for every control of the catalogue, in its order.

    `records` are those that a verdict rests on, and the oldest and the newest in scope.
    """

    catalogue: Catalogue
    verdicts: tuple[ControlVerdict, ...]
    counts: EvidenceCounts
    proposals: bool
    head: str = ""
    records: tuple[EvidenceRecord, ...] = ()
    unused_checks: tuple[str, ...] = ()


class LeafLink(Frozen):
    """One check that a language model found to be about a control, in a sentence."""

    control_uid: str
    check: str
    reason: str
    record_uids: tuple[str, ...] = ()


class EvidenceLeaf(Frozen):
    """What a language model gives for one part of controls and checks; code merges the parts.

    `without` lists the controls of the part for which no check of the part is evidence.
    """

    links: tuple[LeafLink, ...] = ()
    without: tuple[str, ...] = ()
