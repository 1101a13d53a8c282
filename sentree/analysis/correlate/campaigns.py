"""Makes campaigns of linked tenants: members in order of time, their indicators, what speaks against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
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
from schemas.tenant_slice import Sighting, TenantSlice
from sentree.analysis.correlate.cluster import LEAST_OBJECT, components, link_tenants
from sentree.analysis.correlate.common import server_of
from sentree.analysis.correlate.sequence import common_order, technique_order
from sentree.analysis.correlate.shared import QUIET, Key, Shared
from sentree.analysis.correlate.weigh import BASE, FEW_HOURS, FEW_MACHINES, weigh

SHARED_SUSPICION = 0.15
OWN_SUSPICION = 0.5
OWN_BESIDE = 0.45
FEW_EVENTS = 12
LEAST_OUTSIDE = 2
AROUND = timedelta(hours=6)
EXCLUSIVE = 0.25
OWN_KINDS = ("hash", "domain", "url", "ip", "email", "key")
STRONG = 0.3
MAX_EVIDENCE = 8
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
    shared = _shared_indicators(names, values)
    shared += _exclusive_indicators(names, shared, values, len(slices))
    indicators = [*shared, *_own_indicators(names, shared, values)]
    members = _members(names, indicators, slices)
    common = _common_techniques([technique_order(slices[each.tenant]) for each in members])
    confidence = _confidence(inside, names)
    against, doubtful = _against(names, inside, indicators, values, slices)
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


def _shared_indicators(
    names: Sequence[str], values: Mapping[Key, Shared]
) -> list[CampaignIndicator]:
    found: list[CampaignIndicator] = []
    for one in values.values():
        holders = [name for name in names if name in one.sightings]
        if one.weight <= 0.0 or len(holders) < 2:
            continue
        best = max(
            one.between(left, right)
            for place, left in enumerate(holders)
            for right in holders[place + 1 :]
        )
        if best < LEAST_OBJECT / 2 * BASE[one.key[0]]:
            continue
        sure = best >= STRONG
        for name in holders:
            if not sure and one.suspicion[name] < SHARED_SUSPICION:
                continue
            found.append(_indicator(name, one, True, best, len(holders)))
    return found


def _exclusive_indicators(
    names: Sequence[str],
    shared: Sequence[CampaignIndicator],
    values: Mapping[Key, Shared],
    tenants: int,
) -> list[CampaignIndicator]:
    """Find rare values that only tenants of the campaign have, in the time of the campaign.

    Once a campaign is known, that alone makes them part of it: as long as there are other tenants
    who might have them and don't.
    """
    if tenants - len(names) < LEAST_OUTSIDE:
        return []
    spans = {
        name: (
            min(one.first for one in shared if one.tenant == name) - AROUND,
            max(one.last for one in shared if one.tenant == name) + AROUND,
        )
        for name in {one.tenant for one in shared}
    }
    listed = {(one.kind, one.key) for one in shared}
    named = {(one.kind, one.key, one.tenant) for one in shared}
    found: list[CampaignIndicator] = []
    for key, one in values.items():
        holders = list(one.sightings)
        if (
            len(holders) < 2
            or key[0] not in OWN_KINDS
            or one.reason
            or one.public
            or not set(holders) <= spans.keys()
        ):
            continue
        if all(_is_brief(one.sightings[name], spans[name]) for name in holders):
            weight = EXCLUSIVE * BASE[key[0]]
            found += [
                _indicator(name, one, True, weight, len(holders))
                for name in holders
                if (*key, name) not in named
            ]
    # A page is rare on any server: it counts where its server does.
    servers = listed | {(one.kind, one.key) for one in found}
    return [
        one
        for one in found
        if one.kind != "url"
        or ("domain", server_of(one.key)) in servers
        or ("ip", server_of(one.key)) in servers
    ]


def _is_brief(sighting: Sighting, during: tuple[datetime, datetime]) -> bool:
    return (
        during[0] <= sighting.first
        and sighting.last <= during[1]
        and len(sighting.entities) <= FEW_MACHINES
        and len(sighting.hours) <= FEW_HOURS
    )


def _own_indicators(
    names: Sequence[str],
    shared: Sequence[CampaignIndicator],
    values: Mapping[Key, Shared],
) -> list[CampaignIndicator]:
    """Find what only one tenant has: infrastructure that the campaign changed from one to the next.

    A rule or finding speaks of it itself, or it came up beside one, in an hour and on a machine
    where an indicator that the tenants share was seen too.
    """
    hours = {
        f"{one.tenant}\t{hour}"
        for one in shared
        for hour in values[one.kind, one.key].sightings[one.tenant].hours
    }
    found: list[CampaignIndicator] = []
    uids: set[str] = set()
    alone = [one for one in values.values() if _is_own(one, names)]
    for one in alone:
        [name], kind = one.sightings, one.key[0]
        sighting, value = one.sightings[name], one.suspicion[name]
        beside = sighting.events <= FEW_EVENTS and any(
            f"{name}\t{hour}" in hours for hour in sighting.hours
        )
        if kind in OWN_KINDS and (
            (value >= OWN_SUSPICION and sighting.direct) or (value >= OWN_BESIDE and beside)
        ):
            uids.update(each.event_uid for each in sighting.sample)
            found.append(_indicator(name, one, False, value * BASE[kind], 1))
    for one in alone:
        [name] = one.sightings
        sighting = one.sightings[name]
        if one.key[0] == "file" and any(each.event_uid in uids for each in sighting.sample):
            found.append(_indicator(name, one, False, one.suspicion[name] * BASE["file"], 1))
    return found


def _is_own(one: Shared, names: Sequence[str]) -> bool:
    return (
        len(one.sightings) == 1
        and next(iter(one.sightings)) in names
        and not one.reason
        and not one.public
    )


def _indicator(
    tenant: str, one: Shared, shared: bool, weight: float, holders: int
) -> CampaignIndicator:
    sighting = one.sightings[tenant]
    return CampaignIndicator(
        tenant=tenant,
        kind=one.key[0],
        value=sighting.value,
        key=one.key[1],
        shared=shared,
        weight=round(min(weight, 1.0), 3),
        tenants=holders,
        events=sighting.events,
        first=sighting.first,
        last=sighting.last,
        entities=sighting.entities,
        techniques=sighting.techniques,
        intel=one.intel,
        note="a public tool or service: others have it too" if one.public else "",
        evidence=_evidence(sighting),
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


def _against(
    names: Sequence[str],
    links: Sequence[Link],
    indicators: Sequence[CampaignIndicator],
    values: Mapping[Key, Shared],
    slices: Mapping[str, TenantSlice],
) -> tuple[list[str], list[str]]:
    said: list[str] = []
    cited: dict[str, None] = {}
    public = [one for one in indicators if one.note and one.shared]
    if public:
        listed = ", ".join(sorted({one.value for one in public})[:4])
        said.append(
            f"Anybody may have {listed}: these tie the tenants only together with the rest."
        )
        cited.update(dict.fromkeys(uid for one in public[:4] for uid in one.evidence[:1]))
    elsewhere = sorted(
        {
            (one.value, len(values[one.kind, one.key].quiet))
            for one in indicators
            if one.shared and values[one.kind, one.key].quiet
        }
    )
    for value, quiet in elsewhere[:3]:
        noun = "tenant has" if quiet == 1 else "tenants have"
        said.append(f"{quiet} {noun} {value} without any other sign of an attack.")
        cited.update(
            dict.fromkeys(
                one.evidence[0] for one in indicators if one.value == value and one.evidence
            )
        )
    silent = [name for name in names if not slices[name].hot_events]
    if silent:
        said.append(
            f"No rule or finding speaks of an attack in {', '.join(silent[:5])}: rarity alone, and "
            "what comes together with it, places them here."
        )
    if all(not link.objects for link in links):
        said.append(
            "The tenants share no infrastructure: the order of techniques alone joins them, and "
            "attackers who follow one manual look alike."
        )
    starts = [min(one.first for one in own) for own in _by_tenant(indicators) if own]
    if len(starts) > 1 and max(starts) - min(starts) > timedelta(days=14):
        said.append("More than 14 days lie between the first and the last tenant that was reached.")
    return said, list(cited)


def _by_tenant(indicators: Iterable[CampaignIndicator]) -> list[list[CampaignIndicator]]:
    found: dict[str, list[CampaignIndicator]] = {}
    for one in indicators:
        if one.shared:
            found.setdefault(one.tenant, []).append(one)
    return list(found.values())


def _elsewhere(
    names: Sequence[str],
    indicators: Sequence[CampaignIndicator],
    values: Mapping[Key, Shared],
) -> list[Elsewhere]:
    found: list[Elsewhere] = []
    strong = {(one.kind, one.key) for one in indicators if one.shared and one.weight >= STRONG}
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
                    evidence=_evidence(sighting),
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


def _evidence(sighting: Sighting) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.event_uid for each in sighting.sample))[:MAX_EVIDENCE]


def span(members: Sequence[Member]) -> tuple[datetime, datetime]:
    """Give the time from the first member's first sighting to the last one's last."""
    return min(one.first for one in members), max(one.last for one in members)
