"""Holds Sentree's detection against another engine's: the same rules over the same events.

Run `python bench/sqlite_oracle.py [--rules FOLDER ...] [--events FOLDER ...]`. The other engine is
pysigma-backend-sqlite on SQLite, in an environment of its own. Where the two differ, a plain
reading of the rule in Python, which shares no code with either, says who is right and why. Prints
Markdown; leaves with 1 when a difference is not explained.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from bench.sigma_oracle.compare import EVERY_WAY, Difference, Hit, differences  # noqa: E402
from bench.sigma_oracle.made import made_records  # noqa: E402
from bench.sigma_oracle.peer import TEXT  # noqa: E402
from bench.sigma_oracle.peer_environment import PINNED, NoPeer, peer_python  # noqa: E402
from bench.sigma_oracle.random_rules import write_random_rules  # noqa: E402
from bench.sigma_oracle.records import COLUMNS, Event  # noqa: E402
from bench.sigma_oracle.reference import Rule  # noqa: E402
from bench.sigma_oracle.ways import SPECIFIED, Record, Ways  # noqa: E402
from bench.sigma_oracle.words import Unsupported  # noqa: E402
from schemas.scenario import IncidentSpec  # noqa: E402
from sentree.errors import SentreeError  # noqa: E402
from sentree.evals.generate.incident import generate_incident  # noqa: E402
from sentree.lake.db import Lake  # noqa: E402
from sentree.lake.ingest import NothingLoadedError, ingest  # noqa: E402
from sentree.rules.detect import detect  # noqa: E402
from sentree.rules.documents import read_content, read_documents  # noqa: E402
from sentree.rules.load import LoadedRules, LogSource, load_rules  # noqa: E402
from sentree.rules.load import Rule as OurRule  # noqa: E402
from sentree.rules.taxonomy import Source, Taxonomy, load_taxonomy  # noqa: E402
from sentree.settings import Settings  # noqa: E402

DATA = Path("../shared/data")
TENANT = "oracle"
GENERATED_EVENTS = 2_000
SHOWN = 25


@dataclass
class Bench:
    """The rules and events of one run, and what each side found."""

    rules: LoadedRules
    taxonomy: Taxonomy
    events: list[Event]
    counts: Counter[str]
    documents: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    plain: dict[str, Rule] = field(default_factory=dict[str, Rule])
    records: dict[tuple[LogSource, int], Record] = field(
        default_factory=dict[tuple[LogSource, int], Record]
    )
    ours: set[Hit] = field(default_factory=set[Hit])
    theirs: set[Hit] = field(default_factory=set[Hit])
    our_problems: dict[str, str] = field(default_factory=dict[str, str])
    their_problems: dict[str, str] = field(default_factory=dict[str, str])
    plain_problems: dict[str, str] = field(default_factory=dict[str, str])
    sources: dict[str, Source] = field(default_factory=dict[str, Source])

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each event by its id in the lake."""
        return {event.uid: event.number for event in self.events}

    def record(self, hit: Hit) -> Record:
        """Give an event as the log source of a rule has it."""
        return self.records[self.sources[hit[0]].logsource, hit[1]]


def note(words: str) -> None:
    """Say on standard error what is done, and when in the process's own time."""
    print(f"{time.process_time():6.1f} s  {words}", file=sys.stderr)


