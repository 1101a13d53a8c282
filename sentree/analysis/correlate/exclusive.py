"""Rare values that only tenants of a campaign have: known once the campaign is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from schemas.correlate import CampaignIndicator
from schemas.tenant_slice import Sighting
from sentree.analysis.correlate.common import server_of
from sentree.analysis.correlate.company import family_of
from sentree.analysis.correlate.context import Traces, is_file_of, near
from sentree.analysis.correlate.indicators import (
    EXCLUSIVE,
    OWN_KINDS,
    indicator_of,
    traces_of,
)
from sentree.analysis.correlate.shared import QUIET, Key, Shared
from sentree.analysis.correlate.weigh import BASE, FEW_HOURS, FEW_MACHINES

LEAST_OUTSIDE = 2
AROUND = timedelta(hours=6)

Span = tuple[datetime, datetime]


def exclusive_indicators(
    names: Sequence[str],
    shared: Sequence[CampaignIndicator],
    values: Mapping[Key, Shared],
    tenants: int,
) -> list[CampaignIndicator]:
    """Find rare values that only tenants of the campaign have, in the time of the campaign.

    There must be other tenants who might have them and don't. A program that runs nowhere else is
    part of the campaign, and so is the name of its file. To any other value something must tie the
    attack in each tenant: a rule or finding, an indicator on that machine at that hour, or another
    such value of a different kind in one event. What scanners and mail lists leave is rare too,
    and is tied to nothing.
    """
    if tenants - len(names) < LEAST_OUTSIDE:
        return []
    rare = _rare(values, _spans(shared))
    known, places = traces_of(shared, values), _places(rare)
    tied = [
        one
        for one in rare
        if one.key[0] != "file"
        and (
            one.key[0] == "hash"
            or all(_is_tied(one, name, known[name], places) for name in one.sightings)
        )
    ]
    # A page is rare on any server: it counts where its server does.
    servers: set[Key] = {(one.kind, one.key) for one in shared}
    servers |= {one.key for one in tied}
    found = _lines([one for one in tied if _has_server(one.key, servers)], shared)
    known = traces_of((*shared, *found), values)
    files = [
        one
        for one in rare
        if one.key[0] == "file"
        and all(is_file_of(one.sightings[name], known[name]) for name in one.sightings)
    ]
    return [*found, *_lines(files, shared)]


def _spans(shared: Sequence[CampaignIndicator]) -> dict[str, Span]:
    return {
        name: (
            min(one.first for one in shared if one.tenant == name) - AROUND,
            max(one.last for one in shared if one.tenant == name) + AROUND,
        )
        for name in {one.tenant for one in shared}
    }


def _rare(values: Mapping[Key, Shared], spans: Mapping[str, Span]) -> list[Shared]:
    return [
        one
        for one in values.values()
        if len(one.sightings) > 1
        and one.key[0] in (*OWN_KINDS, "file")
        and not one.reason
        and not one.public
        and one.sightings.keys() <= spans.keys()
        and all(_is_brief(sighting, spans[name]) for name, sighting in one.sightings.items())
    ]


def _lines(
    chosen: Iterable[Shared], shared: Sequence[CampaignIndicator]
) -> list[CampaignIndicator]:
    named = {(one.kind, one.key, one.tenant) for one in shared}
    return [
        indicator_of(name, one, True, EXCLUSIVE * BASE[one.key[0]], len(one.sightings))
        for one in chosen
        for name in one.sightings
        if (*one.key, name) not in named
    ]


def _has_server(key: Key, servers: set[Key]) -> bool:
    if key[0] != "url":
        return True
    server = server_of(key[1])
    return ("domain", server) in servers or ("ip", server) in servers


def _is_brief(sighting: Sighting, during: Span) -> bool:
    return (
        during[0] <= sighting.first
        and sighting.last <= during[1]
        and len(sighting.entities) <= FEW_MACHINES
        and len(sighting.hours) <= FEW_HOURS
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


def _places(rare: Iterable[Shared]) -> dict[tuple[str, str], set[str]]:
    """Give the families of rare values that an event of a tenant holds, files aside."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in rare:
        if one.key[0] == "file":
            continue
        for name, sighting in one.sightings.items():
            for each in sighting.sample:
                found[name, each.event_uid].add(family_of(one.key))
    return found
