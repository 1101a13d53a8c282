"""Correlations and filters end to end: rule files, a lake, and the detections that come of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.detection import DetectReport
from sentree.lake.db import Lake
from sentree.report.detect_table import detect_table
from sentree.rules.detect import detect
from sentree.rules.load import load_rules
from sentree.settings import Settings
from tests.rules.lake_events import FIRST, put

BASE = """\
title: Failed logon
name: failed
id: 53ba33fd-3a50-4468-a5ef-c583635cfa92
level: low
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4625}, condition: selection}
---
title: Logon
name: logon
id: 4d0a2c83-c62c-4ed4-b475-c7e23a9269b8
level: informational
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4624}, condition: selection}
---
title: Whoami
name: recon
id: 7f0b0d43-1111-4222-8333-444455556666
level: low
logsource: {category: process_creation, product: windows}
detection: {selection: {Image|endswith: whoami.exe}, condition: selection}
"""
BRUTE_FORCE = """\
---
title: Brute force
name: brute_force
id: a8418a5a-5fc4-46b5-b23b-6c73beb19d41
level: medium
correlation:
  {type: event_count, rules: [failed], group-by: [TargetUserName], timespan: 10m,
   condition: {gte: 10}}
"""
THEN_LOGON = """\
---
title: Brute force that worked
id: b180ead8-d58f-40b2-ae54-c8940995b9b6
level: high
tags: [attack.t1110.001, attack.credential-access]
correlation:
  {type: temporal_ordered, rules: [brute_force, logon], group-by: [TargetUserName], timespan: 10m}
"""
NAMES = itertools.count()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Lake.open(Settings(home=tmp_path_factory.mktemp("home"))) as opened:
        yield opened


@pytest.fixture
def tenant() -> str:
    """A tenant of its own for each test, so that they may share a lake."""
    return f"tenant{next(NAMES)}"


@pytest.fixture
def run(lake: Lake, tenant: str, tmp_path: Path) -> Callable[..., DetectReport]:
    def run(rules: str, **options: Any) -> DetectReport:
        (tmp_path / "rules.yml").write_text(rules)
        return detect(lake, load_rules([tmp_path]), tenant=tenant, **options)

    return run


@pytest.fixture
def logged(lake: Lake, tenant: str) -> Callable[..., list[str]]:
    def logged(event_id: int, user: str | None, times: int = 1, at: int = 0, **data: Any) -> Any:
        if user is not None:
            data["TargetUserName"] = user
        system = {"EventID": event_id, "Channel": "Security", "Computer": data.pop("host", "pc1")}
        records = [
            {"Event": {"System": system, "EventData": {**data, "n": at + number}}}
            for number in range(times)
        ]
        return put(lake, records, tenant=tenant, start=FIRST + timedelta(seconds=at))

    return logged


def cited(lake: Lake, tenant: str, title: str) -> list[set[str]]:
    """The events of each detection of a rule."""
    rows = lake.query(
        "SELECT list(event_uid) AS uids FROM detections WHERE tenant_uid = ? AND rule_title = ?"
        " GROUP BY detection_uid ORDER BY min(time)",
        [tenant, title],
    )
    return [set(row["uids"]) for row in rows]


def test_many_failed_logons_and_then_a_logon_of_that_user_are_one_detection(
    lake: Lake, tenant: str, run: Any, logged: Any
) -> None:
    failed = logged(4625, "Bob", times=12)
    [worked] = logged(4624, "BOB", at=60)
    logged(4625, "carol", times=9)
    logged(4624, "carol", at=61)
    logged(4624, "dave", at=62)
    logged(4625, "erin", times=10, at=100)
    logged(4624, "erin", at=100 + 9 + 601)
    report = run(BASE + BRUTE_FORCE + THEN_LOGON)
    [hit] = report.correlations
    assert (hit.title, hit.level, hit.group) == (
        "Brute force that worked",
        "high",
        (("TargetUserName", "Bob"),),
    )
    assert (hit.events, hit.first.replace(tzinfo=None)) == (13, FIRST)
    assert cited(lake, tenant, "Brute force that worked") == [{*failed, worked}]
    assert (report.detections, report.silenced) == (1 + 0, 3)
    assert report.by_level == (("high", 1),)
    text = detect_table(report)
    assert "TargetUserName Bob" in text
    assert "13" in text


def test_a_rule_alerts_by_itself_too_when_a_correlation_says_generate(
    lake: Lake, tenant: str, run: Any, logged: Any
) -> None:
    logged(4625, "bob", times=11)
    report = run(BASE + BRUTE_FORCE.replace("gte: 10}", "gte: 10}, generate: true"))
    assert {hit.title: hit.events for hit in report.hits} == {"Brute force": 1, "Failed logon": 11}
    [events] = cited(lake, tenant, "Brute force")
    assert len(events) == 11
    assert len(cited(lake, tenant, "Failed logon")) == 11


def test_a_spray_is_told_by_how_many_users_one_address_tries(run: Any, logged: Any) -> None:
    spray = """\
