"""An explanation tells what runs: its SQL finds what detection finds."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from sentree.lake.db import Lake
from sentree.report.rule_tables import explanation
from sentree.rules.detect import detect
from sentree.rules.explain import explain
from sentree.rules.load import load_rules
from sentree.settings import Settings
from tests.rules.lake_events import FIRST, put

SYSMON = {"EventID": 3, "Channel": "Microsoft-Windows-Sysmon/Operational"}
SELECTIONS: list[Any] = [
    {"Image|endswith": "\\it's.exe"},
    {"DestinationIp|cidr": "10.0.0.0/8", "DestinationPort": 443},
    {"CommandLine|re": "a[?]b"},
    {"User": None, "Image|contains": "x?y*z"},
    {"Image|fieldref": "ParentImage"},
    {"NoSuchField": "x"},
    ["needle ?"],
    {"UtcTime|hour|gte": 8},
    {"Image|contains|cased": ["It", "XqY"]},
]
EVENTS = [
    {"Image": "C:\\IT'S.exe", "User": "bob"},
    {"Image": "XqYaZ", "ParentImage": "xqyaz"},
    {"DestinationIp": "10.1.2.3", "DestinationPort": "443", "CommandLine": "xa?b"},
    {"Image": "It's", "CommandLine": "a needle q", "UtcTime": "2026-01-01 08:00:00"},
]


def test_the_sql_of_an_explanation_finds_what_detection_finds(
    settings: Settings, tmp_path: Path
) -> None:
    for number, selection in enumerate(SELECTIONS):
        rule = {
            "title": str(number),
            "logsource": {"category": "network_connection", "product": "windows"},
            "detection": {"selection": selection, "condition": "selection"},
        }
        (tmp_path / f"{number}.yml").write_text(yaml.safe_dump(rule))
    loaded = load_rules([tmp_path])
    assert len(loaded.rules) == len(SELECTIONS)
    with Lake.open(settings) as lake:
        put(lake, [{**SYSMON, **event} for event in EVENTS])
        detect(lake, loaded, tenant="default")
        found: list[int] = []
        for rule in loaded.rules:
            told = explain(rule, {}, lake=lake)
            hits = lake.query(
                "SELECT event_uid FROM detections WHERE rule_uid = ?", [rule.rule_uid]
            )
            assert told.sql is not None and told.events_at_hand == len(EVENTS)
            run = lake.query(told.sql)
            assert {row["event_uid"] for row in run} == {row["event_uid"] for row in hits}
            found.append(len(hits))
    assert found == [1, 1, 1, 1, 1, 0, 1, 1, 2]


def test_of_many_events_only_the_newest_are_looked_at_and_that_is_said(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "a.yml").write_text(
        "title: x\nlogsource: {category: network_connection, product: windows}\n"
        "detection: {s: {Image: a}, condition: s}\n"
    )
    [rule] = load_rules([tmp_path]).rules
    old = {"Event": {"System": {**SYSMON}, "EventData": {"Image": "a"}}}
    with Lake.open(settings) as lake:
        put(lake, [old] * 3, start=FIRST)
        put(lake, [{**SYSMON, "Image": "b"}] * 5, start=FIRST + timedelta(days=1))
        put(lake, [{**SYSMON, "EventID": 1}] * 9, start=FIRST + timedelta(days=2))
        some = explain(rule, {}, lake=lake, most_events=4)
        whole = explain(rule, {}, lake=lake)
    assert (some.events_at_hand, some.events_looked_at) == (4, 4)
    assert some.fields[0].found == ("record /Image",)
    assert "layouts seen in the newest 4 events that may be of it; 4 are" in explanation(some)
    assert (whole.events_at_hand, whole.events_looked_at) == (8, None)
    assert len(whole.fields[0].found) == 2
    assert "8 events of it in the lake" in explanation(whole)


def test_without_a_lake_an_explanation_says_where_fields_would_be(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(
        "title: x\nlogsource: {category: process_creation, product: windows}\n"
        "detection: {s: {Image: a, EventID: 1}, condition: s}\n"
    )
    told = explain(load_rules([tmp_path]).rules[0], {})
    places = {one.field: one.places for one in told.fields}
    assert places["Image"] == (
        "record's own Image",
        "record's own NewProcessName",
        "OCSF /process/file/path",
    )
    assert places["EventID"][0] == "column original_id"
    assert told.selections == (("s", "(Image equals 'a' AND EventID = 1)"),)
    assert any("channel security" in line and "4688" in line for line in told.events)
