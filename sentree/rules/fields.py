"""Finds where a Sigma field stands in the events at hand, and writes the SQL that reads it.

The order is: the producer's own names in the raw record, then OCSF attributes of the normalised
event. Names are looked up among those the events really have, so that nothing is extracted in
vain, blanks in names don't matter, and names that differ only in case stay apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sentree.rules.taxonomy import Source, Taxonomy

Layout = Sequence[Sequence[str] | None] | None
"""The names in each container (closed ones first, then open ones) of one or many events."""

MAX_OPEN_CHILDREN = 64


@dataclass(slots=True)
class Extraction:
    """The paths that one pass reads from raw record and normalised event, each once."""

    raw: list[str] = field(default_factory=list[str])
    event: list[str] = field(default_factory=list[str])

    def raw_sql(self, pointer: str) -> str:
        """Give SQL for the text at a pointer into the raw record."""
        return f"r[{_place(self.raw, pointer)}]"

    def event_sql(self, pointer: str) -> str:
        """Give SQL for the text at a pointer into the normalised event."""
        return f"o[{_place(self.event, pointer)}]"


def _place(pointers: list[str], pointer: str) -> int:
    if pointer not in pointers:
        pointers.append(pointer)
    return pointers.index(pointer) + 1


class FieldReader:
    """Reads the fields of one log source from events of known layouts."""

    def __init__(self, taxonomy: Taxonomy, source: Source, layouts: Sequence[Layout]) -> None:
        self._taxonomy = taxonomy
        self._source = source
        self._each = [_Names(taxonomy, [layout]) for layout in layouts]
        self._all = _Names(taxonomy, layouts)

    def sql(self, name: str, extraction: Extraction) -> str | None:
        """Give SQL for a field's text, or None when no event at hand can have the field."""
        system = self._taxonomy.system.get(name) if self._source.windows else None
        if system is not None:
            return _first(list(self._system(system, extraction)))
        terms: list[str] = []
        open_layouts = self._each
        for alias in self.aliases(name):
            # Where every event has the producer's field, the normalised event is not read at all.
            if not alias.startswith("/") or open_layouts:
                terms += self._alias(alias, extraction)
            open_layouts = [names for names in open_layouts if not names.has(alias)]
        return _first(terms)

    def aliases(self, name: str) -> tuple[str, ...]:
        """Give the names and pointers under which a field may stand, in order."""
        listed = self._source.view.get(name, ())
        return listed if name in listed else (name, *listed)

    def _system(self, places: tuple[str, ...], extraction: Extraction) -> Iterator[str]:
        for place in places:
            if not place.startswith("/"):
                yield place
            elif self._all.may_hold(place):
                yield extraction.raw_sql(place)

    def _alias(self, alias: str, extraction: Extraction) -> list[str]:
        if "+" in alias:
            parts = [_first(self._alias(part, extraction)) for part in alias.split("+")]
            joined = " || '\\' || ".join(f"nullif({part}, '')" for part in parts if part)
            return [f"({joined})"] if all(parts) else []
        if alias.startswith("/"):
            return [extraction.event_sql(alias)]
        return [extraction.raw_sql(pointer) for pointer in self._all.pointers(alias)]


class _Names:
    """The names of some layouts: in each closed container, and of the children of open ones."""

    def __init__(self, taxonomy: Taxonomy, layouts: Sequence[Layout]) -> None:
        pointers = [*taxonomy.containers, *taxonomy.open_containers]
        found: dict[str, set[str]] = {pointer: set() for pointer in pointers}
        for layout in layouts:
            for pointer, names in zip(pointers, layout or (), strict=False):
                found[pointer].update(names or ())
        self._closed = {p: _index(found[p]) for p in taxonomy.containers if found[p]}
        self._open = {p: sorted(found[p])[:MAX_OPEN_CHILDREN] for p in taxonomy.open_containers}
        self._roots = {_escaped(name) for name in found[""]}

    def may_hold(self, pointer: str) -> bool:
        """Say whether the pointer's first step exists."""
        return pointer.split("/")[1] in self._roots

    def has(self, name: str) -> bool:
        """Say whether a field of exactly that name is there for certain."""
        return any(name in index.get(_bare(name), ()) for index in self._closed.values())

    def pointers(self, name: str) -> Iterator[str]:
        """Give every pointer at which a field of that name stands, or may stand."""
        bare = _bare(name)
        steps = name.split("/") if "/" in name else name.split(".")
        for container, index in self._closed.items():
            alike = index.get(bare, ())
            for spelling in dict.fromkeys((name, *alike) if name in alike else alike):
                yield f"{container}/{_escaped(spelling)}"
            if len(steps) > 1 and steps[0] in index.get(_bare(steps[0]), ()):
                yield container + "".join(f"/{_escaped(step)}" for step in steps)
        for container, children in self._open.items():
            for child in children:
                if not child.startswith("#"):
                    path = "/".join(map(_escaped, name.split("/")))
                    yield f"{container}/{_escaped(child)}/{path}"


def _index(names: Iterable[str]) -> Mapping[str, list[str]]:
    """Map each name without blanks to the names that it may be."""
    index: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: (len(name), name)):
        index.setdefault(_bare(name), []).append(name)
    return index


def _bare(name: str) -> str:
    return "".join(name.split())


def _escaped(step: str) -> str:
    """Escape a name for a JSON pointer."""
    return step.replace("~", "~0").replace("/", "~1")


def _first(terms: Sequence[str]) -> str | None:
    unique = list(dict.fromkeys(terms))
    if not unique:
        return None
    return unique[0] if len(unique) == 1 else f"coalesce({', '.join(unique)})"
