"""Evaluates all rules of one log source over a chunk: one narrow table, then the predicates."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from sentree.errors import LakeError
from sentree.lake.arrow import lent_table
from sentree.lake.db import Lake
from sentree.rules.fields import Extraction, FieldReader, Layout
from sentree.rules.ir import Node
from sentree.rules.load import LogSource, Rule
from sentree.rules.predicate import FORM_SQL, Column, Form, forms, predicate
from sentree.rules.prefilter import Prefilter, Rows
from sentree.rules.required import required
from sentree.rules.taxonomy import Condition, Source, Taxonomy, plain_word

RULES_PER_STATEMENT = 50
BROAD = 0.5
"""A rule that could match a larger share of its log source's events is tested on all of them."""


@dataclass(slots=True)
class BucketOutcome:
    """What one chunk showed: events of the log source, fields met, rules that failed and why."""

    events: int = 0
    present: set[str | None] = field(default_factory=set[str | None])
    failed: dict[str, str] = field(default_factory=dict[str, str])


def find_layouts(
    lake: Lake, taxonomy: Taxonomy, sources: Sequence[Source]
) -> dict[LogSource, list[Layout]]:
    """Give the layouts of the chunk's events by log source; sources without events are left out."""
    selects: list[str] = []
    parameters: list[object] = []
    for number, source in enumerate(sources):
        test, values = membership(taxonomy, source)
        selects.append(f"SELECT DISTINCT {number} AS source, keys FROM sigma_layouts WHERE {test}")
        parameters += values
    layouts: dict[LogSource, list[Layout]] = {}
    for row in lake.query(" UNION ALL ".join(selects), parameters):
        layouts.setdefault(sources[row["source"]].logsource, []).append(row["keys"])
    return layouts


class Bucket:
    """The rules of one log source, made ready once to be run over any number of chunks.

    Args:
        lake: a connection that has the macros.
        taxonomy: what `source` is part of.
        source: the log source.
        rules: its rules; those without a condition are left out.
        prefiltered: whether conditions are tested only where a rule's words are; the hits are the
            same without, which is there to be compared with.
    """

    def __init__(
        self,
        lake: Lake,
        taxonomy: Taxonomy,
        source: Source,
        rules: Sequence[Rule],
        *,
        prefiltered: bool = True,
    ) -> None:
        self.source = source
        self.rules = [rule for rule in rules if rule.condition is not None]
        self._taxonomy = taxonomy
        self._prefilter = Prefilter(
            lake, [required(_condition(rule)) if prefiltered else None for rule in self.rules]
        )
        self._needed = _needed(_condition(rule) for rule in self.rules)
        for name, form in self._prefilter.places:
            self._needed.setdefault(name, set()).add(form)

    def run(
        self, lake: Lake, layouts: Sequence[Layout], *, unless: Container[str] = ()
    ) -> BucketOutcome:
        """Run the rules over the staged chunk's events; hits go to `rule_hits`.

        Args:
            lake: the connection that has the chunk.
            layouts: the layouts of the chunk's events of this log source.
            unless: rules that are not to be run, by uid.
        """
        outcome = BucketOutcome()
        columns, outcome.present, outcome.events = _fill(
            lake, self._taxonomy, self.source, self._needed, layouts
        )
        found = self._prefilter.candidates(lake, columns, outcome.events)
        everywhere: list[Rule] = []
        somewhere: list[tuple[Rule, Rows]] = []
        for rule, rows in zip(self.rules, found, strict=True):
            if rule.rule_uid in unless:
                continue
            if rows is None or len(rows) > BROAD * outcome.events:
                everywhere.append(rule)
            elif len(rows):
                somewhere.append((rule, rows))
        for start in range(0, len(everywhere), RULES_PER_STATEMENT):
            part = everywhere[start : start + RULES_PER_STATEMENT]
            _run_everywhere(lake, part, columns, outcome)
        for start in range(0, len(somewhere), RULES_PER_STATEMENT):
            part = somewhere[start : start + RULES_PER_STATEMENT]
            _run_somewhere(lake, part, columns, outcome)
        return outcome


