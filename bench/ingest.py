"""Measures loading against DuckDB's own reading of the same file to Parquet, in the same run.

Run `python bench/ingest.py [EVENTS] [--source NAME ...] [--growth N]`. Each measurement is a
process of its own; the best of two counts. The files are made here. `read_json` is what JSON is
compared with; lines of text with reading them as lines, which takes nothing apart. With
`--growth 4` a file of four times the events is loaded, too: its memory tells whether it stays flat.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.ingest_sources import SOURCES, TEXT, write_source

EVENTS = 100_000
ROUNDS = 2
AT_LEAST, AT_LEAST_AGAIN = 0.5, 20

Fields = dict[str, Any]


def load_ours(path: Path, home: Path) -> int:
    from sentree.lake.db import Lake
    from sentree.lake.ingest import ingest
    from sentree.settings import Settings

    settings = Settings(home=home)
    with Lake.open(settings) as lake:
        return ingest(lake, [path], settings=settings).accepted


def _written(path: Path, home: Path, reader: str) -> int:
    import duckdb

    connection = duckdb.connect(config={"threads": 2, "preserve_insertion_order": "false"})
    connection.execute(
        f"COPY (SELECT * FROM {reader}) TO '{home}.parquet' (FORMAT parquet)", {"path": str(path)}
    )
    [(count,)] = connection.execute(f"SELECT count(*) FROM '{home}.parquet'").fetchall()
    return count


def load_json(path: Path, home: Path) -> int:
    return _written(path, home, "read_json($path, format = 'newline_delimited')")


def load_lines(path: Path, home: Path) -> int:
    how = "columns = {'line': 'VARCHAR'}, delim = '\\x01', quote = '', escape = '', header = false"
    return _written(path, home, f"read_csv($path, {how})")


LOADERS = {"sentree": load_ours, "json": load_json, "lines": load_lines}


def measure(loader: str, path: Path, home: Path) -> Fields:
    """Run one load in a process of its own; give its seconds, and its memory at the highest."""
    command = [sys.executable, __file__, "--run", loader, str(path), str(home)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def run(loader: str, path: str, home: str) -> None:
    # What a load needs is imported before the clock starts.
    import_module("sentree.lake.ingest")
    began, cpu = time.perf_counter(), time.process_time()
    events = LOADERS[loader](Path(path), Path(home))
    print(
        json.dumps(
            {
                "events": events,
                "seconds": time.perf_counter() - began,
                "cpu": time.process_time() - cpu,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def show(name: str, events: int, found: Fields) -> None:
    rate = events / found["seconds"]
    print(
        f"  {name:32} {found['seconds']:7.2f} s {found['cpu']:7.2f} cpu-s"
        f" {rate:10,.0f} events/s {found['peak_mb']:7,.0f} MB at most"
    )


def compare(source: str, events: int, growth: int, folder: Path) -> None:
    """Measure one source: ours, DuckDB's, the same file again, the same events in another file."""
    path, again = folder / f"{source}.log", folder / f"{source}-again.log"
    write_source(source, path, events)
    peer = "lines" if source in TEXT else "json"
    print(f"{source}: {events:,} events, {path.stat().st_size / 1e6:,.0f} MB, best of {ROUNDS}")
    found: dict[str, list[Fields]] = {"sentree": [], peer: []}
    for number in range(ROUNDS):
        for loader, runs in found.items():
            runs.append(measure(loader, path, folder / f"{source}-{loader}{number}"))
    ours, theirs = (min(runs, key=lambda each: each["cpu"]) for runs in found.values())
    home = folder / f"{source}-sentree0"
    second = measure("sentree", path, home)
    again.write_bytes(path.read_bytes() + b"\n\n")
    other = measure("sentree", again, home)
    show("sentree ingest", events, ours)
    show(f"duckdb, {peer} to Parquet", events, theirs)
    show("sentree, the same file again", events, second)
    show("sentree, its events in another", events, other)
    print(
        f"  ratio {theirs['seconds'] / ours['seconds']:.2f} of DuckDB's speed (goal {AT_LEAST}),"
        f" by processor time {theirs['cpu'] / ours['cpu']:.2f}; the same file again"
        f" {ours['seconds'] / second['seconds']:.0f} times as fast (goal {AT_LEAST_AGAIN}),"
        f" {second['events'] + other['events']} new"
    )
    if growth > 1:
        write_source(source, again, growth * events, seed=8)
        grown = measure("sentree", again, folder / f"{source}-grown")
        show(f"sentree, {growth} times the events", growth * events, grown)
        print(f"  memory {grown['peak_mb'] / ours['peak_mb']:.2f} of that of one file")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events", type=int, nargs="?", default=EVENTS)
    parser.add_argument("--source", nargs="+", choices=sorted(SOURCES), default=list(SOURCES))
    parser.add_argument("--growth", type=int, default=1)
    options = parser.parse_args(arguments)
    for source in options.source:
        with tempfile.TemporaryDirectory() as folder:
            compare(source, options.events, options.growth, Path(folder))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(*sys.argv[2:])
    else:
        main(sys.argv[1:])
