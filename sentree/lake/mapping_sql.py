"""Compiles a mapper to one SELECT over staged records, and the promoted columns to another.

The statement works in stages, each a projection over the one below, so that records stream through:
shape, header fields (what rules, time and defaults need), rule, the rule's own fields, event. Each
record is parsed once for its header and once for the fields of its own rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from ocsf.classes import category_uid
from ocsf.columns import OBSERVABLE_COLUMNS, PROMOTED
from ocsf.mapping import OCSF_VERSION, Const, Expression, Field, Mapper, Rule, Shape, Tree
from sentree.lake.mapping_expressions import (
    Sources,
    compile_expression,
    compile_tree,
    json_of,
    literal,
)
from sentree.lake.mapping_kept import kept_select
from sentree.lake.mapping_time import EARLIEST, LATEST, found_time, iso_instant, zone_unknown

STEP = re.compile(r'"([^"]+)"|([^.\[\]"]+)|\[(\d+)\]')


def json_path(name: str) -> str:
    """Give the DuckDB JSON path of a field name; every key is quoted, so any character may be in it."""
    if name == "$":
        return "$"
    steps = (
        f"[{index}]" if index else f'."{quoted or plain}"'
        for quoted, plain, index in STEP.findall(name)
    )
    return "$" + "".join(steps)


def _candidates(field: Field, shape: Shape) -> list[str]:
    """List the document paths where a shape may hold a field, best first."""
    paths: list[str] = []
    for name in field.names:
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


class _Slots:
    """The fields extracted together in one list, and where each stands in it."""

    def __init__(self, shapes: tuple[Shape, ...], column: str) -> None:
        self._shapes = shapes
        self._column = column
        self._places: dict[tuple[str, ...], tuple[int, int]] = {}
        self._fields: list[Field] = []
        self._size = 0

    def sql(self, field: Field) -> str:
        """Give SQL for the field's text, and remember that it is needed."""
        if field.names not in self._places:
            width = max(len(_candidates(field, shape)) for shape in self._shapes)
            self._places[field.names] = (self._size, width)
            self._fields.append(field)
            self._size += width
        start, width = self._places[field.names]
        parts = [f"{self._column}[{start + offset + 1}]" for offset in range(width)]
        return parts[0] if width == 1 else f"coalesce({', '.join(parts)})"

    @property
    def used(self) -> bool:
        """Whether any field is needed."""
        return self._size > 0

    def extraction(self, function: str = "json_extract_string") -> str:
        """Give SQL that extracts every remembered field, in the way of the record's shape."""
        if not self._size:
            return "NULL::VARCHAR[]"
        calls = [f"{function}(doc, [{', '.join(self._paths(s))}])" for s in self._shapes]
        if len(set(calls)) == 1:
            return calls[0]
        arms = " ".join(f"WHEN {number} THEN {call}" for number, call in enumerate(calls))
        return f"CASE shape {arms} END"

    def _paths(self, shape: Shape) -> Iterator[str]:
        for field in self._fields:
            paths = _candidates(field, shape)
            width = self._places[field.names][1]
            yield from (literal(path) for path in paths + [paths[-1]] * (width - len(paths)))


