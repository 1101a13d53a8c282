"""Places raw fields in extracted lists: which JSON paths are read, and where each value stands.

One call with a list of paths parses a record once, however many fields it gives.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from ocsf.mapping import Field, Shape
from sentree.lake.mapping_expressions import literal

STEP = re.compile(r'"([^"]+)"|([^.\[\]"]+)|\[(\d+)\]')
NOTHING = '$."-"'
"""Fills a place that a rule does not use; nobody looks at what it finds."""

Names = tuple[str, ...]


def json_path(name: str) -> str:
    """Give the DuckDB JSON path of a field name; keys are quoted, so they may hold anything."""
    if name == "$":
        return "$"
    steps = (
        f"[{index}]" if index else f'."{quoted or plain}"'
        for quoted, plain, index in STEP.findall(name)
    )
    return "$" + "".join(steps)


def candidates(names: Names, shape: Shape) -> list[str]:
    """List the document paths where a shape may hold a field, best first."""
    paths: list[str] = []
    for name in names:
        if name == "$":
            found = ["$"]
        elif name.startswith("/"):
            found = [json_path(name[1:])]
        elif name in shape.aliases:
            found = [json_path(path) for path in shape.aliases[name]]
        else:
            found = [json_path(f"{root}.{name}" if root else name) for root in shape.roots]
        paths += [path for path in found if path not in paths]
    return paths


class Noted:
    """Notes the fields that expressions ask for."""

    def __init__(self) -> None:
        self.names: dict[Names, None] = {}

    def sql(self, field: Field) -> str:
        """Remember the field; the SQL given is only a stand-in."""
        self.names[field.names] = None
        return "NULL"


class Places:
    """The place of every field in the extracted lists of all rules.

    Rules share places: a field stands at the same place in the list of every rule that uses it,
    so that rules with the same expression have the same SQL for it; two fields may share a place
    if no rule uses both. Places go to the most used fields first.
    """

    def __init__(self, shapes: tuple[Shape, ...], column: str, uses: list[Iterable[Names]]) -> None:
        self._shapes = shapes
        self._column = column
        self._uses = [dict.fromkeys(each) for each in uses]
        self._places = self._allocate()

    def _width(self, names: Names) -> int:
        return max(len(candidates(names, shape)) for shape in self._shapes)

    def _allocate(self) -> dict[Names, range]:
        popular = Counter(names for uses in self._uses for names in uses)
        taken: list[set[int]] = [set() for _ in self._uses]
        places: dict[Names, range] = {}
        for names in sorted(popular, key=lambda each: (-popular[each], each)):
            users = [number for number, uses in enumerate(self._uses) if names in uses]
            blocked = set[int]().union(*(taken[number] for number in users))
            width, start = self._width(names), 1
            while blocked.intersection(range(start, start + width)):
                start += 1
            places[names] = range(start, start + width)
            for number in users:
                taken[number].update(places[names])
        return places

    def sql(self, field: Field) -> str:
        """Give SQL for the field's text."""
        parts = [f"{self._column}[{place}]" for place in self._places[field.names]]
        return parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"

    def extraction(self, rule: int, function: str = "json_extract_string") -> str | None:
        """Give SQL that extracts a rule's fields, in the way of the record's shape."""
        if not self._uses[rule]:
            return None
        calls = [f"{function}(doc, [{', '.join(self._paths(rule, s))}])" for s in self._shapes]
        if len(set(calls)) == 1:
            return calls[0]
        arms = " ".join(f"WHEN {number} THEN {call}" for number, call in enumerate(calls))
        return f"CASE shape {arms} END"

    def _paths(self, rule: int, shape: Shape) -> list[str]:
        paths = [NOTHING] * max(self._places[names][-1] for names in self._uses[rule])
        for names in self._uses[rule]:
            for place, path in zip(self._places[names], candidates(names, shape), strict=False):
                paths[place - 1] = path
        return [literal(path) for path in paths]
