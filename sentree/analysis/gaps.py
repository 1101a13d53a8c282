"""Gaps in telemetry: when a host that usually reports said nothing, in the words of a timeline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schemas.ports import ContextReader
from schemas.timeline import Gap
from sentree.analysis.sql_texts import sql_text

MINIMUM_EVENTS = 50
MINIMUM_SECONDS = 3600.0
TIMES_USUAL = 3.0
OTHERS_GO_ON = 0.25
MOST = 50


def find_gaps(context: ContextReader) -> tuple[Gap, ...]:
    """Find the gaps of a context, in time order, at most `MOST` (the longest)."""
    rows = context.query(
        sql_text("gaps"), (MINIMUM_EVENTS, MINIMUM_SECONDS, TIMES_USUAL, OTHERS_GO_ON)
    )
    gaps = [
        Gap(
            host=row["host"],
            start=_utc(row["started"]),
            end=_utc(row["ended"]),
            usual_interval_s=round(row["interval_s"], 6),
            before_uid=row["before_uid"],
            after_uid=row["after_uid"],
            statement=gap_statement(row["host"], _utc(row["started"]), _utc(row["ended"])),
        )
        for row in rows
    ]
    longest = sorted(gaps, key=lambda gap: (gap.start - gap.end, gap.start, gap.host))[:MOST]
    return tuple(sorted(longest, key=lambda gap: (gap.start, gap.host)))


def gap_statement(host: str, start: datetime, end: datetime) -> str:
    """Say that a host was silent."""
    return (
        f"No telemetry from {host} between {start:%Y-%m-%d %H:%M:%S} and "
        f"{end:%Y-%m-%d %H:%M:%S} UTC ({_spell(end - start)})."
    )


def _spell(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC)
