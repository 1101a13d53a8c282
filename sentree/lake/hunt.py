"""Runs the tests of indicators over the lake, all at once: one scan and one join, not a query each.

The work lies in temporary tables of the connection: `hunt_matched` has the values that meet a
test, `hunt_hits` the events that hold one.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_left, bisect_right
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Literal, NamedTuple

import duckdb
import pyarrow as pa

from sentree.errors import LakeError
from sentree.lake.db import Lake, first_line, sql_text
from sentree.lake.hunt_places import values_list
from sentree.lake.look import LookScope

_TABLES = ("hunt_distinct", "hunt_matched", "hunt_hits", "hunt_simple", "hunt_leaf")
MOST_MATCHES = 200_000


class ValueTest(NamedTuple):
    """A test of a value: its number, its kind (see `sentree.analysis.hunt.compile`), its place."""

    number: int
    kind: str
    place: str
    values: tuple[str, ...]
    sign: str
    is_number: bool
    negated: bool


class SimpleIndicator(NamedTuple):
    """An indicator by its place in a list, a test that is enough for it, and when it is valid."""

    indicator: int
    test: int
    valid_from: Any
    valid_until: Any


@contextmanager
def hunting(lake: Lake) -> Generator[None]:
    """Hold the temporary tables of a hunt, and drop them after it."""
    try:
        yield
    finally:
        for table in _TABLES:
            with suppress(LakeError):
                lake.execute(f"DROP TABLE IF EXISTS temp.{table}")


def find_hits(lake: Lake, scope: LookScope, tests: Sequence[ValueTest]) -> dict[int, str]:
    """Fill `hunt_hits(test, event_uid, tenant_uid, time, host, text)`; gives what can't be run.

    Returns:
        Why a test can't be run, by its number: a regular expression that RE2 doesn't know.
    """
    equal = [one for one in tests if one.kind == "equal" and not one.is_number]
    others = [one for one in tests if one.kind != "equal" or one.is_number]
    failed: dict[int, str] = {}
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE hunt_matched (test INTEGER, place VARCHAR, value VARCHAR,"
        " text VARCHAR)"
    )
    _append(
        lake,
        "hunt_matched",
        {
            "test": pa.array([one.number for one in equal], pa.int32()),
            "place": pa.array([one.place for one in equal], pa.string()),
            "value": pa.array([one.values[0] for one in equal], pa.string()),
            "text": pa.nulls(len(equal), pa.string()),
        },
    )
    if others:
        places = sorted({one.place for one in others})
        lake.execute(
            "CREATE OR REPLACE TEMP TABLE hunt_distinct AS SELECT DISTINCT place, value, text"
            f" FROM ({_values(scope, places)})",
            scope.values,
        )
        networks = [one for one in others if one.kind in ("network", "outside")]
        _match_networks(lake, networks)
        for one in others:
            if one not in networks and (reason := _match(lake, one)):
                failed[one.number] = reason
    places = sorted({one.place for one in tests})
    if not places:
        lake.execute(
            "CREATE OR REPLACE TEMP TABLE hunt_hits (test INTEGER, event_uid VARCHAR,"
            " tenant_uid VARCHAR, time TIMESTAMP, host VARCHAR, text VARCHAR)"
        )
        return failed
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE hunt_hits AS SELECT DISTINCT m.test, v.event_uid,"
        " v.tenant_uid, v.time, v.host, v.text"
        f" FROM ({_values(scope, places)}) AS v JOIN hunt_matched AS m ON m.place = v.place"
        " AND m.value = v.value AND coalesce(m.text = v.text, true)",
        scope.values,
    )
    return failed


def simple_sightings(
    lake: Lake, simple: Sequence[SimpleIndicator], *, within_validity: bool
) -> list[dict[str, Any]]:
    """Give what indicators of single events found, by indicator and tenant."""
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE hunt_simple (indicator INTEGER, test INTEGER,"
        " valid_from TIMESTAMP, valid_until TIMESTAMP)"
    )
    _append(
        lake,
        "hunt_simple",
        {
            "indicator": pa.array([one.indicator for one in simple], pa.int32()),
            "test": pa.array([one.test for one in simple], pa.int32()),
            "valid_from": pa.array([one.valid_from for one in simple], pa.timestamp("us")),
            "valid_until": pa.array([one.valid_until for one in simple], pa.timestamp("us")),
        },
    )
    return lake.query(sql_text("hunt_sightings"), {"always": not within_validity})


def describe(lake: Lake, uids: Iterable[str], tests: Iterable[int]) -> dict[str, Any]:
    """Give the values and hosts of some hits."""
    [found] = lake.query(
        "SELECT list_sort(list(DISTINCT left(text, 300)))[:5] AS values,"
        " list_sort(list(DISTINCT host) FILTER (WHERE host IS NOT NULL))[:8] AS hosts"
        " FROM hunt_hits WHERE list_contains(?, event_uid) AND list_contains(?, test)",
        [list(uids), list(tests)],
    )
    return {name: value or [] for name, value in found.items()}


def _values(scope: LookScope, places: Sequence[str]) -> str:
    return sql_text(
        "hunt_values", scope=scope.sql, host=sql_text("host"), values=values_list(places)
    )


def _match(lake: Lake, one: ValueTest) -> str | None:
    """Put the values that meet a test into `hunt_matched`; gives the reason if it can't be run."""
    values: dict[str, Any] = {"test": one.number, "place": one.place}
    given: Literal["value", "try_cast(value AS DOUBLE)"] = (
        "try_cast(value AS DOUBLE)" if one.is_number else "value"
    )
    cast = "CAST($given AS DOUBLE)" if one.is_number else "$given"
    if one.is_number and one.kind in ("equal", "other", "order"):
        try:
            numbers = [float(value) for value in one.values]
        except ValueError:
            return f"{one.values[0]} is no number"
        bound: list[Any] = [*numbers]
    else:
        bound = [*one.values]
    if one.kind == "exists":
        condition = "true"
    elif one.kind == "equal":
        condition, values["given"] = f"{given} = {cast}", bound[0]
    elif one.kind == "other":
        condition, values["given"] = f"NOT list_contains($given, {given})", bound
    elif one.kind == "order":
        assert one.sign in ("<", "<=", ">", ">=")
        condition, values["given"] = f"{given} {one.sign} {cast}", bound[0]
    elif one.kind == "like":
        condition, values["given"] = "regexp_full_match(text, $given)", bound[0]
    else:
        condition, values["given"] = "regexp_matches(text, $given)", bound[0]
    if one.negated:
        condition = f"NOT ({condition})"
    try:
        lake.execute(
            "INSERT INTO hunt_matched SELECT $test, place, value, text FROM hunt_distinct"
            f" WHERE place = $place AND {condition}",
            values,
        )
    except LakeError as error:
        reason = str(error).rpartition("Error: ")[2]
        return f"{one.values[0][:100]} is no RE2 pattern: {reason}"
    return None


