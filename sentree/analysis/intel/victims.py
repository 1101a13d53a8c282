"""Who is attacked by whom, and where attackers sit: from relations, properties and quoted prose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from schemas.claim import Evidence
from schemas.intel import Basis, Target, TargetKind
from sentree.analysis.intel.graph import Entity, Graph, folded, own_references, short_references
from sentree.analysis.intel.who import text_of
from sentree.intel.stix import StixObject, texts_of
from sentree.intel.targets import country_name, read_targets, sector_name

_ATTACKS = ("targets", "compromises", "attacks", "impacts")
_SITS = ("originates-from", "located-at", "based-in", "originated-from")
_ATTACKERS = ("actor", "campaign", "software", "report", "grouping", "incident", "note")
_PROPERTY = re.compile(
    r"(?:target|victim)\w*?(?P<what>sector|industr|vertical|countr|region|geo|locat)", re.IGNORECASE
)
_ORIGIN_PROPERTY = re.compile(
    r"^(?:x_\w*)?(?:country|origin|country_of_origin|nationality|suspected_\w*(?:country|state\w*))$"
)
_LABEL = re.compile(
    r"(?P<what>sector|target-information|country|region|preciseregion|industry|victim)\S*?=\"?"
    r"(?P<name>[^\"]{2,80})\"?",
    re.IGNORECASE,
)
MAX_QUOTES = 12


@dataclass(slots=True)
class Victim:
    """One target (or origin) with all that says so; `by` holds the keys of the attackers."""

    kind: TargetKind
    name: str
    origin: bool
    by: dict[str, None] = field(default_factory=dict[str, None])
    bases: set[Basis] = field(default_factory=set[Basis])
    objects: dict[str, None] = field(default_factory=dict[str, None])
    relations: dict[str, None] = field(default_factory=dict[str, None])
    quotes: dict[Evidence, None] = field(default_factory=dict[Evidence, None])

    @property
    def basis(self) -> Basis:
        """The strongest basis: a relation before a property before prose."""
        return "relation" if "relation" in self.bases else min(self.bases)


def read_victims(graph: Graph) -> list[Victim]:
    """List targets and origins, those with the strongest basis and most attackers first."""
    found: dict[tuple[TargetKind, str, bool], Victim] = {}

    def of(kind: TargetKind, name: str, origin: bool) -> Victim:
        key = (kind, folded(name), origin)
        return found.setdefault(key, Victim(kind, name, origin))

    for edge in graph.edges:
        attacks, sits = edge.relation in _ATTACKS, edge.relation in _SITS
        target, source = graph.entities[edge.target], graph.entities[edge.source]
        if not (attacks or (sits and source.family in ("actor", "campaign"))):
            continue
        for kind, name in _victims(target):
            victim = of(kind, name, sits)
            victim.by[edge.source] = None
            victim.bases.add("relation")
            victim.objects.update(dict.fromkeys((*target.uids, *source.uids)))
            victim.relations.update(dict.fromkeys(edge.uids))
    for entity in graph.family(*_ATTACKERS):
        by = _attackers(graph, entity)
        for one in entity.members:
            for kind, name, origin in _properties(one):
                victim = of(kind, name, origin)
                victim.by.update(by)
                victim.bases.add("property")
                victim.objects[one.uid] = None
            for mention in read_targets(text_of(one)):
                victim = of(mention.kind, mention.name, mention.origin)
                victim.by.update(by)
                victim.bases.add("text")
                victim.objects[one.uid] = None
                victim.quotes[Evidence(event_uid=one.uid, quote=mention.quote)] = None
    return sorted(
        found.values(),
        key=lambda one: (one.basis != "relation", -len(one.by), one.kind, one.name.casefold()),
    )


def target_lines(graph: Graph, victims: Iterable[Victim], *, origin: bool) -> list[Target]:
    """Write targets (or origins) as lines of the report."""
    return [
        Target(
            object_uids=tuple(one.objects),
            relationship_uids=tuple(one.relations),
            references=tuple(
                dict.fromkeys(
                    ref
                    for uid in (*one.objects, *one.relations)
                    for known in (graph.holding.get(uid),)
                    if known is not None
                    for ref in (
                        short_references((known,))
                        if known.type == "relationship"
                        else own_references(known)
                    )
                )
            ),
            kind=one.kind,
            name=one.name,
            targeted_by=tuple(sorted(graph.entities[key].name for key in one.by)),
            basis=one.basis,
            quotes=tuple(one.quotes)[:MAX_QUOTES],
        )
        for one in victims
        if one.origin is origin
    ]


def _victims(target: Entity) -> Iterator[tuple[TargetKind, str]]:
    """Say what an identity or location stands for; a vulnerability has a section of its own."""
    one = target.lead
    if target.family == "vulnerability":
        return
    if target.family == "location" or one.type == "location":
        wanted = [one.text(key) for key in ("country", "region", "name")]
        place = next((known for text in wanted if text and (known := country_name(text))), None)
        if place:
            yield place
        else:
            yield "region" if one.text("region") else "other", next(filter(None, wanted), one.uid)
    elif target.family == "identity":
        sectors = one.texts("sectors")
        if one.text("identity_class") == "class" or (sectors and not one.text("name")):
            names = sectors or (one.name,)
            for name in names:
                place = country_name(name)
                yield place or ("sector", sector_name(name))
        else:
            place = country_name(one.name)
            yield place or ("organization", one.name)
            for name in sectors:
                yield "sector", sector_name(name)
    else:
        yield "other", target.name


def _properties(one: StixObject) -> Iterator[tuple[TargetKind, str, bool]]:
    """Go through what custom properties and MISP tags say about targets and origin."""
    for body in (one.body, *one.extensions()):
        for key, value in body.items():
            if key in ("description", "name") or not isinstance(value, str | list):
                continue
            if match := _PROPERTY.search(key):
                for text in texts_of(value):
                    yield from _said(match["what"], text, False)
            elif _ORIGIN_PROPERTY.match(key) and one.type in ("intrusion-set", "threat-actor"):
                for text in texts_of(value):
                    if place := country_name(text):
                        yield *place, True
    for label in one.texts("labels"):
        if match := _LABEL.search(label):
            yield from _said(match["what"], match["name"], False)


def _said(what: str, text: str, origin: bool) -> Iterator[tuple[TargetKind, str, bool]]:
    place = country_name(text)
    if place:
        yield *place, origin
    elif what.lower().startswith(("sector", "industr", "vertical")):
        yield "sector", sector_name(text), origin
    elif text.strip():
        yield "other", text.strip(), origin


def _attackers(graph: Graph, entity: Entity) -> dict[str, None]:
    """Give who a description speaks of: the entity, or the one actor that a report lists."""
    if entity.family in ("actor", "campaign", "software"):
        return {entity.key: None}
    listed = {
        key
        for one in entity.members
        for uid in one.texts("object_refs")
        if (key := graph.of.get(uid)) and graph.entities[key].family == "actor"
    }
    return dict.fromkeys(listed) if len(listed) == 1 else {entity.key: None}
