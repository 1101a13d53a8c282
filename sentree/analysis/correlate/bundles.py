"""Finds values that come up together in several tenants: what rarity says without any detection.

Two rare values that come up on one machine within hours are a coincidence; that the same two do
so in other tenants too is none, and three even less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

from schemas.tenant_slice import Sighting, TenantSlice
from sentree.analysis.correlate.company import family_of
from sentree.analysis.correlate.shared import Key, Shared

ONE_MACHINE = timedelta(hours=3)
ANYWHERE = timedelta(minutes=15)
MACHINES = 2
MANY = 3
"""Tenants in which two values must come together, if no third comes with them."""
CROWD = 3_000

Pair = tuple[Key, Key]


def find_bundles(
    values: Mapping[Key, Shared], tenants: Mapping[str, TenantSlice]
) -> dict[Key, set[str]]:
    """Give the values that come in bundles, with the tenants where they do."""
    together = _together(values, tenants)
    partners: dict[Key, dict[Key, set[str]]] = defaultdict(dict)
    for (one, other), names in together.items():
        partners[one][other] = names
        partners[other][one] = names
    found: dict[Key, set[str]] = defaultdict(set)
    for (one, other), names in together.items():
        if len(names) >= MANY and not _facets(one, other):
            for key in (one, other):
                found[key] |= names
        for third in partners[one].keys() & partners[other].keys():
            all_three = names & partners[one][third] & partners[other][third]
            facets = _facets(one, other) + _facets(one, third) + _facets(other, third)
            if len(all_three) > 1 and facets < 2:
                for key in (one, other, third):
                    found[key] |= all_three
    return found


def is_new(one: Sighting, tenant: TenantSlice) -> bool:
    """Tell whether a value came up after the slice began: everyday values are there at once."""
    if tenant.first is None or tenant.last is None:
        return False
    return one.first - tenant.first > min(timedelta(hours=6), (tenant.last - tenant.first) / 20)


def _together(
    values: Mapping[Key, Shared], tenants: Mapping[str, TenantSlice]
) -> dict[Pair, set[str]]:
    """Find the pairs of values that come up together in two tenants or more."""
    by_tenant: dict[str, list[tuple[Key, Sighting]]] = defaultdict(list)
    for key, one in values.items():
        if one.reason or one.public or len(one.sightings) < 2:
            continue
        for name, sighting in one.sightings.items():
            if 0 < len(sighting.entities) <= MACHINES and is_new(sighting, tenants[name]):
                by_tenant[name].append((key, sighting))
    found: dict[Pair, set[str]] = defaultdict(set)
    for name, listed in by_tenant.items():
        listed.sort(key=lambda each: (each[1].first, each[0]))
        for place, (key, sighting) in enumerate(listed[:CROWD]):
            for other, later in listed[place + 1 :]:
                apart = later.first - sighting.first
                if apart > ONE_MACHINE:
                    break
                if apart <= ANYWHERE or set(sighting.entities) & set(later.entities):
                    found[min(key, other), max(key, other)].add(name)
    return {pair: names for pair, names in found.items() if len(names) > 1}


def _facets(one: Key, other: Key) -> bool:
    """Tell whether two values may be facets of one thing, so that they come together anyway."""
    families = {family_of(one), family_of(other)}
    return families == {"network"} or families <= {"hash", "file"} or "user_agent" in families
