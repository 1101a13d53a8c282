"""Runs rules over their own sample events, in a lake that is thrown away afterwards.

Samples of a rule NAME.yml: NAME.match.jsonl holds events that must all match, NAME.nomatch.jsonl
events of which none may (also .json, and .log for lines of text); the info.yml that the rule's
`regression_tests_path` names; or a file named by the rule's id or NAME in a folder of samples.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, cast

from schemas.rule_check import RuleTest
from sentree.errors import UnreadableInputError
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.rules.detect import detect
from sentree.rules.documents import Unreadable, read_content, read_documents
from sentree.rules.load import LoadedRules, Rule
from sentree.settings import Settings

Expected = Literal["every", "none", "some"]
SUFFIXES = (".jsonl", ".json", ".log", ".evtx")
MAX_SAMPLE_BYTES = 50_000_000
_WORDS: Mapping[str, Expected] = {"match": "every", "nomatch": "none"}
_NOT_SPACE = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of events, and how many of them a rule must match: at least `count` for `some`."""

    rule: Rule
    path: Path
    expected: Expected
    count: int = 1


def find_samples(rules: Iterable[Rule], events: Path | None = None) -> Iterator[Sample]:
    """Find the sample files of rules, those of the folder `events` included."""
    for rule in rules:
        path = Path(rule.path)
        for suffix in SUFFIXES:
            for word, expected in _WORDS.items():
                sample = path.with_name(f"{path.stem}.{word}{suffix}")
                if sample.is_file():
                    yield Sample(rule, sample, expected)
            for name in dict.fromkeys((rule.rule_uid, path.stem)) if events else ():
                sample = events / f"{name}{suffix}" if events else path
                if sample.is_file():
                    yield Sample(rule, sample, "some")
        yield from _regression(rule, path)


