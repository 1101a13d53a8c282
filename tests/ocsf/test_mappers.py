from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from mapped_records import (
    lines,
    map_documents,
    map_lines,
    map_records,
    pair_names,
    text_pair_names,
)

from ocsf.mappers import MAPPERS, detect
from ocsf.validate import validate

# What an event may lack because its record does not have it.
EXCUSED = {"time": ("no_time", "time_unreadable", "time_out_of_range")}


@pytest.mark.parametrize("name", pair_names())
def test_records_become_the_expected_events(name: str):
    mapped = map_documents(name.split("-")[0], lines(f"{name}.input.jsonl"))
    expected = [json.loads(line) for line in lines(f"{name}.expected.jsonl")]
    for record, got, wanted in zip(lines(f"{name}.input.jsonl"), mapped, expected, strict=True):
        assert got.comparable() == wanted, record


def mapper_of(name: str) -> str:
    """Name the mapper of a pair: the longest one that its name begins with."""
    return max((each for each in MAPPERS if f"{name}-".startswith(f"{each}-")), key=len)


@pytest.mark.parametrize("name", text_pair_names())
def test_lines_become_the_expected_events_and_nobody_says_of_what_format_they_are(name: str):
    text = "\n".join(lines(f"{name}.input.log"))
    expected = [json.loads(line) for line in lines(f"{name}.expected.jsonl")]
    found = map_lines(text)
    got = [{"line": line.number, **line.mapped.comparable()} for line in found]
    assert got == expected
    assert {line.mapper for line in found} == {mapper_of(name)}


EVERY_PAIR = pair_names() + text_pair_names()


@pytest.mark.parametrize("name", [name for name in EVERY_PAIR if name != "ocsf"])
def test_every_expected_event_is_valid_ocsf(name: str):
    for line in lines(f"{name}.expected.jsonl"):
        expected = json.loads(line)
        for finding in validate(expected["event"]):
            excuse = EXCUSED.get(finding.path, ())
            assert set(excuse) & set(expected["issues"]), (finding, line)


def test_the_pairs_hold_an_event_of_every_class_a_mapper_gives():
    seen: dict[str, set[int]] = {}
    for name in EVERY_PAIR:
        classes = {
            json.loads(line)["event"]["class_uid"] for line in lines(f"{name}.expected.jsonl")
        }
        seen.setdefault(mapper_of(name), set()).update(classes)
    for name, mapper in MAPPERS.items():
        assert {rule.class_uid for rule in mapper.rules} <= seen[name]


@pytest.mark.parametrize("name", [name for name in pair_names() if name != "base"])
def test_a_format_is_known_by_its_records(name: str):
    records = [json.loads(line) for line in lines(f"{name}.input.jsonl")]
    assert detect(records) == name.split("-")[0]


# What several formats share with one that is tried earlier, or what says too little of itself.
NOT_ALONE = {"vpc_flow-json", "base", "ocsf", "windows-shapes"}


@pytest.mark.parametrize("name", [name for name in pair_names() if name not in NOT_ALONE])
def test_every_record_alone_is_known_for_what_it_is(name: str):
    for line in lines(f"{name}.input.jsonl"):
        assert detect([json.loads(line)]) in (mapper_of(name), None), line


def test_records_of_all_formats_mixed_in_one_file_find_their_mappers():
    header = "<134>Apr  2 12:00:01 relay1 shipper[7]: "
    firsts = {mapper_of(name): lines(f"{name}.input.jsonl")[0] for name in pair_names()}
    wanted = [name for name, line in firsts.items() if detect([json.loads(line)]) == name]
    behind = ["okta", "suricata", "falco", "guardduty", "github"]
    mixed = [*(firsts[name] for name in wanted), *(header + firsts[name] for name in behind)]
    assert [line.mapper for line in map_lines("\n".join(mixed))] == [*wanted, *behind]


@pytest.mark.parametrize(
    ("name", "around"),
    [
        ("azure", '{"records": RECORDS}'),
        ("security_hub", '{"detail": {"findings": RECORDS}}'),
        ("google_workspace", '{"kind": "x", "items": RECORDS}'),
        ("gcp", '{"entries": RECORDS}'),
        ("okta", '{"eventType": "x", "data": {"events": RECORDS}}'),
    ],
)
def test_lists_that_vendors_wrap_records_in_are_opened(name: str, around: str):
    records = ",".join(lines(f"{name}.input.jsonl")[:2])
    found = map_lines(around.replace("RECORDS", f"[{records}]"))
    assert [line.mapper for line in found] == [name, name]


