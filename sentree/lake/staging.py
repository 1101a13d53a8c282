"""Turns framed records into events, set by set; what is staged lives in Arrow tables.

Not in DuckDB's temporary tables: a transaction that stays open keeps the memory of what was deleted
in it, and a load is one transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ocsf.layout import HeaderLines
from ocsf.mapping import Mapper
from schemas.ingest import SourceReport
from sentree.lake.db import sql_text
from sentree.lake.gathering import gathered_select
from sentree.lake.mapping_promoted import attributes_of
from sentree.lake.mapping_sql import json_path, mapped_select
from sentree.lake.records import Array, Record, Reject, Table, reject, table_of
from sentree.lake.rescue import NOT_JSON, rescue
from sentree.lake.routing import (
    BASE,
    BROKEN,
    DIRECTIVE,
    WRAPPED,
    route_sql,
    short_route_sql,
    tried_mappers,
)
from sentree.lake.rule_choice import narrowed, of_shapes
from sentree.lake.session import Session
from sentree.lake.text_envelope import envelope_sql, is_enveloped, no_envelope_sql
from sentree.lake.text_header import (
    dated_sql,
    fast_sql,
    header_json,
    header_length,
    header_sql,
    unified_sql,
)
from sentree.lake.text_layout import documents_select, layout_routes

# Setting up a mapper's statement takes as long as mapping some ten thousand records. Three chunks,
# less the line ends, are enough.
MAP_CHARACTERS = 84 * 1024 * 1024
# A source that names new columns with every line must not make a statement of each.
MOST_HEADERS = 64
WRITTEN = "CAST($written AS TIMESTAMP)"


@dataclass(slots=True)
class SourceLoad:
    """A source on its way into the lake, and what is counted of it.

    `written` is a time before which its last line was written, `header` the number of the columns
    that its last header line named. `is_plain` says that most of its records are of the chosen
    mapper, as far as they were looked at.
    """

    path: str
    source_uid: str
    format: str
    chosen: str | None
    forced: bool = False
    records: int = 0
    accepted: int = 0
    reasons: Counter[str] = field(default_factory=Counter[str])
    issues: Counter[str] = field(default_factory=Counter[str])
    note: str | None = None
    is_known: bool = False
    written: datetime | None = None
    header: int | None = None
    is_plain: bool = True

    def report(self) -> SourceReport:
        """Give the counts, which add up by construction."""
        rejected = self.reasons.total()
        if self.is_known:
            return SourceReport(
                path=self.path,
                source_uid=self.source_uid,
                format=self.format,
                delivered=self.records + rejected,
                duplicate=self.records + rejected,
                already_loaded=True,
                note="loaded by another process at the same time",
            )
        return SourceReport(
            path=self.path,
            source_uid=self.source_uid,
            format=self.format,
            delivered=self.records + rejected,
            accepted=self.accepted,
            duplicate=self.records - self.accepted,
            rejected=rejected,
            reasons=dict(sorted(self.reasons.items())),
            issues=dict(sorted(self.issues.items())),
            note=self.note,
        )


class Staged(NamedTuple):
    """Events to be written.

    With them come the shapes of records among them in which a key stands twice, and the attributes
    that the events may have; None: any.
    """

    events: Table
    doubled: list[int]
    attributes: frozenset[str] | None


class Staging:
    """Holds records until they are mapped, and events until they are taken to be written."""

    def __init__(self, session: Session, mappers: Mapping[str, Mapper], tenant: str) -> None:
        self._session = session
        self._mappers = mappers
        self._tenant = tenant
        self._records: list[Table] = []
        self._events: list[Table] = []
        self._doubled: set[int] = set()
        self._used: list[Mapper] = []
        self._seq = 0
        self._unmapped = 0
        self._statements: dict[tuple[str, tuple[int | None, ...], tuple[str, ...]], str] = {}
        self._headers = HeaderLines()
        self.rows = 0
        self.characters = 0

    def add(self, load: SourceLoad, table: Table) -> list[Reject]:
        """Stage a table of framed records of a source; give those that can't become events."""
        again = self._stage(load, table)
        rejects = [each for each in again if isinstance(each, Reject)]
        if records := [each for each in again if isinstance(each, Record)]:
            refused = self._stage(load, table_of(records), last=True)
            rejects += [each for each in refused if isinstance(each, Reject)]
        if self._unmapped >= MAP_CHARACTERS:
            self._map()
        return rejects

    def take(self) -> Staged | None:
        """Give the staged events."""
        self._map()
        self.rows = self.characters = 0
        if not self._events:
            return None
        lists = [attributes_of(each) for each in self._used]
        known = [each for each in lists if each is not None]
        attributes = frozenset[str]().union(*known) if len(known) == len(lists) else None
        staged = Staged(pa.concat_tables(self._events), sorted(self._doubled), attributes)
        self._events, self._doubled, self._used = [], set(), []
        return staged

    def drop(self, load: SourceLoad) -> None:
        """Forget what is staged of a source."""
        other = pc.field("source_uid") != load.source_uid
        self._records = [table.filter(other) for table in self._records]
        self._events = [table.filter(other) for table in self._events]

    def _stage(
        self, load: SourceLoad, table: Table, *, last: bool = False
    ) -> list[Record | Reject]:
        """Stage a table of records; give those that need framing once more, or are rejected."""
        seq = np.arange(self._seq, self._seq + table.num_rows)
        self._seq += table.num_rows
        framed = table.append_column("seq", pa.array(seq))
        framed = framed.append_column("header", self._columns_of(load, framed))
        records = self._routed(load, framed, last=last)
        again: list[Record | Reject] = []
        counted = self._session.run(
            "SELECT route, count(*), sum(strlen(raw)) FROM staged_records"
            " GROUP BY ALL ORDER BY ALL",
            staged_records=records,
        )
        counts = counted.fetchall()
        for name, rows, characters in counts:
            if name == DIRECTIVE:
                continue
            if name in self._mappers:
                load.records += rows
                self.rows += rows
                self.characters += characters
                self._unmapped += characters
            else:
                again += self._refused(name, records) if last else self._reframed(name, records)
        if load.chosen is None:
            _choose(load, {name: rows for name, rows, _ in counts if name in self._mappers})
        self._records.append(records)
        return again

    def _routed(self, load: SourceLoad, framed: Table, *, last: bool) -> Table:
        """Give the staged records of framed ones.

        The statement that knows all mappers takes longer to set up than to read some megabytes,
        so records that the chosen mapper takes are told by one that knows no other.
        """
        values = {
            "source": load.source_uid,
            "tenant": self._tenant,
            "forced": load.forced,
            "written": (load.written or datetime.now(UTC)).replace(tzinfo=None),
        }
        parts: list[Table] = []
        chosen = self._mappers.get(load.chosen or BASE)
        if chosen and chosen.name != BASE and load.is_plain:
            plain = self._staged(self._short_sql(chosen), values, framed)
            if plain["route"].null_count:
                plain = plain.filter(pc.field("route").is_valid())
            parts.append(plain)
            load.is_plain = 2 * len(plain) > len(framed)
            if len(plain) == len(framed):
                return plain
            framed = self._session.table(
                "SELECT framed.* FROM framed ANTI JOIN staged_records USING (seq)",
                framed=framed,
                staged_records=plain,
            )
        statement = self._staging_sql(load, framed, last=last)
        parts.append(self._staged(statement, values, framed))
        return pa.concat_tables(parts)

    def _staged(self, sql: str, values: Mapping[str, object], framed: Table) -> Table:
        used = {name: value for name, value in values.items() if f"${name}" in sql}
        return self._session.table(sql, used, framed=framed)

    def _short_sql(self, chosen: Mapper) -> str:
        route = short_route_sql(list(self._mappers.values()), chosen)
        if not chosen.layouts:
            return _objects_sql(route)
        return self._records_sql([chosen], envelope=no_envelope_sql(), route=route)

    def _staging_sql(self, load: SourceLoad, framed: Table, *, last: bool) -> str:
        """Compile the statement for all that these records can be, and nothing else."""
        mappers = self._mappers.values()
        sql = sql_text("record_keys", enveloped=is_enveloped())
        keys, holds, has_text = self._session.run(sql, framed=framed).fetchall()[0]
        objects = not holds and not has_text
        route = route_sql(
            mappers,
            load.chosen,
            forced=load.forced,
            unwraps=not last,
            keys=None if holds else frozenset(keys or ()),
            objects=objects,
        )
        if objects:
            return _objects_sql(route)
        tried = tried_mappers(mappers, load.chosen, forced=load.forced)
        return self._records_sql(tried, envelope=envelope_sql(), route=route)

    def _records_sql(self, tried: Sequence[Mapper], *, envelope: str, route: str) -> str:
        return sql_text(
            "stage_records",
            objects=sql_text("record_objects"),
            event_uid=sql_text("record_uid", type="own_type", json="own_json"),
            envelope=envelope,
            fast=fast_sql("entry"),
            header=header_sql("entry", "fast"),
            unified=unified_sql("fast", "slow"),
            header_length=header_length("h"),
            dated=dated_sql("h.time", WRITTEN),
            header_json=header_json(
                "(CASE WHEN size > 0 THEN h END)",
                "dated",
                "nullif(repeated.times, '')",
                "envelope",
                WRITTEN,
            ),
            layout=layout_routes(
                tried,
                self._headers.found,
                body="body",
                app="split_part(app, '(', 1)",
                headed="(size > 0 OR envelope.sure)",
            ),
            route=route,
        )

    def _columns_of(self, load: SourceLoad, framed: Table) -> Array:
        """Give for each record the number of the columns that a line above it names."""
        found = self._session.run(
            "SELECT seq, text FROM framed WHERE doc IS NULL"
            " AND (starts_with(text, '#') OR line = 1) ORDER BY seq",
            framed=framed,
        )
        numbers = np.full(framed.num_rows, load.header or 0, dtype=np.int32)
        first = self._seq - framed.num_rows
        tried = tried_mappers(self._mappers.values(), load.chosen, forced=load.forced)
        for seq, text in found.fetchall():
            number = self._header_number(tried, text)
            if number is not None:
                load.header = number
                numbers[seq - first :] = number
        return pa.array(numbers, mask=numbers == 0)

    def _header_number(self, tried: Sequence[Mapper], text: str) -> int | None:
        if len(self._headers.found) >= MOST_HEADERS:
            return None
        numbers = (
            self._headers.number(mapper.name, layout, text)
            for mapper in tried
            for layout in mapper.layouts
        )
        return next((number for number in numbers if number is not None), None)

    def _map(self) -> None:
        """Map the staged records, one statement for each route."""
        if not self._records:
            return
        records = pa.concat_tables(self._records)
        found = self._session.run(
            "SELECT DISTINCT route, header, head IS NOT NULL FROM staged_records ORDER BY ALL",
            staged_records=records,
        )
        routes: dict[str, list[Table]] = {}
        for route, header, is_text in found.fetchall():
            if route in self._mappers:
                part = (
                    self._documents(route, header, records)
                    if is_text
                    else records.filter(pc.field("head").is_null())
                )
                routes.setdefault(route, []).append(part)
        for route, parts in routes.items():
            self._map_route(route, parts)
        doubled = self._session.run(sql_text("doubled_shapes"), staged_records=records)
        self._doubled |= {shape for (shape,) in doubled.fetchall()}
        self._records, self._unmapped = [], 0

    def _documents(self, route: str, header: int | None, records: Table) -> Table:
        """Make documents of a route's text lines below one header line, or below none."""
        named = None if header is None else self._headers.found[header - 1]
        statement = documents_select(self._mappers[route], named)
        return self._session.table(
            statement, {"route": route, "header": header}, staged_records=records
        )

    def _map_route(self, route: str, parts: list[Table]) -> None:
        records = pa.concat_tables(parts)
        if gathering := self._mappers[route].gathers:
            records = self._session.table(gathered_select(gathering), staged_records=records)
        arms = records["arm"].unique().to_pylist()
        relation = f"({sql_text('unmapped_records')})"

        def fetch(sql: str) -> list[tuple[str | None, ...]]:
            return self._session.run(sql, {"route": route}, staged_records=records).fetchall()

        mapper = narrowed(of_shapes(self._mappers[route], arms), relation, fetch)
        self._used.append(mapper)
        key = (route, tuple(arms), tuple(rule.name for rule in mapper.rules))
        if key not in self._statements:
            mapped = mapped_select(mapper, relation)
            self._statements[key] = sql_text("stage_events", mapped=mapped)
        self._events.append(
            self._session.table(self._statements[key], {"route": route}, staged_records=records)
        )

    def _reframed(self, route: str, records: Table) -> list[Record | Reject]:
        """Look inside records that hold several, or that are no JSON as they stand."""
        if route != BROKEN:
            found = self._session.run(
                "SELECT source_line, CAST(unnest(found) AS VARCHAR) FROM (SELECT source_line,"
                " CAST(json_extract(CASE WHEN $path = '$' THEN raw ELSE coalesce(doc, raw) END,"
                " $path) AS JSON[]) AS found"
                " FROM staged_records WHERE route = $route ORDER BY seq)",
                {"path": json_path(route.removeprefix(WRAPPED)), "route": route},
                staged_records=records,
            )
            return [Record(line, text) for line, text in found.fetchall()]
        found = self._session.run(
            "SELECT source_line, raw, notes[1] FROM staged_records WHERE route = $route"
            " ORDER BY seq",
            {"route": route},
            staged_records=records,
        )
        return [
            each
            for line, raw, note in found.fetchall()
            for each in rescue(Record(line, raw, None, note))
        ]

    def _refused(self, route: str, records: Table) -> list[Record | Reject]:
        reason = NOT_JSON if route == BROKEN else "a list of lists"
        found = self._session.run(
            "SELECT source_line, raw FROM staged_records WHERE route = $route ORDER BY seq",
            {"route": route},
            staged_records=records,
        )
        return [reject(line, reason, raw.encode()) for line, raw in found.fetchall()]


def _objects_sql(route: str) -> str:
    uid = sql_text("record_uid", type="type", json="json")
    return sql_text("stage_objects", objects=sql_text("record_objects"), event_uid=uid, route=route)


def _choose(load: SourceLoad, counts: Mapping[str, int]) -> None:
    """Take the format of most of a source's first records for its own; it is tried first."""
    best = max(sorted(counts), key=counts.__getitem__, default=BASE)
    if best != BASE and counts[best] * 2 > sum(counts.values()):
        load.chosen = load.format = best
