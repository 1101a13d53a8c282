"""Weighs values: how suspect each is in one tenant, and how much it says when tenants share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from schemas.tenant_slice import IndicatorKind, Sighting, TenantSlice
from sentree.analysis.correlate.bundles import find_bundles, is_new
from sentree.analysis.correlate.common import (
    benign_reason,
    is_public_service,
    is_public_tool,
    server_of,
)
from sentree.analysis.correlate.company import raise_company
from sentree.analysis.correlate.shared import Key, Shared

BASE: Mapping[IndicatorKind, float] = {
    "hash": 1.0,
    "domain": 0.9,
    "url": 0.9,
    "key": 0.9,
    "email": 0.85,
    "ip": 0.85,
    "account": 0.55,
    "file": 0.5,
    "service": 0.5,
    "task": 0.5,
    "registry": 0.35,
    "user_agent": 0.35,
}
"""How well a value of a kind tells one attacker from another, if nothing else is known."""

LEVELS = (0.0, 0.15, 0.5, 0.8, 0.95)
PUBLIC = 0.25
FEW_MACHINES = 3
FEW_HOURS = 12
BUNDLED = 0.5


def weigh(
    tenants: Sequence[TenantSlice], intel: Mapping[Key, tuple[str, ...]] | None = None
) -> dict[Key, Shared]:
    """Weigh every value of every tenant; `intel` names what threat intelligence knows of some."""
    known = intel or {}
    values: dict[Key, Shared] = {}
    for tenant in tenants:
        own = frozenset(tenant.own_names)
        for one in tenant.sightings:
            key: Key = (one.kind, one.key)
            shared = values.setdefault(key, Shared(key))
            shared.sightings[tenant.name] = one
            found = suspicion(one, tenant)
            shared.suspicion[tenant.name] = 0.95 if key in known else found
            # What is common for one tenant is so for all: a machine's own name, a system file.
            shared.reason = shared.reason or benign_reason(one, own)
            shared.public = shared.public or is_public_tool(one) or is_public_service(one)
    for key, names in known.items():
        if key in values:
            values[key].intel, values[key].reason = names, None
    _by_server(values)
    slices = {tenant.name: tenant for tenant in tenants}
    for key, names in find_bundles(values, slices).items():
        for name in names:
            values[key].suspicion[name] = max(values[key].suspicion[name], BUNDLED)
    raise_company(values)
    for one in values.values():
        one.weight = _weight(one, len(tenants))
    return values


def suspicion(one: Sighting, tenant: TenantSlice) -> float:
    """Tell how much speaks for it that a value belongs to an attack on this tenant, 0 to 1."""
    direct = 0.0
    if one.direct:
        direct = LEVELS[one.direct_level] * (0.45 + 0.55 * one.direct / one.events)
    born = 0.6 * LEVELS[one.born_level] if one.born_level >= 2 and is_new(one, tenant) else 0.0
    near = 0.35 * LEVELS[one.near_level] * one.near / one.events
    found = 1.0 - prod((1.0 - direct, 1.0 - born, 1.0 - near))
    wide = len(one.entities) > FEW_MACHINES and len(one.entities) > tenant.entities / 2
    return found * (0.4 if wide else 1.0)


def _by_server(values: Mapping[Key, Shared]) -> None:
    """Make a page no more suspect than its server, unless something speaks against the page."""
    for (kind, key), one in values.items():
        if kind != "url":
            continue
        server = server_of(key)
        home = values.get(("domain", server)) or values.get(("ip", server))
        if home is None:
            continue
        one.reason = one.reason or home.reason
        for name, now in one.suspicion.items():
            if not one.sightings[name].direct and not one.intel:
                one.suspicion[name] = min(now, home.suspicion.get(name, now))


def _weight(one: Shared, tenants: int) -> float:
    if one.reason:
        return 0.0
    holders = len(one.suspicion)
    quiet = len(one.quiet) / holders
    weight = BASE[one.key[0]] * (1.0 - quiet) ** 1.5 if not one.intel else BASE[one.key[0]]
    share = holders / tenants
    mean = sum(one.suspicion.values()) / holders
    if tenants >= 4 and share > 0.5 and mean < 0.4 and not one.intel:
        weight *= max(0.0, 1.0 - 1.8 * (share - 0.5))
    return weight * (PUBLIC if one.public and not one.intel else 1.0)
