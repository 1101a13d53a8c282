"""Compiles a mapper to one SELECT over staged records.

The statement works in stages, each a projection over the one below, so that records stream through:
shape, header fields (what rules, time and defaults need), rule, the rule's own fields, event. Each
record is parsed once for its header and once for the fields of its own rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import NamedTuple

from ocsf.classes import category_uid
from ocsf.mapping import OCSF_VERSION, Const, Expression, Field, Mapper, Rule, Shape, Tree
from sentree.lake.mapping_expressions import (
    Sources,
    as_it_is,
    compile_expression,
    compile_tree,
    json_of,
    literal,
)
from sentree.lake.mapping_fields import Noted, Places, json_path
from sentree.lake.mapping_kept import kept_select
from sentree.lake.mapping_time import EARLIEST, LATEST, found_time, iso_instant, zone_unknown

__all__ = ["json_path", "mapped_select"]

HEAD = ""
KEPT = "kept_"
# A value with a shorter expression is as quickly computed again as looked up.
SHORT = 60
NO_LIST = "NULL::VARCHAR[]"


def mapped_select(mapper: Mapper, relation: str) -> str:
    """Compile a mapper to a SELECT over `relation(seq, source_line, doc)`.

    Args:
        mapper: the mapper to compile.
        relation: a table or view name, or a parenthesised SELECT.

    Returns:
        SQL giving `(seq BIGINT, time TIMESTAMP, event VARCHAR, issues VARCHAR[])`, a row a record.
    """
    if mapper.keeps:
        return kept_select(relation)
    names = dict.fromkeys(name for rule in mapper.rules for name, _ in rule.when)
    keys = {name: f"k{number}" for number, name in enumerate(names)}
    defaults = {**mapper.defaults, "metadata.version": Const(OCSF_VERSION)}
    header_fields = Noted()
    _header(mapper, keys, defaults, header_fields.sql)
    header = Places(mapper.shapes, "h", [header_fields.names])
    columns = _header(mapper, keys, defaults, header.sql)
    trees = _Trees(mapper, defaults)

    chosen = [f"WHEN {_condition(rule, keys)} THEN {n}" for n, rule in enumerate(mapper.rules)]
    sql = _shaped(mapper.shapes, relation)
    sql = f"SELECT *, {_cleaned(header.extraction(0) or NO_LIST, mapper.nulls)} AS h FROM ({sql})"
    sql = f"SELECT *, {columns.found} AS found, {', '.join(columns.keys)} FROM ({sql})"
    sql = f"SELECT *, {_case('', chosen)} AS rule, {_in_range('found')} AS time FROM ({sql})"
    sql = (
        f"SELECT *, {_cleaned(trees.fields(), mapper.nulls)} AS x,"
        f" CAST({trees.raws()} AS VARCHAR[]) AS y,"
        f" {columns.notes} AS issues, {', '.join(columns.shared)} FROM ({sql})"
    )
    event = trees.event()
    if trees.columns:
        sql = f"SELECT *, {', '.join(trees.columns)} FROM ({sql})"
    return f"SELECT seq, time, {event} AS event, issues FROM ({sql})"


class _Header(NamedTuple):
    """SQL of the columns that need no rule."""

    found: str
    keys: list[str]
    notes: str
    shared: list[str]


def _header(
    mapper: Mapper, keys: Mapping[str, str], defaults: Tree, field_sql: Callable[[Field], str]
) -> _Header:
    def value(name: str) -> str:
        return field_sql(Field((name,)))

    sources = Sources(field_sql, _no_json, "time")
    shared = [
        f"{_member(key, _part(defaults, key), sources)} AS c_{key}" for key in _top_keys(defaults)
    ]
    lowered = [f"lower({value(name)}) AS {key}" for name, key in keys.items()]
    return _Header(
        found_time(mapper.times, value), lowered or ["NULL AS k"], _notes(mapper, value), shared
    )


class _Trees:
    """The trees of all rules: their fields, and the events built from them.

    Equal parts of different rules are compiled once, which keeps the statement, and the time it
    takes to plan it, small.
    """

    def __init__(self, mapper: Mapper, defaults: Tree) -> None:
        self._rules = mapper.rules
        self._defaults = defaults
        self._kept: dict[str, tuple[str, list[int]]] = {}
        texts = [Noted() for _ in self._rules]
        jsons = [Noted() for _ in self._rules]
        for number, rule in enumerate(self._rules):
            self._members(rule, _sources(texts[number].sql, jsons[number].sql))
        self._texts = Places(mapper.shapes, "x", [each.names for each in texts])
        self._jsons = Places(mapper.shapes, "y", [each.names for each in jsons])

    def fields(self) -> str:
        """Give SQL for the list of a record's texts, by its rule."""
        return self._extracted(self._texts, "json_extract_string")

    def raws(self) -> str:
        """Give SQL for the list of a record's JSON values, by its rule."""
        return self._extracted(self._jsons, "json_extract")

    def _extracted(self, places: Places, function: str) -> str:
        calls = [places.extraction(number, function) for number in range(len(self._rules))]
        return _case("rule", [f"WHEN {n} THEN {call}" for n, call in enumerate(calls) if call])

    @property
    def columns(self) -> list[str]:
        """List the columns that `event` wants to have beside the fields.

        A value is computed once however many objects around it ask whether it is there, and for
        records of the rules alone that have it.
        """
        return [
            f"{self._chosen({sql: rules}, None)} AS {name}"
            for sql, (name, rules) in self._kept.items()
        ]

    def _keep(self, rule: int, sql: str) -> str:
        if len(sql) <= SHORT or KEPT in sql:
            return sql
        name, rules = self._kept.setdefault(sql, (f"{KEPT}{len(self._kept)}", []))
        if rule not in rules:
            rules.append(rule)
        return name

    def event(self) -> str:
        """Give SQL for the event's JSON text."""
        users: dict[str, dict[str, list[int]]] = {}
        for number, rule in enumerate(self._rules):
            sources = _sources(self._texts.sql, self._jsons.sql, partial(self._keep, number))
            for key, sql in self._members(rule, sources).items():
                users.setdefault(key, {}).setdefault(sql, []).append(number)
        shared = _top_keys(self._defaults)
        ordered = [HEAD, *shared, *(key for key in users if key not in (HEAD, *shared))]
        columns = [
            self._chosen(users.get(key, {}), f"c_{key}" if key in shared else None)
            for key in ordered
        ]
        time = """'"time":' || CAST(epoch_ms(time) AS VARCHAR)"""
        return f"'{{' || concat_ws(',', {', '.join([columns[0], time, *columns[1:]])}) || '}}'"

    def _chosen(self, users: Mapping[str, list[int]], otherwise: str | None) -> str:
        if not users:
            return otherwise or "NULL"
        arms = [
            f"WHEN {_among('rule', map(str, numbers))} THEN {sql}" for sql, numbers in users.items()
        ]
        last = f" ELSE {otherwise}" if otherwise else ""
        return f"CASE {' '.join(arms)}{last} END"

    def _members(self, rule: Rule, sources: Sources) -> dict[str, str]:
        """Compile what the rule itself says under each top-level key."""
        merged = {**self._defaults, **rule.tree}
        members = {HEAD: _head(rule, sources)}
        for key in _top_keys(rule.tree):
            members[key] = _member(key, _part(merged, key), sources)
        return members


