"""Correlation over tenants: which of them one campaign reached, by what, in which order."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.base import Frozen, UtcTime
from schemas.claim import Evidence
from schemas.query import Query
from schemas.tenant_slice import IndicatorKind
from schemas.window import Window

Confidence = Literal["high", "medium", "low"]


class CorrelateRequest(Frozen):
    """Tenants to compare in a window; none named means all that have events there.

    `intel` names STIX files whose indicators count as known to be malicious.
    """

    tenants: tuple[str, ...] = ()
    window: Window | None = None
    title: str = ""
    intel: tuple[str, ...] = ()
    tenant_uid: str = "default"
    formats: tuple[str, ...] = ("html", "md", "navigator")

    @property
    def query(self) -> Query:
        """The request as a query."""
        return Query(
            text="Which tenants did one campaign reach, and by which indicators?",
            window=self.window,
            tenant_uid=self.tenant_uid,
        )


class CampaignIndicator(Frozen):
    """An indicator of a campaign in one tenant.

    `shared` tells whether another tenant of the campaign has it too; without that it is tied to
    the campaign by the attack it stands in. `weight` is 0 to 1: how much it says. `note` is the
    benign reading, where there is one.
    """

    tenant: str
    kind: IndicatorKind
    value: str
    key: str
    shared: bool
    weight: float
    tenants: int
    events: int
    first: UtcTime
    last: UtcTime
    entities: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    intel: tuple[str, ...] = ()
    note: str = ""
    evidence: tuple[str, ...]


class Member(Frozen):
    """A tenant of a campaign. `order` counts from 1, the tenant that was reached first.

    `technique_evidence` has the events that show each technique.
    """

    tenant: str
    order: int
    first: UtcTime
    last: UtcTime
    entities: tuple[str, ...]
    indicators: int
    shared: int
    techniques: tuple[str, ...]
    technique_evidence: dict[str, tuple[str, ...]] = Field(
        default_factory=dict[str, tuple[str, ...]]
    )
    evidence: tuple[str, ...]


class Link(Frozen):
    """Why two tenants are taken to be of one campaign.

    `indicators` is the weight of what they share, `objects` how many independent things that are,
    `order` how alike their techniques follow one another (0 to 1).
    """

    one: str
    other: str
    indicators: float
    objects: int
    order: float
    reason: str


class Elsewhere(Frozen):
    """A tenant that has an indicator of a campaign without counting as one of its victims."""

    tenant: str
    kind: IndicatorKind
    value: str
    first: UtcTime
    reason: str
    evidence: tuple[str, ...]


class Campaign(Frozen):
    """One campaign: members in order of time, their indicators, what they did in common order."""

    number: int
    confidence: Confidence
    members: tuple[Member, ...]
    indicators: tuple[CampaignIndicator, ...]
    techniques: tuple[str, ...]
    links: tuple[Link, ...]
    elsewhere: tuple[Elsewhere, ...] = ()
    against: tuple[str, ...] = ()
    against_evidence: tuple[str, ...] = ()


class LookedAt(Frozen):
    """A tenant that was looked at, and what came of it."""

    tenant: str
    events: int
    first: UtcTime | None
    last: UtcTime | None
    entities: int
    hot_events: int
    values: int
    campaigns: tuple[int, ...]
    found: str


class SetAside(Frozen):
    """A value that several tenants share and that says nothing, and why."""

    kind: IndicatorKind
    value: str
    tenants: int
    reason: str


class CorrelateReport(Frozen):
    """The whole answer for whoever may see all tenants."""

    campaigns: tuple[Campaign, ...] = ()
    tenants: tuple[LookedAt, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    set_aside_total: int = 0


class OwnCampaign(Frozen):
    """A campaign as one of its tenants may see it: nothing here is of another tenant.

    `others` counts the other tenants without naming them; `shared` of an indicator tells that at
    least one of them has it too.
    """

    number: int
    confidence: Confidence
    others: int
    member: Member
    indicators: tuple[CampaignIndicator, ...]


class TenantReport(Frozen):
    """One tenant's own answer."""

    tenant: str
    campaigns: tuple[OwnCampaign, ...] = ()
    looked_at: LookedAt


class IndicatorFinding(Frozen):
    """A value that a language model takes for part of an attack, with the events that show it."""

    kind: IndicatorKind
    value: str
    role: str
    evidence: tuple[Evidence, ...]


class TechniqueFinding(Frozen):
    """A technique that a language model recognises, with the events that show it."""

    technique: str
    evidence: tuple[Evidence, ...]


class CorrelateLeaf(Frozen):
    """What a language model gives for one part of one tenant; code compares the tenants."""

    indicators: tuple[IndicatorFinding, ...] = ()
    techniques: tuple[TechniqueFinding, ...] = ()
