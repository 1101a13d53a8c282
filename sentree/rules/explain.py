"""Explains a rule: which events it looks at, where its fields are read, the SQL that judges it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schemas.rule_check import FieldPlaces, RuleExplanation
from sentree.lake.db import Lake
from sentree.rules.buckets import find_layouts, membership
from sentree.rules.chunks import make_macros, scope_of, stage_chunk
from sentree.rules.fields import Extraction, FieldReader, Layout
from sentree.rules.ir import Node, fields
from sentree.rules.load import Rule
from sentree.rules.newest import newest
from sentree.rules.placeholders import Placeholders
from sentree.rules.predicate import FORM_SQL, Column, forms, predicate
from sentree.rules.selections import conditions, selections
from sentree.rules.taxonomy import Source, Taxonomy, load_taxonomy
from sentree.rules.words import condition_words, source_words

RECORD = "(the record)"
MOST_EVENTS = 10_000


@dataclass(slots=True)
class _Plain(Extraction):
    """Writes each path where it is read, as the reader of an explanation wants it."""

    def raw_sql(self, pointer: str) -> str:
        return f"json_extract_string(coalesce(inner_doc, raw), {_quoted(pointer)})"

    def event_sql(self, pointer: str) -> str:
        return f"json_extract_string(event, {_quoted(pointer)})"


def explain(
    rule: Rule,
    placeholders: Placeholders,
    *,
    lake: Lake | None = None,
    tenant: str = "default",
    most_events: int = MOST_EVENTS,
) -> RuleExplanation:
    """Explain a rule; with a lake, also say where the events in it have the rule's fields.

    Args:
        rule: the rule.
        placeholders: the values for `expand`.
        lake: where the events are.
        tenant: whose events.
        most_events: of more events that may be of the log source, only the newest are looked at.

    Raises:
        LakeError: the lake could not be read.
    """
    taxonomy = load_taxonomy()
    source = taxonomy.source(rule.logsource)
    told = RuleExplanation(
        rule_uid=rule.rule_uid,
        title=rule.title,
        path=rule.path,
        line=rule.line,
        level=rule.level,
        status=rule.status,
        author=rule.author,
        tags=rule.tags,
        logsource=str(rule.logsource),
        problem=rule.problem,
        written_condition=conditions(rule),
        selections=tuple(
            (name, condition_words(node)) for name, node in selections(rule, placeholders)
        ),
    )
    if source is None and rule.condition is None:
        return told
    if source is None:
        reason = f"no events are known for the log source {rule.logsource}"
        return told.model_copy(update={"problem": rule.problem or reason})
    update: dict[str, object] = {"events": source_words(source)}
    if rule.condition is not None:
        layouts: list[Layout] = []
        if lake:
            seen = _at_hand(lake, tenant, taxonomy, source, most_events)
            layouts = seen.layouts
            update |= {"events_at_hand": seen.events}
            update |= {} if seen.all_of_it else {"events_looked_at": seen.looked_at}
        named = sorted(fields(rule.condition))
        update |= {
            "fields": tuple(_places(taxonomy, source, name, layouts) for name in named),
            "condition": condition_words(rule.condition),
            "sql": _sql(taxonomy, source, rule.condition, layouts),
        }
    return told.model_copy(update=update)


class _AtHand(NamedTuple):
    """What was seen of a log source: its layouts, its events, and of how many that may be of it."""

    layouts: list[Layout]
    events: int
    looked_at: int
    all_of_it: bool


def _at_hand(lake: Lake, tenant: str, taxonomy: Taxonomy, source: Source, most: int) -> _AtHand:
    make_macros(lake)
    found = newest(lake, scope_of(lake, tenant, None, None)[0], source, most)
    stage_chunk(lake, found.scope, taxonomy, [source])
    layouts = find_layouts(lake, taxonomy, [source]).get(source.logsource, [])
    test, values = membership(taxonomy, source)
    counted = lake.query(f"SELECT count(*) AS n FROM sigma_chunk WHERE {test}", values)
    return _AtHand(layouts, counted[0]["n"], found.events, found.all_of_it)


def _places(
    taxonomy: Taxonomy, source: Source, name: str, layouts: Sequence[Layout]
) -> FieldPlaces:
    reader = FieldReader(taxonomy, source, layouts)
    found = Extraction()
    reader.sql(name, found)
    if source.windows and name in taxonomy.system:
        places = tuple(
            f"column {place}" if not place.startswith("/") else f"record {place}"
            for place in taxonomy.system[name]
        )
    else:
        places = tuple(_place(alias) for alias in reader.aliases(name))
    return FieldPlaces(
        field=name,
        places=places,
        found=(*(f"record {one}" for one in found.raw), *(f"event {one}" for one in found.event)),
    )


def _place(alias: str) -> str:
    if "+" in alias:
        return " \\ ".join(_place(part) for part in alias.split("+"))
    return f"OCSF {alias}" if alias.startswith("/") else f"record's own {alias}"


def _sql(taxonomy: Taxonomy, source: Source, condition: Node, layouts: Sequence[Layout]) -> str:
    """Write the statement, its values in their places; without events, as for a flat record."""
    names = sorted(fields(condition))
    known = layouts or [_flat(taxonomy, source, names)]
    reader = FieldReader(taxonomy, source, known)
    columns: dict[str | None, Column] = {}
    reads: list[str] = []
    for name, form in sorted(forms(condition), key=lambda one: (one[0] or "", one[1])):
        if name not in columns:
            sql = "sigma_record(raw)" if name is None else reader.sql(name, _Plain())
            if sql is None:
                continue
            columns[name] = Column(len(columns))
            reads.append(f"{sql} AS c{columns[name].number} -- {_comment(name or RECORD)}")
        if form != "c":
            number = columns[name].number
            reads.append(f"{FORM_SQL[form].format(f'c{number}')} AS {form}{number}")
    test, values = membership(taxonomy, source)
    written = predicate(condition, columns)
    lines = [
        "SELECT event_uid, time FROM (",
        "    SELECT event_uid, time,",
        *(f"        {_comma(read, last=read is reads[-1])}" for read in reads),
        "    FROM sigma_chunk",
        f"    WHERE {_filled(test, values)}",
        ")",
        f"WHERE {_filled(written.sql, written.parameters)}",
    ]
    return "\n".join(lines)


def _flat(taxonomy: Taxonomy, source: Source, names: Sequence[str]) -> Layout:
    root = taxonomy.containers.index("")
    reader = FieldReader(taxonomy, source, [])
    own = {alias for name in names for alias in reader.aliases(name) if not alias.startswith("/")}
    parts = sorted({part for alias in own for part in alias.split("+") if part[:1] != "/"})
    return [parts if place == root else [] for place in range(len(taxonomy.containers))]


def _comma(read: str, *, last: bool) -> str:
    sql, mark, comment = read.partition(" -- ")
    return f"{sql}{'' if last else ','}{mark}{comment}"


def _comment(text: str) -> str:
    return " ".join(text.split())


def _filled(sql: str, values: Sequence[object]) -> str:
    """Put the bound values where their marks stand, for reading only; rules never write SQL."""
    given = iter(values)
    return "".join(_literal(next(given)) if letter == "?" else letter for letter in sql)


def _literal(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"  # pyright: ignore[reportUnknownArgumentType]
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