def _make_bucket(
    lake: Lake,
    reader: FieldReader,
    needed: Mapping[str | None, set[Form]],
    test: str,
    values: Sequence[object],
) -> dict[str | None, Column]:
    extraction = Extraction()
    columns: dict[str | None, Column] = {}
    texts: list[str] = []
    shapes: list[str] = []
    for name in sorted(needed, key=lambda name: (name is not None, name or "")):
        sql = "sigma_record(raw)" if name is None else reader.sql(name, extraction)
        if sql is None:
            continue
        number = len(columns)
        columns[name] = Column(number)
        texts.append(f"{sql} AS c{number}")
        shapes += [
            f"{FORM_SQL[form].format(f'c{number}')} AS {form}{number}"
            for form in sorted(needed[name] - {"c"})
        ]
    raw = "TRY(json_extract_string(coalesce(inner_doc, raw), ?))" if extraction.raw else "NULL"
    event = "TRY(json_extract_string(event, ?))" if extraction.event else "NULL"
    extracted = f"SELECT *, {raw} AS r, {event} AS o FROM sigma_chunk WHERE {test}"
    fields_sql = f"SELECT {', '.join(['event_uid', 'time', *texts])} FROM ({extracted})"
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE sigma_bucket AS"
        f" SELECT {', '.join(['*', *shapes])} FROM ({fields_sql})",
        [*(paths for paths in (extraction.raw, extraction.event) if paths), *values],
    )
    return columns


def _describe(
    lake: Lake, columns: Mapping[str | None, Column]
) -> tuple[dict[str | None, Column], set[str | None], int]:
    """Count events, see which fields any of them has, spread out the columns that hold lists."""
    counts = [
        f"count(c{column.number}) AS n{column.number},"
        f" bool_or(starts_with(c{column.number}, '[')) AS m{column.number}"
        for column in columns.values()
    ]
    row = lake.query(f"SELECT {', '.join(['count(*) AS events', *counts])} FROM sigma_bucket")[0]
    described: dict[str | None, Column] = {}
    for name, column in columns.items():
        many = bool(row[f"m{column.number}"]) and name is not None
        described[name] = Column(column.number, many)
        if many:
            lake.execute(f"ALTER TABLE sigma_bucket ADD COLUMN v{column.number} VARCHAR[]")
            lake.execute(
                f"UPDATE sigma_bucket SET v{column.number} = sigma_values(c{column.number})"
            )
    present = {name for name, column in columns.items() if row[f"n{column.number}"]}
    return described, present, row["events"]


def _run_everywhere(
    lake: Lake, rules: Sequence[Rule], columns: Mapping[str | None, Column], outcome: BucketOutcome
) -> None:
    """Test the rules' conditions on every event of the bucket."""
    selects: list[str] = []
    parameters: list[object] = []
    for rule in rules:
        written = predicate(_condition(rule), columns)
        selects.append(f"SELECT ?, event_uid, time FROM sigma_bucket WHERE {written.sql}")
        parameters += [rule.rule_uid, *written.parameters]
    try:
        lake.execute(f"INSERT INTO rule_hits {' UNION ALL '.join(selects)}", parameters)
    except LakeError as error:
        # One bad rule must not take the others of its statement with it.
        if len(rules) == 1:
            outcome.failed[rules[0].rule_uid] = str(error)
            return
        for rule in rules:
            _run_everywhere(lake, [rule], columns, outcome)


def _run_somewhere(
    lake: Lake,
    found: Sequence[tuple[Rule, Rows]],
    columns: Mapping[str | None, Column],
    outcome: BucketOutcome,
) -> None:
    """Test each rule's condition on the events that it could match."""
    cases: list[str] = []
    parameters: list[object] = [[rule.rule_uid for rule, _ in found]]
    for number, (rule, _) in enumerate(found):
        written = predicate(_condition(rule), columns)
        cases.append(f"WHEN {number} THEN {written.sql}")
        parameters += written.parameters
    sql = (
        "INSERT INTO rule_hits SELECT (?::VARCHAR[])[rule + 1], event_uid, time"
        " FROM sigma_rows JOIN sigma_bucket ON sigma_bucket.rowid = sigma_rows.id"
        f" WHERE CASE rule {' '.join(cases)} END"
    )
    try:
        with lent_table(lake, "sigma_rows", _pairs([rows for _, rows in found])):
            lake.execute(sql, parameters)
    except LakeError as error:
        if len(found) == 1:
            outcome.failed[found[0][0].rule_uid] = str(error)
            return
        for one in found:
            _run_somewhere(lake, [one], columns, outcome)


