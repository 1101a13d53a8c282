"""Compiles the promoted columns to one SELECT over events."""

from __future__ import annotations

import re
from collections.abc import Collection

from ocsf.columns import OBSERVABLE_COLUMNS, PROMOTED
from ocsf.mapping import Mapper
from sentree.lake.mapping_expressions import literal

STEP = re.compile(r"[^.$\[]+|\[\d+\]")
ALWAYS = ("class_uid", "category_uid", "activity_id", "type_uid", "severity_id", "metadata.version")


def attributes_of(mapper: Mapper) -> frozenset[str] | None:
    """List the attributes that a mapper's events may have; None: any.

    What is below a listed attribute may be there, too.
    """
    if mapper.keeps:
        return None
    return frozenset[str](ALWAYS).union(mapper.defaults, *(rule.tree for rule in mapper.rules))


def promoted_select(relation: str, attributes: Collection[str] | None = None) -> str:
    """Compile the promoted columns to a SELECT over `relation(…, event)`.

    Args:
        relation: a table or view name, or a parenthesised SELECT.
        attributes: those that the events may have, as `attributes_of` gives them: to look for
            others, in vain, would take as long.

    Returns:
        SQL giving every column of the relation, then those of `ocsf.columns.PROMOTED` in order,
        then `observables VARCHAR[]` (distinct values, in column order).
    """
    may_be = None if attributes is None else [tuple(each.split(".")) for each in attributes]
    kept = {
        column.name: [path for path in column.paths if may_be is None or _may_have(path, may_be)]
        for column in PROMOTED
    }
    paths = list(dict.fromkeys(path for found in kept.values() for path in found))
    place = {path: number for number, path in enumerate(paths, start=1)}
    columns: list[str] = []
    for column in PROMOTED:
        texts = [f"nullif(v[{place[path]}], '')" for path in kept[column.name]]
        text = f"coalesce({', '.join(texts)})" if len(texts) > 1 else "".join(texts) or "NULL"
        cast = "CAST" if text == "NULL" else "TRY_CAST"
        is_text = column.sql_type == "VARCHAR" and texts
        columns.append(
            f"{text if is_text else f'{cast}({text} AS {column.sql_type})'} AS {column.name}"
        )
    listed = ", ".join(literal(path) for path in paths)
    extracted = f"SELECT *, json_extract_string(event, [{listed}]) AS v FROM {relation}"
    typed = f"SELECT * EXCLUDE (v), {', '.join(columns)} FROM ({extracted})"
    seen = _observables([name for name in OBSERVABLE_COLUMNS if kept[name]])
    return f"SELECT *, {seen} AS observables FROM ({typed})"


def _may_have(path: str, attributes: list[tuple[str, ...]]) -> bool:
    steps = STEP.findall(path)
    steps = tuple(step for step in steps if not step.startswith("["))
    return any(each[: len(steps)] == steps[: len(each)] for each in attributes)


def _observables(names: list[str]) -> str:
    """Give SQL for the list of the columns' distinct values, in the columns' order."""
    if not names:
        return "CAST([] AS VARCHAR[])"
    firsts = [
        f"CASE WHEN {' OR '.join(f'{name} = {other}' for other in names[:number])}"
        f" THEN NULL ELSE {name} END"
        if number
        else name
        for number, name in enumerate(names)
    ]
    return f"list_filter([{', '.join(firsts)}], lambda each: each IS NOT NULL)"
