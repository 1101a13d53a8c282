"""Raises what comes together with suspect values: on one machine within an hour, or in one event.

A benign coincidence with an attack seldom happens in two tenants with the same value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sentree.analysis.correlate.shared import QUIET, Key, Shared

SUSPECT = 0.3
IN_EVENT = 0.75
IN_HOUR = 0.55
MAX_HOURS = 12
NETWORK = ("domain", "url", "ip", "email")

Best = dict[str, dict[str, float]]
"""By place (an hour on a machine, or an event), by family of values, the most suspect of them."""


def raise_company(values: Mapping[Key, Shared]) -> None:
    """Raise the suspicion of rare shared values by the company they keep in two tenants or more."""
    hours, events = _places(values)
    raised: list[tuple[Shared, str, float]] = []
    for one in values.values():
        if one.reason or len(one.sightings) < 2:
            continue
        better = {
            name: value
            for name in one.sightings
            if _is_seldom(one, name) and (value := _raised(one, name, hours, events))
        }
        if len(better) > 1:
            raised += [(one, name, value) for name, value in better.items()]
    for one, name, value in raised:
        one.suspicion[name] = max(one.suspicion[name], value)


def _places(values: Mapping[Key, Shared]) -> tuple[Best, Best]:
    hours: Best = defaultdict(dict)
    events: Best = defaultdict(dict)
    for one in values.values():
        if one.reason or one.public or len(one.sightings) < 2:
            continue
        family = family_of(one.key)
        for name, sighting in one.sightings.items():
            found = one.suspicion[name]
            if found < SUSPECT:
                continue
            for hour in sighting.hours:
                best = hours[f"{name}\t{hour}"]
                best[family] = max(best.get(family, 0.0), found)
            for sample in sighting.sample:
                best = events[sample.event_uid]
                best[family] = max(best.get(family, 0.0), found)
    return hours, events


def _raised(one: Shared, name: str, hours: Best, events: Best) -> float:
    """Give the suspicion that the company of a value in one tenant lends it; 0 for none."""
    sighting, family = one.sightings[name], family_of(one.key)
    beside: dict[str, float] = {}
    for hour in sighting.hours[:MAX_HOURS]:
        machine, _, number = hour.rpartition(" ")
        if not machine:
            continue
        for near in (-1, 0, 1):
            for other, value in hours.get(f"{name}\t{machine} {int(number) + near}", {}).items():
                if other != family:
                    beside[other] = max(beside.get(other, 0.0), value)
    within = max(
        (
            value
            for sample in sighting.sample
            for other, value in events.get(sample.event_uid, {}).items()
            if other != family
        ),
        default=0.0,
    )
    now = one.suspicion[name]
    lent = max(IN_HOUR * max(beside.values(), default=0.0), IN_EVENT * within)
    return max(now, lent) if lent >= QUIET or now >= QUIET else 0.0


def _is_seldom(one: Shared, name: str) -> bool:
    sighting = one.sightings[name]
    return len(sighting.entities) <= 3 and len(sighting.hours) <= MAX_HOURS


def family_of(key: Key) -> str:
    """Name what a value is a facet of: a domain, its addresses and senders come together anyway."""
    return "network" if key[0] in NETWORK else key[0]