def _sources(
    text: Callable[[Field], str],
    json: Callable[[Field], str],
    kept: Callable[[str], str] = as_it_is,
) -> Sources:
    return Sources(text, lambda name: f"nullif({json(Field((name,)))}, 'null')", "time", kept)


def _head(rule: Rule, sources: Sources) -> str:
    """Give SQL for class, category, activity, type and severity."""
    fixed = f'"class_uid":{rule.class_uid},"category_uid":{category_uid(rule.class_uid)}'
    first = rule.class_uid * 100
    if isinstance(rule.activity_id, int):
        fixed += f',"activity_id":{rule.activity_id},"type_uid":{first + rule.activity_id}'
        parts = [literal(f'{fixed},"severity_id":')]
    else:
        activity = f"coalesce({compile_expression(rule.activity_id, sources).text}, '0')"
        parts = [
            literal(f'{fixed},"activity_id":'),
            activity,
            literal(',"type_uid":'),
            f"CAST({first} + CAST({activity} AS BIGINT) AS VARCHAR)",
            literal(',"severity_id":'),
        ]
    severity = rule.severity_id
    if isinstance(severity, int):
        parts.append(literal(str(severity)))
    else:
        parts.append(f"coalesce({compile_expression(severity, sources).text}, '0')")
    return f"({' || '.join(parts)})"


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
        compile_tree(part, sources, always=key == "metadata", name=key)
        if isinstance(part, Mapping)
        else compile_expression(part, sources)
    )
    return f"({literal(f'{chr(34)}{key}{chr(34)}:')} || {json_of(sql)})"


