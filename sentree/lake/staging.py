"""Turns framed records into events, set by set; what is staged lives in Arrow tables.

Not in DuckDB's temporary tables: a transaction that stays open keeps the memory of what was deleted
in it, and a load is one transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ocsf.mapping import Mapper
from schemas.ingest import SourceReport
from sentree.lake.db import sql_text
from sentree.lake.mapping_sql import json_path, mapped_select
from sentree.lake.records import Record, Reject, Table, reject, table_of
from sentree.lake.rescue import NOT_JSON, rescue
from sentree.lake.routing import BROKEN, WRAPPED, route_sql
from sentree.lake.rule_choice import narrowed
from sentree.lake.session import Session

# Setting up a mapper's statement takes as long as mapping some ten thousand records.
MAP_CHARACTERS = 96 * 1024 * 1024


@dataclass(slots=True)
class SourceLoad:
    """A source on its way into the lake, and what is counted of it."""

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


class Staging:
    """Holds records until they are mapped, and events until they are taken to be written."""

    def __init__(self, session: Session, mappers: Mapping[str, Mapper], tenant: str) -> None:
        self._session = session
        self._mappers = mappers
        self._tenant = tenant
        self._records: list[Table] = []
        self._events: list[Table] = []
        self._doubled: set[int] = set()
        self._seq = 0
        self._unmapped = 0
        self._statements: dict[tuple[str, tuple[str, ...]], str] = {}
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

    def take(self) -> tuple[Table, list[int]] | None:
        """Give the staged events, and the shapes of records with a key that stands twice."""
        self._map()
        self.rows = self.characters = 0
        if not self._events:
            return None
        events, doubled = pa.concat_tables(self._events), sorted(self._doubled)
        self._events, self._doubled = [], set()
        return events, doubled

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
        route = route_sql(self._mappers.values(), load.chosen, forced=load.forced, unwraps=not last)
        records = self._session.table(
            sql_text("stage_records", route=route),
            {"source": load.source_uid, "tenant": self._tenant, "forced": load.forced},
            framed=table.append_column("seq", pa.array(seq)),
        )
        again: list[Record | Reject] = []
        counted = self._session.run(
            "SELECT route, count(*), sum(strlen(raw)) FROM staged_records"
            " GROUP BY ALL ORDER BY ALL",
            staged_records=records,
        )
        for name, rows, characters in counted.fetchall():
            if name in self._mappers:
                load.records += rows
                self.rows += rows
                self.characters += characters
                self._unmapped += characters
            else:
                again += self._refused(name, records) if last else self._reframed(name, records)
        self._records.append(records)
        return again

    def _map(self) -> None:
        """Map the staged records, one statement for each route."""
        if not self._records:
            return
        records = pa.concat_tables(self._records)
        found = self._session.run(
            "SELECT DISTINCT route FROM staged_records ORDER BY route", staged_records=records
        )
        for (route,) in found.fetchall():
            if route in self._mappers:
                statement = self._statement(route, records)
                self._events.append(
                    self._session.table(statement, {"route": route}, staged_records=records)
                )
        doubled = self._session.run(sql_text("doubled_shapes"), staged_records=records)
        self._doubled |= {shape for (shape,) in doubled.fetchall()}
        self._records, self._unmapped = [], 0

    def _statement(self, route: str, records: Table) -> str:
        """Compile the statement that maps a route's records, of the rules they can meet."""

        def fetch(sql: str) -> list[tuple[str | None, ...]]:
            return self._session.run(sql, {"route": route}, staged_records=records).fetchall()

        relation = f"({sql_text('unmapped_records')})"
        mapper = narrowed(self._mappers[route], relation, fetch)
        key = (route, tuple(rule.name for rule in mapper.rules))
        if key not in self._statements:
            mapped = mapped_select(mapper, relation)
            self._statements[key] = sql_text("stage_events", mapped=mapped)
        return self._statements[key]

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
