"""Runs mappers on records in a real DuckDB, and finds the pairs of input and expected events."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from ocsf.mappers import MAPPERS
from sentree.lake.mapping_sql import mapped_select

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


def pair_names() -> list[str]:
    return sorted(path.name.removesuffix(".input.jsonl") for path in PAIRS.glob("*.input.jsonl"))


def lines(name: str) -> list[str]:
    return (PAIRS / name).read_text("utf-8").rstrip("\n").split("\n")
