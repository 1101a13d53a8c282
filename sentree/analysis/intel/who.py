"""Actors, software, techniques, campaigns, vulnerabilities and infrastructure of a graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from schemas.event import Reference
from schemas.intel import (
    Actor,
    Campaign,
    Infrastructure,
    Procedure,
    Software,
    TechniqueUse,
    Vulnerability,
)
from sentree.analysis.intel.graph import Edge, Entity, Graph, own_references, short_references
from sentree.intel import attack
from sentree.intel.stix import StixObject, plain, techniques_in, vulnerabilities_in

USES = ("uses", "employs", "exploits", "leverages")
MAX_TEXT = 700
_PROSE = ("report", "note", "grouping", "opinion", "incident", "x-misp-event-report")


def technique_id(entity: Entity) -> str:
    """Give the ATT&CK id of a technique entity, else its name."""
    return entity.lead.technique or entity.name


def campaigns_of(graph: Graph, entity: Entity) -> Iterator[tuple[Entity, Edge]]:
    """Go through the campaigns laid at an actor's door, with the relations that say so."""
    for edge in graph.entering(entity.key, "attributed-to"):
        source = graph.entities[edge.source]
        if source.family == "campaign":
            yield source, edge


def software_edges(graph: Graph, entity: Entity) -> Iterator[tuple[Entity, Edge]]:
    """Go through the software that an entity uses, or that is attributed to it."""
    for edge in graph.leaving(entity.key, *USES):
        if graph.entities[edge.target].family == "software":
            yield graph.entities[edge.target], edge
    for edge in graph.entering(entity.key, "attributed-to", "authored-by"):
        if graph.entities[edge.source].family == "software":
            yield graph.entities[edge.source], edge


def technique_edges(graph: Graph, entity: Entity) -> Iterator[tuple[Entity, Edge]]:
    """Go through the techniques that an entity uses."""
    for edge in graph.leaving(entity.key, *USES):
        if graph.entities[edge.target].family == "technique":
            yield graph.entities[edge.target], edge


def read_actors(
    graph: Graph, attacked: Mapping[str, Iterable[str]], origin: Mapping[str, Iterable[str]]
) -> list[Actor]:
    """List the actors, those with the most techniques and software first.

    Args:
        graph: the objects.
        attacked: names of targets by the key of who attacks them.
        origin: names of places by the key of who sits there.
    """
    found: list[Actor] = []
    for entity in graph.family("actor"):
        campaigns = list(campaigns_of(graph, entity))
        doers = [entity, *(campaign for campaign, _ in campaigns)]
        techniques = [pair for doer in doers for pair in technique_edges(graph, doer)]
        software = [pair for doer in doers for pair in software_edges(graph, doer)]
        edges = [edge for _, edge in (*campaigns, *techniques, *software)]
        found.append(
            Actor(
                **_named(graph, entity),
                relationship_uids=_uids(edges),
                first_seen=_first(entity, "first_seen"),
                last_seen=_last(entity, "last_seen"),
                motivation=", ".join(_values(entity, "primary_motivation", "goals")),
                origin=tuple(dict.fromkeys(origin.get(entity.key, ()))),
                techniques=_sorted(technique_id(one) for one, _ in techniques),
                software=_names(one for one, _ in software),
                campaigns=_names(one for one, _ in campaigns),
                targets=tuple(
                    dict.fromkeys(name for doer in doers for name in attacked.get(doer.key, ()))
                ),
            )
        )
    return sorted(
        found, key=lambda one: (-len(one.techniques), -len(one.software), one.name.casefold())
    )


def read_software(graph: Graph) -> list[Software]:
    """List malware and tools, the most used first."""
    found: list[Software] = []
    for entity in graph.family("software"):
        users = [
            (graph.entities[edge.source], edge)
            for edge in graph.entering(entity.key, *USES)
            if graph.entities[edge.source].family != "technique"
        ]
        users += [
            (graph.entities[edge.target], edge)
            for edge in graph.leaving(entity.key, "attributed-to", "authored-by")
        ]
        techniques = list(technique_edges(graph, entity))
        found.append(
            Software(
                **_named(graph, entity),
                relationship_uids=_uids(edge for _, edge in (*users, *techniques)),
                kinds=_values(entity, "malware_types", "tool_types", "labels"),
                used_by=_names(one for one, _ in users),
                techniques=_sorted(technique_id(one) for one, _ in techniques),
            )
        )
    return sorted(found, key=lambda one: (-len(one.used_by), one.name.casefold()))