def _case(subject: str, arms: list[str]) -> str:
    return f"CASE {subject} {' '.join(arms)} END" if arms else NO_LIST


def _among(column: str, values: Iterable[str]) -> str:
    """Give SQL for membership; DuckDB would turn a long `IN` of a projection into a join."""
    listed = list(values)
    return (
        f"{column} = {listed[0]}"
        if len(listed) == 1
        else f"list_contains([{', '.join(listed)}], {column})"
    )


def _cleaned(extraction: str, nulls: frozenset[str]) -> str:
    marks = ", ".join(literal(mark) for mark in sorted(nulls))
    return (
        f"list_transform({extraction}, lambda each: CASE WHEN each NOT IN ({marks}) THEN each END)"
    )


def _in_range(time: str) -> str:
    return f"CASE WHEN {time} >= {EARLIEST} AND {time} < {LATEST} THEN {time} END"


def _condition(rule: Rule, keys: Mapping[str, str]) -> str:
    tests = [
        _among(keys[name], map(literal, sorted(values))) if values else f"{keys[name]} IS NOT NULL"
        for name, values in rule.when
    ]
    return " AND ".join(tests) or "true"


def _shaped(shapes: tuple[Shape, ...], relation: str) -> str:
    """Select the records with the number of their shape; the last takes what no other does."""
    if all((s.roots, s.aliases) == (shapes[0].roots, shapes[0].aliases) for s in shapes):
        return f"SELECT seq, doc, 0 AS shape FROM {relation}"
    paths = sorted({path for shape in shapes[:-1] for each in shape.present for path in each})
    seen = {path: f"seen[{place}]" for place, path in enumerate(paths, start=1)}
    arms: list[str] = []
    for number, shape in enumerate(shapes[:-1]):
        tests = ["(" + " OR ".join(seen[path] for path in sorted(p)) + ")" for p in shape.present]
        arms.append(f"WHEN {' AND '.join(tests)} THEN {number}")
    listed = ", ".join(literal(json_path(path)) for path in paths)
    return (
        f"SELECT seq, doc, CASE {' '.join(arms)} ELSE {len(shapes) - 1} END AS shape"
        f" FROM (SELECT seq, doc, json_exists(doc, [{listed}]) AS seen FROM {relation})"
    )


def _notes(mapper: Mapper, value: Callable[[str], str]) -> str:
    """Give SQL for the list of what is doubtful about the record's time."""
    given = " OR ".join(f"{value(way.name)} IS NOT NULL" for way in mapper.times if not way.pattern)
    unread = (
        f"CASE WHEN {given} THEN 'time_unreadable' ELSE 'no_time' END" if given else "'no_time'"
    )
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
