"""Folds leaves of tenants: the same leaves give the same tenants in any order and grouping."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from schemas.correlate import CorrelateLeaf
from schemas.tenant_slice import Sample, Sighting, TechniqueSighting, TenantSlice

MAX_SAMPLE = 8
MAX_TECHNIQUE_SAMPLE = 4
MAX_ENTITIES = 32
MAX_HOURS = 64
MAX_PATHS = 8
MAX_TECHNIQUES = 24
MODEL_LEVEL = 3
"""The level of what a language model calls part of an attack: that of a rule of level high."""

Key = tuple[str, str]


def fold_tenants(slices: Iterable[TenantSlice]) -> tuple[TenantSlice, ...]:
    """Merge the slices of each tenant; gives them by name."""
    merged: dict[str, TenantSlice] = {}
    for one in slices:
        known = merged.get(one.name)
        merged[one.name] = one if known is None else merge_slices(known, one)
    return tuple(merged[name] for name in sorted(merged))


def merge_slices(one: TenantSlice, other: TenantSlice) -> TenantSlice:
    """Merge two parts of one tenant, which have no event in common; associative, commutative.

    The number of machines is that of the larger part: a machine may be in both.
    """
    seen: dict[Key, Sighting] = {(each.kind, each.key): each for each in one.sightings}
    for each in other.sightings:
        known = seen.get((each.kind, each.key))
        seen[each.kind, each.key] = each if known is None else merge_sightings(known, each)
    used = {each.technique: each for each in one.techniques}
    for each in other.techniques:
        known_use = used.get(each.technique)
        used[each.technique] = each if known_use is None else _merge_uses(known_use, each)
    return one.model_copy(
        update={
            "events": one.events + other.events,
            "first": _earlier(one.first, other.first),
            "last": _later(one.last, other.last),
            "entities": max(one.entities, other.entities),
            "hot_events": one.hot_events + other.hot_events,
            "own_names": tuple(sorted({*one.own_names, *other.own_names})),
            "sightings": tuple(seen[key] for key in sorted(seen)),
            "techniques": tuple(
                sorted(used.values(), key=lambda each: (each.first, each.technique))
            ),
        }
    )


def merge_sightings(one: Sighting, other: Sighting) -> Sighting:
    """Merge what two parts of a tenant saw of one value; associative, commutative."""
    born = min((one.first, -one.born_level), (other.first, -other.born_level))
    return one.model_copy(
        update={
            "value": min(one.value, other.value),
            "events": one.events + other.events,
            "direct": one.direct + other.direct,
            "direct_level": max(one.direct_level, other.direct_level),
            "near": one.near + other.near,
            "near_level": max(one.near_level, other.near_level),
            "born_level": -born[1],
            "first": born[0],
            "last": max(one.last, other.last),
            "entities": _smallest(one.entities, other.entities, MAX_ENTITIES),
            "hours": _smallest(one.hours, other.hours, MAX_HOURS),
            "paths": _smallest(one.paths, other.paths, MAX_PATHS),
            "folders": _smallest(one.folders, other.folders, MAX_PATHS),
            "techniques": _smallest(one.techniques, other.techniques, MAX_TECHNIQUES),
            "sample": _samples(one.sample, other.sample, MAX_SAMPLE),
        }
    )


def merge_leaves(leaves: Iterable[CorrelateLeaf]) -> CorrelateLeaf:
    """Merge what a language model found in the parts of one tenant; each finding stands once."""
    listed = list(leaves)
    values = {one.model_dump_json(): one for leaf in listed for one in leaf.indicators}
    uses = {one.model_dump_json(): one for leaf in listed for one in leaf.techniques}
    return CorrelateLeaf(
        indicators=tuple(values[key] for key in sorted(values)),
        techniques=tuple(uses[key] for key in sorted(uses)),
    )


def with_findings(
    tenant: TenantSlice, leaf: CorrelateLeaf, times: dict[str, datetime]
) -> TenantSlice:
    """Raise what a language model calls part of an attack, as a rule's hit would.

    Only values that code read from the tenant's events itself are raised: a model adds weight,
    never a value. `times` has the time of each event of the tenant that may be cited.
    """
    named = {(one.kind, one.value.lower()): one for one in leaf.indicators}
    sightings = tuple(
        each
        if (each.kind, each.key) not in named
        else each.model_copy(
            update={
                "direct": max(each.direct, 1),
                "direct_level": max(each.direct_level, MODEL_LEVEL),
            }
        )
        for each in tenant.sightings
    )
    found = [
        TechniqueSighting(
            technique=one.technique,
            first=min(known),
            last=max(known),
            level=MODEL_LEVEL,
            events=len(known),
            sample=tuple(
                Sample(heat=-MODEL_LEVEL, time=times[ev.event_uid], event_uid=ev.event_uid)
                for ev in one.evidence[:MAX_TECHNIQUE_SAMPLE]
                if ev.event_uid in times
            ),
        )
        for one in leaf.techniques
        if (known := [times[ev.event_uid] for ev in one.evidence if ev.event_uid in times])
    ]
    added = tenant.model_copy(
        update={
            "events": 0,
            "hot_events": 0,
            "sightings": (),
            "techniques": tuple(found),
        }
    )
    return merge_slices(tenant.model_copy(update={"sightings": sightings}), added)


def _merge_uses(one: TechniqueSighting, other: TechniqueSighting) -> TechniqueSighting:
    return one.model_copy(
        update={
            "first": min(one.first, other.first),
            "last": max(one.last, other.last),
            "level": max(one.level, other.level),
            "events": one.events + other.events,
            "sample": _samples(one.sample, other.sample, MAX_TECHNIQUE_SAMPLE),
        }
    )


def _samples(one: Sequence[Sample], other: Sequence[Sample], limit: int) -> tuple[Sample, ...]:
    both = {(each.heat, each.time, each.event_uid): each for each in (*one, *other)}
    return tuple(both[place] for place in sorted(both)[:limit])


def _smallest(one: Sequence[str], other: Sequence[str], limit: int) -> tuple[str, ...]:
    return tuple(sorted({*one, *other})[:limit])


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other
