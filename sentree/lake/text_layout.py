"""Compiles layouts: which mapper takes a text line, and the JSON document that is made of it.

The document is built as text from parts that `to_json` has escaped, so no character of a line is
ever taken for structure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ocsf.layout import Columns, Layout, NamedColumns, Pairs
from ocsf.mapping import Mapper
from sentree.lake.mapping_expressions import literal
from sentree.lake.text_header import group_names

READ_LENGTH = 64 * 1024
"""Patterns, pairs and columns are looked for in this many characters of a message."""
KEY = r"[A-Za-z_][\w.-]*"
UNIT = "\x1f"


def layout_routes(
    mappers: Iterable[Mapper], columns: Sequence[NamedColumns], *, body: str, app: str, headed: str
) -> str:
    """Give SQL for the name of the mapper that takes a message, NULL where none does.

    Args:
        mappers: in the order in which they are tried.
        columns: the header lines found; column `header` numbers them from 1.
        body: SQL of the message.
        app: SQL of the program that wrote it, in lower case.
        headed: SQL that is true where the line has a header.
    """
    arms = [
        f"WHEN {_condition(each, mapper.name, columns, body, app, headed)}"
        f" THEN {literal(mapper.name)}"
        for mapper in mappers
        for each in mapper.layouts
    ]
    return f"CASE {' '.join(arms)} END" if arms else "NULL"


def _condition(
    layout: Layout, mapper: str, columns: Sequence[NamedColumns], body: str, app: str, headed: str
) -> str:
    tests: list[str] = []
    if layout.columns and layout.columns.header and layout.columns.names is None:
        numbers = [
            str(number)
            for number, each in enumerate(columns, start=1)
            if (each.mapper, each.layout) == (mapper, layout.name)
        ]
        tests.append(f"list_contains([{', '.join(numbers)}]::INTEGER[], header)")
    if layout.headed:
        tests.append(headed)
    if layout.apps:
        listed = ", ".join(literal(each) for each in sorted(layout.apps))
        tests.append(f"list_contains([{listed}], {app})")
    if layout.mark:
        tests.append(f"regexp_matches({body}, {literal(layout.mark)})")
    return " AND ".join(tests) or "true"


def directive_sql(mappers: Iterable[Mapper], text: str, line: str) -> str:
    """Give SQL that is true of lines that are no records: those that name columns, and the like.

    A header that does not begin with `#` is looked for on a source's first line only.
    """
    tests: dict[str, None] = {}
    for mapper in mappers:
        for columns in (each.columns for each in mapper.layouts if each.columns):
            for pattern in filter(None, (columns.header, columns.skips)):
                place = f"starts_with({text}, '#')" if pattern.startswith("^#") else f"{line} = 1"
                tests[f"({place} AND regexp_matches({text}, {literal(pattern)}))"] = None
    if not tests:
        return "false"
    # CASE spares the other lines the patterns; DuckDB works out every part of an AND.
    return (
        f"CASE WHEN starts_with({text}, '#') OR {line} = 1 THEN {' OR '.join(tests)} ELSE false END"
    )


def documents_select(mapper: Mapper, named: NamedColumns | None) -> str:
    """Compile a mapper's layouts to a SELECT over `staged_records` that gives them documents.

    `$route` and `$header` choose the rows.

    Args:
        mapper: the mapper.
        named: the columns that a header line names, for the rows below it.
    """
    app = "split_part(lower(json_extract_string(head, '$.app')), '(', 1)"
    columns = [] if named is None else [named]
    layouts = mapper.layouts

    def tested(layout: Layout) -> str:
        # Of the columns of one header all rows are; the number does not matter here.
        if layout.columns and layout.columns.header and layout.columns.names is None:
            return "true" if named and named.layout == layout.name else "false"
        return _condition(layout, mapper.name, columns, "doc", app, "true")

    chosen = [f"WHEN {tested(each)} THEN {n}" for n, each in enumerate(layouts[:-1])]
    which = f"CASE {' '.join(chosen)} ELSE {len(layouts) - 1} END" if chosen else "0"
    groups = [f"WHEN {n} THEN {_groups(each, 'cut')}" for n, each in enumerate(layouts)]
    parts = [f"WHEN {n} THEN {_rest(each, named)}" for n, each in enumerate(layouts)]
    rest = f"CASE layout {' '.join(parts)} END"
    document = (
        "concat('{', g, ',\"syslog\":', head, ',\"body\":', CAST(to_json(doc) AS VARCHAR),"
        f" {rest}, '}}')"
    )
    return (
        f"SELECT * EXCLUDE (cut, layout, g) REPLACE ({document} AS doc) FROM ("
        f"SELECT *, CASE layout {' '.join(groups)} END AS g FROM (SELECT *, {which} AS layout"
        f" FROM (SELECT *, CASE WHEN length(doc) > {READ_LENGTH}"
        f" THEN left(doc, {READ_LENGTH}) ELSE doc END AS cut FROM staged_records"
        " WHERE route = $route AND head IS NOT NULL AND header IS NOT DISTINCT FROM $header)))"
    )


def _groups(layout: Layout, text: str) -> str:
    """Give SQL for the members `event` and the groups of the first pattern that matches."""
    if not layout.patterns:
        return literal(f'"event":"{layout.name}"')
    arms: list[str] = []
    for event, pattern in layout.patterns:
        names = group_names(pattern)
        member = literal(f'"event":"{event}"')
        if names:
            listed = ", ".join(literal(name) for name in names)
            found = f"regexp_extract({text}, {literal(pattern)}, [{listed}])"
            member += f" || ',' || CAST(to_json({found}) AS VARCHAR)[2:-2]"
        arms.append(f"WHEN regexp_matches({text}, {literal(pattern)}) THEN {member}")
    return f'CASE {" ".join(arms)} ELSE \'"event":""\' END'


def _rest(layout: Layout, named: NamedColumns | None) -> str:
    parts: list[str] = []
    if layout.columns:
        names = named.names if named else layout.columns.names or ()
        parts.append(_columns_sql(layout.columns, names, _escaped(layout.columns.of)))
    if layout.pairs:
        parts.append(_pairs_sql(layout.pairs, _escaped(layout.pairs.of)))
    return f"concat({', '.join(parts)})" if parts else "''"


def _escaped(group: str) -> str:
    """Give SQL for a group's text as it stands inside a JSON string."""
    if group == "body":
        return "CAST(to_json(cut) AS VARCHAR)[2:-2]"
    member = f"json_extract('{{' || g || '}}', {literal(f'$.{group}')})"
    return f"coalesce(CAST({member} AS VARCHAR)[2:-2], '')"