---
title: Password spray
level: high
correlation:
  {type: value_count, rules: [failed], group-by: [IpAddress], timespan: 5m,
   condition: {field: TargetUserName, gte: 5}}
"""
    for number in range(5):
        logged(4625, f"user{number}", at=10 * number, IpAddress="203.0.113.7")
        logged(4625, f"user{number}", at=120 * number, IpAddress="198.51.100.1")
    logged(4625, "user1", times=30, IpAddress="192.0.2.1")
    [hit] = run(BASE + spray).correlations
    assert hit.group == (("IpAddress", "203.0.113.7"),)
    assert (hit.value, hit.events) == (5, 5)


ORDERED = """\
---
title: Exploited after a look around
level: high
correlation:
  {type: temporal_ordered, rules: [failed, logon], group-by: [Computer], timespan: 5m}
"""


def test_one_thing_after_the_other_on_one_host_within_the_timespan(run: Any, logged: Any) -> None:
    for failed_on, failed_at, logon_on, logon_at in (
        ("in-time", 0, "in-time", 300),
        ("too-late", 0, "too-late", 301),
        ("other-way-round", 300, "other-way-round", 0),
        ("here", 0, "elsewhere", 10),
        ("at-once", 5, "AT-ONCE", 5),
    ):
        logged(4625, "bob", at=failed_at, host=failed_on)
        logged(4624, "eve", at=logon_at, host=logon_on)
    found = {hit.group[0][1].lower() for hit in run(BASE + ORDERED).correlations}
    assert found == {"in-time", "at-once"}


def test_aliases_bring_together_what_rules_call_by_other_names(
    lake: Lake, tenant: str, run: Any, logged: Any
) -> None:
    aliased = """\
---
title: Recon by who failed to log on
correlation:
  type: temporal
  rules: [failed, recon]
  group-by: [who]
  timespan: 1h
  aliases: {who: {failed: TargetUserName, recon: User}}
"""
    [first] = logged(4625, "corp\\bob")
    system = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational"}
    data = [{"User": user, "Image": "C:\\whoami.exe"} for user in ("corp\\Bob", "corp\\eve")]
    records = [{"Event": {"System": system, "EventData": one}} for one in data]
    second, _ = put(lake, records, tenant=tenant)
    run(BASE + aliased)
    assert cited(lake, tenant, "Recon by who failed to log on") == [{first, second}]


def test_a_correlation_that_cannot_run_says_why_and_its_rules_still_alert(
    run: Any, logged: Any
) -> None:
    logged(4625, "bob")
    lost = """\