def _pairs(found: Sequence[Rows]) -> Any:
    numbers = np.repeat(np.arange(len(found)), [len(rows) for rows in found])
    return pa.table({"rule": numbers, "id": np.concatenate(found)})


def _condition(rule: Rule) -> Node:
    assert rule.condition is not None
    return rule.condition


def fill_bucket(
    lake: Lake,
    taxonomy: Taxonomy,
    source: Source,
    conditions: Iterable[Node],
    layouts: Sequence[Layout],
) -> tuple[dict[str | None, Column], set[str | None], int]:
    """Fill `sigma_bucket` with what conditions read of the staged chunk's events of a log source.

    Gives each field's column, the fields that any event has, and the number of events.
    """
    return _fill(lake, taxonomy, source, _needed(conditions), layouts)


def _needed(conditions: Iterable[Node]) -> dict[str | None, set[Form]]:
    needed: dict[str | None, set[Form]] = {}
    for condition in conditions:
        for name, form in forms(condition):
            needed.setdefault(name, set()).add(form)
    return needed


def _fill(
    lake: Lake,
    taxonomy: Taxonomy,
    source: Source,
    needed: Mapping[str | None, set[Form]],
    layouts: Sequence[Layout],
) -> tuple[dict[str | None, Column], set[str | None], int]:
    test, values = membership(taxonomy, source)
    columns = _make_bucket(lake, FieldReader(taxonomy, source, layouts), needed, test, values)
    return _describe(lake, columns)


def membership(taxonomy: Taxonomy, source: Source) -> tuple[str, list[object]]:
    """Write the test that a staged event belongs to a log source, with its bound values."""
    parameters: list[object] = []
    root = taxonomy.containers.index("") + 1
    tests = ["(" + " AND ".join(_tests(item, root, parameters)) + ")" for item in source.any]
    return "(" + " OR ".join(tests) + ")", parameters


def _tests(condition: Condition, root: int, parameters: list[object]) -> Iterator[str]:
    if condition.mapper:
        parameters.append(list(condition.mapper))
        yield "list_contains(?, mapper)"
    if condition.channel and condition.provider:
        parameters += [list(condition.channel), list(condition.provider)]
        yield (
            "(list_contains(?, channel_key)"
            " OR channel_key IS NULL AND list_contains(?, provider_key))"
        )
    elif condition.channel:
        parameters.append(list(condition.channel))
        yield "list_contains(?, channel_key)"
    if condition.event_id:
        parameters.append(list(condition.event_id))
        yield "list_contains(?, original_id)"
    if condition.class_uid:
        parameters.append(list(condition.class_uid))
        yield "list_contains(?, class_uid)"
    if condition.activity_id:
        parameters.append(list(condition.activity_id))
        yield "list_contains(?, activity_id)"
    if condition.os:
        # These products' events need not name their system, and may be of any.
        parameters.append(_SYSTEMS[condition.os])
        yield f"CASE WHEN os IS NULL THEN mapper IN {_OF_ANY} ELSE regexp_matches(os, ?) END"
    if condition.has:
        parameters += [root, list(condition.has)]
        yield "coalesce(list_has_all(keys[?], ?), false)"
    if condition.category:
        parameters.append(list(condition.category))
        yield "list_contains(?, category_key)"
    if condition.text:
        yield "is_text"
    if condition.named:
        parameters.append(plain_word(condition.named))
        yield "coalesce(list_contains(names, ?), false)"


_OF_ANY = ("ocsf", "defender_hunting", "osquery")
_SYSTEMS = {
    "windows": "windows",
    "linux": "linux|ubuntu|debian|centos|red hat|rhel|fedora|suse|amazon",
    "macos": "mac ?os|darwin|os ?x",
}
