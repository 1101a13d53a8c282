"""Writes staged events, rejects and the ledger to the lake: sources whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import Any, Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ocsf.mapping import Mapper
from schemas.ingest import SourceReport
from sentree.errors import LakeError
from sentree.lake.db import Lake, sql_text
from sentree.lake.mapping_promoted import promoted_select
from sentree.lake.records import BATCH_ROWS, Frame, Reject, Table
from sentree.lake.session import Session
from sentree.lake.staging import SourceLoad, Staged, Staging

# What is staged at once is several times its text in memory, the more so the shorter its lines.
FLUSH_ROWS = 150_000
STAGE_ROWS = 75 * BATCH_ROWS
FLUSH_CHARACTERS = 84 * 1024 * 1024
FLUSH_REJECTS = 50_000
COMMIT_ROWS = 100_000
COMMIT_SOURCES = 200
# More separate runs of days than this are read as one long run.
MOST_DAY_RUNS = 16
# Each day and class is a file of its own, and an open file holds over a megabyte.
DAYS_AT_ONCE = 4
NO_DAY = -(2**31)
DAYS = f"""
SELECT DISTINCT
    coalesce(date_diff('day', DATE '1970-01-01', CAST(time AS DATE)), {NO_DAY}) AS day
FROM staged_events
ORDER BY day
"""


class Writer:
    """Loads sources one after another and commits them in groups.

    Small sources share a transaction; none is ever committed in part. The lake's writer lock is
    taken with the first flush, so that a slow pipe holds nobody up while it is read.
    """

    def __init__(
        self, lake: Lake, mappers: Mapping[str, Mapper], tenant: str, now: datetime
    ) -> None:
        self._lake = lake
        self._session = Session(lake.connection)
        self._staging = Staging(self._session, mappers, tenant)
        self._tenant = tenant
        self._now = now.astimezone(UTC).replace(tzinfo=None)
        self._open = ExitStack()
        self._in_transaction = False
        self._loads: list[SourceLoad] = []
        self._ledger: list[tuple[SourceLoad, str, int]] = []
        self._rejects: list[tuple[str, Reject]] = []

    def __enter__(self) -> Self:
        # Names of staged tables would cost a visit to the lake's catalogue if it came first.
        self._lake.connection.execute("USE memory")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: Any) -> None:
        # An open transaction is rolled back by the error it is handed.
        try:
            self._open.__exit__(kind or LakeError, error or LakeError("not committed"), trace)
        finally:
            with suppress(duckdb.Error):
                self._lake.connection.execute("USE lake")

    @property
    def is_due(self) -> bool:
        """Whether enough has gathered to commit."""
        rows = sum(load.records for load in self._loads)
        return rows >= COMMIT_ROWS or len(self._loads) >= COMMIT_SOURCES

    def begin(self, load: SourceLoad) -> None:
        """Begin a source; frames added from now on are its own."""
        self._loads.append(load)

    def add(self, frame: Frame) -> None:
        """Stage a frame's records, and flush what has gathered."""
        load = self._loads[-1]
        self._reject(load, frame.rejects)
        if frame.table is None:
            return
        for first in range(0, frame.table.num_rows, STAGE_ROWS):
            self._stage(load, frame.table.slice(first, STAGE_ROWS))

    def _stage(self, load: SourceLoad, table: Table) -> None:
        if load.is_known:
            load.records += table.num_rows
            return
        self._reject(load, self._staging.add(load, table))
        if (
            self._staging.rows >= FLUSH_ROWS
            or self._staging.characters >= FLUSH_CHARACTERS
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
        if self._in_transaction:
            for table in ("rejects", "events"):
                self._session.run(
                    f"DELETE FROM lake.{table} WHERE source_uid = $source",
                    {"source": load.source_uid},
                )

    def commit(self) -> list[SourceReport]:
        """Write everything staged, and give the reports of the sources that are now in the lake."""
        if self._staging.rows or self._rejects:
            self.flush()
        self._write_ledger()
        reports = [load.report() for load in self._loads]
        self._open.close()
        self._in_transaction = False
        self._loads, self._ledger = [], []
        return reports

    def flush(self) -> None:
        """Write the staged events that are new, and the rejects, in the open transaction."""
        self._begin_transaction()
        staged = self._staging.take()
        if staged:
            self._write_events(staged)
        if self._rejects:
            self._insert("rejects", [(source, *each) for source, each in self._rejects])
            self._rejects = []

    def _write_events(self, staged: Staged) -> None:
        events = staged.events
        days = [day for (day,) in self._session.run(DAYS, staged_events=events).fetchall()]
        fresh = self._session.table(
            sql_text("fresh_events", known=_known(days)), staged_events=events
        )
        # A join in the statement that writes would hold every wide row once more.
        if len(fresh) < len(events):
            events = events.filter(pc.field("seq").isin(fresh["seq"].combine_chunks()))
        written = sql_text("written_events")
        promoted = promoted_select(f"({written})", staged.attributes)
        for first in range(0, len(days), DAYS_AT_ONCE):
            some = days[first : first + DAYS_AT_ONCE]
            values = {
                "tenant": self._tenant,
                "now": self._now,
                "doubled": staged.doubled,
                "no_day": NO_DAY,
                "first_day": some[0],
                "last_day": some[-1],
            }
            self._session.run(
                f"INSERT INTO lake.events BY NAME {promoted}", values, staged_events=events
            )
            self._count_issues(written, values, events)
        loads = {load.source_uid: load for load in self._loads}
        for source in events["source_uid"].value_counts().to_pylist():
            loads[source["values"]].accepted += source["counts"]

    def _count_issues(self, written: str, values: Mapping[str, Any], events: Table) -> None:
        loads = {load.source_uid: load for load in self._loads}
        unnested = f"SELECT source_uid, unnest(issues) AS issue FROM ({written})"
        counted = f"SELECT source_uid, issue, count(*) FROM ({unnested}) GROUP BY ALL"
        found = self._session.run(counted, values, staged_events=events)
        for source, issue, count in found.fetchall():
            loads[source].issues[issue] += count

    def _reject(self, load: SourceLoad, rejects: list[Reject]) -> None:
        load.reasons.update(each.reason for each in rejects)
        if not load.is_known:
            self._rejects += [(load.source_uid, each) for each in rejects]

    def _write_ledger(self) -> None:
        if self._ledger:
            # Those that another process has loaded by now are taken out with the lock.
            self._begin_transaction()
        lines: list[tuple[Any, ...]] = []
        for load, sha256, size in self._ledger:
            counts = load.report()
            lines.append(
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
        if lines:
            self._insert("sources", lines)

    def _insert(self, table: str, lines: list[tuple[Any, ...]]) -> None:
        columns = [pa.array(column) for column in zip(*lines, strict=True)]
        names = [f"c{number}" for number in range(len(columns))]
        self._session.run(
            f"INSERT INTO lake.{table} SELECT * FROM written",
            written=pa.table(columns, names=names),
        )

    def _begin_transaction(self) -> None:
        """Take the writer lock; a source that another process has loaded by now is forgotten."""
        if self._in_transaction:
            return
        self._open.enter_context(self._lake.transaction())
        self._in_transaction = True
        found = self._session.run(
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
        self._staging.drop(load)
        self._rejects = [each for each in self._rejects if each[0] != load.source_uid]


def _known(days: list[int]) -> str:
    """Compile the lake's uids on some days; their files alone are read."""
    parts = [
        "SELECT event_uid FROM lake.events"
        f" WHERE time >= CAST(DATE '1970-01-01' + {first} AS TIMESTAMP)"
        f" AND time < CAST(DATE '1970-01-01' + {last + 1} AS TIMESTAMP)"
        for first, last in _runs([day for day in days if day != NO_DAY])
    ]
    if NO_DAY in days:
        parts.append("SELECT event_uid FROM lake.events WHERE time IS NULL")
    return " UNION ALL ".join(parts) or "SELECT NULL AS event_uid WHERE false"


def _runs(days: list[int]) -> list[tuple[int, int]]:
    """Join neighbouring days to runs; all of them to one when there are too many."""
    runs: list[tuple[int, int]] = []
    for day in days:
        if runs and day == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs if len(runs) <= MOST_DAY_RUNS else [(runs[0][0], runs[-1][1])]
