"""The intelligence scenario: STIX bundles in, one report out whose every line cites object ids."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen, UtcTime
from schemas.claim import Evidence
from schemas.event import Reference
from schemas.query import Query

TargetKind = Literal["country", "region", "sector", "organization", "vulnerability", "other"]
Basis = Literal["relation", "property", "text"]
"""How something is known: a relationship object, a property of an object, or quoted prose."""

ContradictionKind = Literal[
    "same version, different content",
    "versions differ",
    "attribution",
    "alias",
    "dates",
    "verdict",
    "stated doubt",
]


class IntelRequest(Frozen):
    """STIX files, folders or glob patterns to report on; `as_of` decides what has expired.

    Without paths the objects of the tenant in the lake are meant, at a snapshot of it.
    """

    paths: tuple[str, ...]
    title: str = ""
    as_of: UtcTime | None = None
    tenant_uid: str = "default"
    snapshot_id: int | None = None
    formats: tuple[str, ...] = ("html", "md", "navigator")

    @property
    def query(self) -> Query:
        """The request as a query."""
        named = ", ".join(self.paths[:3]) + (", …" if len(self.paths) > 3 else "")
        what = self.title or named or "the lake"
        return Query(
            text=f"What do these STIX objects say, and where do they disagree? ({what})",
            tenant_uid=self.tenant_uid,
        )


class Cited(Frozen):
    """A line of the report: the objects and relationships it rests on, and where they point."""

    object_uids: tuple[str, ...]
    relationship_uids: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()

    @property
    def evidence(self) -> tuple[str, ...]:
        """Objects first, then relationships, each once."""
        return tuple(dict.fromkeys((*self.object_uids, *self.relationship_uids)))


class Named(Cited):
    """Something with a name: objects of one kind and name under one or several ids."""

    name: str
    type: str
    external_id: str | None = None
    aliases: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    revoked: bool = False
    deprecated: bool = False
    description: str = ""


class Actor(Named):
    """An intrusion set or threat actor, with what it does itself or in campaigns of its own."""

    first_seen: UtcTime | None = None
    last_seen: UtcTime | None = None
    motivation: str = ""
    origin: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    software: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


class Software(Named):
    """Malware or a tool, and who uses it."""

    kinds: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()


class Procedure(Cited):
    """How somebody uses a technique, in the words of the relationship's description."""

    user: str
    user_type: str
    text: str = ""


class TechniqueUse(Cited):
    """A technique, its tactics in matrix order, and every use of it.

    `current` is the id that ATT&CK has now; it differs for a revoked one. `basis` is `text` when
    only prose names it, `property` when it is only listed.
    """

    technique: str
    name: str
    current: str
    tactics: tuple[str, ...]
    basis: Basis
    used_by: tuple[str, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    status: str = ""


class Campaign(Named):
    """A campaign, to whom it is laid and when it ran."""

    attributed_to: tuple[str, ...] = ()
    first_seen: UtcTime | None = None
    last_seen: UtcTime | None = None
    techniques: tuple[str, ...] = ()
    software: tuple[str, ...] = ()


class Target(Cited):
    """Who is attacked, by whom, and how that is known; text is always quoted."""

    kind: TargetKind
    name: str
    targeted_by: tuple[str, ...]
    basis: Basis
    quotes: tuple[Evidence, ...] = ()


class IndicatorLine(Cited):
    """An indicator: what its pattern looks for, what it points to, and how long it holds."""

    name: str
    pattern_type: str
    pattern: str
    kinds: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    indicates: tuple[str, ...] = ()
    valid_from: UtcTime | None = None
    valid_until: UtcTime | None = None
    state: Literal["valid", "expired", "not yet valid", "revoked"] = "valid"
    labels: tuple[str, ...] = ()


class ObservableLine(Cited):
    """A value that was observed, not in itself an indicator."""

    kind: str
    value: str
    related_to: tuple[str, ...] = ()


class Vulnerability(Named):
    """A vulnerability, and who or what exploits it."""

    exploited_by: tuple[str, ...] = ()


class Infrastructure(Named):
    """Infrastructure, who uses it and what it consists of."""

    kinds: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    consists_of: tuple[str, ...] = ()


class Relation(Cited):
    """A relationship that has no section of its own, e.g. attributed-to, variant-of."""

    source: str
    relation: str
    target: str
    text: str = ""


class SourceReport(Named):
    """A report, grouping or note among the objects, and how many objects it lists."""

    published: UtcTime | None = None
    author: str = ""
    listed: int = 0


class Overlap(Cited):
    """What two actors or two files have in common. `jaccard` is shared over united, 0 to 1."""

    scope: Literal["actors", "files"]
    one: str
    other: str
    techniques: tuple[str, ...]
    software: tuple[str, ...]
    technique_jaccard: float
    software_jaccard: float
    indicators: tuple[str, ...] = ()


class SameName(Cited):
    """One name that several differently named or identified objects carry."""

    name: str
    holders: tuple[str, ...]


class Contradiction(Cited):
    """Two statements that can't both hold, or that differ between versions of an object."""

    kind: ContradictionKind
    subject: str
    property: str
    one: str
    other: str
    files: tuple[str, ...] = ()


class Moment(Cited):
    """Something with a date. `kind` names the property, e.g. first_seen, valid_from."""

    time: UtcTime
    kind: str
    text: str


class DanglingReference(Frozen):
    """A reference to an object that is in none of the files."""

    object_uid: str
    property: str
    target: str


class RejectedObject(Frozen):
    """What could not be used, where it stands, and why."""

    file: str
    line: int
    object_uid: str
    reason: str


class IntelCounts(Frozen):
    """What was delivered and what is left of it after merging."""

    files: int
    delivered: int
    distinct: int
    copies: int
    relationships: int
    revoked: int
    deprecated: int
    dangling: int
    rejected: int
    flaws: int
    by_type: dict[str, int]


class IntelReport(Frozen):
    """The whole report; the tables of the result show the first lines of each list."""

    counts: IntelCounts
    marking: str | None = None
    marking_uid: str | None = None
    actors: tuple[Actor, ...] = ()
    software: tuple[Software, ...] = ()
    techniques: tuple[TechniqueUse, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    targets: tuple[Target, ...] = ()
    indicators: tuple[IndicatorLine, ...] = ()
    observables: tuple[ObservableLine, ...] = ()
    vulnerabilities: tuple[Vulnerability, ...] = ()
    infrastructure: tuple[Infrastructure, ...] = ()
    relations: tuple[Relation, ...] = ()
    reports: tuple[SourceReport, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    same_names: tuple[SameName, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    moments: tuple[Moment, ...] = ()
    dangling: tuple[DanglingReference, ...] = ()
    rejected: tuple[RejectedObject, ...] = ()
    flaws: tuple[str, ...] = ()


class IntelFinding(Frozen):
    """One statement that a language model draws from a description, with its evidence."""

    statement: str
    kind: Literal["target", "motivation", "capability", "attribution", "doubt", "other"]
    evidence: tuple[Evidence, ...]


class IntelLeaf(Frozen):
    """What a language model gives for one part of the objects; code merges the parts."""

    findings: tuple[IntelFinding, ...] = ()
