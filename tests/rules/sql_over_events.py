"""Runs a compiled condition over events that are given as texts, without a lake of events."""

from collections.abc import Mapping, Sequence

from sentree.lake.db import Lake
from sentree.rules.ir import Node
from sentree.rules.predicate import FORM_SQL, Column, predicate

Event = Mapping[str, str | None]
RECORD = "the record"


def matching(
    lake: Lake,
    node: Node,
    events: Sequence[Event],
    *,
    many: bool = False,
    values: str = "[c{}]",
    record: str | None = None,
) -> list[int]:
    """Give the numbers of the events that meet the condition. All events have the same names.

    Args:
        lake: a lake with the macros of rules.
        node: the condition.
        events: the texts of fields, or None where they are absent.
        many: read the columns as such that hold lists.
        values: SQL of a list's values.
        record: the name whose text stands for the whole record.
    """
    texts: list[str] = []
    shapes: list[str] = []
    columns: dict[str | None, Column] = {}
    names = list(events[0])
    for number, name in enumerate(names):
        whole = name == record
        columns[None if whole else name] = Column(number, many and not whole)
        texts.append(f"unnest(?::VARCHAR[]) AS c{number}")
        shapes += [
            f"{sql.format(f'c{number}')} AS {form}{number}"
            for form, sql in FORM_SQL.items()
            if form != "c"
        ]
        shapes.append(f"{values.format(number)} AS v{number}")
    written = predicate(node, columns)
    rows = lake.query(
        f"SELECT i FROM (SELECT *, {', '.join(shapes)} FROM"
        f" (SELECT unnest(range(?)) AS i, {', '.join(texts)})) WHERE {written.sql} ORDER BY i",
        [
            len(events),
            *([event[name] for event in events] for name in names),
            *written.parameters,
        ],
    )
    return [row["i"] for row in rows]
