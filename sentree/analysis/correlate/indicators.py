"""The indicators of a campaign: what its tenants share, what only they have, what one has alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.correlate import CampaignIndicator
from schemas.tenant_slice import Sighting, TenantSlice
from sentree.analysis.correlate.bundles import is_new
from sentree.analysis.correlate.cluster import FILES
from sentree.analysis.correlate.common import server_of
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
from sentree.analysis.correlate.shared import Key, Shared
from sentree.analysis.correlate.weigh import BASE, FEW_MACHINES

LEAST_SHARED = 0.1
SHARED_SUSPICION = 0.15
OWN_SUSPICION = 0.5
OWN_BESIDE = 0.45
FEW_EVENTS = 12
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
            found.append(indicator_of(name, one, True, best, len(holders)))
    return found


def _is_common(one: Shared, holders: Sequence[str]) -> bool:
    """Tell whether others have a value too, and no rule or finding of any tenant is near it."""
    return (
        bool(one.quiet)
        and not one.intel
        and not any(one.sightings[name].direct or one.sightings[name].near for name in holders)
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
        known = traces_of((*shared, *found.values()), values)
        for one in tools:
            for name in known.keys() & one.sightings.keys():
                add_tool(known[name], one.sightings[name])
        for key, one in alone.items():
            [name] = one.sightings
            if key not in found and _belongs(one, name, known[name], values, slices[name]):
                weight = max(one.suspicion[name], EXCLUSIVE) * BASE[key[0]]
                found[key] = indicator_of(name, one, False, weight, 1)
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
    few = sighting.events <= FEW_EVENTS
    if value >= OWN_SUSPICION and (sighting.direct or (few and _is_late_program(one, name, known))):
        return True
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


def traces_of(
    listed: Sequence[CampaignIndicator], values: Mapping[Key, Shared]
) -> dict[str, Traces]:
    """Gather by tenant where listed indicators stand."""
    return traces((one, values[one.kind, one.key].sightings[one.tenant]) for one in listed)


def _is_late_program(one: Shared, name: str, known: Traces) -> bool:
    """Tell whether a program came up beside a grave hit, on any machine, after the attack began."""
    sighting = one.sightings[name]
    return (
        one.key[0] == "hash"
        and sighting.born_level >= HIGH
        and any(sighting.first >= begun for begun in known.begun.values())
    )


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


def indicator_of(
    tenant: str, one: Shared, shared: bool, weight: float, holders: int
) -> CampaignIndicator:
    """Make the line of a value in one tenant."""
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