def read_campaigns(graph: Graph) -> list[Campaign]:
    """List campaigns by the time they began."""
    found: list[Campaign] = []
    for entity in graph.family("campaign"):
        blamed = list(graph.leaving(entity.key, "attributed-to"))
        techniques = list(technique_edges(graph, entity))
        software = list(software_edges(graph, entity))
        edges = (*blamed, *(edge for _, edge in (*techniques, *software)))
        found.append(
            Campaign(
                **_named(graph, entity),
                relationship_uids=_uids(edges),
                attributed_to=_names(graph.entities[edge.target] for edge in blamed),
                first_seen=_first(entity, "first_seen"),
                last_seen=_last(entity, "last_seen"),
                techniques=_sorted(technique_id(one) for one, _ in techniques),
                software=_names(one for one, _ in software),
            )
        )
    return sorted(found, key=lambda one: (one.first_seen is None, one.first_seen, one.name))


def read_techniques(graph: Graph) -> list[TechniqueUse]:
    """List techniques in matrix order of their first tactic, then the most used first."""
    listed_in = _listed(graph)
    found: list[TechniqueUse] = []
    for entity in graph.family("technique"):
        uid = technique_id(entity)
        known = attack.technique(uid)
        edges = list(graph.entering(entity.key, *USES))
        users = [graph.entities[edge.source] for edge in edges]
        status = "revoked" if entity.revoked else "deprecated" if entity.deprecated else ""
        if not edges and entity.key in listed_in:
            status = "; ".join(filter(None, (status, f"listed in {listed_in[entity.key]}")))
        phases = [phase for one in entity.members for phase in one.tactics]
        found.append(
            TechniqueUse(
                object_uids=entity.uids,
                relationship_uids=_uids(edges),
                references=_references(entity, edges),
                technique=uid,
                name=known.name if known.known and entity.lead.technique else entity.name,
                current=known.uid,
                tactics=attack.in_matrix_order(phases)
                or tuple(dict.fromkeys(phases))
                or known.tactics,
                basis="relation" if edges else "property",
                used_by=_names(users),
                procedures=_procedures(entity, zip(users, edges, strict=True)),
                status=status,
            )
        )
    found += _named_in_text(graph, {one.technique for one in found})
    return sorted(found, key=_matrix_place)


def read_vulnerabilities(graph: Graph) -> list[Vulnerability]:
    """List vulnerabilities, the most exploited first."""
    found: list[Vulnerability] = []
    for entity in graph.family("vulnerability"):
        edges = list(graph.entering(entity.key, "exploits", "targets", "uses", "has"))
        found.append(
            Vulnerability(
                **_named(graph, entity),
                relationship_uids=_uids(edges),
                exploited_by=_names(graph.entities[edge.source] for edge in edges),
            )
        )
    found += _vulnerabilities_in_text(graph, {one.external_id or one.name for one in found})
    return sorted(found, key=lambda one: (-len(one.exploited_by), one.name))


def _vulnerabilities_in_text(graph: Graph, known: set[str]) -> Iterator[Vulnerability]:
    """Go through the CVE ids that only prose names: procedures, and what actors' objects say.

    Whose procedure names one is said to exploit it; for other prose nobody is.
    """
    found: dict[str, list[tuple[StixObject, str]]] = {}
    for edge in graph.edges:
        if edge.relation in USES:
            for one in edge.stated:
                for uid in vulnerabilities_in(one.text("description")):
                    found.setdefault(uid, []).append((one, graph.entities[edge.source].name))
    for entity in graph.family("actor", "campaign", "software", *_PROSE):
        for one in entity.members:
            for uid in vulnerabilities_in(plain(text_of(one))):
                found.setdefault(uid, []).append((one, ""))
    for uid, where in found.items():
        if uid not in known:
            objects = [one for one, _ in where]
            yield Vulnerability(
                object_uids=tuple(dict.fromkeys(one.uid for one in objects)),
                references=short_references(objects[:3]),
                name=uid,
                type="named in text",
                external_id=uid,
                files=_files(graph, objects),
                exploited_by=tuple(sorted({name for _, name in where if name}, key=str.casefold)),
            )


def _files(graph: Graph, objects: Iterable[StixObject]) -> tuple[str, ...]:
    numbers = {n for one in objects for n in graph.holding.objects[one.uid].files}
    return tuple(graph.holding.files[number].path for number in sorted(numbers))


