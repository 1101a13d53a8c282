"""Compiles which mapper takes a record, from the shapes by which mappers tell their format."""

from __future__ import annotations

from collections.abc import Container, Iterable

from ocsf.mapping import Mapper, Shape
from sentree.lake.mapping_expressions import literal
from sentree.lake.mapping_sql import json_path
from sentree.lake.text_envelope import is_enveloped
from sentree.lake.text_layout import directive_sql

BASE = "base"
# Routes that lead back to the framing, not to a mapper.
BROKEN = "?broken"
WRAPPED = "?wrapped:"
# A line that says how others are to be read; no record.
DIRECTIVE = "?directive"
SEVERAL = WRAPPED + "$"

# Text that sets out to be a JSON object or a list of them.
JSON_BEGIN = r'^[\s\x00]*(\{[\s\x00]*("|\}|$)|\[\s*(\{|\[|$))'


def route_sql(
    mappers: Iterable[Mapper],
    chosen: str | None,
    *,
    forced: bool = False,
    unwraps: bool = True,
    keys: Container[str] | None = None,
    objects: bool = False,
) -> str:
    """Compile the route of a staged record: a mapper whose shape or layout fits, or base.

    After the name of a mapper that a shape led to stand `#` and the number of the shape. `laid` is
    the mapper whose layout takes the record's message; a line that is no JSON, or comes in a log
    daemon's JSON, has no other.

    Args:
        mappers: all mappers, in the order in which they are tried.
        chosen: the mapper that the source as a whole seems to be of; it is tried first.
        forced: no other mapper than the chosen one is tried.
        unwraps: lists of records inside a record are to be taken out.
        keys: the names that stand at the top of any record; None if they are not known. Shapes
            that need others are left out, since to set up a statement takes its time.
        objects: every record is JSON, and none carries a text.
    """
    tried = tried_mappers(mappers, chosen, forced=forced)
    first = [each for each in tried[:1] if each.name == chosen]
    others = tried[len(first) :]
    rest = literal(BASE) if objects else f"coalesce(laid, {literal(BASE)})"
    arms: list[str] = []
    if not objects:
        broken = f"regexp_matches(text, {literal(JSON_BEGIN)})"
        arms += [
            f"WHEN json IS NULL AND {broken} THEN {literal(BROKEN)}",
            f"WHEN json IS NULL AND {directive_sql(tried, 'text', 'line')}"
            f" THEN {literal(DIRECTIVE)}",
            f"WHEN json IS NULL OR envelope.sure THEN {rest}",
        ]
    arms += [
        f"WHEN type = 'ARRAY' AND json_type(json, '$[0]') = 'OBJECT' THEN {literal(SEVERAL)}",
        f"WHEN type <> 'OBJECT' THEN {literal(BASE)}",
    ]
    arms += _mapper_arms(first, keys)
    lists = dict.fromkeys(each.explode for each in tried if each.explode)
    arms += _mapper_arms(others, keys)
    arms += [
        f"WHEN json_type(json, {literal(json_path(name))}) = 'ARRAY' THEN {literal(WRAPPED + name)}"
        for name in lists
        if unwraps and _may_stand(name, keys)
    ]
    return f"CASE {' '.join(arms)} ELSE {rest} END"


def short_route_sql(mappers: Iterable[Mapper], chosen: Mapper) -> str:
    """Compile `route_sql` for records of the chosen mapper; NULL where the whole has to tell.

    The whole asks the chosen mapper first, so that both agree on every record that is told here.
    """
    if not chosen.layouts:
        others = f"WHEN json IS NULL OR type <> 'OBJECT' OR {is_enveloped()} THEN NULL"
        return f"CASE {others} {' '.join(_mapper_arms([chosen]))} END"
    arms = [
        f"WHEN json IS NULL AND regexp_matches(text, {literal(JSON_BEGIN)}) THEN NULL",
        f"WHEN json IS NULL AND {directive_sql(mappers, 'text', 'line')} THEN NULL",
        "WHEN json IS NULL THEN laid",
        f"WHEN type <> 'OBJECT' OR {is_enveloped()} THEN NULL",
        *_mapper_arms([chosen]),
    ]
    return f"CASE {' '.join(arms)} END"


def tried_mappers(
    mappers: Iterable[Mapper], chosen: str | None, *, forced: bool = False
) -> list[Mapper]:
    """List the mappers in the order in which they are tried: the chosen one first, or alone."""
    listed = list(mappers)
    first = [each for each in listed if each.name == chosen and chosen != BASE]
    return first if forced else first + [each for each in listed if each not in first]


def _mapper_arms(mappers: Iterable[Mapper], keys: Container[str] | None = None) -> list[str]:
    return [
        f"WHEN {_shape_sql(shape, keys)} THEN {literal(f'{mapper.name}#{number}')}"
        for mapper in mappers
        for number, shape in enumerate(mapper.shapes)
        if shape.present and mapper.name != BASE
        if all(any(_may_stand(path, keys) for path in each) for each in shape.present)
    ]


def _shape_sql(shape: Shape, keys: Container[str] | None) -> str:
    """Compile whether a record has what tells the shape; names at its top are among its keys."""
    return " AND ".join(
        "("
        + " OR ".join(_presence_sql(path) for path in sorted(each) if _may_stand(path, keys))
        + ")"
        for each in shape.present
    )


def _may_stand(path: str, keys: Container[str] | None) -> bool:
    return keys is None or _first_step(path) in keys


def _first_step(path: str) -> str:
    return json_path(path).split('"')[1]


def _presence_sql(path: str) -> str:
    """Compile whether a path is there; its first step is looked for where it costs nothing."""
    whole, first = json_path(path), _first_step(path)
    has_first = f"list_contains(keys, {literal(first)})"
    if whole == f'$."{first}"':
        return has_first
    return f"({has_first} AND json_exists(json, {literal(whole)}))"
