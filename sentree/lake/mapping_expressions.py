"""Compiles mapping expressions and attribute trees to DuckDB SQL that builds JSON text.

A leaf becomes text through `to_json`, so no value of a log is ever escaped by hand, and none is
ever part of a statement: only names and constants written in our mappers are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ocsf.mapping import (
    AfterLast,
    Arguments,
    Basename,
    BeforeLast,
    Between,
    Const,
    Cut,
    EachAs,
    EpochMillis,
    Expression,
    Field,
    First,
    Integer,
    Ip,
    Join,
    Listing,
    Lookup,
    Lower,
    Match,
    Millis,
    NotIp,
    Obj,
    Raw,
    Replace,
    Scaled,
    Split,
    Strip,
    Texts,
    Tree,
    Unhexed,
    When,
    Words,
)
from ocsf.objects import IDENTIFIED_BY
from sentree.lake.mapping_time import any_millis

LIST_LIMIT = 256
"""A list of a record (DNS answers) is cut here, so that one record can't blow up an event."""

IPV4 = r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
IPV6 = (
    r"(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}"
    r"|(?:[0-9A-Fa-f]{1,4}:){1,7}:"
    r"|(?:[0-9A-Fa-f]{1,4}:){1,6}:[0-9A-Fa-f]{1,4}"
    r"|(?:[0-9A-Fa-f]{1,4}:){1,5}(?::[0-9A-Fa-f]{1,4}){1,2}"
    r"|(?:[0-9A-Fa-f]{1,4}:){1,4}(?::[0-9A-Fa-f]{1,4}){1,3}"
    r"|(?:[0-9A-Fa-f]{1,4}:){1,3}(?::[0-9A-Fa-f]{1,4}){1,4}"
    r"|(?:[0-9A-Fa-f]{1,4}:){1,2}(?::[0-9A-Fa-f]{1,4}){1,5}"
    r"|[0-9A-Fa-f]{1,4}:(?::[0-9A-Fa-f]{1,4}){1,6}"
    r"|:(?:(?::[0-9A-Fa-f]{1,4}){1,7}|:)"
)
ADDRESS = f"(?:{IPV4})|(?:{IPV6})(?:%[0-9A-Za-z]{{1,16}})?"
MAPPED = rf"^::[fF]{{4}}:({IPV4})$"


class Sql(NamedTuple):
    """A compiled expression.

    `is_json` says that the SQL gives JSON text already; `certain` that it is never NULL, and
    says nothing about the record, so it must not make an object appear. `signs` are the SQL
    expressions of which one is not NULL exactly when the value is present; empty: the SQL itself.
    """

    text: str
    is_json: bool = False
    certain: bool = False
    signs: tuple[str, ...] = ()


def as_it_is(sql: str) -> str:
    """Keep no value of its own column."""
    return sql


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the values come from: SQL for a field's text, a field's JSON, and the time.

    `kept` gives for the SQL of a leaf the SQL to be used in its stead: the name of a column that
    holds its value, where one is worth while.
    """

    text: Callable[[Field], str]
    json: Callable[[str], str]
    time: str
    kept: Callable[[str], str] = as_it_is


def literal(value: str | int | bool) -> str:
    """Write a constant of a mapper as SQL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def without_nulls(json: str) -> str:
    """Drop nulls (and NaN, which is no JSON) from minified JSON text, at every depth.

    Each alternation consumes whole strings, so text inside a string is never taken for a token.
    """
    string = r'"(?:[^"\\]|\\.)*"'
    absent = "(?:null|-?(?:[nN][aA][nN]|[iI]nf(?:inity)?))"
    drop = literal(f"(?s){string}:{absent},?|{absent},?|({string})")
    comma = literal(rf"(?s)({string})|,([}}\]])")
    cleaned = rf"regexp_replace(regexp_replace({json}, {drop}, '\1', 'g'), {comma}, '\1\2', 'g')"
    return (
        f"CASE WHEN contains({json}, 'null') OR regexp_matches({json}, '[nN]a[nN]|[iI]nf')"
        f" THEN {cleaned} ELSE {json} END"
    )


def json_of(sql: Sql) -> str:
    """Give SQL for the JSON text of a compiled expression."""
    return sql.text if sql.is_json else f"to_json({sql.text})"