def read_infrastructure(graph: Graph) -> list[Infrastructure]:
    """List infrastructure by name, with users and parts."""
    found: list[Infrastructure] = []
    for entity in graph.family("infrastructure"):
        users = list(graph.entering(entity.key))
        parts = list(graph.leaving(entity.key))
        found.append(
            Infrastructure(
                **_named(graph, entity),
                relationship_uids=_uids((*users, *parts)),
                kinds=_values(entity, "infrastructure_types", "labels"),
                used_by=_names(graph.entities[edge.source] for edge in users),
                consists_of=_names(graph.entities[edge.target] for edge in parts),
            )
        )
    return sorted(found, key=lambda one: one.name.casefold())


def text_of(one: StixObject) -> str:
    """Give the prose of an object: description, content, abstract or objective."""
    parts = (one.text(key) for key in ("description", "content", "abstract", "objective"))
    return "\n".join(part for part in parts if part)


def _procedures(entity: Entity, uses: Iterable[tuple[Entity, Edge]]) -> tuple[Procedure, ...]:
    found: list[Procedure] = []
    for user, edge in uses:
        for one in edge.stated:
            found.append(
                Procedure(
                    object_uids=(*user.uids, *entity.uids),
                    relationship_uids=(one.uid,),
                    references=short_references((one,)),
                    user=user.name,
                    user_type=user.type,
                    text=_cut(plain(one.text("description"))),
                )
            )
    return tuple(sorted(found, key=lambda one: (not one.text, one.user, one.relationship_uids)))


def _named_in_text(graph: Graph, known: set[str]) -> list[TechniqueUse]:
    """List techniques that reports and notes name by id though no object stands for them."""
    found: dict[str, list[StixObject]] = {}
    for merged in graph.holding.objects.values():
        one = merged.newest
        if one.type in _PROSE or one.type in ("campaign", "intrusion-set", "malware", "indicator"):
            labels = " ".join(one.texts("labels"))
            for uid in techniques_in(f"{plain(text_of(one))} {labels}"):
                if uid not in known and attack.technique(uid).known:
                    found.setdefault(uid, []).append(one)
    return [
        TechniqueUse(
            object_uids=tuple(one.uid for one in where),
            references=short_references(where[:1]),
            technique=uid,
            name=attack.technique(uid).name,
            current=attack.technique(uid).uid,
            tactics=attack.technique(uid).tactics,
            basis="text",
            status=f"named in the text of {where[0].name}",
        )
        for uid, where in found.items()
    ]


def _listed(graph: Graph) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in graph.holding.of_type("report", "grouping"):
        for uid in one.texts("object_refs"):
            if uid in graph.of:
                found.setdefault(graph.of[uid], one.name)
    return found


def _matrix_place(one: TechniqueUse) -> tuple[int, int, str]:
    first = one.tactics[0] if one.tactics else ""
    place = attack.TACTICS.index(first) if first in attack.TACTICS else len(attack.TACTICS)
    return place, -len(one.used_by), one.technique


def _references(entity: Entity, edges: Iterable[Edge]) -> tuple[Reference, ...]:
    own = [ref for one in entity.members for ref in own_references(one)]
    stated = short_references(one for edge in edges for one in edge.stated)
    return tuple(dict.fromkeys((*own, *stated)))


def _named(graph: Graph, entity: Entity) -> dict[str, Any]:
    return {
        "object_uids": entity.uids,
        "references": short_references(entity.members),
        "name": entity.name,
        "type": entity.type,
        "external_id": entity.external_id,
        "aliases": entity.aliases,
        "files": graph.paths(entity),
        "revoked": entity.revoked,
        "deprecated": entity.deprecated,
        "description": _cut(plain(text_of(entity.lead))),
    }


def _values(entity: Entity, *keys: str) -> tuple[str, ...]:
    found = (text for one in entity.members for key in keys for text in one.texts(key))
    return tuple(dict.fromkeys(found))


def _first(entity: Entity, key: str) -> datetime | None:
    return min((time for one in entity.members if (time := one.time(key))), default=None)


def _last(entity: Entity, key: str) -> datetime | None:
    return max((time for one in entity.members if (time := one.time(key))), default=None)


def _uids(edges: Iterable[Edge]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(uid for edge in edges for uid in edge.uids))


def _names(entities: Iterable[Entity]) -> tuple[str, ...]:
    return tuple(sorted({one.name for one in entities}, key=str.casefold))


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT].rsplit(' ', 1)[0]} …"
