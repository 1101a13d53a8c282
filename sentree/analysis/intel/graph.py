"""The merged objects as a graph of things with names: one entity for all ids of one thing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas.event import Reference
from sentree.intel.stix import ACTORS, SOFTWARE, StixObject
from sentree.intel.stix_merge import Holding

_FAMILY = {
    **dict.fromkeys(ACTORS, "actor"),
    **dict.fromkeys(SOFTWARE, "software"),
    "attack-pattern": "technique",
    "campaign": "campaign",
    "vulnerability": "vulnerability",
    "infrastructure": "infrastructure",
    "identity": "identity",
    "location": "location",
}
_PASSIVE = {
    "used-by": "uses",
    "targeted-by": "targets",
    "indicated-by": "indicates",
    "exploited-by": "exploits",
    "authored": "authored-by",
}
_NOT_WORD = re.compile(r"[\W_]+")
_CVE = re.compile(r"CVE-\d{4}-\d{4,}", re.IGNORECASE)


@dataclass(slots=True)
class Entity:
    """Objects that are one thing: of one family and one name, or one ATT&CK or CVE id."""

    key: str
    family: str
    members: list[StixObject] = field(default_factory=list[StixObject])

    @property
    def lead(self) -> StixObject:
        """The member that speaks for all: one that is still in force, with an id of ATT&CK."""
        if len(self.members) == 1:
            return self.members[0]
        return min(self.members, key=lambda one: (one.revoked, one.deprecated, not one.external_id))

    @property
    def name(self) -> str:
        """The name a reader knows it by."""
        return self.lead.name

    @property
    def type(self) -> str:
        """The STIX type of the leading member."""
        return self.lead.type

    @property
    def uids(self) -> tuple[str, ...]:
        """The ids of all members."""
        return tuple(one.uid for one in self.members)

    @property
    def aliases(self) -> tuple[str, ...]:
        """All other names of all members."""
        names = (alias for one in self.members for alias in (one.name, *one.aliases))
        return tuple(dict.fromkeys(alias for alias in names if alias != self.name))

    @property
    def external_id(self) -> str | None:
        """The id ATT&CK or CVE gave it."""
        return self.lead.external_id

    @property
    def label(self) -> str:
        """Name and external id: `APT29 (G0016)`."""
        uid = self.external_id
        return f"{self.name} ({uid})" if uid and uid != self.name else self.name

    @property
    def revoked(self) -> bool:
        """Tell whether every member was taken back."""
        return all(one.revoked for one in self.members)

    @property
    def deprecated(self) -> bool:
        """Tell whether every member is out of use."""
        return all(one.deprecated for one in self.members)


class Edge(NamedTuple):
    """A relation between two entities with the relationship objects that state it."""

    source: str
    relation: str
    target: str
    stated: tuple[StixObject, ...]

    @property
    def uids(self) -> tuple[str, ...]:
        """The ids of the relationships."""
        return tuple(one.uid for one in self.stated)


@dataclass(slots=True)
class Graph:
    """Entities and relations of a holding, in order of first appearance."""

    holding: Holding
    entities: dict[str, Entity]
    of: dict[str, str]
    edges: list[Edge]
    _out: dict[str, list[Edge]]
    _in: dict[str, list[Edge]]

    def family(self, *names: str) -> Iterator[Entity]:
        """Go through the entities of some families."""
        return (one for one in self.entities.values() if one.family in names)

    def leaving(self, key: str, *relations: str) -> Iterator[Edge]:
        """Go through the relations that start at an entity."""
        return (one for one in self._out.get(key, ()) if not relations or one.relation in relations)

    def entering(self, key: str, *relations: str) -> Iterator[Edge]:
        """Go through the relations that end at an entity."""
        return (one for one in self._in.get(key, ()) if not relations or one.relation in relations)

    def files(self, entity: Entity) -> tuple[int, ...]:
        """Give the numbers of the files that carry any member."""
        found = {n for uid in entity.uids for n in self.holding.objects[uid].files}
        return tuple(sorted(found))

    def paths(self, entity: Entity) -> tuple[str, ...]:
        """Give the files that carry any member."""
        return tuple(self.holding.files[number].path for number in self.files(entity))


def build_graph(holding: Holding) -> Graph:
    """Group objects into entities and relationships into edges between them."""
    entities: dict[str, Entity] = {}
    of: dict[str, str] = {}
    for uid, merged in holding.objects.items():
        one = merged.newest
        if one.type in ("relationship", "sighting", "marking-definition"):
            continue
        family = _FAMILY.get(one.type, one.type)
        key = _key(one, family)
        entities.setdefault(key, Entity(key, family)).members.append(one)
        of[uid] = key
    stated: dict[tuple[str, str, str], list[StixObject]] = {}
    for one in holding.of_type("relationship"):
        source, target = of.get(one.text("source_ref")), of.get(one.text("target_ref"))
        if source is None or target is None:
            continue
        relation = one.text("relationship_type").lower().replace("_", "-")
        if relation in _PASSIVE:
            source, relation, target = target, _PASSIVE[relation], source
        stated.setdefault((source, relation, target), []).append(one)
    edges = [Edge(*ends, tuple(relations)) for ends, relations in stated.items()]
    leaving: dict[str, list[Edge]] = {}
    entering: dict[str, list[Edge]] = {}
    for edge in edges:
        leaving.setdefault(edge.source, []).append(edge)
        entering.setdefault(edge.target, []).append(edge)
    return Graph(holding, entities, of, edges, leaving, entering)


def folded(name: str) -> str:
    """Bring a name to the form in which spellings compare equal: `APT 29` is `apt29`."""
    return _NOT_WORD.sub("", name).casefold() or name.casefold()


def short_references(objects: Iterable[StixObject]) -> tuple[Reference, ...]:
    """List the sources that objects name, each once, without their descriptions."""
    found: dict[tuple[str, str | None, str | None], Reference] = {}
    for one in objects:
        for ref in one.references:
            key = (ref.source_name, ref.external_id, ref.url)
            if key not in found and (ref.url or ref.external_id or ref.description):
                found[key] = ref.model_copy(update={"description": None})
    return tuple(found.values())


def own_references(one: StixObject) -> tuple[Reference, ...]:
    """Give the references that identify an object (those with an id), else the first one."""
    every = short_references((one,))
    return tuple(ref for ref in every if ref.external_id) or every[:1]


def _key(one: StixObject, family: str) -> str:
    if family == "technique":
        uid = one.technique
        return f"technique:{uid or folded(one.name)}"
    if family == "vulnerability":
        found = _CVE.search(f"{one.name} {one.external_id or ''}")
        return f"vulnerability:{found.group().upper() if found else folded(one.name)}"
    if family in _FAMILY.values() and one.text("name"):
        return f"{family}:{folded(one.name)}"
    return one.uid
