"""The indicators of a campaign: what its tenants share, what only they have, what one has alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from schemas.correlate import CampaignIndicator
from schemas.tenant_slice import Sighting, TenantSlice
from sentree.analysis.correlate.bundles import is_new
from sentree.analysis.correlate.cluster import FILES
from sentree.analysis.correlate.common import server_of
from sentree.analysis.correlate.company import family_of
from sentree.analysis.correlate.context import (
    Traces,
    add_tool,
    delivered,
    follows_program,
    is_file_of,
    is_mail_only,
    near,
    same_event,
    traces,
)
from sentree.analysis.correlate.shared import QUIET, Key, Shared
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
HIGH = 3
"""Level of a rule, as `Sighting` counts them."""
MAX_EVIDENCE = 8


def shared_indicators(
    names: Sequence[str], values: Mapping[Key, Shared]
) -> list[CampaignIndicator]:
    """Find what two or more tenants of a campaign have and an attack explains."""
    found: list[CampaignIndicator] = []
    for one in values.values():
        holders = [name for name in names if name in one.sightings]
        if one.weight <= 0.0 or len(holders) < 2 or _is_common(one, holders):
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


def _is_common(one: Shared, holders: Sequence[str]) -> bool:
    """Tell whether others have a value too, and no rule or finding of any tenant is near it."""
    return (
        bool(one.quiet)
        and not one.intel
        and not any(one.sightings[name].direct or one.sightings[name].near for name in holders)
    )


def exclusive_indicators(
    names: Sequence[str],
    shared: Sequence[CampaignIndicator],
    values: Mapping[Key, Shared],
    tenants: int,
) -> list[CampaignIndicator]:
    """Find rare values that only tenants of the campaign have, in the time of the campaign.

    There must be other tenants who might have them and don't, and in each tenant something must
    tie the value to the attack: a rule or finding, an indicator on that machine at that hour, or
    another such value of a different kind in one event. What scanners and mail lists leave is
    rare too, and is tied to nothing.
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
    known = _traces(shared, values)
    found: list[CampaignIndicator] = []
    rare: list[Shared] = []
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
            rare.append(one)
    places = _places(rare)
    for one in rare:
        if all(_is_tied(one, name, known[name], places) for name in one.sightings):
            weight = EXCLUSIVE * BASE[one.key[0]]
            found += [
                _indicator(name, one, True, weight, len(one.sightings))
                for name in one.sightings
                if (*one.key, name) not in named
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
    where an indicator that the tenants share was seen too. With no rule or finding near, it must
    have come up in the hour of two such indicators of different kinds, or moments after a file of
    the campaign on that machine, or with an indicator in one event; a message, in the hour before
    the first trace on its machine.
    """
    alone = {one.key: one for one in values.values() if _is_own(one, names)}
    found: dict[Key, CampaignIndicator] = {}
    # What is tied to the shared ones ties further values in its turn, once.
    tools = [one for one in values.values() if _is_shared_tool(one, names)]
    for _ in range(2):
        known = _traces((*shared, *found.values()), values)
        for one in tools:
            for name in known.keys() & one.sightings.keys():
                add_tool(known[name], one.sightings[name])
        for key, one in alone.items():
            [name] = one.sightings
            if key not in found and _belongs(one, name, known[name], values, slices[name]):
                weight = max(one.suspicion[name], EXCLUSIVE) * BASE[key[0]]
                found[key] = _indicator(name, one, False, weight, 1)
    return list(found.values())


def _belongs(
    one: Shared,
    name: str,
    known: Traces,
    values: Mapping[Key, Shared],
    tenant: TenantSlice,
) -> bool:
    kind, sighting, value = one.key[0], one.sightings[name], one.suspicion[name]
    if kind == "file":
        return is_file_of(sighting, known) or (
            value >= OWN_SUSPICION
            and sighting.direct == sighting.events <= FEW_EVENTS
            and sighting.born_level >= HIGH
            and near(sighting, known)
        )
    if kind not in OWN_KINDS:
        return False
    if value >= OWN_SUSPICION and sighting.direct:
        return True
    few = sighting.events <= FEW_EVENTS
    if value >= OWN_BESIDE and few and any(hour in known.hours for hour in sighting.hours):
        return True
    if not is_new(sighting, tenant):
        return False
    if few and same_event(sighting, known):
        return True
    if is_mail_only(kind, sighting):
        return sighting.events == 1 and delivered(sighting, known)
    if len(sighting.entities) != 1 or (kind == "url" and not _has_own_server(one.key[1], values)):
        return False
    crowded = any(len(known.hours.get(hour, ())) > 1 for hour in sighting.hours[:1])
    return crowded or follows_program(sighting, known)


def _is_shared_tool(one: Shared, names: Sequence[str]) -> bool:
    holders = [name for name in names if name in one.sightings]
    return (
        one.public
        and one.key[0] in FILES
        and len(holders) > 1
        and all(len(one.sightings[name].entities) <= FEW_MACHINES for name in holders)
    )


def _is_tied(
    one: Shared, name: str, known: Traces, places: Mapping[tuple[str, str], set[str]]
) -> bool:
    sighting = one.sightings[name]
    return (
        one.suspicion[name] >= QUIET
        or near(sighting, known)
        or any(len(places[name, each.event_uid]) > 1 for each in sighting.sample)
    )


def _places(rare: Sequence[Shared]) -> dict[tuple[str, str], set[str]]:
    """Give the families of rare values that an event of a tenant holds."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in rare:
        for name, sighting in one.sightings.items():
            for each in sighting.sample:
                found[name, each.event_uid].add(family_of(one.key))
    return found


def _traces(listed: Sequence[CampaignIndicator], values: Mapping[Key, Shared]) -> dict[str, Traces]:
    return traces((one, values[one.kind, one.key].sightings[one.tenant]) for one in listed)


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
