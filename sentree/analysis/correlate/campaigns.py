"""Makes campaigns of linked tenants: members in order, their indicators, what speaks against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from schemas.correlate import (
    Campaign,
    CampaignIndicator,
    Confidence,
    CorrelateReport,
    Elsewhere,
    Link,
    LookedAt,
    Member,
    SetAside,
)
from schemas.tenant_slice import TenantSlice
from sentree.analysis.correlate.cluster import components, link_tenants
from sentree.analysis.correlate.doubts import doubts
from sentree.analysis.correlate.exclusive import exclusive_indicators
from sentree.analysis.correlate.indicators import (
    MAX_EVIDENCE,
    STRONG,
    evidence_of,
    own_indicators,
    shared_indicators,
)
from sentree.analysis.correlate.sequence import common_order, technique_order
from sentree.analysis.correlate.shared import QUIET, Key, Shared
from sentree.analysis.correlate.weigh import weigh

MAX_SET_ASIDE = 300
HIGH = 1.1
MEDIUM = 0.5


def correlate(
    tenants: Sequence[TenantSlice], intel: Mapping[Key, tuple[str, ...]] | None = None
) -> CorrelateReport:
    """Compare tenants. The same tenants give the same report in any order.

    Args:
        tenants: one whole slice a tenant, as `fold_tenants` gives them.
        intel: values that threat intelligence calls malicious, with what it names them.
    """
    ordered = sorted(tenants, key=lambda each: each.name)
    values = weigh(ordered, intel)
    links = link_tenants(ordered, values)
    slices = {each.name: each for each in ordered}
    groups = components(slices, links)
    made = [_campaign(names, links, values, slices) for names in groups]
    made.sort(key=lambda each: (each.members[0].first, each.members[0].tenant))
    numbered = tuple(
        each.model_copy(update={"number": number}) for number, each in enumerate(made, start=1)
    )
    aside = _set_aside(values)
    return CorrelateReport(
        campaigns=numbered,
        tenants=tuple(_looked_at(each, numbered) for each in ordered),
        set_aside=tuple(aside[:MAX_SET_ASIDE]),
        set_aside_total=len(aside),
    )


def _campaign(
    names: tuple[str, ...],
    links: Sequence[Link],
    values: Mapping[Key, Shared],
    slices: Mapping[str, TenantSlice],
) -> Campaign:
    inside = tuple(link for link in links if link.one in names and link.other in names)
    shared = shared_indicators(names, values)
    shared += exclusive_indicators(names, shared, values, len(slices))
    indicators = [*shared, *own_indicators(names, shared, values, slices)]
    members = _members(names, indicators, slices)
    common = _common_techniques([technique_order(slices[each.tenant]) for each in members])
    confidence = _confidence(inside, names)
    against, doubtful = doubts(names, inside, indicators, values, slices)
    return Campaign(
        number=0,
        confidence=confidence,
        members=tuple(members),
        indicators=tuple(
            sorted(indicators, key=lambda one: (not one.shared, -one.weight, one.key, one.tenant))
        ),
        techniques=common,
        links=inside,
        elsewhere=tuple(_elsewhere(names, indicators, values)),
        against=tuple(against),
        against_evidence=tuple(doubtful),
    )


def _members(
    names: Iterable[str],
    indicators: Sequence[CampaignIndicator],
    slices: Mapping[str, TenantSlice],
) -> list[Member]:
    made: list[Member] = []
    for name in names:
        own = [one for one in indicators if one.tenant == name]
        techniques = technique_order(slices[name])
        starts = [(one.first, one.evidence) for one in own if one.shared] or [
            (one.first, tuple(each.event_uid for each in one.sample))
            for one in slices[name].techniques
            if one.technique in techniques
        ]
        first, evidence = min(starts)
        made.append(
            Member(
                tenant=name,
                order=0,
                first=first,
                last=max([one.last for one in own], default=first),
                entities=tuple(sorted({each for one in own for each in one.entities})[:40]),
                indicators=len({one.key for one in own}),
                shared=len({one.key for one in own if one.shared}),
                techniques=techniques,
                technique_evidence={
                    one.technique: tuple(each.event_uid for each in one.sample[:2])
                    for one in slices[name].techniques
                    if one.technique in techniques
                },
                evidence=evidence[:MAX_EVIDENCE],
            )
        )
    made.sort(key=lambda each: (each.first, each.tenant))
    return [each.model_copy(update={"order": place}) for place, each in enumerate(made, start=1)]


def _common_techniques(orders: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Give what most members went through in the same order; members without techniques aside."""
    known = [order for order in orders if order]
    return reduce(common_order, known) if len(known) > 1 else ()


def _confidence(links: Sequence[Link], names: Sequence[str]) -> Confidence:
    """Judge by the weakest tie that holds the group together: each member's best link."""
    best = {
        name: max(
            link.indicators + 0.4 * link.order for link in links if name in (link.one, link.other)
        )
        for name in names
    }
    alone = all(not link.objects for link in links)
    weakest = min(best.values())
    if alone or weakest < MEDIUM:
        return "low"
    return (
        "high"
        if weakest >= HIGH and min(_objects(links, name) for name in names) >= 2
        else "medium"
    )


def _objects(links: Sequence[Link], name: str) -> int:
    return max(link.objects for link in links if name in (link.one, link.other))


def _elsewhere(
    names: Sequence[str],
    indicators: Sequence[CampaignIndicator],
    values: Mapping[Key, Shared],
) -> list[Elsewhere]:
    found: list[Elsewhere] = []
    strong: set[Key] = {
        (one.kind, one.key) for one in indicators if one.shared and one.weight >= STRONG
    }
    for key in sorted(strong):
        one = values[key]
        for name, sighting in sorted(one.sightings.items()):
            if name in names:
                continue
            quiet = one.suspicion[name] < QUIET
            found.append(
                Elsewhere(
                    tenant=name,
                    kind=key[0],
                    value=sighting.value,
                    first=sighting.first,
                    reason="seen without any other sign of an attack: look at it"
                    if quiet
                    else "seen beside an attack, but too little else is shared: look at it",
                    evidence=evidence_of(sighting),
                )
            )
    return found


def _looked_at(tenant: TenantSlice, campaigns: Sequence[Campaign]) -> LookedAt:
    mine = tuple(
        each.number
        for each in campaigns
        if any(member.tenant == tenant.name for member in each.members)
    )
    elsewhere = [
        each.number
        for each in campaigns
        if any(one.tenant == tenant.name for one in each.elsewhere)
    ]
    if mine:
        found = "campaign " + ", ".join(str(number) for number in mine)
    elif elsewhere:
        found = f"an indicator of campaign {elsewhere[0]}, nothing more"
    elif tenant.hot_events:
        found = "detections, none shared with another tenant"
    else:
        found = "nothing found"
    return LookedAt(
        tenant=tenant.name,
        events=tenant.events,
        first=tenant.first,
        last=tenant.last,
        entities=tenant.entities,
        hot_events=tenant.hot_events,
        values=len(tenant.sightings),
        campaigns=mine,
        found=found,
    )


def _set_aside(values: Mapping[Key, Shared]) -> list[SetAside]:
    found = [
        SetAside(
            kind=one.key[0],
            value=next(iter(one.sightings.values())).value,
            tenants=len(one.sightings),
            reason=one.reason,
        )
        for one in values.values()
        if one.reason and len(one.sightings) > 1
    ]
    return sorted(found, key=lambda each: (-each.tenants, each.kind, each.value))