def compile_expression(expression: Expression, sources: Sources) -> Sql:
    """Compile one expression; its SQL is NULL where the value is absent."""

    def text(inner: Expression) -> str:
        return compile_expression(inner, sources).text

    match expression:
        case Field():
            return Sql(sources.text(expression))
        case Const(value):
            if isinstance(value, str):
                return Sql(literal(value), certain=True)
            return Sql(literal(literal(value)), is_json=True, certain=True)
        case Integer(of, maximum):
            number = f"TRY_CAST({text(of)} AS BIGINT)"
            if maximum is not None:
                number = f"CASE WHEN {number} BETWEEN 0 AND {maximum} THEN {number} END"
            return Sql(f"CAST({number} AS VARCHAR)", is_json=True)
        case Scaled(of, factor):
            scaled = f"round(TRY_CAST({text(of)} AS DOUBLE) * {factor})"
            return Sql(f"CAST(TRY_CAST({scaled} AS BIGINT) AS VARCHAR)", is_json=True)
        case Basename(of):
            inner = text(of)
            return Sql(
                f"coalesce(nullif(parse_filename({inner}, false, 'both_slash'), ''), {inner})"
            )
        case AfterLast(of, mark):
            return Sql(f"nullif(split_part({text(of)}, {literal(mark)}, -1), '')")
        case BeforeLast(of, mark):
            inner = text(of)
            last = f"split_part({inner}, {literal(mark)}, -1)"
            return Sql(f"nullif(left({inner}, length({inner}) - length({last}) - {len(mark)}), '')")
        case Between(of, start, end):
            after = f"split_part({text(of)}, {literal(start)}, 2)"
            return Sql(f"nullif(split_part({after}, {literal(end)}, 1), '')")
        case Strip(of, characters):
            return Sql(f"nullif(trim({text(of)}, {literal(characters)}), '')")
        case Lower(of):
            return Sql(f"lower({text(of)})")
        case Replace(of, old, new):
            return Sql(f"replace({text(of)}, {literal(old)}, {literal(new)})")
        case Cut(of, length):
            return Sql(f"left({text(of)}, {length})")
        case Lookup():
            return _lookup(text(expression.of), expression)
        case First(of):
            parts = [compile_expression(each, sources) for each in of]
            is_json = any(part.is_json for part in parts)
            texts = [json_of(part) if is_json else part.text for part in parts]
            return Sql(
                f"coalesce({', '.join(texts)})", is_json, any(part.certain for part in parts)
            )
        case Join(of, separator):
            joined = f" || {literal(separator)} || ".join(text(each) for each in of)
            return Sql(f"({joined})")
        case Words(of, separator):
            parts = ", ".join(text(each) for each in of)
            return Sql(f"nullif(concat_ws({literal(separator)}, {parts}), '')")
        case Unhexed(of):
            return Sql(_unhexed(text(of)))
        case Arguments(of):
            return Sql(_arguments(text(of)))
        case Match(of, pattern):
            return Sql(f"nullif(regexp_extract({text(of)}, {literal(pattern)}, 1), '')")
        case Ip(of):
            inner = text(of)
            mapped = f"nullif(regexp_extract({inner}, {literal(MAPPED)}, 1), '')"
            six = f"CASE WHEN regexp_full_match({inner}, {literal(ADDRESS)}) THEN {inner} END"
            # Most addresses are IPv4, whose pattern is short; CASE spares them the long one.
            return Sql(
                f"CASE WHEN regexp_full_match({inner}, {literal(IPV4)}) THEN {inner}"
                f" WHEN contains({inner}, ':') THEN coalesce({mapped}, {six}) END"
            )
        case NotIp(of):
            inner = text(of)
            six = literal(f"(?:::[fF]{{4}}:)?(?:{ADDRESS})")
            return Sql(
                f"CASE WHEN regexp_full_match({inner}, {literal(IPV4)}) THEN NULL"
                f" WHEN NOT contains({inner}, ':') OR NOT regexp_full_match({inner}, {six})"
                f" THEN {inner} END"
            )
        case Millis(of):
            return Sql(f"CAST({any_millis(text(of))} AS VARCHAR)", is_json=True)
        case EpochMillis():
            return Sql(f"CAST(epoch_ms({sources.time}) AS VARCHAR)", is_json=True)
        case Listing(of):
            return _together("[", [compile_expression(each, sources) for each in of], "]")
        case Split(of, separator, key):
            return _split(text(of), separator, key)
        case Obj(tree, needs):
            return _object(tree, needs, sources)
        case When(test, values, then):
            inner = compile_expression(then, sources)
            accepted = ", ".join(literal(value) for value in sorted(values))
            tested = f"list_contains([{accepted}], lower({text(test)}))"
            chosen = f"CASE WHEN {tested} THEN {inner.text} END"
            return Sql(chosen, inner.is_json)
        case Raw(name, kind):
            return _raw(sources.json(name), kind)
        case Texts(name):
            json = sources.json(name)
            texts = f"json_extract_string(CAST({json} AS JSON), '$[*]')"
            joined = f"nullif(array_to_string({texts}, ' '), '')"
            return Sql(f"CASE WHEN starts_with({json}, '[') THEN {joined} END")
        case EachAs(name, key):
            return _each(sources.json(name), key)


