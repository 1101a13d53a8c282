"""What actors, and what files, have in common; and names that stand for more than one thing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

from schemas.intel import Overlap, SameName
from sentree.analysis.intel.graph import Edge, Entity, Graph, folded
from sentree.analysis.intel.signs import pattern_values
from sentree.analysis.intel.who import (
    campaigns_of,
    software_edges,
    technique_edges,
    technique_id,
)

MAX_OVERLAPS = 2_000
MAX_CITED = 60


class _Profile(NamedTuple):
    """What one side has: names by kind, and what each rests on."""

    name: str
    techniques: Mapping[str, tuple[str, ...]]
    software: Mapping[str, tuple[str, ...]]
    indicators: Mapping[str, tuple[str, ...]]
    own: tuple[str, ...]


def actor_overlaps(graph: Graph) -> list[Overlap]:
    """Compare every two actors and campaigns without an actor; the closest pairs first."""
    return _overlaps("actors", [_actor(graph, one) for one in _doers(graph)])


def file_overlaps(graph: Graph) -> list[Overlap]:
    """Compare every two files; the closest pairs first."""
    if len(graph.holding.files) < 2:
        return []
    parts: list[dict[str, dict[str, tuple[str, ...]]]] = [
        {"technique": {}, "software": {}, "indicator": {}} for _ in graph.holding.files
    ]
    for entity in graph.family("technique", "software", "indicator"):
        if entity.family == "indicator":
            names = pattern_values(entity.lead)[1] or (entity.lead.text("pattern"),)
        else:
            names = (technique_id(entity) if entity.family == "technique" else entity.name,)
        for number in graph.files(entity):
            parts[number][entity.family].update(dict.fromkeys(names, entity.uids[:2]))
    profiles = [
        _Profile(file.path, part["technique"], part["software"], part["indicator"], ())
        for file, part in zip(graph.holding.files, parts, strict=True)
    ]
    return _overlaps("files", profiles)


def same_names(graph: Graph) -> list[SameName]:
    """List names that several actors, or several pieces of software, carry."""
    found: list[SameName] = []
    for family in ("actor", "software", "campaign"):
        holders: dict[str, dict[str, tuple[Entity, str]]] = defaultdict(dict)
        for entity in graph.family(family):
            for name in (entity.name, *entity.aliases):
                holders[folded(name)].setdefault(entity.key, (entity, name))
        for group in holders.values():
            if len(group) > 1:
                entities = [entity for entity, _ in group.values()]
                found.append(
                    SameName(
                        object_uids=tuple(uid for entity in entities for uid in entity.uids),
                        name=next(iter(group.values()))[1],
                        holders=tuple(sorted(entity.label for entity in entities)),
                    )
                )
    return sorted(found, key=lambda one: (one.name.casefold(), one.holders))


def _doers(graph: Graph) -> list[Entity]:
    blamed = {source.key for one in graph.family("actor") for source, _ in campaigns_of(graph, one)}
    return [
        one
        for one in graph.family("actor", "campaign")
        if one.key not in blamed or one.family == "actor"
    ]


def _actor(graph: Graph, entity: Entity) -> _Profile:
    doers = [entity, *(one for one, _ in campaigns_of(graph, entity))]
    techniques: dict[str, tuple[str, ...]] = {}
    software: dict[str, tuple[str, ...]] = {}
    for doer in doers:
        for one, edge in technique_edges(graph, doer):
            techniques.setdefault(technique_id(one), _cited(one, edge))
        for one, edge in software_edges(graph, doer):
            software.setdefault(one.name, _cited(one, edge))
    return _Profile(entity.label, techniques, software, {}, entity.uids)


def _cited(one: Entity, edge: Edge) -> tuple[str, ...]:
    return (*one.uids[:1], *edge.uids[:1])


def _overlaps(scope: str, profiles: list[_Profile]) -> list[Overlap]:
    """Compare the pairs that share anything; an index keeps strangers from being compared."""
    pairs = {
        pair
        for kind in ("techniques", "software", "indicators")
        for group in _sharing(getattr(one, kind) for one in profiles)
        for pair in combinations(group, 2)
    }
    ranked = sorted(((_closeness(profiles[a], profiles[b]), a, b) for a, b in pairs), reverse=True)
    found: list[Overlap] = []
    for _, a, b in ranked[:MAX_OVERLAPS]:
        one, other = profiles[a], profiles[b]
        techniques = sorted(one.techniques.keys() & other.techniques.keys())
        software = sorted(one.software.keys() & other.software.keys())
        indicators = sorted(one.indicators.keys() & other.indicators.keys())
        uids = [
            uid
            for kind, names in (
                ("software", software),
                ("techniques", techniques),
                ("indicators", indicators),
            )
            for name in names
            for side in (one, other)
            for uid in getattr(side, kind)[name]
        ]
        found.append(
            Overlap.model_validate(
                {
                    "object_uids": tuple(dict.fromkeys((*one.own, *other.own, *uids)))[:MAX_CITED],
                    "scope": scope,
                    "one": one.name,
                    "other": other.name,
                    "techniques": tuple(techniques),
                    "software": tuple(software),
                    "indicators": tuple(indicators),
                    "technique_jaccard": jaccard(one.techniques, other.techniques),
                    "software_jaccard": jaccard(one.software, other.software),
                }
            )
        )
    return found


def jaccard(one: Iterable[str], other: Iterable[str]) -> float:
    """Give the share of the united names that both have; 0 when neither has any."""
    left, right = set(one), set(other)
    united = len(left | right)
    return round(len(left & right) / united, 4) if united else 0.0


def _closeness(one: _Profile, other: _Profile) -> float:
    techniques = jaccard(one.techniques, other.techniques)
    software = jaccard(one.software, other.software)
    return techniques + software + jaccard(one.indicators, other.indicators)


def _sharing(sides: Iterable[Mapping[str, object]]) -> Iterable[list[int]]:
    holders: dict[str, list[int]] = defaultdict(list)
    for number, names in enumerate(sides):
        for name in names:
            holders[name].append(number)
    return (group for group in holders.values() if len(group) > 1)