def _match_networks(lake: Lake, tests: Sequence[ValueTest]) -> None:
    """Find the addresses inside networks by their numbers, whatever way they are written in."""
    if not tests:
        return
    found: dict[str, list[tuple[int, int, str, str]]] = {}
    for row in lake.query("SELECT place, value, text FROM hunt_distinct"):
        with suppress(ValueError):
            address = ipaddress.ip_address(row["value"].partition("%")[0])
            entry = (address.version, int(address), row["value"], row["text"])
            found.setdefault(row["place"], []).append(entry)
    columns: dict[str, list[Any]] = {"test": [], "place": [], "value": [], "text": []}
    for listed in found.values():
        listed.sort()
    for one in tests:
        network = ipaddress.ip_network(one.values[0], strict=False)
        listed = found.get(one.place, [])
        keys = (
            (network.version, int(network.network_address)),
            (network.version, int(network.broadcast_address)),
        )
        start = bisect_left(listed, keys[0], key=lambda entry: entry[:2])
        stop = bisect_right(listed, keys[1], key=lambda entry: entry[:2])
        inside = listed[start:stop] if one.kind == "network" else [*listed[:start], *listed[stop:]]
        for _, _, value, text in inside:
            for name, cell in zip(columns, (one.number, one.place, value, text), strict=True):
                columns[name].append(cell)
    _append(
        lake,
        "hunt_matched",
        {
            name: pa.array(cells, pa.int32() if name == "test" else pa.string())
            for name, cells in columns.items()
        },
    )


def _append(lake: Lake, table: str, columns: Mapping[str, Any]) -> None:
    # DuckDB finds the Arrow table by its name here.
    given = pa.table(dict(columns))
    try:
        lake.connection.execute(f"INSERT INTO {table} SELECT * FROM given")
    except duckdb.Error as error:
        raise LakeError(f"the lake can't be searched: {first_line(error)}") from error
    del given