def test_a_port_alone_makes_no_endpoint():
    record = json.loads(lines("suricata.input.jsonl")[0])
    del record["dest_ip"]
    (mapped,) = map_records("suricata", [record])
    assert "dst_endpoint" not in mapped.event["evidences"][0]
    assert mapped.event["evidences"][0]["src_endpoint"]["port"] == 51000


def test_wrapped_records_are_known_by_what_they_wrap():
    record = json.loads(lines("cloudtrail.input.jsonl")[0])
    assert detect([{"Records": [record]}]) == "cloudtrail"


@pytest.mark.parametrize("records", [[], [{}], [{"message": "x"}], [{"EventID": 4624}]])
def test_what_has_no_known_shape_is_not_guessed(records: list[dict[str, Any]]):
    assert detect(records) is None


def sysmon(**fields: Any) -> dict[str, Any]:
    return {
        "EventID": 11,
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "SourceName": "Microsoft-Windows-Sysmon",
        **fields,
    }


ZONES = [
    ("2031-04-02 05:20:03", "2031-04-02T09:20:03.4Z", "05:20:01", "2031-04-02T09:20:01"),
    ("2031-04-02 14:50:03", "2031-04-02T09:20:03.4Z", "14:50:01", "2031-04-02T09:20:01"),
    ("2031-04-02 15:05:03", "2031-04-02T09:20:03.4Z", "15:05:01", "2031-04-02T09:20:01"),
    ("2031-04-02 09:20:03", "2031-04-02T09:20:03.4Z", "09:20:01", "2031-04-02T09:20:01"),
    ("2031-04-02 23:20:03", "2031-04-02T09:20:03.4Z", "23:20:01", "2031-04-02T09:20:01"),
]
"""Received at, stamped, happened at by the clock there, and by UTC."""


def test_the_zone_of_a_local_time_is_that_between_two_stamps_of_one_instant():
    records = [
        sysmon(EventTime=f"2031-04-02 {at}", EventReceivedTime=received, **{"@timestamp": stamp})
        for received, stamp, at, _ in ZONES
    ]
    mapped = map_records("windows", records)
    read = [(each.time and each.time.isoformat(), each.issues) for each in mapped]
    assert read == [(utc, []) for *_, utc in ZONES]


def test_a_relay_that_came_days_late_gives_no_zone():
    record = sysmon(
        EventTime="2031-04-02 05:20:01",
        EventReceivedTime="2031-04-02 05:20:03",
        **{"@timestamp": "2031-04-09T09:20:03Z"},
    )
    (mapped,) = map_records("windows", [record])
    assert mapped.time and mapped.time.isoformat() == "2031-04-02T05:20:01"
    assert mapped.issues == ["zone_assumed_utc"]


def test_text_in_a_record_never_becomes_structure():
    hostile = (
        '"},"class_uid":3002,"x":{"a":"\\",\u2028\x00\x1b[31m</script>{{7*7}} \'; DROP TABLE x;--'
    )
    record = sysmon(EventID=1, Image=hostile, CommandLine=hostile, User=hostile, ProcessId="7")
    (mapped,) = map_records("windows", [record])
    assert mapped.event["class_uid"] == 1007
    assert mapped.event["process"]["cmd_line"] == hostile
    assert mapped.event["process"]["file"]["path"] == hostile


def test_text_that_looks_like_null_is_kept_when_nulls_are_dropped():
    event = json.loads(lines("ocsf.input.jsonl")[0])
    event |= {"message": '":null,', "unmapped": {"null": [None, "null", {"a": None}], "b": None}}
    (mapped,) = map_records("ocsf", [event])
    assert mapped.event["message"] == '":null,'
    assert mapped.event["unmapped"] == {"null": ["null", {}]}
    assert mapped.issues == ["nulls_dropped"]


def test_the_rules_of_a_mapper_have_one_name_each():
    for mapper in MAPPERS.values():
        names = Counter(rule.name for rule in mapper.rules)
        assert [name for name, count in names.items() if count > 1] == []