---
title: Lost
correlation: {type: temporal, rules: [failed, gone], group-by: [User], timespan: 1h}
---
title: Above
correlation: {type: temporal, rules: [failed, broken], group-by: [User], timespan: 1h}
---
title: Broken
name: broken
logsource: {product: windows, service: security}
detection: {selection: {A|re: '(?<=x)y'}, condition: selection}
---
title: Round
name: round
correlation: {type: temporal, rules: [round], group-by: [User], timespan: 1h}
"""
    report = run(BASE + lost)
    reasons = {note.title: note.reason for note in report.not_runnable}
    assert reasons["Lost"] == "it refers to 'gone', which is not loaded"
    assert reasons["Above"].startswith("it refers to 'broken', which can't be run: unsupported reg")
    assert reasons["Round"] == "it refers to 'round', which can't be run: it refers to itself"
    assert [hit.title for hit in report.hits] == ["Failed logon"]
    assert report.rules_run + len(report.not_runnable) + len(report.without_data) == 7


def test_hits_without_the_field_of_the_group_are_told_of(run: Any, logged: Any) -> None:
    logged(4625, None, times=12)
    report = run(BASE + BRUTE_FORCE)
    assert not report.correlations
    reasons = {note.title: note.reason for note in report.without_data}
    assert reasons["Brute force"] == "no hit of its rules has a value for 'TargetUserName'"


def test_a_match_is_found_when_its_events_come_in_by_and_by(
    lake: Lake, tenant: str, run: Any, logged: Any
) -> None:
    by_id = THEN_LOGON.replace("[brute_force", "[a8418a5a-5fc4-46b5-b23b-6c73beb19d41")
    rules = BASE + BRUTE_FORCE + by_id
    logged(4625, "bob", times=12)
    assert not run(rules).correlations
    seen = lake.snapshot_id()
    logged(4624, "bob", at=200)
    first = run(rules, since_snapshot=seen)
    assert (first.detections_new, first.correlations[0].events) == (1, 13)
    seen = lake.snapshot_id()
    logged(4624, "bob", at=400)
    logged(4625, "bob", times=1, at=50)
    late = run(rules, since_snapshot=seen)
    assert (late.detections_new, late.correlations[0].events) == (0, 15)
    assert late.correlations[0].detection_uid == first.correlations[0].detection_uid
    [events] = cited(lake, tenant, "Brute force that worked")
    assert len(events) == 15
    run(rules)
    before = lake.snapshot_id()
    again = run(rules)
    assert (again.detections_new, again.correlations) == (0, late.correlations)
    assert lake.snapshot_id() == before


def test_a_window_slides_and_does_not_stand_on_the_hour(run: Any, logged: Any) -> None:
    straddling = (FIRST + timedelta(minutes=55) - FIRST).seconds
    logged(4625, "bob", times=1, at=straddling)
    for number in range(9):
        logged(4625, "bob", at=straddling + 60 + 60 * number)
    logged(4625, "eve", times=5, at=0)
    logged(4625, "eve", times=5, at=597)
    report = run(BASE + BRUTE_FORCE)
    assert [hit.group[0][1] for hit in report.correlations] == ["bob"]


FILTER = """\
---
title: The scanner
logsource: {product: windows}
filter:
  rules: [failed, 4d0a2c83-c62c-4ed4-b475-c7e23a9269b8]
  scanner: {TargetUserName|startswith: svc_}
  condition: not scanner
"""


def test_a_filter_leaves_out_what_it_selects_for_rules_and_their_correlations(
    run: Any, logged: Any
) -> None:
    logged(4625, "svc_scan", times=20)
    logged(4625, "bob", times=10)
    report = run(BASE + BRUTE_FORCE + FILTER)
    assert [hit.group[0][1] for hit in report.correlations] == ["bob"]
    assert not report.load_errors


@pytest.mark.parametrize(
    ("change", "told", "filtered"),
    [
        (("product: windows", "product: linux"), "is for no rule of its log source", 0),
        (("[failed, 4", "[gone, 4"), "names the rule 'gone', which is not loaded", 1),
        (("[failed, 4d0a2c83-c62c-4ed4-b475-c7e23a9269b8]", "any"), None, 3),
        (("condition: not", "condition:"), "only what it matches is kept", 2),
        (("condition: not scanner", "condition: [a, b]"), "condition must be a string", 0),
        (("  rules: [failed, 4d0a2c83-c62c-4ed4-b475-c7e23a9269b8]\n", ""), "'rules' field", 0),
        (("startswith: svc_", "re: '(?<=x)y'"), "unsupported regex", 0),
    ],
)
def test_a_filter_that_does_not_do_what_it_should_is_told_of(
    tmp_path: Path, change: tuple[str, str], told: str | None, filtered: int
) -> None:
    assert change[0] in FILTER
    (tmp_path / "rules.yml").write_text(BASE)
    plain = load_rules([tmp_path])
    (tmp_path / "rules.yml").write_text(BASE + FILTER.replace(*change))
    loaded = load_rules([tmp_path])
    pairs = zip(plain.rules, loaded.rules, strict=True)
    assert sum(one.condition != other.condition for one, other in pairs) == filtered
    assert (
        [told in error.reason for error in loaded.errors] == [True] if told else not loaded.errors
    )


def test_neither_order_nor_chunks_change_what_is_found(run: Any, logged: Any) -> None:
    for at in (400, 1, 200, 500, 100, 300, 600, 601, 599, 598):
        logged(4625, "bob", at=at)
    whole = run(BASE + BRUTE_FORCE)
    assert run(BASE + BRUTE_FORCE, chunk_events=5).correlations == whole.correlations
    assert whole.correlations[0].value == 10
