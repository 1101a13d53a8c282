"""Reads the fields by which hits are grouped and measured, of the events that rules have hit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sentree.lake.db import Lake
from sentree.rules.buckets import find_layouts, membership
from sentree.rules.chunks import Scope, plan_chunks, sql_file, stage_chunk
from sentree.rules.correlation_plan import Plan
from sentree.rules.fields import Extraction, FieldReader, Layout
from sentree.rules.load import LogSource, Rule
from sentree.rules.taxonomy import Source, Taxonomy


class Facts:
    """Where the fields of hits stand: the number of a rule's log source, the places of its names.

    The temporary table `correlation_facts(source, event_uid, vals)` holds them.
    """

    def __init__(self, taxonomy: Taxonomy, plan: Plan, rules: Iterable[Rule]) -> None:
        self._taxonomy = taxonomy
        self._names: dict[LogSource, dict[str, int]] = {}
        self._sources: dict[str, Source] = {}
        for rule in rules:
            source = taxonomy.source(rule.logsource)
            if rule.rule_uid in plan.base and source is not None:
                self._sources[rule.rule_uid] = source
                names = self._names.setdefault(source.logsource, {})
                for name in plan.base[rule.rule_uid]:
                    names.setdefault(name, len(names))
        self._numbers = {logsource: number for number, logsource in enumerate(self._names)}

    def number(self, rule_uid: str) -> int:
        """Give the number of a plain rule's log source."""
        return self._numbers[self._sources[rule_uid].logsource]

    def place(self, rule_uid: str, name: str) -> int:
        """Give where in `vals` a field of a plain rule's hits stands, counted from 1."""
        return self._names[self._sources[rule_uid].logsource][name] + 1

    def read(self, lake: Lake, scope: Scope, size: int) -> None:
        """Fill `correlation_facts` for the events of `correlation_base`.

        Args:
            lake: the lake.
            scope: all events of the tenant, of which those of the hits are read.
            size: about how many events are held in memory at a time.
        """
        lake.execute(
            "CREATE OR REPLACE TEMP TABLE correlation_facts"
            " (source INTEGER, event_uid VARCHAR, vals VARCHAR[])"
        )
        asked = {logsource: names for logsource, names in self._names.items() if names}
        [span] = lake.query(
            "SELECT min(time) AS first, max(time) AS last FROM correlation_base"
            " WHERE list_contains(?, rule_uid)",
            [[uid for uid, source in self._sources.items() if source.logsource in asked]],
        )
        if span["first"] is None:
            return
        hit = scope.narrowed(
            "time BETWEEN $first_hit AND $last_hit"
            " AND event_uid IN (SELECT event_uid FROM temp.correlation_base)",
            first_hit=span["first"],
            last_hit=span["last"],
        )
        sources = [self._taxonomy.resolved(logsource) for logsource in asked]
        for chunk in plan_chunks(lake, hit, size)[0]:
            stage_chunk(lake, chunk, self._taxonomy, sources)
            for logsource, layouts in find_layouts(lake, self._taxonomy, sources).items():
                self._read_source(lake, self._taxonomy.resolved(logsource), layouts)

    def _read_source(self, lake: Lake, source: Source, layouts: Sequence[Layout]) -> None:
        names: Mapping[str, int] = self._names[source.logsource]
        reader = FieldReader(self._taxonomy, source, layouts)
        extraction = Extraction()
        texts = [reader.sql(name, extraction) or "NULL" for name in names]
        test, values = membership(self._taxonomy, source)
        sql = sql_file("correlation_facts").format(
            source=self._numbers[source.logsource],
            texts=", ".join(texts),
            raw="TRY(json_extract_string(coalesce(inner_doc, raw), ?))"
            if extraction.raw
            else "NULL",
            event="TRY(json_extract_string(event, ?))" if extraction.event else "NULL",
            member=test,
        )
        paths = [path for path in (extraction.raw, extraction.event) if path]
        lake.execute(sql, [*paths, *values])
