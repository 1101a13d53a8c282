"""Narrows a mapper to the rules that some record at hand can meet.

DuckDB sets a statement up in time that grows faster than the statement, whatever it then reads;
a file of a few kinds of records should not pay for the rules of all others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from ocsf.mapping import Mapper, Rule
from sentree.lake.mapping_expressions import literal
from sentree.lake.mapping_fields import candidates

FEW_RULES = 6
MOST_VALUES = 10_000


def telling_name(mapper: Mapper) -> str | None:
    """Give the raw field whose values tell most rules apart; None where rules are few."""
    if len(mapper.rules) <= FEW_RULES:
        return None
    wanted: dict[str, set[str]] = {}
    for rule in mapper.rules:
        for name, values in rule.when:
            wanted.setdefault(name, set()).update(values)
    return max(sorted(wanted), key=lambda name: len(wanted[name]), default=None)


def of_shapes(mapper: Mapper, told: Sequence[int | None]) -> Mapper:
    """Give the mapper with the shapes alone by which records were told.

    Args:
        mapper: the mapper.
        told: the shapes' numbers; None for a record that was told otherwise.
    """
    numbers = {number for number in told if number is not None}
    if len(numbers) < len(told) or not numbers:
        return mapper
    shapes = tuple(each for number, each in enumerate(mapper.shapes) if number in numbers)
    return dataclasses.replace(mapper, shapes=shapes)


def narrowed(
    mapper: Mapper, relation: str, fetch: Callable[[str], list[tuple[str | None, ...]]]
) -> Mapper:
    """Give the mapper without the rules that no record of the relation can meet.

    Args:
        mapper: the mapper; its last rule is always kept.
        relation: SQL of a relation with a column `doc`.
        fetch: runs a statement.
    """
    name = telling_name(mapper)
    if name is None:
        return mapper
    paths = dict.fromkeys(path for each in mapper.shapes for path in candidates((name,), each))
    listed = ", ".join(literal(path) for path in paths)
    columns = ", ".join(f"lower(v[{number}])" for number in range(1, len(paths) + 1))
    rows = fetch(
        f"SELECT DISTINCT {columns} FROM (SELECT json_extract_string(doc, [{listed}]) AS v"
        f" FROM {relation}) LIMIT {MOST_VALUES}"
    )
    if len(rows) >= MOST_VALUES:
        return mapper
    found = {text for row in rows for text in row}

    def may_meet(rule: Rule) -> bool:
        return all(field != name or not wanted or wanted & found for field, wanted in rule.when)

    *others, last = mapper.rules
    return dataclasses.replace(mapper, rules=(*filter(may_meet, others), last))