def _pairs_sql(pairs: Pairs, text: str) -> str:
    """Give SQL for `,"key":"value"…`; one replacement over the escaped text does it."""
    if pairs.spaced:
        between = _in_escaped(pairs.separator) if pairs.separator else r"\s+"
        # A key that an escaped `=` follows is a part of the value before it.
        found = f"(?:^|{between})([\\w.\\[\\]-]+){pairs.assign}"
        replaced = f"regexp_replace({text}, {literal(found)}, '\",\"\\1\":\"', 'g')"
        members = f"(',\"\":\"' || {replaced} || '\"')"
    else:
        barred = f"{pairs.separator if pairs.separator != chr(9) else ''}"
        quoted = r'\\"((?:\\\\\\"|\\\\|\\[^"\\]|[^\\])*?)\\"'
        apart = rf"(?:[\s{barred}]|\\[tnru]|$)"
        # A quote inside a word is a part of it; only one that ends before a separator closes.
        ordinary = rf"[^\s\\{barred}]|\\[^tnru]"
        plain = rf"((?:{ordinary})*)"
        single = rf"'((?:[^'\\]|\\.)*)'{apart}"
        if pairs.nested:
            single = "'()"
            ordinary = rf"[^\s\\{barred}']|\\[^tnru]"
            plain = rf"((?:{ordinary})*)"
        value = rf"(?:{quoted}{apart}|{single}|{plain})"
        found = rf"(?s)({KEY})={value}|\\u[0-9a-fA-F]{{4}}|\\.|[\pL\w.-]+|."
        replaced = f"regexp_replace({text}, {literal(found)}, ',\"\\1\":\"\\2\\3\\4\"', 'g')"
        members = f"replace({replaced}, ',\"\":\"\"', '')"
    if pairs.escapes:
        for mark in ("=", "|"):
            members = f"replace({members}, {literal(chr(92) * 2 + mark)}, {literal(mark)})"
    if pairs.escapes or not pairs.spaced:
        # `\"` of the line stands as `\\\"` here.
        members = (
            f"replace({members}, {literal(chr(92) * 3 + chr(34))}, {literal(chr(92) + chr(34))})"
        )
    if pairs.escapes:
        members = f"replace({members}, {literal(chr(92) * 4)}, {literal(chr(92) * 2)})"
    return members


def _in_escaped(separator: str) -> str:
    return r"\\t" if separator == "\t" else rf"[{separator}]"


def _columns_sql(columns: Columns, names: Sequence[str], text: str) -> str:
    """Give SQL for `,"name":"value"…` of delimited text."""
    separator = columns.separator
    # Inside a JSON string a tab is `\t`; splitting is at characters that can't stand there.
    mark = r"\\t" if separator == "\t" else rf"[{separator}]"
    if columns.quoted or columns.bracketed:
        cell = rf"[^\\{separator}]|\\[^t]" if separator == "\t" else rf"[^\\{separator}]|\\."
        cells = [rf"((?:{cell})*)"]
        if columns.bracketed:
            cells.insert(0, r"\[([^\]\\]*)\]")
        if columns.quoted:
            cells.insert(0, r'\\"((?:\\"\\"|\\\\\\"|\\.|[^\\])*?)\\"')
        several = "+" if separator == " " else ""
        found = rf"(?:{'|'.join(cells)})(?:{mark}{several}|$)"
        groups = "".join(rf"\{number}" for number in range(1, len(cells) + 1))
        joined = f"regexp_replace({text}, {literal(found)}, '{groups}' || chr(31), 'g')"
        # A doubled quote and an escaped one are a quote, which stands as `\\"` here.
        for written in (chr(92) + chr(34) + chr(92) + chr(34), chr(92) * 3 + chr(34)):
            joined = f"replace({joined}, {literal(written)}, {literal(chr(92) + chr(34))})"
        split = f"string_split({joined}, chr(31))"
    else:
        given = r"\t" if separator == "\t" else separator
        split = f"string_split({text}, {literal(given)})"
    members = ", ".join(
        f"{literal(f',{chr(34)}{_key(name)}{chr(34)}:{chr(34)}')} || s[{place}] || '\"'"
        for place, name in enumerate(names, start=1)
        if name
    )
    return f"list_transform([{split}], lambda s: concat({members or chr(39) * 2}))[1]"


def _key(name: str) -> str:
    """Make a column's name safe to stand in JSON: a line of a log gave it."""
    return "".join(char for char in name if char.isprintable() and char not in '"\\')[:128]