def run_samples(rules: LoadedRules, samples: Sequence[Sample]) -> tuple[RuleTest, ...]:
    """Run the rules that have samples over them; give the outcome of each such rule.

    Raises:
        LakeError: the temporary lake could not be made or written.
    """
    tested = {sample.rule.rule_uid: sample.rule for sample in samples}
    failures: dict[str, list[str]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    with TemporaryDirectory(prefix="sentree-rules-") as work:
        settings = Settings(home=Path(work) / "home")
        groups = _written(samples, Path(work), failures)
        with Lake.open(settings) as lake:
            for number, group in enumerate(groups):
                with suppress(UnreadableInputError):
                    ingest(lake, list(group), settings=settings, tenant=f"samples{number}")
            # A correlation needs the rules that it refers to.
            correlates = any(rule.correlation for rule in tested.values())
            run = rules.rules if correlates else tuple(tested.values())
            chosen = LoadedRules(run, (), rules.placeholders)
            for number in range(len(groups)):
                report = detect(lake, chosen, tenant=f"samples{number}")
                for note in (*report.not_runnable, *report.failed):
                    reason = f"can't be run: {note.reason}"
                    if note.rule_uid in tested and reason not in failures[note.rule_uid]:
                        failures[note.rule_uid].append(reason)
            read, hits = _results(lake)
        for group in groups:
            for path, (sample, records) in group.items():
                uid = sample.rule.rule_uid
                counts[uid] += read.get(path, 0)
                failures[uid] += _judged(
                    sample, records, read.get(path, 0), hits.get((uid, path), 0)
                )
    return tuple(
        RuleTest(
            rule_uid=uid,
            title=rule.title,
            path=rule.path,
            samples=counts[uid],
            failures=tuple(failures[uid]),
        )
        for uid, rule in tested.items()
    )


def _judged(sample: Sample, records: int | None, read: int, hits: int) -> Iterator[str]:
    name = sample.path.name
    if not read or (records is not None and read < records):
        yield f"{name}: {read} of {records or 'its'} events could be read"
    elif sample.expected == "every" and hits < read:
        yield f"{name}: {read - hits} of {read} events don't match"
    elif sample.expected == "none" and hits:
        yield f"{name}: {hits} of {read} events match, but none may"
    elif sample.expected == "some" and hits < min(sample.count, read):
        yield f"{name}: {hits} of {read} events match, not {sample.count}"


def _results(lake: Lake) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
    events = "events AS e JOIN sources AS s USING (source_uid)"
    read = lake.query(f"SELECT s.path, count(*) AS n FROM {events} GROUP BY ALL")
    hits = lake.query(
        f"SELECT d.rule_uid, s.path, count(DISTINCT d.event_uid) AS n FROM detections AS d"
        f" JOIN ({events}) ON e.event_uid = d.event_uid AND e.tenant_uid = d.tenant_uid"
        " GROUP BY ALL"
    )
    return (
        {row["path"]: row["n"] for row in read},
        {(row["rule_uid"], row["path"]): row["n"] for row in hits},
    )


def _written(
    samples: Sequence[Sample], folder: Path, failures: dict[str, list[str]]
) -> list[dict[str, tuple[Sample, int | None]]]:
    """Write the samples in groups in which no event comes twice: a lake keeps one of two."""
    groups: list[dict[str, tuple[Sample, int | None]]] = []
    seen: list[set[str]] = []
    for number, sample in enumerate(samples):
        try:
            records = _records(sample.path)
        except (OSError, ValueError) as error:
            failures[sample.rule.rule_uid].append(f"{sample.path.name}: can't be read: {error}")
            continue
        own = set(records) if records is not None else {str(sample.path)}
        group = next((n for n, taken in enumerate(seen) if not taken & own), len(seen))
        if group == len(seen):
            seen.append(set())
            groups.append({})
        seen[group] |= own
        path = sample.path.absolute()
        if records is not None:
            suffix = ".log" if sample.path.suffix == ".log" else ".jsonl"
            path = folder / f"{number}{suffix}"
            path.write_text("\n".join(dict.fromkeys(records)) + "\n", "utf-8")
        groups[group][str(path)] = (sample, None if records is None else len(own))
    return groups


def _records(path: Path) -> list[str] | None:
    """Give a sample's events as lines; None for a file that only the lake can read."""
    if path.suffix == ".evtx":
        return None
    if path.stat().st_size > MAX_SAMPLE_BYTES:
        raise ValueError(f"is larger than {MAX_SAMPLE_BYTES:,} bytes")
    text = path.read_text("utf-8-sig")
    if path.suffix == ".log":
        return [line for line in text.splitlines() if line.strip()]
    decoder, place, found = json.JSONDecoder(), 0, list[str]()
    while match := _NOT_SPACE.search(text, place):
        value, place = decoder.raw_decode(text, match.start())
        values = cast(list[Any], value) if isinstance(value, list) else [value]
        found += [json.dumps(one, ensure_ascii=False) for one in values]
    return found


def _regression(rule: Rule, path: Path) -> Iterator[Sample]:
    """Read the info.yml that the rule names: paths count from a folder above the rule."""
    named = _first(path, "regression_tests_path")
    if not isinstance(named, str):
        return
    roots = list(path.absolute().parents)
    info = next((root / named for root in roots if (root / named).is_file()), None)
    root = next((root for root in roots if info and root / named == info), path.parent)
    tests = _first(info, "regression_tests_info") if info else None
    for test in cast(list[Any], tests) if isinstance(tests, list) else ():
        if not isinstance(test, dict):
            continue
        given = cast(dict[str, Any], test)
        count = given.get("match_count")
        log = _log(root / str(given.get("path", "")))
        if log is not None:
            yield Sample(rule, log, "some", count if isinstance(count, int) else 1)


def _log(path: Path) -> Path | None:
    """Prefer the JSON beside an EVTX file, which says the same."""
    for one in (path.with_suffix(".json"), path):
        if one.is_file() and one.suffix in SUFFIXES:
            return one
    return None


def _first(path: Path, key: str) -> Any:
    with suppress(Unreadable):
        for document in read_documents(read_content(path)):
            if isinstance(document.value, dict) and key in document.value:
                return cast(dict[str, Any], document.value)[key]
    return None
