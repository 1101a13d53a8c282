"""Runs mappers on records in a real DuckDB, and finds the pairs of input and expected events."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from ocsf.mappers import MAPPERS
from sentree.lake.framing import Framing, frames
from sentree.lake.mapping_sql import mapped_select
from sentree.lake.session import Session
from sentree.lake.staging import SourceLoad, Staging

WRITTEN = datetime(2026, 3, 1, tzinfo=UTC)
"""When the lines of the pairs were written, for those that name no year."""

PAIRS = Path(__file__).resolve().parent / "data" / "mappings"


class Mapped(NamedTuple):
    time: datetime | None
    text: str
    issues: list[str]

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.text, parse_constant=_no_json)

    def comparable(self) -> dict[str, Any]:
        time = self.time.isoformat() if self.time else None
        return {"time": time, "issues": self.issues, "event": self.event}


def _no_json(text: str) -> None:
    raise AssertionError(f"{text} is no JSON")


@cache
def statement(name: str) -> str:
    return mapped_select(MAPPERS[name], "records")


def connect(*, planned_fast: bool) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET threads = 1")
    connection.execute("CREATE TABLE records (seq BIGINT, source_line BIGINT, doc VARCHAR)")
    if planned_fast:
        # A prepared statement won't do: it keeps the plan made for the statistics of other records.
        connection.execute("PRAGMA disable_optimizer")
    return connection


def map_documents(
    name: str, documents: Iterable[str], *, planned_fast: bool = False
) -> list[Mapped]:
    """Map JSON texts with the mapper of that name, in their order.

    `planned_fast` leaves out the optimizer, for the many small runs of a property test.
    """
    with connect(planned_fast=planned_fast) as connection:
        connection.execute(
            "INSERT INTO records SELECT unnest(range(len($docs))), 1, unnest($docs)",
            {"docs": list(documents)},
        )
        found = connection.execute(
            f"SELECT seq, time, event, issues FROM ({statement(name)}) ORDER BY seq"
        ).fetchall()
    assert [row[0] for row in found] == list(range(len(found)))
    return [Mapped(*row[1:]) for row in found]


def map_records(name: str, records: Iterable[object]) -> list[Mapped]:
    """Map records given as Python values."""
    return map_documents(name, (json.dumps(record) for record in records))


class Line(NamedTuple):
    number: int
    mapper: str
    mapped: Mapped


def map_lines(text: str, name: str | None = None, *, written: datetime = WRITTEN) -> list[Line]:
    """Map a text file's lines as loading does, with the mapper of that name or the one that fits.

    Directives are no records and give nothing.
    """
    with connect(planned_fast=False) as connection:
        staging = Staging(Session(connection), MAPPERS, "tests")
        load = SourceLoad("test", "test", name or "base", name, name is not None, written=written)
        blocks = iter([text.encode("utf-8", "surrogateescape")])
        for frame in frames(
            blocks, Framing.LINES, wrappers=frozenset(), max_line_bytes=64 * 1024 * 1024
        ):
            assert not frame.rejects
            assert frame.table is None or staging.add(load, frame.table) == []
        taken = staging.take()
        staged_events = taken[0] if taken else None
        if staged_events is None:
            return []
        found = connection.execute(
            "SELECT source_line, mapper, time, event, list_concat(notes, issues)"
            " FROM staged_events ORDER BY source_line"
        ).fetchall()
    return [Line(line, mapper, Mapped(*rest)) for line, mapper, *rest in found]


def text_pair_names() -> list[str]:
    return sorted(path.name.removesuffix(".input.log") for path in PAIRS.glob("*.input.log"))


def pair_names() -> list[str]:
    return sorted(path.name.removesuffix(".input.jsonl") for path in PAIRS.glob("*.input.jsonl"))


def lines(name: str) -> list[str]:
    return (PAIRS / name).read_text("utf-8").rstrip("\n").split("\n")
