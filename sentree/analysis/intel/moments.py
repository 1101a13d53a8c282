"""The time line: when things were active, seen, valid or published, and what prose says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from schemas.intel import Moment
from sentree.analysis.intel.graph import Graph, short_references
from sentree.analysis.intel.who import text_of
from sentree.intel.stix import StixObject, plain

_ACTIVITY = {
    "first_seen": "first seen",
    "last_seen": "last seen",
    "first_observed": "first observed",
    "last_observed": "last observed",
    "start_time": "relation began",
    "stop_time": "relation ended",
    "published": "published",
    "valid_from": "valid from",
    "valid_until": "valid until",
}
_RECORDED = ("intrusion-set", "threat-actor", "campaign", "malware", "tool", "report")
_SINCE = re.compile(
    r"\b(?:since|starting\s+in|(?:began|emerged|started|appeared)\s+in|active\s+(?:from|in)"
    r"|first\s+(?:seen|observed|identified|reported|detected|discovered)\s+in)\s+"
    r"(?:(?:at\s+least|as\s+early\s+as|around|the)\s+)*"
    r"(?:(?:early|mid|late|summer|spring|fall|autumn|winter)[\s-]*(?:of\s+)?)?"
    r"((?:January|February|March|April|May|June|July|August|September|October|November|December)"
    r",?\s+)?((?:19|20)\d{2})\b"
)
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def read_moments(graph: Graph) -> list[Moment]:
    """List everything dated in order of time; indicators count once a day and kind."""
    found: list[Moment] = []
    crowded: dict[tuple[str, datetime], list[StixObject]] = {}
    for merged in graph.holding.objects.values():
        one = merged.newest
        for key, words in _ACTIVITY.items():
            if key not in one.body or (time := one.time(key)) is None:
                continue
            if one.type in ("indicator", "observed-data", "relationship"):
                day = time.replace(hour=0, minute=0, second=0, microsecond=0)
                crowded.setdefault((f"{one.type}\t{key}", day), []).append(one)
            else:
                found.append(_moment(graph, one, time, key, words))
        if one.type in _RECORDED:
            if time := one.time("created"):
                found.append(_moment(graph, one, time, "created", "record created"))
            found += _stated(one)
    for (what, day), objects in crowded.items():
        kind, key = what.split("\t")
        count = f"{len(objects):,} {kind}" if len(objects) > 1 else _name(graph, objects[0])
        found.append(
            Moment(
                object_uids=tuple(one.uid for one in objects[:50]),
                references=short_references(objects[:3]),
                time=day,
                kind=key,
                text=f"{count}: {_ACTIVITY[key]}",
            )
        )
    return sorted(found, key=lambda one: (one.time, one.kind, one.text, one.object_uids))


def _moment(graph: Graph, one: StixObject, time: datetime, kind: str, words: str) -> Moment:
    return Moment(
        object_uids=(one.uid,),
        references=short_references((one,))[:3],
        time=time,
        kind=kind,
        text=f"{_name(graph, one)}: {words}",
    )


def _name(graph: Graph, one: StixObject) -> str:
    if one.type == "sighting":
        seen = graph.holding.get(one.text("sighting_of_ref"))
        return f"sighting of {seen.name if seen else one.text('sighting_of_ref')}"
    if one.type == "relationship":
        ends = [graph.holding.get(one.text(key)) for key in ("source_ref", "target_ref")]
        names = [end.name if end else "?" for end in ends]
        return f"{names[0]} {one.text('relationship_type')} {names[1]}"
    return f"{one.name} ({one.type})"


def _stated(one: StixObject) -> Iterator[Moment]:
    """Read the year that a description gives for the beginning of activity."""
    if one.type not in ("intrusion-set", "threat-actor", "campaign"):
        return
    text = plain(text_of(one))
    match = _SINCE.search(text)
    if match is None:
        return
    month = _MONTHS.index(match[1].strip(", ")) + 1 if match[1] else 1
    passage = text[max(match.start() - 60, 0) : match.end()]
    yield Moment(
        object_uids=(one.uid,),
        references=short_references((one,))[:3],
        time=datetime(int(match[2]), month, 1, tzinfo=UTC),
        kind="stated in text",
        text=f"{one.name} ({one.type}): “{passage.split(' ', 1)[-1]}”",
    )
