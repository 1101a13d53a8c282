"""What one tenant's slice of the lake holds for comparing tenants: indicators and techniques."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen, UtcTime

IndicatorKind = Literal[
    "ip",
    "domain",
    "url",
    "hash",
    "email",
    "key",
    "user_agent",
    "file",
    "account",
    "service",
    "task",
    "registry",
]


class Sample(Frozen):
    """An event that shows a value. `heat` is lower the more speaks of an attack there."""

    heat: int
    time: UtcTime
    event_uid: str


class Sighting(Frozen):
    """One value in one tenant, with everything that says whether it belongs to an attack.

    `key` is what tenants are compared by, `value` the text as it stands in the events. `direct`
    counts events that a rule of level medium or higher hit or that are findings themselves,
    `near` events on a machine within ten minutes of such a one; levels go from 1 (low) to 4
    (critical), 0 is none. `born_level` is the level at the value's first sighting: what attackers
    bring along appears in the middle of the attack. `folders` are where files of the name lie, or
    the paths of the files that have the hash. `hours` holds machine and hour of its sightings.
    Lists are cut at their smallest elements, so that merging gives the same lists in any order.
    """

    kind: IndicatorKind
    key: str
    value: str
    events: int
    direct: int = 0
    direct_level: int = 0
    near: int = 0
    near_level: int = 0
    born_level: int = 0
    first: UtcTime
    last: UtcTime
    entities: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    sample: tuple[Sample, ...] = ()


class TechniqueSighting(Frozen):
    """A technique in one tenant: when it was seen first, how surely, on which events."""

    technique: str
    first: UtcTime
    last: UtcTime
    level: int
    events: int
    sample: tuple[Sample, ...] = ()


class TenantSlice(Frozen):
    """One tenant's leaf. `name` is what reports call the tenant; `own_names` are names of its own.

    `tenant_uid` is the lake's tenant; `owner` is what the records name themselves, where one tenant
    of the lake holds the events of several.
    """

    name: str
    tenant_uid: str
    owner: str | None = None
    events: int = 0
    first: UtcTime | None = None
    last: UtcTime | None = None
    entities: int = 0
    hot_events: int = 0
    own_names: tuple[str, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    techniques: tuple[TechniqueSighting, ...] = ()