def prepare(
    rules: LoadedRules, paths: Sequence[Path], work: Path, seed: int, made: bool
) -> tuple[Bench, set[tuple[str, str]]]:
    """Load the events, let Sentree detect, and read the events back in plain Python."""
    taxonomy = load_taxonomy()
    settings = Settings(home=work / "home")
    counts: Counter[str] = Counter()
    with Lake.open(settings) as lake:

        def load(name: str, paths: Iterable[Path], as_format: str = "auto") -> None:
            given = list(paths)
            if not given:
                return
            try:
                report = ingest(lake, given, settings=settings, as_format=as_format, tenant=TENANT)
            except NothingLoadedError:
                print(f"nothing of {name} could be loaded", file=sys.stderr)
                return
            counts[name] += report.accepted

        for path in paths:
            load(str(path), [path])
        if made:
            spec = IncidentSpec(seed=seed, benign_events=GENERATED_EVENTS)
            generate_incident(work / "incident", spec)
            load("a generated incident", [work / "incident"])
            for name, lines in made_records(rules.rules, taxonomy, seed).items():
                path = work / f"made-{name}.log"
                path.write_text("\n".join(lines) + "\n", "utf-8")
                load("made from the rules", [path], name)
        note("detecting")
        report = detect(lake, rules, tenant=TENANT)
        note("reading the events back")
        columns = ", ".join(COLUMNS.split())
        rows = lake.query(f"SELECT {columns} FROM events ORDER BY event_uid")
        found = lake.query("SELECT rule_uid, event_uid FROM detections")
    events = [Event(number, row) for number, row in enumerate(rows)]
    bench = Bench(rules, taxonomy, events, counts)
    for one in (*report.not_runnable, *report.failed):
        bench.our_problems[str(one.rule_uid)] = one.reason
    return bench, {(row["rule_uid"], row["event_uid"]) for row in found}


def read_rules(bench: Bench) -> None:
    """Read every rule that Sentree can run in plain Python, too."""
    for rule in bench.rules.rules:
        uid, source = rule.rule_uid, bench.taxonomy.source(rule.logsource)
        if rule.correlation is not None or source is None:
            bench.plain_problems[uid] = "a correlation" if source else "no known log source"
            continue
        found = _document(rule)
        if found is None:
            bench.plain_problems[uid] = "a collection of the old kind, or the file has changed"
            continue
        bench.sources[uid], bench.documents[uid] = source, found
        try:
            bench.plain[uid] = Rule(found)
        except Unsupported as error:
            bench.plain_problems[uid] = str(error)


def _document(rule: OurRule) -> dict[str, Any] | None:
    for document in read_documents(read_content(Path(rule.path))):
        if document.line == rule.line and isinstance(document.value, dict):
            value = cast(dict[str, Any], document.value)
            return value if "detection" in value else None
    return None


def read_events(bench: Bench) -> dict[LogSource, list[Event]]:
    """Read each event's fields for each log source that it belongs to."""
    names: dict[LogSource, set[str]] = defaultdict(set)
    sources: dict[LogSource, Source] = {}
    for uid, source in bench.sources.items():
        sources[source.logsource] = source
        if uid in bench.plain:
            names[source.logsource] |= bench.plain[uid].fields
    members: dict[LogSource, list[Event]] = {}
    for logsource, source in sources.items():
        members[logsource] = [event for event in bench.events if event.is_of(source)]
        for event in members[logsource]:
            bench.records[logsource, event.number] = event.record(
                bench.taxonomy, source, names[logsource]
            )
    return members


