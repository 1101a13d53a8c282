"""Indicators and observables of a graph: what to look for, what it points to, how long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from schemas.intel import IndicatorLine, ObservableLine
from sentree.analysis.intel.graph import Edge, Entity, Graph, short_references
from sentree.intel.observables import is_observable, observed_values
from sentree.intel.stix import StixObject
from sentree.intel.stix_pattern import read_pattern

MAX_VALUES = 20
MAX_PATTERN = 1_000


def read_indicators(graph: Graph, as_of: datetime) -> list[IndicatorLine]:
    """List indicators: those in force first, then by what they point to and by value."""
    lines = [_indicator(graph, one, as_of) for one in graph.family("indicator")]
    order = {"valid": 0, "not yet valid": 1, "expired": 2, "revoked": 3}
    return sorted(
        lines,
        key=lambda one: (order[one.state], not one.indicates, one.kinds, one.values, one.name),
    )


def read_observables(graph: Graph) -> list[ObservableLine]:
    """List observed values by kind, each once, with what they are related to."""
    found: dict[tuple[str, str], tuple[dict[str, None], dict[str, None], dict[str, None]]] = {}
    for entity in graph.entities.values():
        one = entity.lead
        if not is_observable(one):
            continue
        edges = [*graph.entering(entity.key), *graph.leaving(entity.key)]
        names = dict.fromkeys(_others(graph, entity, edges))
        for kind, value in observed_values(one):
            uids, relations, related = found.setdefault((kind, value), ({}, {}, {}))
            uids[one.uid] = None
            relations.update(dict.fromkeys(uid for edge in edges for uid in edge.uids))
            related.update(names)
    return [
        ObservableLine(
            object_uids=tuple(uids),
            relationship_uids=tuple(relations),
            references=short_references(
                known for uid in uids if (known := graph.holding.get(uid)) is not None
            ),
            kind=kind,
            value=value,
            related_to=tuple(related),
        )
        for (kind, value), (uids, relations, related) in sorted(found.items())
    ]


def pattern_values(one: StixObject) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the kinds and the values that an indicator's pattern looks for."""
    kind = one.text("pattern_type") or "stix"
    looked = read_pattern(one.text("pattern")) if kind == "stix" else ()
    kinds = tuple(sorted({each.kind for each in looked}))
    return kinds, tuple(dict.fromkeys(each.value for each in looked))


def _indicator(graph: Graph, entity: Entity, as_of: datetime) -> IndicatorLine:
    one = entity.lead
    kinds, values = pattern_values(one)
    edges = [
        *graph.leaving(entity.key, "indicates", "based-on", "detects", "related-to"),
        *graph.entering(entity.key, "related-to"),
    ]
    pointing = [edge for edge in edges if edge.relation != "based-on"]
    return IndicatorLine(
        object_uids=entity.uids,
        relationship_uids=tuple(dict.fromkeys(uid for edge in edges for uid in edge.uids)),
        references=short_references((one, *(each for edge in edges for each in edge.stated))),
        name=one.text("name"),
        pattern_type=one.text("pattern_type") or "stix",
        pattern=one.text("pattern")[:MAX_PATTERN],
        kinds=kinds,
        values=values[:MAX_VALUES],
        indicates=tuple(dict.fromkeys(_others(graph, entity, pointing))),
        valid_from=one.time("valid_from"),
        valid_until=one.time("valid_until"),
        state=_state(one, as_of),
        labels=tuple(dict.fromkeys((*one.texts("indicator_types"), *one.texts("labels"))))[:12],
    )


def _state(
    one: StixObject, as_of: datetime
) -> Literal["valid", "expired", "not yet valid", "revoked"]:
    start, end = one.time("valid_from"), one.time("valid_until")
    if one.revoked:
        return "revoked"
    if end is not None and end <= as_of:
        return "expired"
    return "not yet valid" if start is not None and start > as_of else "valid"


def _others(graph: Graph, entity: Entity, edges: list[Edge]) -> Iterator[str]:
    for edge in edges:
        other = edge.target if edge.source == entity.key else edge.source
        yield graph.entities[other].name
