"""Ties a value to an attack in its own tenant: by event, by machine and hour, by what follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.correlate import CampaignIndicator
from schemas.tenant_slice import Sighting
from sentree.analysis.correlate.company import family_of

FOLLOWS = timedelta(minutes=2)
"""How soon after a program of the attack starts a new server belongs to it."""
DELIVERY = timedelta(hours=1)
"""How long before the first trace on a machine the message that brought it may have come."""


@dataclass(slots=True)
class Traces:
    """Where indicators of a campaign stand in one tenant."""

    events: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set[str]))
    """Kinds and families of the indicators that an event holds."""
    hours: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set[str]))
    """Families of the indicators that a machine and hour hold."""
    programs: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list[datetime]))
    """When files of the campaign, or tools that its tenants share, were seen on a machine."""
    begun: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """The first trace on a machine that is no message."""


def traces(found: Iterable[tuple[CampaignIndicator, Sighting]]) -> dict[str, Traces]:
    """Gather by tenant where its indicators stand; a tenant without any has empty traces."""
    made: dict[str, Traces] = defaultdict(Traces)
    for one, sighting in found:
        mine, family = made[one.tenant], family_of((one.kind, one.key))
        for each in sighting.sample:
            mine.events[each.event_uid] |= {family, one.kind}
        for hour in sighting.hours:
            mine.hours[hour].add(family)
        for machine in sighting.entities:
            if family in ("hash", "file"):
                mine.programs[machine] += [each.time for each in sighting.sample]
            if not is_mail_only(one.kind, sighting):
                first = mine.begun.get(machine, sighting.first)
                mine.begun[machine] = min(first, sighting.first)
    return made


def is_mail_only(kind: str, sighting: Sighting) -> bool:
    """Tell whether a value stands in messages only, so that nobody has followed it."""
    return kind == "email" or (
        kind == "domain" and bool(sighting.paths) and all(_is_mail(each) for each in sighting.paths)
    )


def delivered(sighting: Sighting, mine: Traces) -> bool:
    """Tell whether a message came to one machine within the hour before its first trace."""
    return any(
        machine in mine.begun and timedelta(0) <= mine.begun[machine] - sighting.first <= DELIVERY
        for machine in sighting.entities
    )


def same_event(sighting: Sighting, mine: Traces) -> bool:
    """Tell whether all known events of a value hold an indicator too."""
    return bool(sighting.sample) and all(
        mine.events.get(each.event_uid) for each in sighting.sample
    )


def is_file_of(sighting: Sighting, mine: Traces) -> bool:
    """Tell whether a file's name stands in an event with a hash or a sender of the campaign."""
    return any(
        mine.events.get(each.event_uid, set[str]()) & {"hash", "email"} for each in sighting.sample
    )


def follows_program(sighting: Sighting, mine: Traces) -> bool:
    """Tell whether a value came up moments after a file of the campaign on its one machine."""
    if len(sighting.entities) != 1 or sighting.entities[0] not in mine.begun:
        return False
    return any(
        timedelta(0) <= sighting.first - each <= FOLLOWS
        for each in mine.programs.get(sighting.entities[0], ())
    )


def near(sighting: Sighting, mine: Traces) -> bool:
    """Tell whether a value came up on a machine in an hour of an indicator, or the next to it."""
    for hour in sighting.hours:
        machine, _, number = hour.rpartition(" ")
        if machine and any(f"{machine} {int(number) + step}" in mine.hours for step in (-1, 0, 1)):
            return True
    return same_event(sighting, mine)


def add_tool(mine: Traces, sighting: Sighting) -> None:
    """Note where a tool was used that anybody may have and that several tenants of a campaign do.

    It is no indicator, but the server that its first use on a machine leads to may be one.
    """
    for machine in sighting.entities:
        mine.programs[machine] += [each.time for each in sighting.sample]


def _is_mail(path: str) -> bool:
    return path.startswith("email.") or path.endswith(("sender", "from"))
