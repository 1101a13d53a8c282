"""Joins tenants to campaigns: by independent things they share, and by what was done in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from schemas.correlate import Link
from schemas.tenant_slice import TenantSlice
from sentree.analysis.correlate.sequence import (
    common_order,
    likeness,
    technique_order,
    technique_worth,
)
from sentree.analysis.correlate.shared import Key, Shared

LEAST_OBJECT = 0.12
LEAST_WEIGHT = 0.4
ALONE = 0.5
"""What a single shared thing must weigh to join two tenants by itself."""
ALIKE = 0.55
SAME_HAND = 0.78
"""From here on two long chains of techniques are alike enough without shared infrastructure."""
LONG = 7
NETWORK = ("domain", "url", "ip", "email", "key")
FILES = ("hash", "file")


class Thing(NamedTuple):
    """Values that are facets of one thing: a server's name and address, a file's name and hash."""

    keys: tuple[Key, ...]
    weight: float
    network: bool


def link_tenants(tenants: Sequence[TenantSlice], values: Mapping[Key, Shared]) -> list[Link]:
    """Find the pairs of tenants that one campaign explains best, in order of their names."""
    orders = {each.name: technique_order(each) for each in tenants}
    worth = technique_worth(list(orders.values()))
    by_pair: dict[tuple[str, str], list[Shared]] = {}
    for one in values.values():
        if one.weight <= 0.0:
            continue
        names = sorted(one.sightings)
        for place, left in enumerate(names):
            for right in names[place + 1 :]:
                by_pair.setdefault((left, right), []).append(one)
    names = sorted(orders)
    links: list[Link] = []
    for place, left in enumerate(names):
        for right in names[place + 1 :]:
            things = shared_things(by_pair.get((left, right), ()), left, right)
            alike = likeness(orders[left], orders[right], worth)
            common = common_order(orders[left], orders[right])
            reason = _reason(things, alike, len(common))
            if reason:
                links.append(
                    Link(
                        one=left,
                        other=right,
                        indicators=round(_sum(things), 3),
                        objects=len(things),
                        order=round(alike, 3),
                        reason=reason,
                    )
                )
    return links


def components(names: Iterable[str], links: Iterable[Link]) -> list[tuple[str, ...]]:
    """Give the groups of linked tenants, each of two or more, by name."""
    group = {name: {name} for name in names}
    for link in links:
        joined = group[link.one] | group[link.other]
        for name in joined:
            group[name] = joined
    found = {tuple(sorted(each)) for each in group.values() if len(each) > 1}
    return sorted(found)


def shared_things(values: Iterable[Shared], one: str, other: str) -> list[Thing]:
    """Fold the values that two tenants share to independent things, the weightiest first."""
    weighed = [(each, each.between(one, other)) for each in values]
    kept = [(each, weight) for each, weight in weighed if weight >= LEAST_OBJECT / 2]
    groups: list[tuple[set[str], list[tuple[Shared, float]]]] = []
    for each, weight in sorted(kept, key=lambda pair: (-pair[1], pair[0].key)):
        family = _family(each.key)
        shown = {
            f"{family} {sample.event_uid}"
            for name in (one, other)
            for sample in each.sightings[name].sample
        }
        joined = [group for group in groups if group[0] & shown] if family else []
        members = [(each, weight), *(pair for group in joined for pair in group[1])]
        uids = shown.union(*(group[0] for group in joined)) if family else {f"{each.key}"}
        groups = [group for group in groups if group not in joined]
        groups.append((uids, members))
    things = [
        Thing(
            tuple(sorted(each.key for each, _ in members)),
            max(weight for _, weight in members),
            any(each.key[0] in NETWORK and not each.public for each, _ in members),
        )
        for _, members in groups
    ]
    return sorted(
        (each for each in things if each.weight >= LEAST_OBJECT),
        key=lambda each: (-each.weight, each.keys),
    )


def _family(key: Key) -> str | None:
    if key[0] in NETWORK:
        return "network"
    return "file" if key[0] in FILES else None


def _sum(things: Sequence[Thing]) -> float:
    return sum(each.weight for each in things)


def _reason(things: Sequence[Thing], alike: float, common: int) -> str | None:
    """Say what joins two tenants, or None: a single tool that anybody may have does not."""
    total = _sum(things)
    number = f"{len(things)} independent shared {'thing' if len(things) == 1 else 'things'}"
    # A tool and the file names around it are one choice of whoever attacks; a server is not.
    strong = any(each.network for each in things) or len(things) >= 3
    if strong and len(things) >= 2 and total >= LEAST_WEIGHT:
        return number
    if things and things[0].network and things[0].weight >= ALONE:
        return "one shared server that the attack in both tenants uses"
    if total >= 0.3 and alike >= ALIKE and common >= LONG - 2:
        return f"{number} and {common} techniques in the same order"
    if alike >= SAME_HAND and common >= LONG:
        return f"{common} techniques in the same order; nothing else is shared"
    return None
