"""Turns framed records into events, set by set, and writes them to the lake in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import duckdb
import numpy as np
import pyarrow as pa

from ocsf.mapping import Mapper
from schemas.ingest import SourceReport
from sentree.errors import LakeError
from sentree.lake.db import Lake, first_line, sql_text
from sentree.lake.mapping_sql import json_path, mapped_select, promoted_select
from sentree.lake.records import Frame, Record, Reject, reject, table_of
from sentree.lake.rescue import NOT_JSON, rescue
from sentree.lake.routing import BROKEN, WRAPPED, route_sql
from sentree.lake.rule_choice import narrowed

STAGED = ("staged_records", "staged_events", "fresh_events", "doubled_shapes")
MAP_CHARACTERS = 128 * 1024 * 1024
FLUSH_ROWS = 500_000
FLUSH_CHARACTERS = 256 * 1024 * 1024
FLUSH_REJECTS = 50_000
COMMIT_ROWS = 100_000
COMMIT_SOURCES = 200
# More separate runs of days than this are read as one long run.
MOST_DAY_RUNS = 16


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
    """Holds staged events of one or more sources until they are committed together.

    Small sources share a transaction; none is ever committed in part. The lake's writer lock is
    taken with the first flush, so that a slow pipe holds nobody up while it is read.
    """

    def __init__(
        self, lake: Lake, mappers: Mapping[str, Mapper], tenant: str, now: datetime
    ) -> None:
        self._lake = lake
        self._connection = lake.connection
        self._mappers = mappers
        self._tenant = tenant
        self._now = now.astimezone(UTC).replace(tzinfo=None)
        self._open = ExitStack()
        self._in_transaction = False
        self._loads: list[SourceLoad] = []
        self._ledger: list[tuple[SourceLoad, str, int]] = []
        self._rejects: list[tuple[str, Reject]] = []
        self._seq = 0
        self._unmapped = 0
        self._rows = 0
        self._characters = 0
        self._rows_since_commit = 0
        self._statements: dict[tuple[str, tuple[str, ...]], str] = {}

    def __enter__(self) -> Self:
        # Names of staging tables would cost a visit to the lake's catalogue if it came first.
        self._connection.execute("USE memory")
        for statement in duckdb.extract_statements(sql_text("staging")):
            self._connection.execute(statement)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: Any) -> None:
        # An open transaction is rolled back by the error it is handed.
        self._open.__exit__(kind or LakeError, error or LakeError("not committed"), trace)
        with suppress(duckdb.Error):
            for table in STAGED:
                self._connection.execute(f"DROP TABLE IF EXISTS temp.main.{table}")
            self._connection.execute("USE lake")

    @property
    def is_due(self) -> bool:
        """Whether enough has gathered to commit."""
        return self._rows_since_commit >= COMMIT_ROWS or len(self._loads) >= COMMIT_SOURCES

    def begin(self, load: SourceLoad) -> None:
        """Begin a source; frames added from now on are its own."""
        self._loads.append(load)

    def add(self, frame: Frame) -> None:
        """Stage a frame's records, and map and flush what has gathered."""
        load = self._loads[-1]
        self._reject(load, frame.rejects)
        if load.is_known and frame.table is not None:
            load.records += frame.table.num_rows
            return
        if frame.table is not None:
            again = self._stage(load, frame.table)
            records = [each for each in again if isinstance(each, Record)]
            self._reject(load, [each for each in again if isinstance(each, Reject)])
            if records:
                refused = self._stage(load, table_of(records), last=True)
                self._reject(load, [each for each in refused if isinstance(each, Reject)])
        if self._unmapped >= MAP_CHARACTERS:
            self._map()
        if (
            self._rows >= FLUSH_ROWS
            or self._characters >= FLUSH_CHARACTERS
            or len(self._rejects) >= FLUSH_REJECTS
        ):
            self.flush()

    def end(self, sha256: str, size: int) -> None:
        """End the source: its ledger line is written with the next commit."""
        load = self._loads[-1]
        if load.is_known:
            return
        if load.records or load.reasons:
            self._ledger.append((load, sha256, size))
        else:
            load.note = load.note or "empty"

    def abandon(self) -> None:
        """Forget the source: it turned out to be one that the lake has."""
        load = self._loads.pop()
        self._unstage(load)
        source = {"source": load.source_uid}
        if self._in_transaction:
            self._run("DELETE FROM lake.rejects WHERE source_uid = $source", source)
            self._run("DELETE FROM lake.events WHERE source_uid = $source", source)

    def commit(self) -> list[SourceReport]:
        """Write everything staged, and give the reports of the sources that are now in the lake."""
        if self._rows or self._rejects or self._in_transaction:
            self.flush()
        self._write_ledger()
        reports = [load.report() for load in self._loads]
        self._open.close()
        self._in_transaction = False
        self._loads, self._ledger, self._rows_since_commit = [], [], 0
        return reports

    def flush(self) -> None:
        """Write the staged events that are new, and the rejects, in the open transaction."""
        self._map()
        self._begin_transaction()
        if self._rows:
            self._run(sql_text("fresh_events", known=self._known()))
            events = sql_text("written_events")
            values = {"tenant": self._tenant, "now": self._now}
            self._run(f"INSERT INTO lake.events BY NAME {promoted_select(f'({events})')}", values)
            self._count(events, values)
            for table in STAGED:
                self._run(f"TRUNCATE {table}")
        if self._rejects:
            self._write_rejects()
        self._rows = self._characters = 0

    def _stage(self, load: SourceLoad, table: Any, *, last: bool = False) -> list[Record | Reject]:
        """Stage a table of records; give those that need framing once more, or are rejected."""
        first = self._seq
        self._seq += table.num_rows
        seq = pa.chunked_array([pa.array(np.arange(first, self._seq))])
        route = route_sql(self._mappers.values(), load.chosen, forced=load.forced, unwraps=not last)
        self._connection.register("framed", table.append_column("seq", seq))
        try:
            self._run(
                sql_text("stage_records", route=route),
                {"source": load.source_uid, "tenant": self._tenant, "forced": load.forced},
            )
        finally:
            self._connection.unregister("framed")
        again: list[Record | Reject] = []
        for name, rows, characters in self._run(
            "SELECT route, count(*), sum(strlen(raw)) FROM staged_records"
            " WHERE seq >= $first GROUP BY ALL ORDER BY ALL",
            {"first": first},
        ).fetchall():
            if name in self._mappers:
                load.records += rows
                self._rows += rows
                self._rows_since_commit += rows
                self._unmapped += characters
                self._characters += characters
            else:
                again += self._refused(name, first) if last else self._reframed(name, first)
        return again

    def _map(self) -> None:
        """Map the staged records, one statement for each route."""
        found = self._run("SELECT DISTINCT route FROM staged_records ORDER BY route")
        for (route,) in found.fetchall():
            if route in self._mappers:
                values = {"route": route}
                self._run(self._mapping(route, values), values)
        self._run(sql_text("doubled_shapes"))
        self._run("TRUNCATE staged_records")
        self._unmapped = 0

    def _mapping(self, route: str, values: Mapping[str, Any]) -> str:
        """Compile the statement that maps a route's records, of the rules they can meet."""
        records = f"({sql_text('unmapped_records')})"
        mapper = narrowed(
            self._mappers[route], records, lambda sql: self._run(sql, values).fetchall()
        )
        key = (route, tuple(rule.name for rule in mapper.rules))
        if key not in self._statements:
            mapped = mapped_select(mapper, records)
            self._statements[key] = sql_text("stage_events", mapped=mapped)
        return self._statements[key]

    def _reframed(self, route: str, first: int) -> list[Record | Reject]:
        """Look inside records that hold several, or that are no JSON as they stand."""
        if route.startswith(WRAPPED):
            path = json_path(route.removeprefix(WRAPPED))
            found = self._run(
                "SELECT source_line, CAST(unnest(found) AS VARCHAR) FROM (SELECT seq, source_line,"
                " CAST(json_extract(coalesce(doc, raw), $path) AS JSON[]) AS found"
                " FROM staged_records WHERE seq >= $first AND route = $route ORDER BY seq)",
                {"path": path, "route": route, "first": first},
            )
            return [Record(line, text) for line, text in found.fetchall()]
        found = self._run(
            "SELECT source_line, raw, notes[1] FROM staged_records WHERE seq >= $first"
            " AND route = $route ORDER BY seq",
            {"route": route, "first": first},
        )
        return [
            each
            for line, raw, note in found.fetchall()
            for each in rescue(Record(line, raw, None, note))
        ]

    def _refused(self, route: str, first: int) -> list[Record | Reject]:
        reason = NOT_JSON if route == BROKEN else "a list of lists"
        found = self._run(
            "SELECT source_line, raw FROM staged_records WHERE seq >= $first"
            " AND route = $route ORDER BY seq",
            {"route": route, "first": first},
        )
        return [reject(line, reason, raw.encode()) for line, raw in found.fetchall()]

    def _known(self) -> str:
        """Compile the lake's uids on the days of the staged events, and those without time."""
        found = self._run(
            "SELECT DISTINCT date_diff('day', DATE '1970-01-01', CAST(time AS DATE)) AS day"
            " FROM staged_events ORDER BY day"
        )
        days: list[int | None] = [row[0] for row in found.fetchall()]
        parts = [
            "SELECT event_uid FROM lake.events"
            f" WHERE time >= CAST(DATE '1970-01-01' + {first} AS TIMESTAMP)"
            f" AND time < CAST(DATE '1970-01-01' + {last + 1} AS TIMESTAMP)"
            for first, last in _runs([day for day in days if day is not None])
        ]
        if None in days:
            parts.append("SELECT event_uid FROM lake.events WHERE time IS NULL")
        return " UNION ALL ".join(parts) or "SELECT NULL AS event_uid WHERE false"

    def _count(self, events: str, values: Mapping[str, Any]) -> None:
        loads = {load.source_uid: load for load in self._loads}
        for source, count in self._run(sql_text("count_accepted")).fetchall():
            loads[source].accepted += count
        counted = self._run(
            "SELECT source_uid, issue, count(*) FROM"
            f" (SELECT source_uid, unnest(issues) AS issue FROM ({events})) GROUP BY ALL",
            values,
        )
        for source, issue, count in counted.fetchall():
            loads[source].issues[issue] += count

    def _reject(self, load: SourceLoad, rejects: list[Reject]) -> None:
        load.reasons.update(each.reason for each in rejects)
        if not load.is_known:
            self._rejects += [(load.source_uid, each) for each in rejects]

    def _write_rejects(self) -> None:
        rows = [(source, *each) for source, each in self._rejects]
        self._insert("rejects", rows)
        self._rejects = []

    def _write_ledger(self) -> None:
        rows: list[tuple[Any, ...]] = []
        for load, sha256, size in self._ledger:
            counts = load.report()
            rows.append(
                (
                    load.source_uid,
                    load.path,
                    sha256,
                    size,
                    load.format,
                    self._tenant,
                    self._now,
                    counts.delivered,
                    counts.accepted,
                    counts.duplicate,
                    counts.rejected,
                    load.note,
                )
            )
        if rows:
            self._begin_transaction()
            self._insert("sources", rows)

    def _insert(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        columns = [pa.array(column) for column in zip(*rows, strict=True)]
        names = [f"c{number}" for number in range(len(columns))]
        self._connection.register("written", pa.table(columns, names=names))
        try:
            self._run(f"INSERT INTO lake.{table} SELECT * FROM written")
        finally:
            self._connection.unregister("written")

    def _begin_transaction(self) -> None:
        """Take the writer lock; a source that another process has loaded by now is forgotten."""
        if self._in_transaction:
            return
        self._open.enter_context(self._lake.transaction())
        self._in_transaction = True
        found = self._run(
            "SELECT source_uid FROM lake.sources WHERE list_contains($uids, source_uid)",
            {"uids": [load.source_uid for load in self._loads]},
        )
        known = {uid for (uid,) in found.fetchall()}
        for load in self._loads:
            if load.source_uid in known:
                load.is_known = True
                self._unstage(load)
        self._ledger = [entry for entry in self._ledger if not entry[0].is_known]

    def _unstage(self, load: SourceLoad) -> None:
        source = {"source": load.source_uid}
        for table in ("staged_records", "staged_events"):
            self._run(f"DELETE FROM {table} WHERE source_uid = $source", source)
        self._rejects = [each for each in self._rejects if each[0] != load.source_uid]

    def _run(
        self, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql, parameters)
        except duckdb.Error as error:
            raise LakeError(f"loading failed: {first_line(error)}") from error


def _runs(days: list[int]) -> list[tuple[int, int]]:
    """Join neighbouring days to runs; all of them to one when there are too many."""
    runs: list[tuple[int, int]] = []
    for day in days:
        if runs and day == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs if len(runs) <= MOST_DAY_RUNS else [(runs[0][0], runs[-1][1])]