def _unhexed(text: str) -> str:
    digits = f"CASE WHEN regexp_full_match({text}, '(?:[0-9A-F]{{2}})+') THEN {text} END"
    read = f"TRY(decode(unhex({digits})))"
    return (
        f"CASE WHEN regexp_matches({read}, '[^!#-~]')"
        f" THEN rtrim(replace({read}, chr(0), ' ')) ELSE {text} END"
    )


def _arguments(text: str) -> str:
    # Audit never puts a quote inside quotes: such text it writes in hexadecimal digits.
    pattern = literal(r'(?:^|\s)(a\d+(?:\[\d+\])?=(?:"[^"]*"|[^\s"]+))')
    value = "split_part(each, '=', 2)"
    read = (
        f"CASE WHEN starts_with({value}, '\"') THEN trim(each[strpos(each, '=') + 1:], '\"')"
        f" WHEN regexp_full_match({value}, '(?:[0-9A-F]{{2}})+')"
        f" THEN coalesce(TRY(decode(unhex({value}))), {value})"
        " ELSE each[strpos(each, '=') + 1:] END"
    )
    apart = r"CASE WHEN regexp_matches(each, '^a\d+\[[1-9]') THEN '' ELSE ' ' END"
    found = f"regexp_extract_all({text}, {pattern}, 1)"
    joined = f"list_transform({found}, lambda each: {apart} || {read})"
    return f"nullif(array_to_string({joined}, '')[2:], '')"


def _lookup(text: str, lookup: Lookup) -> Sql:
    values = [*lookup.table.values(), lookup.other, lookup.default]
    is_json = not any(isinstance(value, str) for value in values)

    def shown(value: str | int | bool) -> str:
        return literal(literal(value)) if is_json else literal(str(value))

    entries = ", ".join(f"{literal(key)}: {shown(v)}" for key, v in lookup.table.items())
    sql = f"MAP {{{entries}}}[lower({text})]" if entries else "NULL"
    if lookup.other is not None:
        sql = f"coalesce({sql}, CASE WHEN {text} IS NOT NULL THEN {shown(lookup.other)} END)"
    if lookup.default is not None:
        sql = f"coalesce({sql}, {shown(lookup.default)})"
    return Sql(sql, is_json, lookup.default is not None)


def _split(text: str, separator: str, key: str | None) -> Sql:
    parts = f"string_split_regex({text}, {literal(separator)})"
    kept = f"list_filter({parts}, lambda each: each <> '')[1:{LIST_LIMIT}]"
    return Sql(_listed(kept, key), is_json=True)


def _raw(json: str, kind: str | None) -> Sql:
    first = {"object": "{", "array": "["}.get(kind or "")
    kept = without_nulls(json)
    if first:
        kept = f"CASE WHEN starts_with({json}, {literal(first)}) THEN {kept} END"
    return Sql(f"nullif({kept}, '')", is_json=True)