def mapped_select(mapper: Mapper, relation: str) -> str:
    """Compile a mapper to a SELECT over `relation(seq, source_line, doc)`.

    Args:
        mapper: the mapper to compile.
        relation: a table or view name, or a parenthesised SELECT.

    Returns:
        SQL giving `(seq BIGINT, time TIMESTAMP, event VARCHAR, issues VARCHAR[])`, one row a record.
    """
    if mapper.keeps:
        return kept_select(relation)
    header = _Slots(mapper.shapes, "h")

    def value(name: str) -> str:
        return header.sql(Field((name,)))

    names = dict.fromkeys(name for rule in mapper.rules for name, _ in rule.when)
    keys = {name: f"k{number}" for number, name in enumerate(names)}
    key_columns = [f"lower({value(name)}) AS {key}" for name, key in keys.items()] or ["NULL AS k"]
    found = found_time(mapper.times, value)
    notes = _notes(mapper, value)
    defaults = {**mapper.defaults, "metadata.version": Const(OCSF_VERSION)}
    shared = {
        key: _member(key, _part(defaults, key), Sources(header.sql, _no_json, "time"))
        for key in _top_keys(defaults)
    }
    compiled = [_compile_rule(rule, mapper.shapes, defaults, shared) for rule in mapper.rules]
    chosen = [f"WHEN {_condition(rule, keys)} THEN {n}" for n, rule in enumerate(mapper.rules)]
    shared_columns = [f"{sql} AS c_{key}" for key, sql in shared.items()]

    sql = f"SELECT seq, doc, {_shape(mapper.shapes)} AS shape FROM {relation}"
    sql = f"SELECT *, {_cleaned(header.extraction(), mapper.nulls)} AS h FROM ({sql})"
    sql = f"SELECT *, {found} AS found, {', '.join(key_columns)} FROM ({sql})"
    sql = f"SELECT *, {_case('', chosen)} AS rule, {_in_range('found')} AS time FROM ({sql})"
    fields = _case("rule", [f"WHEN {n} THEN {rule.fields}" for n, rule in enumerate(compiled)])
    raws = _case("rule", [f"WHEN {n} THEN {r.raws}" for n, r in enumerate(compiled) if r.raws])
    sql = (
        f"SELECT *, {_cleaned(fields, mapper.nulls)} AS x, CAST({raws} AS VARCHAR[]) AS y,"
        f" {notes} AS issues, {', '.join(shared_columns)} FROM ({sql})"
    )
    event = _case("rule", [f"WHEN {n} THEN {rule.body}" for n, rule in enumerate(compiled)])
    return f"SELECT seq, time, {event} AS event, issues FROM ({sql})"


class _CompiledRule(NamedTuple):
    fields: str
    raws: str | None
    body: str


def _compile_rule(
    rule: Rule, shapes: tuple[Shape, ...], defaults: Tree, shared: Mapping[str, str]
) -> _CompiledRule:
    own, raws = _Slots(shapes, "x"), _Slots(shapes, "y")
    sources = Sources(own.sql, lambda name: f"nullif({raws.sql(Field((name,)))}, 'null')", "time")
    activity = _number(rule.activity_id, sources)
    members = [
        literal(f'"class_uid":{rule.class_uid},"category_uid":{category_uid(rule.class_uid)}'),
        f"""'"activity_id":' || {activity}""",
        f"""'"type_uid":' || CAST({rule.class_uid * 100} + CAST({activity} AS BIGINT) AS VARCHAR)""",
        f"""'"severity_id":' || {_number(rule.severity_id, sources)}""",
        """'"time":' || CAST(epoch_ms(time) AS VARCHAR)""",
    ]
    mine = _top_keys(rule.tree)
    members += [f"c_{key}" for key in shared if key not in mine]
    merged = {**defaults, **rule.tree}
    members += [_member(key, _part(merged, key), sources) for key in mine]
    body = f"('{{' || concat_ws(',', {', '.join(members)}) || '}}')"
    return _CompiledRule(
        own.extraction(), raws.extraction("json_extract") if raws.used else None, body
    )


def _no_json(name: str) -> str:
    raise ValueError(f"a mapper's defaults can't hold the raw value {name}")


def _top_keys(tree: Tree) -> list[str]:
    return list(dict.fromkeys(path.split(".")[0] for path in tree))


def _part(tree: Tree, key: str) -> Expression | Tree:
    """Give what stands under one top-level key: an expression, or the tree below it."""
    if key in tree:
        return tree[key]
    below = key + "."
    return {path[len(below) :]: each for path, each in tree.items() if path.startswith(below)}


def _member(key: str, part: Expression | Tree, sources: Sources) -> str:
    """Give SQL for `"key":value`, NULL where the value is absent. Metadata is never absent."""
    sql = (
        compile_tree(part, sources, always=key == "metadata")
        if isinstance(part, Mapping)
        else compile_expression(part, sources)
    )
    return f"({literal(f'{chr(34)}{key}{chr(34)}:')} || {json_of(sql)})"


def _number(of: Expression | int, sources: Sources) -> str:
    if isinstance(of, int):
        return literal(str(of))
    return f"coalesce({compile_expression(of, sources).text}, '0')"


