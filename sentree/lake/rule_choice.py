"""Narrows a mapper to the rules that some record at hand can meet.

DuckDB sets a statement up in time that grows faster than the statement, whatever it then reads;
a file of a few kinds of records should not pay for the rules of all others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from ocsf.mapping import Mapper, Rule
from sentree.lake.mapping_expressions import literal
from sentree.lake.mapping_fields import candidates

FEW_RULES = 6
# A field that fewer rules ask for may hold anything; its values would be too many to list.
LEAST_SHARE = 4
MOST_VALUES = 10_000


def telling_names(mapper: Mapper) -> list[str]:
    """List the raw fields by which a good part of the rules tell their records."""
    if len(mapper.rules) <= FEW_RULES:
        return []
    users: dict[str, int] = {}
    for rule in mapper.rules:
        for name in {name for name, values in rule.when if values}:
            users[name] = users.get(name, 0) + 1
    return sorted(name for name, count in users.items() if count * LEAST_SHARE >= len(mapper.rules))


def narrowed(
    mapper: Mapper, relation: str, fetch: Callable[[str], list[tuple[str | None, ...]]]
) -> Mapper:
    """Give the mapper without the rules that no record of the relation can meet.

    Args:
        mapper: the mapper; its last rule is always kept.
        relation: SQL of a relation with a column `doc`.
        fetch: runs a statement.
    """
    names = telling_names(mapper)
    if not names:
        return mapper
    paths = {
        name: list(dict.fromkeys(p for each in mapper.shapes for p in candidates((name,), each)))
        for name in names
    }
    flat = [(name, path) for name in names for path in paths[name]]
    listed = ", ".join(literal(path) for _, path in flat)
    columns = ", ".join(f"lower(v[{number}])" for number in range(1, len(flat) + 1))
    rows = fetch(
        f"SELECT DISTINCT {columns} FROM (SELECT json_extract_string(doc, [{listed}]) AS v"
        f" FROM {relation}) LIMIT {MOST_VALUES}"
    )
    if len(rows) >= MOST_VALUES:
        return mapper
    found: dict[str, set[str]] = {name: set() for name in names}
    for row in rows:
        for (name, _), text in zip(flat, row, strict=True):
            if text is not None:
                found[name].add(text)
    return dataclasses.replace(mapper, rules=_meetable(mapper, found))


def _meetable(mapper: Mapper, found: Mapping[str, set[str]]) -> tuple[Rule, ...]:
    def may_meet(rule: Rule) -> bool:
        return all(not wanted or wanted & found.get(name, wanted) for name, wanted in rule.when)

    *others, last = mapper.rules
    return (*filter(may_meet, others), last)
