"""Each file of tests/data/sigma is a rule, the events it must match and those it must not."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sentree.lake.db import Lake
from sentree.rules.detect import detect
from sentree.rules.load import load_rules
from sentree.settings import Settings
from tests.rules.lake_events import put

CASES = sorted((Path(__file__).parents[1] / "data" / "sigma").glob("*.yml"))
SHAPES = ("evtx", "userdata", "winlogbeat", "flat")
SYSMON = "Microsoft-Windows-Sysmon/Operational"


def shaped(shape: str, case: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    channel, event_id = case.get("channel", SYSMON), case.get("event_id", 1)
    provider = case.get("provider", "some provider")
    if shape == "evtx":
        system = {
            "EventID": {"#attributes": {"Qualifiers": 0}, "#text": event_id},
            "Channel": channel,
            "Provider": {"#attributes": {"Name": provider}},
        }
        return {"Event": {"System": system, "EventData": data}}
    if shape == "userdata":
        system = {"EventID": event_id, "Channel": channel}
        system["Provider"] = {"#attributes": {"Name": provider}}
        return {"Event": {"System": system, "UserData": {"Thing": data}}}
    if shape == "winlogbeat":
        header = {"event_id": event_id, "channel": channel, "provider_name": provider}
        return {"winlog": {**header, "event_data": data}, "message": "text"}
    return {"EventID": event_id, "Channel": channel, "SourceName": provider, **data}


def case_of(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text())


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[Any]]:
    """The events that each case's rule matched in each shape; all rules meet all events."""
    folder = tmp_path_factory.mktemp("rules")
    for path in CASES:
        rule = {"title": path.stem, "level": "high", **case_of(path)["rule"]}
        (folder / path.name).write_text(yaml.safe_dump(rule))
    rules = load_rules([folder])
    assert not rules.errors
    titles = {rule.rule_uid: rule.title for rule in rules.rules}
    matched: dict[tuple[str, str], list[Any]] = {}
    with Lake.open(Settings(home=tmp_path_factory.mktemp("home"))) as lake:
        for shape in SHAPES:
            given = [
                (path.stem, data, shaped(shape, case, data))
                for path in CASES
                for case in [case_of(path)]
                for data in [*case["match"], *case["differ"]]
            ]
            uids = put(lake, [record for _, _, record in given], tenant=shape)
            report = detect(lake, rules, tenant=shape)
            assert not report.not_runnable
            stored = "SELECT event_uid, rule_uid FROM detections WHERE tenant_uid = ?"
            hits = {(r["event_uid"], titles[r["rule_uid"]]) for r in lake.query(stored, [shape])}
            for (name, data, _), uid in zip(given, uids, strict=True):
                if (uid, name) in hits:
                    matched.setdefault((shape, name), []).append(data)
    return matched


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_rule_matches_what_it_says(
    path: Path, shape: str, outcomes: dict[tuple[str, str], list[Any]]
) -> None:
    if shape == "userdata" and "blanks" in path.stem:
        pytest.skip("names below UserData are not listed, so blanks in them are not known")
    assert outcomes.get((shape, path.stem), []) == case_of(path)["match"]