def _case(subject: str, arms: list[str]) -> str:
    return f"CASE {subject} {' '.join(arms)} END" if arms else "NULL"


def _cleaned(extraction: str, nulls: frozenset[str]) -> str:
    marks = ", ".join(literal(mark) for mark in sorted(nulls))
    return f"list_transform({extraction}, lambda each: CASE WHEN each NOT IN ({marks}) THEN each END)"


def _in_range(time: str) -> str:
    return f"CASE WHEN {time} >= {EARLIEST} AND {time} < {LATEST} THEN {time} END"


def _condition(rule: Rule, keys: Mapping[str, str]) -> str:
    tests = [
        f"{keys[name]} IN ({', '.join(literal(value) for value in sorted(values))})"
        if values
        else f"{keys[name]} IS NOT NULL"
        for name, values in rule.when
    ]
    return " AND ".join(tests) or "true"


def _shape(shapes: tuple[Shape, ...]) -> str:
    """Give SQL for the number of the record's shape; the last one takes what no other does."""
    if all((s.roots, s.aliases) == (shapes[0].roots, shapes[0].aliases) for s in shapes):
        return "0"
    arms: list[str] = []
    for number, shape in enumerate(shapes[:-1]):
        tests = [
            "(" + " OR ".join(f"json_exists(doc, {literal(json_path(p))})" for p in sorted(paths)) + ")"
            for paths in shape.present
        ]
        arms.append(f"WHEN {' AND '.join(tests)} THEN {number}")
    return f"CASE {' '.join(arms)} ELSE {len(shapes) - 1} END"


def _notes(mapper: Mapper, value: Callable[[str], str]) -> str:
    """Give SQL for the list of what is doubtful about the record's time."""
    given = " OR ".join(f"{value(way.name)} IS NOT NULL" for way in mapper.times if not way.pattern)
    unread = f"CASE WHEN {given} THEN 'time_unreadable' ELSE 'no_time' END" if given else "'no_time'"
    notes = [
        f"CASE WHEN time IS NULL THEN"
        f" CASE WHEN found IS NOT NULL THEN 'time_out_of_range' ELSE {unread} END END"
    ]
    assumed = zone_unknown(mapper.times, value)
    if assumed:
        notes.append(f"CASE WHEN {assumed} THEN 'zone_assumed_utc' END")
    if mapper.differs:
        name, issue = mapper.differs
        away = f"abs(epoch_us({iso_instant(value(name))}) - epoch_us(time))"
        notes.append(f"CASE WHEN {away} > 60000000 THEN {literal(issue)} END")
    return f"list_filter([{', '.join(notes)}], lambda each: each IS NOT NULL)"


def promoted_select(relation: str) -> str:
    """Compile the promoted columns to a SELECT over `relation(…, event)`.

    Returns:
        SQL giving every column of the relation, then those of `ocsf.columns.PROMOTED` in order,
        then `observables VARCHAR[]` (distinct values, in column order).
    """
    paths = list(dict.fromkeys(path for column in PROMOTED for path in column.paths))
    place = {path: number for number, path in enumerate(paths, start=1)}
    columns: list[str] = []
    for column in PROMOTED:
        texts = [f"nullif(v[{place[path]}], '')" for path in column.paths]
        text = f"coalesce({', '.join(texts)})" if len(texts) > 1 else texts[0]
        cast = text if column.sql_type == "VARCHAR" else f"TRY_CAST({text} AS {column.sql_type})"
        columns.append(f"{cast} AS {column.name}")
    listed = ", ".join(literal(path) for path in paths)
    seen = ", ".join(OBSERVABLE_COLUMNS)
    extracted = f"SELECT *, json_extract_string(event, [{listed}]) AS v FROM {relation}"
    typed = f"SELECT * EXCLUDE (v), {', '.join(columns)} FROM ({extracted})"
    ordered = f"list_filter([{seen}], lambda each: each IS NOT NULL)"
    distinct = f"list_filter({ordered}, lambda each, place: list_position({ordered}, each) = place)"
    return f"SELECT *, {distinct} AS observables FROM ({typed})"