def _each(json: str, key: str | None) -> Sql:
    texts = f"json_extract_string(CAST({json} AS JSON), '$[*]')"
    kept = f"list_filter({texts}, lambda each: each IS NOT NULL)[1:{LIST_LIMIT}]"
    return Sql(f"CASE WHEN starts_with({json}, '[') THEN {_listed(kept, key)} END", is_json=True)


def _listed(texts: str, key: str | None) -> str:
    item = "CAST(to_json(each) AS VARCHAR)"
    if key is not None:
        item = f"{literal(f'{{{chr(34)}{key}{chr(34)}:')} || {item} || '}}'"
    items = f"list_transform({texts}, lambda each: {item})"
    return f"('[' || nullif(array_to_string({items}, ','), '') || ']')"


def _object(tree: Tree, needs: tuple[str, ...], sources: Sources) -> Sql:
    built = compile_tree(tree, sources)
    if not needs:
        return built
    tests = [f"{_leaf(tree[name], sources).text} IS NOT NULL" for name in needs]
    return Sql(f"CASE WHEN {' AND '.join(tests)} THEN {built.text} END", is_json=True)


def signs_of(sql: Sql) -> tuple[str, ...]:
    """List the expressions of which one is not NULL exactly when the value is present."""
    return sql.signs or (sql.text,)


def _together(
    opening: str,
    parts: list[Sql],
    closing: str,
    *,
    always: bool = False,
    by: list[Sql] | None = None,
) -> Sql:
    """Join JSON parts; NULL when no varying one is present, or none of `by` where it is given.

    Presence is asked of the leaves, not of the joined text: DuckDB evaluates the argument of
    `nullif` twice inside a CASE, which doubles the work at every level of nesting.
    """
    body = f"concat_ws(',', {', '.join(json_of(p) for p in parts)})"
    joined = f"concat({literal(opening)}, {body}, {literal(closing)})"
    told = parts if not by or any(part.certain for part in by) else by
    signs = dict.fromkeys(sign for p in told if not p.certain for sign in signs_of(p))
    if always or not signs:
        return Sql(joined, is_json=True, certain=True)
    cheap_first = tuple(sorted(signs, key=len))
    present = f"coalesce({', '.join(cheap_first)}) IS NOT NULL"
    return Sql(f"CASE WHEN {present} THEN {joined} END", is_json=True, signs=cheap_first)


def nested(tree: Tree) -> dict[str, Expression | dict[str, object]]:
    """Turn attribute paths into nested dictionaries, in the tree's order."""
    root: dict[str, object] = {}
    for path, expression in tree.items():
        *parents, last = path.split(".")
        node = root
        for parent in parents:
            child = node.setdefault(parent, {})
            assert isinstance(child, dict), f"{path}: {parent} is both a value and an object"
            node = child
        node[last] = expression
    return root  # type: ignore[return-value]


def compile_tree(
    tree: Tree, sources: Sources, *, always: bool = False, name: str | None = None
) -> Sql:
    """Compile a tree to the JSON text of an object, NULL when no varying leaf is present.

    Args:
        tree: attribute paths and expressions.
        sources: where values come from.
        always: keep the object even when only its constants are there.
        name: the attribute it stands under, for what `ocsf.objects` requires of it.
    """
    return _compile_node(nested(tree), sources, always, name)


def _leaf(expression: Expression, sources: Sources) -> Sql:
    """Compile a leaf. Every object around it asks whether it is there, so its value is kept."""
    sql = compile_expression(expression, sources)
    if sql.certain or sql.signs:
        return sql
    return sql._replace(text=sources.kept(sql.text))


def _compile_node(
    node: Mapping[str, object], sources: Sources, always: bool, name: str | None
) -> Sql:
    members: dict[str, Sql] = {}
    for key, child in node.items():
        sql = (
            _compile_node(child, sources, always=False, name=key)
            if isinstance(child, dict)
            else _leaf(child, sources)  # type: ignore[arg-type]
        )
        text = f"{literal(f'{chr(34)}{key}{chr(34)}:')} || {json_of(sql)}"
        members[key] = Sql(text, True, sql.certain, signs_of(sql))
    telling = IDENTIFIED_BY.get(name or "", frozenset())
    by = [sql for key, sql in members.items() if key in telling]
    return _together("{", list(members.values()), "}", always=always, by=by)
