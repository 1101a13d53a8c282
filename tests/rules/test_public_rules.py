"""Public rules and the real events that must fire them, through the whole ingest."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.detection import DetectReport
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.rules.detect import detect
from sentree.rules.load import LoadedRules, load_rules
from sentree.rules.rule_tests import find_samples, run_samples
from sentree.rules.taxonomy import load_taxonomy
from sentree.settings import Settings
from tests.rules.lake_events import put
from tests.rules.test_predicate import holds
from tests.rules.witnesses import rotated, witness

pytestmark = pytest.mark.realdata


def records(text: str) -> Iterator[Any]:
    decoder, place = json.JSONDecoder(), 0
    while match := re.compile(r"\S").search(text, place):
        record, place = decoder.raw_decode(text, match.start())
        yield record


def flipped(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: flipped(item) for name, item in value.items()}
    if isinstance(value, list):
        return [flipped(item) for item in value]
    return value.swapcase() if isinstance(value, str) else value


def is_case_sensitive(rule_file: Path) -> bool:
    return re.search(r"\|(re|cased|base64)", rule_file.read_text()) is not None


def run(
    settings: Settings, rules: LoadedRules, logs: list[Path]
) -> tuple[DetectReport, set[tuple[str, str]]]:
    """Give the report, and which rule fired on which file."""
    with Lake.open(settings) as lake:
        ingest(lake, logs, settings=settings)
        report = detect(lake, rules, tenant=settings.tenant)
        fired = {
            (row["rule_uid"], Path(row["path"]).stem)
            for row in lake.query(
                "SELECT d.rule_uid, s.path FROM detections AS d"
                " JOIN events AS e USING (event_uid) JOIN sources AS s USING (source_uid)"
            )
        }
    return report, fired


@pytest.fixture(scope="module")
def rules(shared_data: Path) -> LoadedRules:
    return load_rules([shared_data / "sigma" / "rules"])


def test_every_public_rule_is_read_and_can_be_run(rules: LoadedRules, shared_data: Path) -> None:
    assert rules.errors == ()
    assert len(rules.rules) == len(list((shared_data / "sigma" / "rules").glob("*.yml")))
    assert [rule.title for rule in rules.rules if rule.problem] == []


def test_every_regression_log_fires_its_rule(
    rules: LoadedRules, shared_data: Path, settings: Settings
) -> None:
    folder = shared_data / "sigma" / "regression"
    report, fired = run(settings, rules, [folder])
    known = {rule.rule_uid for rule in rules.rules}
    wanted = {(path.stem, path.stem) for path in folder.glob("*.json") if path.stem in known}
    assert wanted
    assert wanted - fired == set()
    assert report.not_runnable == ()


def test_rules_pass_the_test_of_their_sample_events(rules: LoadedRules, shared_data: Path) -> None:
    samples = list(find_samples(rules.rules, shared_data / "sigma" / "regression"))
    tests = run_samples(rules, samples)
    assert len(tests) == len(samples) > 0
    assert [(one.title, one.failures) for one in tests if one.failures] == []


def test_a_log_in_flipped_case_still_fires_its_rule(
    rules: LoadedRules, shared_data: Path, settings: Settings, tmp_path: Path
) -> None:
    wanted: set[tuple[str, str]] = set()
    for path in sorted((shared_data / "sigma" / "regression").glob("*.json")):
        rule_file = shared_data / "sigma" / "rules" / f"{path.stem}.yml"
        if not rule_file.exists() or is_case_sensitive(rule_file):
            continue
        lines: list[str] = []
        for record in records(path.read_text()):
            record["Event"]["EventData"] = flipped(record["Event"]["EventData"])
            for name in ("UtcTime",):
                record["Event"]["EventData"].pop(name, None)
            lines.append(json.dumps(record))
        (tmp_path / f"{path.stem}.json").write_text("\n".join(lines))
        wanted.add((path.stem, path.stem))
    _, fired = run(settings, rules, sorted(tmp_path.glob("*.json")))
    assert wanted
    assert wanted - fired == set()


class Fields(dict[str, str]):
    """An event for the plain reading: what is not there is None."""

    def __missing__(self, name: str) -> None:
        return None


def test_each_rule_fires_on_its_own_words_and_not_on_other_words(
    rules: LoadedRules, settings: Settings
) -> None:
    taxonomy = load_taxonomy()
    records: list[dict[str, Any]] = []
    expected: list[tuple[str, bool]] = []
    for rule in rules.rules:
        assert rule.condition is not None
        source = taxonomy.source(rule.logsource)
        words = witness(rule.condition)
        if source is None or not source.windows or words is None:
            continue
        place = next(item for item in source.any if item.channel)
        event_id = words.pop("EventID", next(iter(place.event_id), "1"))
        provider = words.pop("Provider_Name", "some provider")
        for variant in (words, {name: rotated(value) for name, value in words.items()}):
            header = {"EventID": int(event_id), "Channel": place.channel[0]}
            records.append({**header, "SourceName": provider, **variant})
            plain = Fields({**variant, "EventID": event_id, "Provider_Name": provider})
            expected.append((rule.rule_uid, holds(rule.condition, plain)))
    with Lake.open(settings) as lake:
        uids = put(lake, records, tenant=settings.tenant)
        detect(lake, rules, tenant=settings.tenant)
        hits = {
            (row["rule_uid"], row["event_uid"]) for row in lake.query("SELECT * FROM detections")
        }
    wrong = [
        (rule_uid, record, fires)
        for (rule_uid, fires), record, uid in zip(expected, records, uids, strict=True)
        if ((rule_uid, uid) in hits) is not fires
    ]
    assert wrong == []
    own = [fires for _, fires in expected[::2]]
    assert sum(own) > 0.9 * len(own)
    assert sum(fires for _, fires in expected[1::2]) < 0.1 * len(own)


def test_real_data_of_every_kind_meets_every_rule(
    rules: LoadedRules, shared_data: Path, settings: Settings
) -> None:
    kinds = ("mordor", "cloudtrail-attack", "campaigns/apt29", "ocsf-raw-windows")
    logs = [
        path
        for kind in kinds
        for path in sorted((shared_data / kind).rglob("*"))
        if path.suffix in {".gz", ".jsonl"} and path.name != "index.jsonl"
    ]
    report, fired = run(settings, rules, logs)
    assert report.not_runnable == ()
    assert report.rules_run + len(report.without_data) == report.rules_loaded
    assert fired