def ask_peer(bench: Bench, python: Path, work: Path) -> str:
    """Run the rules on the other engine; give the version of its SQLite."""
    numbers = {logsource: n for n, logsource in enumerate(_logsources(bench))}
    tables: dict[str, Any] = {}
    by_source: dict[LogSource, list[int]] = defaultdict(list)
    for logsource, number in bench.records:
        by_source[logsource].append(number)
    for logsource, n in numbers.items():
        held = [(number, bench.records[logsource, number]) for number in by_source[logsource]]
        columns = sorted(held[0][1].fields) if held else []
        tables[f"events{n}"] = {
            "columns": [*columns, TEXT],
            "rows": [
                [number, *(record.fields[name] for name in columns), record.values]
                for number, record in held
            ],
        }
    job = {
        "tables": tables,
        "rules": [
            {
                "uid": uid,
                "table": f"events{numbers[bench.sources[uid].logsource]}",
                "yaml": yaml.safe_dump(document, allow_unicode=True, sort_keys=False),
            }
            for uid, document in bench.documents.items()
        ],
    }
    (work / "job.json").write_text(json.dumps(job), "utf-8")
    script = ROOT / "bench" / "sigma_oracle" / "peer.py"
    command = [str(python), str(script), str(work / "job.json"), str(work / "answer.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise NoPeer(f"{python} could not run the other engine: {last}")
    answer = json.loads((work / "answer.json").read_text("utf-8"))
    bench.theirs = {(uid, number) for uid, number in answer["hits"]}
    bench.their_problems = answer["problems"]
    return str(answer["sqlite"])


def _logsources(bench: Bench) -> list[LogSource]:
    return sorted({source.logsource for source in bench.sources.values()}, key=str)


def plain_hits(bench: Bench, ways: Ways = SPECIFIED) -> set[Hit]:
    """Give what the plain reading of every rule finds in the events of its log source."""
    by_source: dict[LogSource, list[tuple[int, Record]]] = defaultdict(list)
    for (logsource, number), record in bench.records.items():
        by_source[logsource].append((number, record))
    return {
        (uid, number)
        for uid, rule in bench.plain.items()
        for number, record in by_source[bench.sources[uid].logsource]
        if rule.matches(record, ways)
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Hold detection against another engine's.")
    parser.add_argument("--rules", type=Path, nargs="*", default=[DATA / "sigma" / "rules"])
    parser.add_argument("--events", type=Path, nargs="*", default=[DATA / "sigma" / "regression"])
    parser.add_argument("--only-given", action="store_true", help="no generated and made events")
    parser.add_argument("--random-rules", type=int, default=0, help="how many to make")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peer-python", type=Path, help="a Python that has the other engine")
    parser.add_argument("--peer-folder", type=Path, help="where to make its environment")
    chosen = parser.parse_args(arguments)
    try:
        python = peer_python(chosen.peer_python, chosen.peer_folder)
        with tempfile.TemporaryDirectory(prefix="sentree-oracle-") as folder:
            work = Path(folder)
            random_rules = write_random_rules(work / "random", chosen.random_rules, chosen.seed)
            rules = load_rules([*chosen.rules, random_rules])
            bench, found = prepare(rules, chosen.events, work, chosen.seed, not chosen.only_given)
            numbers = bench.numbers
            bench.ours = {(rule_uid, numbers[event_uid]) for rule_uid, event_uid in found}
            note("reading rules and events plainly")
            read_rules(bench)
            read_events(bench)
            note("asking the other engine")
            sqlite = ask_peer(bench, python, work)
    except NoPeer as error:
        print(error, file=sys.stderr)
        return 4
    except SentreeError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    return tell(bench, sqlite)


def tell(bench: Bench, sqlite: str) -> int:
    """Print what was compared, how the sides differ and why; give the exit code."""
    both = bench.documents.keys() - bench.their_problems.keys() - bench.our_problems.keys()
    ours = {hit for hit in bench.ours if hit[0] in both}
    theirs = {hit for hit in bench.theirs if hit[0] in both}
    apart = list(differences(ours, theirs, bench.plain, bench.record))
    note("reading every rule over every event plainly")
    plain = plain_hits(bench)
    note("and once more in all ways of the other engine")
    imitated = plain_hits(bench, EVERY_WAY)
    missed = {hit for hit in imitated ^ theirs if hit[0] in both & bench.plain.keys()}
    note("done")
    runnable = bench.plain.keys() - bench.our_problems.keys()
    alone = sorted(
        (plain ^ {hit for hit in bench.ours if hit[0] in runnable})
        - {one.hit for one in apart}
        - {hit for hit in plain if hit[0] not in runnable}
    )
    fired = {uid for uid, _ in ours & theirs}
    rows = [
        ("rules", len(bench.rules.rules)),
        ("rules that both engines ran", len(both)),
        ("of these, rules with an equal hit", len(fired)),
        ("events", len(bench.events)),
        *((f"events: {name}", count) for name, count in bench.counts.items()),
        ("pairs of a rule and an event of its log source", _pairs(bench, both)),
        ("equal hits", len(ours & theirs)),
        ("hits of Sentree only", len(ours - theirs)),
        ("hits of the other engine only", len(theirs - ours)),
        ("of these differences, explained", sum(one.ways is not None for one in apart)),
        ("rules read plainly, too", len(bench.plain)),
        ("hits in which the plain reading differs from Sentree", len(alone)),
        (
            "hits in which the plain reading in all ways of the other engine differs from it",
            len(missed),
        ),
    ]
    print(f"Sentree against {PINNED[0]} ({PINNED[1]}, SQLite {sqlite})\n")
    _table(("", "n"), rows)
    _tell_classes(bench, apart)
    _tell_problems("Rules that the other engine could not run", bench, bench.their_problems)
    _tell_problems("Rules that Sentree could not run", bench, bench.our_problems)
    _tell_problems("Rules without a plain reading", bench, bench.plain_problems)
    unexplained = [one for one in apart if one.ways is None]
    if unexplained:
        print("\n## Unexplained differences\n")
        for one in unexplained:
            side = "Sentree" if one.ours else "the other engine"
            _tell_hit(bench, one.hit, f"only {side}; {one.words}")
    if alone:
        print("\n## Where the plain reading differs from Sentree\n")
        for hit in alone:
            side = "the plain reading" if hit in plain else "Sentree"
            _tell_hit(bench, hit, f"only {side}")
    if missed:
        print("\n## Where the plain reading in all ways of the other engine differs from it\n")
        for hit in sorted(missed)[:SHOWN]:
            side = "the other engine" if hit in theirs else "the plain reading"
            _tell_hit(bench, hit, f"only {side}")
    return 1 if unexplained or alone else 0


def _pairs(bench: Bench, uids: Iterable[str]) -> int:
    counts = Counter(logsource for logsource, _ in bench.records)
    return sum(counts[bench.sources[uid].logsource] for uid in uids)


def _table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> None:
    for row in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(_cell(one) for one in row) + " |")


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|")


def _tell_classes(bench: Bench, apart: Sequence[Difference]) -> None:
    if not apart:
        return
    titles = {rule.rule_uid: rule.title for rule in bench.rules.rules}
    classes: dict[tuple[str, bool], list[Difference]] = defaultdict(list)
    for one in apart:
        several = one.ways is not None and len(one.ways) > 1
        classes["two or more of these at once" if several else one.words, one.ours].append(one)
    print("\n## Differences, by what the other engine does otherwise\n")
    rows: list[tuple[str, str, int, int, str]] = []
    for (words, is_ours), those in sorted(classes.items(), key=lambda item: -len(item[1])):
        rules = Counter(titles[one.hit[0]] for one in those)
        named = ", ".join(f"{title} ({n})" for title, n in rules.most_common(3))
        side = "Sentree" if is_ours else "the other"
        rows.append((words, side, len(those), len(rules), named))
    _table(("", "hit of", "hits", "rules", "such as (hits)"), rows)


def _tell_problems(head: str, bench: Bench, problems: dict[str, str]) -> None:
    if not problems:
        return
    titles = {rule.rule_uid: rule.title for rule in bench.rules.rules}
    print(f"\n## {head}: {len(problems)}\n")
    for uid, reason in sorted(problems.items())[:SHOWN]:
        print(f"- {titles.get(uid, '')} ({uid}): {' '.join(reason.split())[:300]}")
    if len(problems) > SHOWN:
        print(f"- and {len(problems) - SHOWN} more")


def _tell_hit(bench: Bench, hit: Hit, words: str) -> None:
    fields = (
        {k: v for k, v in bench.record(hit).fields.items() if v is not None}
        if ((bench.sources[hit[0]].logsource, hit[1]) in bench.records)
        else "not of the rule's log source in the plain reading"
    )
    shown = json.dumps(fields, ensure_ascii=False)[:600]
    print(f"- rule {hit[0]}, event {bench.events[hit[1]].uid}: {words}: {shown}")


if __name__ == "__main__":
    raise SystemExit(main())
