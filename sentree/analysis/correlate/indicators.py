"""The indicators of a campaign: what its tenants share, what only they have, what one has alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from schemas.correlate import CampaignIndicator
from schemas.tenant_slice import Sighting, TenantSlice
from sentree.analysis.correlate.bundles import is_new
from sentree.analysis.correlate.common import server_of
from sentree.analysis.correlate.company import family_of
from sentree.analysis.correlate.shared import Key, Shared
from sentree.analysis.correlate.weigh import BASE, FEW_HOURS, FEW_MACHINES

LEAST_SHARED = 0.1
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


def shared_indicators(
    names: Sequence[str], values: Mapping[Key, Shared]
) -> list[CampaignIndicator]:
    """Find what two or more tenants of a campaign have and an attack explains."""
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
        if best < LEAST_SHARED * BASE[one.key[0]]:
            continue
        sure = best >= STRONG
        for name in holders:
            if not sure and one.suspicion[name] < SHARED_SUSPICION:
                continue
            found.append(_indicator(name, one, True, best, len(holders)))
    return found


def exclusive_indicators(
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


def own_indicators(
    names: Sequence[str],
    shared: Sequence[CampaignIndicator],
    values: Mapping[Key, Shared],
    slices: Mapping[str, TenantSlice],
) -> list[CampaignIndicator]:
    """Find what only one tenant has: infrastructure that the campaign changed from one to the next.

    A rule or finding speaks of it itself, or it came up beside one, in an hour and on a machine
    where an indicator that the tenants share was seen too; or, with no rule or finding near, it
    came up in the hour of two such indicators of different kinds.
    """
    hours: dict[str, set[str]] = {}
    for one in shared:
        for hour in values[one.kind, one.key].sightings[one.tenant].hours:
            hours.setdefault(f"{one.tenant}\t{hour}", set()).add(family_of((one.kind, one.key)))
    found: list[CampaignIndicator] = []
    uids: set[str] = set()
    alone = [one for one in values.values() if _is_own(one, names)]
    for one in alone:
        [name], kind = one.sightings, one.key[0]
        sighting, value = one.sightings[name], one.suspicion[name]
        beside = sighting.events <= FEW_EVENTS and any(
            f"{name}\t{hour}" in hours for hour in sighting.hours
        )
        crowded = (
            len(sighting.entities) == 1
            and (kind != "url" or _has_own_server(one.key[1], values))
            and is_new(sighting, slices[name])
            and any(len(hours.get(f"{name}\t{hour}", ())) > 1 for hour in sighting.hours[:1])
        )
        if kind in OWN_KINDS and (
            (value >= OWN_SUSPICION and sighting.direct)
            or (value >= OWN_BESIDE and beside)
            or crowded
        ):
            uids.update(each.event_uid for each in sighting.sample)
            found.append(_indicator(name, one, False, max(value, EXCLUSIVE) * BASE[kind], 1))
    for one in alone:
        [name] = one.sightings
        sighting = one.sightings[name]
        if one.key[0] == "file" and any(each.event_uid in uids for each in sighting.sample):
            found.append(_indicator(name, one, False, one.suspicion[name] * BASE["file"], 1))
    return found


def _has_own_server(url: str, values: Mapping[Key, Shared]) -> bool:
    """Tell whether only one tenant knows a page's server: pages of any site may be of one alone."""
    server = server_of(url)
    home = values.get(("domain", server)) or values.get(("ip", server))
    return home is not None and len(home.sightings) == 1 and not home.reason


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
        evidence=evidence_of(sighting),
    )


def evidence_of(sighting: Sighting) -> tuple[str, ...]:
    """Give the events to cite for a value, the most telling first."""
    return tuple(dict.fromkeys(each.event_uid for each in sighting.sample))[:MAX_EVIDENCE]
