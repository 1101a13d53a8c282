"""Gaps: a host that usually reports and says nothing while the others go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from contexts import MemoryContext, event_row

from sentree.analysis.gaps import find_gaps

START = datetime(2026, 1, 5, tzinfo=UTC)


def every_minute(host: str, hours: float, silent: tuple[float, float] | None = None) -> list[dict]:
    rows = []
    for minute in range(int(hours * 60)):
        if silent and silent[0] * 60 < minute < silent[1] * 60:
            continue
        uid = sha256(f"{host}{minute}".encode()).hexdigest()[:32]
        rows.append(event_row(uid, START + timedelta(minutes=minute), host))
    return rows


def test_a_silent_host_among_talking_ones_is_a_gap_with_both_its_neighbours_cited() -> None:
    context = MemoryContext(every_minute("ws01", 12, silent=(4, 7)) + every_minute("dc01", 12))
    (gap,) = find_gaps(context)
    assert gap.host == "ws01"
    assert (gap.start, gap.end) == (START + timedelta(hours=4), START + timedelta(hours=7))
    assert gap.statement == (
        "No telemetry from ws01 between 2026-01-05 04:00:00 and 2026-01-05 07:00:00 UTC "
        "(3 h 00 min)."
    )
    cited = context.query(
        "SELECT time FROM events WHERE event_uid IN (?, ?) ORDER BY time",
        (gap.before_uid, gap.after_uid),
    )
    assert [row["time"].replace(tzinfo=UTC) for row in cited] == [gap.start, gap.end]


def test_a_night_in_which_everybody_is_silent_is_no_gap() -> None:
    silent = (4.0, 7.0)
    context = MemoryContext(
        every_minute("ws01", 12, silent=silent) + every_minute("dc01", 12, silent=silent)
    )
    assert find_gaps(context) == ()


def test_a_host_that_reports_rarely_has_no_gaps() -> None:
    rows = every_minute("dc01", 12) + [
        event_row(f"{n:032x}", START + timedelta(hours=3 * n), "ws01") for n in range(4)
    ]
    assert find_gaps(MemoryContext(rows)) == ()
