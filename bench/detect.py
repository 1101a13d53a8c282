"""Measures detection: events a second with any folder of rules, against two ends of a scale.

    python bench/detect.py --rules FOLDER [--events 100000] [--copies-to 2800] [--rounds 1]

Two streams of generated Windows events: `mixed` (all kinds, most events repeat earlier ones) and
`distinct` (starts of programs only, no command line like another: the worst case). Each is loaded
and searched in processes of their own. The references are of the same run: one query with ILIKE
for each rule, on a sample of rules and extrapolated, and the limit, one scan of the columns that
the rules look at. Processor seconds are the figure to compare: wall time is the machine's.

The folder's rules are multiplied with `--copies-to`: copies have other words. The result is no
public rule set, only as large as one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from bench.detect_data import STREAMS, multiply_rules, write_events  # noqa: E402
from sentree.lake.db import Lake  # noqa: E402
from sentree.lake.ingest import ingest  # noqa: E402
from sentree.rules.buckets import Bucket, find_layouts  # noqa: E402
from sentree.rules.chunks import scope_of, stage_chunk  # noqa: E402
from sentree.rules.detect import detect  # noqa: E402
from sentree.rules.ir import And, Node, Not, Or, Text, atoms, fields  # noqa: E402
from sentree.rules.load import LoadedRules, LogSource, load_rules  # noqa: E402
from sentree.rules.parts import begin_search  # noqa: E402
from sentree.rules.taxonomy import load_taxonomy  # noqa: E402
from sentree.settings import Settings  # noqa: E402

EVENTS = 100_000
RULES = 2_800
SAMPLE_RULES = 40
SAMPLE_EVENTS = 50_000
PROCESS = LogSource("process_creation", "windows", None)

Found = dict[str, Any]


def load_events(settings: Settings, rules: Path, events: Path) -> Found:
    with Lake.open(settings) as lake:
        return {"accepted": ingest(lake, [events], settings=settings).accepted}


def compile_rules(settings: Settings, rules: Path, events: Path) -> Found:
    return {"rules": len(load_rules([rules], cache=settings.rule_cache).rules)}


def search_all(settings: Settings, rules: Path, events: Path) -> Found:
    loaded = load_rules([rules], cache=settings.rule_cache)
    with Lake.open(settings, create=False) as lake:
        report = detect(lake, loaded, tenant=settings.tenant, again=True)
        return {
            "detections": report.detections,
            "hit": len(report.hits),
            "searched": report.rules_run,
            "failed": len(report.not_runnable),
        }


def search_nothing_new(settings: Settings, rules: Path, events: Path) -> Found:
    loaded = load_rules([rules], cache=settings.rule_cache)
    with Lake.open(settings, create=False) as lake:
        return {"searched": detect(lake, loaded, tenant=settings.tenant).events_searched}


def scan_columns(settings: Settings, rules: Path, events: Path) -> Found:
    """Read once what the rules look at: the raw records, out of which every field is taken."""
    with Lake.open(settings, create=False) as lake:
        select = "SELECT count(raw) + count(event) + count(event_uid) AS n FROM events"
        lengths = "SELECT sum(length(raw)) + sum(length(event)) AS n FROM events"
        return {"n": lake.query(select)[0]["n"], "characters": int(lake.query(lengths)[0]["n"])}


def ask_with_ilike(settings: Settings, rules: Path, events: Path) -> Found:
    """Run a sample of the rules for program starts, one ILIKE query each, fields taken before."""
    loaded: LoadedRules = load_rules([rules], cache=settings.rule_cache)
    mine = [
        rule
        for rule in loaded.rules
        if rule.logsource == PROCESS
        and rule.condition is not None
        and all(isinstance(atom, Text) and atom.field for atom in atoms(rule.condition))
    ]
    step = max(1, len(mine) // SAMPLE_RULES)
    sample = list(islice(mine[::step], SAMPLE_RULES))
    with Lake.open(settings, create=False) as lake:
        names = sorted(
            {name for rule in sample if rule.condition for name in fields(rule.condition)}
        )
        taken = ", ".join(f'json_extract_string(raw, \'$."{name}"\') AS "{name}"' for name in names)
        lake.execute(
            f"CREATE TEMP TABLE starts AS SELECT event_uid, {taken} FROM events"
            f" WHERE original_id = '1' LIMIT {SAMPLE_EVENTS}"
        )
        rows = lake.query("SELECT count(*) AS n FROM starts")[0]["n"]
        began = time.process_time()
        hits = 0
        for rule in sample:
            assert rule.condition is not None
            parameters: list[object] = []
            test = as_ilike(rule.condition, parameters)
            select = f"SELECT count(*) AS n FROM starts WHERE {test}"
            hits += lake.query(select, parameters)[0]["n"]
        spent = time.process_time() - began
        return {
            "rows": rows,
            "rules": len(sample),
            "of": sum(rule.logsource == PROCESS for rule in loaded.rules),
            "query_cpu": spent,
            "hits": hits,
        }


def as_ilike(node: Node, parameters: list[object]) -> str:
    match node:
        case And(items):
            return "(" + " AND ".join(as_ilike(item, parameters) for item in items) + ")"
        case Or(items):
            return "(" + " OR ".join(as_ilike(item, parameters) for item in items) + ")"
        case Not(item):
            return f"(NOT coalesce({as_ilike(item, parameters)}, false))"
        case Text(field, op, value):
            text = value
            if op != "like":
                text = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
                text = f"%{text}" if op in ("contains", "endswith") else text
                text = f"{text}%" if op in ("contains", "startswith") else text
            parameters.append(text)
            return f"(\"{field}\" ILIKE ? ESCAPE '\\')"
        case _:
            raise AssertionError(node)


def compare_engines(settings: Settings, rules: Path, events: Path) -> Found:
    """Run a chunk with and without the search for words: processor seconds, differences."""
    loaded = load_rules([rules], cache=settings.rule_cache)
    taxonomy = load_taxonomy()
    mine = [rule for rule in loaded.rules if taxonomy.source(rule.logsource)]
    found: list[set[tuple[Any, ...]]] = []
    spent: list[float] = []
    with Lake.open(settings, create=False) as lake:
        for prefiltered in (True, False):
            begin_search(lake)
            scope, _ = scope_of(lake, settings.tenant, None, None)
            share = SAMPLE_EVENTS / 2 / lake.query("SELECT count(*) AS n FROM events")[0]["n"]
            if share < 1:
                scope = scope.narrowed("event_uid < $below", below=f"{int(share * 65536):04x}")
            stage_chunk(lake, scope, taxonomy)
            sources = [s for s in taxonomy.sources.values() if s.logsource == PROCESS]
            began = time.process_time()
            for logsource, layouts in find_layouts(lake, taxonomy, sources).items():
                some = [rule for rule in mine if rule.logsource == logsource]
                bucket = Bucket(
                    lake, taxonomy, taxonomy.sources[logsource], some, prefiltered=prefiltered
                )
                bucket.run(lake, layouts)
            spent.append(time.process_time() - began)
            rows = lake.query("SELECT rule_uid, event_uid FROM rule_hits")
            found.append({tuple(row.values()) for row in rows})
        staged = lake.query("SELECT count(*) AS n FROM sigma_chunk")[0]["n"]
    ours, plain = found
    return {
        "differences": len(ours ^ plain),
        "hits": len(plain),
        "events": staged,
        "with": spent[0],
        "without": spent[1],
    }


WORK: dict[str, Callable[[Settings, Path, Path], Found]] = {
    "ingest": load_events,
    "compile": compile_rules,
    "compiled": compile_rules,
    "detect": search_all,
    "again": search_nothing_new,
    "scan": scan_columns,
    "ilike": ask_with_ilike,
    "compare": compare_engines,
}


def measure(work: str, home: Path, rules: Path, events: Path) -> Found:
    """Run one piece of work in a process of its own; give its seconds, and its memory at most."""
    command = [sys.executable, __file__, "--run", work, str(home), str(rules), str(events)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def run(work: str, home: str, rules: str, events: str) -> None:
    settings = Settings(home=Path(home))
    began, cpu = time.perf_counter(), time.process_time()
    found = WORK[work](settings, Path(rules), Path(events))
    found |= {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(found))


def show(name: str, found: Found, events: int | None = None) -> None:
    rate = f"{events / found['cpu']:>10,.0f} events/cpu-s" if events else " " * 23
    wall = f"{events / found['seconds']:>10,.0f} events/s" if events else ""
    print(
        f"  {name:<38}{found['cpu']:>8.2f} cpu-s {found['seconds']:>8.2f} s"
        f" {found['peak_mb']:>6,.0f} MB {rate} {wall}",
        flush=True,
    )


def describe(rules: Path, given: int) -> None:
    loaded = load_rules([rules])
    all_atoms = [atom for rule in loaded.rules if rule.condition for atom in atoms(rule.condition)]
    made = len(loaded.rules) - given
    print(
        f"{len(loaded.rules):,} rules: {given:,} given, {made:,} made from them with other words"
        f" (no public rule set, only as large as one); {len(all_atoms):,} comparisons,"
        f" {len(set(all_atoms)):,} of them different"
    )


def measure_stream(kind: str, folder: Path, rules: Path, events: int, *, compare: bool) -> None:
    path, home = folder / f"{kind}.jsonl", folder / f"home-{kind}"
    write_events(path, kind, events)
    size = path.stat().st_size
    print(f"\n{kind}: {events:,} events, {size / 1e6:,.0f} MB of JSON", flush=True)
    found: dict[str, Found] = {}
    for work in ("ingest", "compile", "compiled", "scan", "detect", "again", "ilike"):
        found[work] = measure(work, home, rules, path)
    if compare:
        found["compare"] = measure("compare", home, rules, path)
    path.unlink()
    search, whole = found["detect"], found["ingest"]["cpu"] + found["detect"]["cpu"]
    show("ingest", found["ingest"], events)
    show("rules compiled", found["compile"])
    show("rules read back (kept)", found["compiled"])
    show("detect, all events, all rules", search, events)
    show("detect again, nothing new", found["again"])
    show("the limit: one scan of raw and event", found["scan"], events)
    print(
        f"  {search['searched']:,} rules met data, {search['hit']:,} hit,"
        f" {search['detections']:,} detections, {search['failed']} can't be run"
    )
    asked = found["ilike"]
    if asked["rules"] and asked["rows"]:
        each = asked["query_cpu"] / asked["rules"]
        total = each * asked["of"] * (events_of_starts(asked, events, kind) / asked["rows"])
        print(
            f"  ILIKE, one query a rule: {each * 1000:,.1f} cpu-ms each, measured with"
            f" {asked['rules']} rules on {asked['rows']:,} program starts; extrapolated to"
            f" {asked['of']:,} rules of that log source alone: {total:,.0f} cpu-s"
        )
        print(f"  ratio to ILIKE (extrapolated): {total / search['cpu']:.1f} times less processor")
    print(f"  ratio to the limit: {search['cpu'] / found['scan']['cpu']:.1f} times one scan")
    print(
        f"  end to end, ingest included: {events / whole:,.0f} events/cpu-s;"
        f" ingest is {found['ingest']['cpu'] / whole:.0%} of it"
    )
    if compare:
        checked = found["compare"]
        print(
            f"  rules for program starts on {checked['events']:,} events:"
            f" {checked['with']:.2f} cpu-s, {checked['without']:.2f}"
            " without the search for words first"
            f" ({checked['hits']:,} hits, {checked['differences']} differences)"
        )


def events_of_starts(asked: Found, events: int, kind: str) -> float:
    """Give about how many program starts all events have; the sample may have been cut."""
    if kind == "distinct":
        return events
    return asked["rows"] if asked["rows"] < SAMPLE_EVENTS else events * 0.08


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure detection.")
    parser.add_argument("--rules", type=Path, required=True, help="folder of Sigma rules")
    parser.add_argument("--events", type=int, default=EVENTS, help="of each stream")
    parser.add_argument("--copies-to", type=int, default=RULES, help="0 takes the rules as given")
    parser.add_argument("--only", choices=tuple(STREAMS), help="one stream only")
    parser.add_argument("--no-compare", action="store_true", help="leave out the unfiltered engine")
    given = parser.parse_args()
    if not given.rules.is_dir():
        parser.error(f"{given.rules}: no such folder")
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        rules, count = given.rules, len(load_rules([given.rules]).rules)
        if given.copies_to > count:
            rules = folder / "rules"
            rules.mkdir()
            multiply_rules(given.rules, rules, given.copies_to)
        print(
            f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores,"
            f" load {os.getloadavg()[0]:.1f}"
        )
        describe(rules, count)
        for kind in STREAMS:
            if given.only in (None, kind):
                measure_stream(kind, folder, rules, given.events, compare=not given.no_compare)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(*sys.argv[2:])
    else:
        main()
