"""The mappers on real logs: nothing raises, and the figures stay above their floors."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mapped_records import Mapped, map_documents

from ocsf.validate import hard_findings

pytestmark = pytest.mark.realdata
SAMPLE = 20_000
VALID_FLOOR = 0.95
CLASS_FLOOR = 0.98
TIMED = ("no_time", "time_unreadable", "time_out_of_range")


def texts(*paths: Path) -> Iterator[str]:
    for path in sorted(paths):
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8", "replace")
        yield from (line for line in text.split("\n") if line.startswith("{"))


def parsable(*paths: Path) -> list[str]:
    kept: list[str] = []
    for line in texts(*paths):
        try:
            json.loads(line)
        except ValueError:
            continue
        kept.append(line)
        if len(kept) == SAMPLE:
            break
    return kept


def several(path: Path) -> list[str]:
    """Give the JSON documents that follow one another in a file."""
    decoder, text, place, found = json.JSONDecoder(), path.read_text("utf-8"), 0, []
    while place < len(text):
        record, place = decoder.raw_decode(text, place)
        found.append(json.dumps(record))
        while place < len(text) and text[place].isspace():
            place += 1
    return found


def report_validity(name: str, mapped: list[Mapped], capsys: pytest.CaptureFixture[str]) -> float:
    wrong: Counter[tuple[Any, ...]] = Counter()
    valid = timed = 0
    for each in mapped:
        if set(each.issues) & set(TIMED):
            continue  # a record without a readable time can't make a valid event
        timed += 1
        event = each.event
        findings = hard_findings(event)
        valid += not findings
        wrong.update((event["class_uid"], f.code, f.path) for f in findings)
    share = valid / timed
    with capsys.disabled():
        print(f"\n{name}: {len(mapped)} records, {timed} with a time, {share:.4f} valid OCSF")
        for what, count in wrong.most_common(5):
            print(f"  {count} x {what}")
    return share


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("windows", "mordor/*.jsonl.gz"),
        ("windows", "campaigns/*/*dump-json.gz"),
        ("zeek", "campaigns/apt29/*.gz"),
        ("ocsf", "prowler-ocsf/*.jsonl"),
    ],
)
def test_real_records_become_valid_events(
    shared_data: Path, capsys: pytest.CaptureFixture[str], name: str, pattern: str
):
    mapped = map_documents(name, parsable(*shared_data.glob(pattern)))
    assert report_validity(f"{name} {pattern}", mapped, capsys) >= VALID_FLOOR


def test_real_evtx_records_become_valid_events(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
):
    paths = sorted((shared_data / "sigma" / "regression").glob("*.json"))
    mapped = map_documents("windows", [text for path in paths for text in several(path)])
    assert report_validity("windows sigma/regression", mapped, capsys) >= VALID_FLOOR


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("windows", "ocsf-raw-windows/events.jsonl"),
        ("cloudtrail", "cloudtrail-attack/events.jsonl.gz"),
    ],
)
def test_real_records_get_their_class(
    shared_data: Path, capsys: pytest.CaptureFixture[str], name: str, path: str
):
    labelled = [json.loads(line) for line in texts(shared_data / path)]
    mapped = map_documents(name, [json.dumps(each["raw"]) for each in labelled])
    pairs = [
        (m.event["class_uid"], each["class_uid"]) for m, each in zip(mapped, labelled, strict=True)
    ]
    right = sum(got == wanted for got, wanted in pairs)
    with capsys.disabled():
        print(f"\n{name}: class of {right}/{len(pairs)} records as labelled")
    assert right / len(pairs) >= CLASS_FLOOR
    assert report_validity(f"{name} {path}", mapped, capsys) >= VALID_FLOOR
