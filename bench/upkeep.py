"""How far the embedded catalogue goes: commits, readers and queries as small loads add up.

Prints, for a growing number of loads, how long the last commit took, how long one query takes, and
the same after `compact` and `expire`; then what writers at once get done together; then how long
readings take of a growing number of events.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from sentree.lake.compact import compact
from sentree.lake.db import Lake
from sentree.lake.expire import expire
from sentree.settings import Settings

ROWS = 500
ADD = """
INSERT INTO events BY NAME
SELECT
    md5(concat($load, '-', i)) AS event_uid, 'default' AS tenant_uid,
    TIMESTAMP '2026-01-01' + to_minutes(CAST(($load * 7 + i) % 7200 AS BIGINT)) AS time,
    now()::TIMESTAMP AS ingested_at, 1007 AS class_uid, 'host' || (i % 40) AS device_host,
    md5(i::VARCHAR) AS raw, md5(i::VARCHAR) AS event, $load::VARCHAR AS source_uid
FROM range($rows) AS r(i)
"""
QUERY = "SELECT device_host, count(*) FROM events WHERE time >= '2026-01-03' GROUP BY ALL"
ROUNDS = 5
FILL = """
INSERT INTO events BY NAME
SELECT
    md5(i::VARCHAR) AS event_uid, 'default' AS tenant_uid,
    TIMESTAMP '2026-01-01' + to_microseconds(CAST(i * (86400000000 * 5 // $events) AS BIGINT))
        AS time,
    now()::TIMESTAMP AS ingested_at, CASE i % 3 WHEN 0 THEN 1007 WHEN 1 THEN 4001 ELSE 3002 END
        AS class_uid,
    'host' || (i % 400) AS device_host, 'user' || (hash(i) % 900) AS actor_user,
    concat('{"TimeCreated":"', i, '","Image":"C:\\Program Files\\App', hash(i) % 3000,
        '\\app.exe","Hash":"', md5(i::VARCHAR), md5((i + 1)::VARCHAR), '","User":"CORP\\user',
        hash(i) % 900, '","Destination":"10.0.', i % 200, '.', hash(i) % 250, '"}') AS raw,
    raw AS event, 'bench' AS source_uid
FROM range($first, $last) AS r(i)
"""
FILLED_AT_ONCE = 250_000
READINGS = {
    "count by host, one of five days": "SELECT device_host, count(*) FROM events"
    " WHERE time >= '2026-01-03' AND time < '2026-01-04' GROUP BY ALL",
    "count by class and user, all days": "SELECT class_uid, actor_user, count(*), min(time),"
    " max(time) FROM events GROUP BY ALL",
    "one host's events of an hour": "SELECT time, raw FROM events WHERE device_host = 'host7'"
    " AND time >= '2026-01-02 09:00' AND time < '2026-01-02 10:00' ORDER BY time",
    "a text anywhere in the raw records": "SELECT count(*) FROM events"
    " WHERE contains(raw, '10.0.77.14')",
}


def main() -> None:
    """Measure and print; the numbers of `docs/scale.md` come from here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loads", type=int, nargs="*", default=[20, 100, 400])
    parser.add_argument("--writers", type=int, nargs="*", default=[1, 4])
    parser.add_argument("--events", type=int, nargs="*", default=[1_000_000, 3_000_000])
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {ROWS} rows a load")
    with tempfile.TemporaryDirectory() as folder:
        if options.loads:
            _grow(Settings(home=Path(folder)), options.loads)
    for writers in options.writers:
        with tempfile.TemporaryDirectory() as folder:
            _at_once(Settings(home=Path(folder)), writers)
    for events in options.events:
        with tempfile.TemporaryDirectory() as folder:
            _read(Settings(home=Path(folder)), events)


def _grow(settings: Settings, steps: list[int]) -> None:
    with Lake.open(settings) as lake:
        done = 0
        for step in sorted(steps):
            seconds = [_add(lake, number) for number in range(done, step)]
            done = step
            _say(f"{step} loads", lake, f"commit {median(seconds[-10:]) * 1000:.0f} ms")
        begun = time.perf_counter()
        compact(lake)
        _say("compacted", lake, f"in {time.perf_counter() - begun:.1f} s")
        later = datetime.now(UTC) + timedelta(days=30)
        begun = time.perf_counter()
        for _ in range(2):
            expire(lake, settings.runs_dir, older_than=timedelta(days=1), now=later)
        took = time.perf_counter() - begun
        _say("expired", lake, f"in {took:.1f} s, commit {_add(lake, done) * 1000:.0f} ms")


def _add(lake: Lake, load: int) -> float:
    begun = time.perf_counter()
    with lake.transaction():
        lake.execute(ADD, {"load": load, "rows": ROWS})
    return time.perf_counter() - begun


def _say(name: str, lake: Lake, told: str) -> None:
    times: list[float] = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        lake.query(QUERY)
        times.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    info = lake.query("SELECT sum(file_count)::BIGINT AS n FROM ducklake_table_info('lake')")
    print(f"{name}: {info[0]['n']} files, query {median(times) * 1000:.0f} ms, {told}")


def _at_once(settings: Settings, writers: int) -> None:
    with Lake.open(settings):
        pass
    context = multiprocessing.get_context("spawn")
    with context.Pool(writers) as pool:
        pool.map(_warm, range(writers))
        begun = time.perf_counter()
        pool.starmap(_write, [(settings, number) for number in range(writers)])
        took = time.perf_counter() - begun
    loads = 20 * writers
    with Lake.open(settings) as lake:
        assert lake.info().tables["events"] == loads * ROWS
    print(f"{writers} writers at once: {loads / took:.1f} loads/s together")


def _read(settings: Settings, events: int) -> None:
    """Fill a lake, compact it, and time readings of it: the first, and the median of several."""
    with Lake.open(settings) as lake:
        for first in range(0, events, FILLED_AT_ONCE):
            last = min(first + FILLED_AT_ONCE, events)
            with lake.transaction():
                lake.execute(FILL, {"events": events, "first": first, "last": last})
        begun = time.perf_counter()
        compact(lake)
        took = time.perf_counter() - begun
    with Lake.open(settings) as lake:
        info = lake.info()
        size = info.bytes_on_disk / 1e6
        print(f"{events:,} events, {size:,.0f} MB on the disk, compacted in {took:.1f} s")
        for name, sql in READINGS.items():
            times: list[float] = []
            rows = 0
            for _ in range(ROUNDS):
                begun = time.perf_counter()
                rows = len(lake.query(sql))
                times.append(time.perf_counter() - begun)
            told = f"first {times[0] * 1000:,.0f} ms, median {median(times) * 1000:,.0f} ms"
            print(f"  {name}: {rows:,} rows, {told}")


def _warm(_: int) -> None:
    import duckdb

    duckdb.connect().close()


def _write(settings: Settings, writer: int) -> None:
    with Lake.open(settings) as lake:
        for number in range(20):
            _add(lake, writer * 1000 + number)


if __name__ == "__main__":
    main()
