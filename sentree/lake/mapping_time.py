"""Compiles how a mapper finds a record's time to DuckDB SQL; every time is a UTC TIMESTAMP.

The session's TimeZone must be UTC: a text without zone is read as UTC.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ocsf.mapping import TimeField

EARLIEST = "TIMESTAMP '1970-01-01'"
LATEST = "TIMESTAMP '2200-01-01'"
ZONE_SUFFIX = r"'(?:[zZ]|UTC|GMT|[+-]\d\d(?::?\d\d)?)$'"
SEARCHED_LENGTH = 4096
"""A time inside a text is looked for among its first characters."""
WIDEST_ZONE_QUARTERS = 56
"""No zone is further from UTC than 14 hours."""


class TimeSql(NamedTuple):
    """SQL for the time, and for the reason (a text, or NULL) why it should not be taken as is."""

    time: str
    note: str


def iso_instant(text: str) -> str:
    """Read ISO 8601 text; the guard keeps out DuckDB's words `epoch` and `infinity`."""
    return (
        f"CASE WHEN {text} BETWEEN '0' AND ':' THEN"
        f" make_timestamp(epoch_us(TRY_CAST({text} AS TIMESTAMPTZ))) END"
    )


def epoch_instant(text: str) -> str:
    """Read an epoch number; its magnitude tells seconds, milli-, micro- and nanoseconds apart."""
    number = f"TRY_CAST({text} AS DOUBLE)"
    micros = (
        f"CASE WHEN {number} < 0 THEN NULL WHEN {number} < 1e11 THEN {number} * 1e6"
        f" WHEN {number} < 1e14 THEN {number} * 1e3 WHEN {number} < 1e17 THEN {number}"
        f" WHEN {number} < 1e19 THEN {number} / 1e3 END"
    )
    return f"make_timestamp(CAST(round({micros}) AS BIGINT))"


def any_millis(text: str) -> str:
    """Read ISO 8601 text or an epoch number as milliseconds; NULL where it is neither."""
    iso = f"CAST(epoch_ms(TRY_CAST({text} AS TIMESTAMPTZ)) AS BIGINT)"
    return (
        f"CASE WHEN NOT {text} BETWEEN '0' AND ':' THEN NULL"
        f" WHEN {text}[5] = '-' THEN CASE WHEN {text} BETWEEN '1970' AND '2200' THEN {iso} END"
        f" ELSE epoch_ms({epoch_instant(text)}) END"
    )


def clf_instant(text: str) -> str:
    """Read the time of the common log format, `10/Oct/2000:13:55:36 -0700`."""
    return (
        f"make_timestamp(epoch_us(TRY_CAST(TRY_STRPTIME({text}, '%d/%b/%Y:%H:%M:%S %z')"
        f" AS TIMESTAMPTZ)))"
    )


def formatted_instant(text: str, formats: str) -> str:
    """Read a time by strptime's formats, `|` between them; without zone it is UTC."""
    listed = ", ".join(f"'{each}'" for each in formats.split("|"))
    return f"CAST(try_strptime({text}, [{listed}]) AS TIMESTAMP)"


def _zone(utc: str, local: str) -> str:
    """Give the zone as an interval: one instant in UTC less the same in local time."""
    quarters = (
        f"round((epoch_us({iso_instant(utc)}) - epoch_us(TRY_CAST({local} AS TIMESTAMP))) / 9e8)"
    )
    return (
        f"CASE WHEN abs({quarters}) <= {WIDEST_ZONE_QUARTERS}"
        f" THEN to_microseconds(CAST({quarters} AS BIGINT) * 900000000) END"
    )


def _one(way: TimeField, value: Callable[[str], str]) -> str:
    text = value(way.name)
    if way.also is not None:
        text = f"({text} || ' ' || {value(way.also)})"
    if way.pattern is not None:
        quoted = way.pattern.replace("'", "''")
        searched = f"left({text}, {SEARCHED_LENGTH})"
        text = f"replace(nullif(regexp_extract({searched}, '{quoted}', 1), ''), ',', '.')"
    if way.unit == "epoch":
        return epoch_instant(text)
    if way.unit == "clf":
        return clf_instant(text)
    if way.unit.startswith("%"):
        return formatted_instant(text, way.unit)
    if way.unit == "any":
        return f"coalesce({epoch_instant(text)}, {iso_instant(text)})"
    instant = iso_instant(text)
    if way.zone_from is not None:
        utc, local = (value(name) for name in way.zone_from)
        shifted = (
            f"TRY_CAST({text} AS TIMESTAMP) + coalesce({_zone(utc, local)}, INTERVAL 0 SECOND)"
        )
        instant = (
            f"CASE WHEN regexp_matches({text}, {ZONE_SUFFIX}) THEN {instant}"
            f" WHEN {text} BETWEEN '0' AND ':' THEN {shifted} END"
        )
    if way.refine_by is not None:
        finer = iso_instant(value(way.refine_by))
        instant = (
            f"CASE WHEN NOT contains({text}, '.') AND date_trunc('second', {finer}) = {instant}"
            f" THEN {finer} ELSE {instant} END"
        )
    return instant


def found_time(ways: tuple[TimeField, ...], value: Callable[[str], str]) -> str:
    """Give SQL for the first readable time, whatever its range."""
    return f"coalesce({', '.join(_one(way, value) for way in ways)}, NULL::TIMESTAMP)"


def zone_unknown(ways: tuple[TimeField, ...], value: Callable[[str], str]) -> str | None:
    """Give SQL that is true where a local time was read as UTC because its zone is unknown."""
    for place, way in enumerate(ways):
        if way.zone_from is None:
            continue
        utc, local = (value(name) for name in way.zone_from)
        earlier = [f"{_one(before, value)} IS NULL" for before in ways[:place]]
        text = value(way.name)
        tests = [
            *earlier,
            f"TRY_CAST({text} AS TIMESTAMP) IS NOT NULL",
            f"NOT regexp_matches({text}, {ZONE_SUFFIX})",
            f"{_zone(utc, local)} IS NULL",
        ]
        return "(" + " AND ".join(tests) + ")"
    return None
