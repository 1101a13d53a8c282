"""Rules meet the events of their log source, whatever producer and shape these come from."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from schemas.detection import DetectReport
from schemas.window import Window
from sentree.lake.db import Lake
from sentree.rules.detect import detect
from sentree.rules.load import LogSource, load_rules
from sentree.rules.taxonomy import load_taxonomy
from sentree.settings import Settings
from tests.rules.lake_events import put

SYSMON = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational"}
WHOAMI = {
    "logsource": {"category": "process_creation", "product": "windows"},
    "detection": {"selection": {"Image|endswith": "whoami.exe"}, "condition": "selection"},
}


@pytest.fixture
def lake(settings: Settings) -> Any:
    with Lake.open(settings) as opened:
        yield opened


def run(
    lake: Lake, folder: Path, rules: Mapping[str, Any] | Sequence[Mapping[str, Any]], **options: Any
) -> DetectReport:
    given = [rules] if isinstance(rules, Mapping) else rules
    for number, rule in enumerate(given):
        (folder / f"{number}.yml").write_text(json.dumps({"title": f"rule {number}", **rule}))
    return detect(lake, load_rules([folder]), **{"tenant": "default", **options})


def matched(lake: Lake) -> set[str]:
    return {row["event_uid"] for row in lake.query("SELECT event_uid FROM detections")}


def rule(logsource: dict[str, str], **selection: Any) -> dict[str, Any]:
    named = {name.replace("__", "|"): value for name, value in selection.items()}
    return {
        "logsource": logsource,
        "detection": {"selection": named, "condition": "selection"},
    }


def test_an_ocsf_event_without_producer_fields_matches_by_its_attributes(
    lake: Lake, tmp_path: Path
) -> None:
    event = {
        "class_uid": 1007,
        "activity_id": 1,
        "device": {"os": {"type_id": 100}},
        "process": {"file": {"path": "C:\\Windows\\whoami.exe"}, "name": "whoami.exe"},
    }
    linux = {**event, "device": {"os": {"name": "Ubuntu Linux"}}}
    uids = put(lake, [event, linux], mapper="ocsf", events=[event, linux])
    run(lake, tmp_path, WHOAMI)
    assert matched(lake) == {uids[0]}


def test_the_record_that_an_ocsf_event_carries_counts_before_its_attributes(
    lake: Lake, tmp_path: Path
) -> None:
    event = {
        "class_uid": 1007,
        "activity_id": 1,
        "process": {"file": {"path": "C:\\Windows\\other.exe"}},
        "raw_data": json.dumps({"Image": "C:\\whoami.exe"}),
    }
    kept = {**event, "raw_data": "text", "unmapped": {"Image": "C:\\whoami.exe"}}
    beside = {**event, "raw_data": "text", "raw": {"Image": "C:\\whoami.exe"}}
    other = {**event, "raw_data": "{broken"}
    given = [event, kept, beside, other]
    uids = put(lake, given, mapper="ocsf", events=given)
    run(lake, tmp_path, WHOAMI)
    assert matched(lake) == set(uids[:3])


def test_header_fields_are_not_taken_from_event_data(lake: Lake, tmp_path: Path) -> None:
    cleared = {
        "Event": {
            "System": {"EventID": 104, "Channel": "System", "Computer": "real"},
            "UserData": {
                "LogFileCleared": {"Channel": "Application", "EventID": 9, "Computer": "fake"}
            },
        }
    }
    (uid,) = put(lake, [cleared])
    system = {"product": "windows", "service": "system"}
    report = run(
        lake,
        tmp_path,
        [
            rule(system, EventID=104, Channel="System", Computer="real"),
            rule(system, EventID=9),
            rule(system, Channel="Application"),
            rule(system, Computer="fake"),
        ],
    )
    assert [hit.title for hit in report.hits] == ["rule 0"]
    assert matched(lake) == {uid}


def test_dotted_names_are_paths_or_names(lake: Lake, tmp_path: Path) -> None:
    nested = {"eventName": "CreateUser", "userIdentity": {"type": "Root", "a": {"b.c": "x"}}}
    flat = {"eventName": "CreateUser", "userIdentity.type": "root"}
    other = {"eventName": "CreateUser", "userIdentity": {"type": "IAMUser"}}
    uids = put(lake, [nested, flat, other], mapper="cloudtrail")
    wanted = rule({"product": "aws", "service": "cloudtrail"}, **{"userIdentity.type": "Root"})
    run(lake, tmp_path, wanted)
    assert matched(lake) == set(uids[:2])


def test_zeek_endpoints_are_found_with_dots_and_with_underscores(
    lake: Lake, tmp_path: Path
) -> None:
    dotted = {"id.orig_h": "10.0.0.1", "query": "evil.example"}
    plain = {"id_orig_h": "10.0.0.2", "query": "evil.example"}
    away = {"id.orig_h": "192.0.2.1", "query": "evil.example"}
    uids = put(lake, [dotted, plain, away], mapper="zeek", channel="dns")
    zeek = {"product": "zeek", "service": "dns"}
    run(lake, tmp_path, rule(zeek, **{"id.orig_h|cidr": "10.0.0.0/24", "query": "evil.example"}))
    assert matched(lake) == set(uids[:2])


def test_web_rules_read_zeek_and_ocsf_requests(lake: Lake, tmp_path: Path) -> None:
    zeek = {"method": "GET", "uri": "/a/../../etc/passwd?x=1", "status_code": 200}
    (first,) = put(lake, [zeek], mapper="zeek", channel="http", class_uid=4002)
    event = {
        "class_uid": 4002,
        "http_request": {"http_method": "GET", "url": {"path": "/../../etc/passwd"}},
        "http_response": {"code": 200},
    }
    (second,) = put(lake, [event], mapper="ocsf", events=[event])
    web = rule(
        {"category": "webserver"},
        **{"cs-method": "GET", "cs-uri-stem|contains": "../../etc/passwd", "sc-status": 200},
    )
    run(lake, tmp_path, web)
    assert matched(lake) == {first, second}


def test_unknown_json_is_known_by_its_fields(lake: Lake, tmp_path: Path) -> None:
    audit = {"verb": "create", "objectRef": {"resource": "secrets"}, "user": {"username": "x"}}
    github = {"action": "repo.destroy", "actor": "eve", "org": "corp"}
    azure = {"category": "SignInLogs", "properties": {"riskEventType": "x"}, "ResultType": "50126"}
    uids = put(lake, [audit, github, azure, {"verb": "create"}], mapper="base")
    report = run(
        lake,
        tmp_path,
        [
            rule(
                {"category": "application", "product": "kubernetes", "service": "audit"},
                **{"verb": "create", "objectRef.resource": "secrets"},
            ),
            rule({"product": "github", "service": "audit"}, action="repo.destroy"),
            rule({"product": "azure", "service": "signinlogs"}, ResultType=50126),
        ],
    )
    assert [hit.events for hit in report.hits] == [1, 1, 1]
    assert matched(lake) == set(uids[:3])


def test_text_lines_are_searched_by_keywords_and_bad_json_stops_nothing(
    lake: Lake, tmp_path: Path
) -> None:
    lines = [
        "Mar  1 sshd[1]: Accepted root \\x90 from 10.0.0.1",
        "{broken sshd accepted root",
        "[1, 2",
        "",
    ]
    uids = put(lake, lines, mapper="base")
    keywords = {
        "logsource": {"product": "linux", "service": "sshd"},
        "detection": {"keywords": ["accepted root"], "condition": "keywords"},
    }
    run(lake, tmp_path, [keywords, WHOAMI, rule({"product": "github", "service": "audit"}, a=1)])
    assert matched(lake) == {uids[0]}


def test_a_list_matches_when_one_of_its_values_does(lake: Lake, tmp_path: Path) -> None:
    records = [
        {"answers": ["192.0.2.9", "10.1.1.1"], "query": "a"},
        {"answers": ["192.0.2.9"], "query": "b"},
        {"answers": [], "query": "c"},
        {"answers": '["10.9.9.9', "query": "d"},
        {"query": "e"},
    ]
    uids = put(lake, records, mapper="zeek", channel="dns", class_uid=4003)
    report = run(
        lake,
        tmp_path,
        [
            rule({"category": "dns"}, answer__cidr="10.0.0.0/8"),
            rule({"category": "dns"}, answer__endswith=".9", query__re="[ab]"),
            rule({"category": "dns"}, answer=None),
            rule({"category": "dns"}, answer__startswith='["10.9'),
        ],
    )
    found = {hit.title: hit.events for hit in report.hits}
    assert found == {"rule 0": 1, "rule 1": 2, "rule 2": 2, "rule 3": 1}
    assert matched(lake) == set(uids)


def test_window_and_tenant_bound_what_is_looked_at(lake: Lake, tmp_path: Path) -> None:
    uids = put(lake, [{**SYSMON, "Image": "whoami.exe"} for _ in range(4)])
    put(lake, [{**SYSMON, "Image": "whoami.exe"}], tenant="other")
    window = Window.parse("2026-03-01T08:00:01..2026-03-01T08:00:03")
    report = run(lake, tmp_path, WHOAMI, window=window)
    assert (report.events, report.detections) == (2, 2)
    assert matched(lake) == set(uids[1:3])


def test_only_events_loaded_since_a_snapshot_are_looked_at(lake: Lake, tmp_path: Path) -> None:
    put(lake, [{**SYSMON, "Image": "whoami.exe"}])
    before = lake.snapshot_id()
    (uid,) = put(lake, [{**SYSMON, "Image": "WHOAMI.EXE"}])
    report = run(lake, tmp_path, WHOAMI, since_snapshot=before)
    assert (report.events, report.detections) == (1, 1)
    assert matched(lake) == {uid}
    assert run(lake, tmp_path, WHOAMI, since_snapshot=lake.snapshot_id()).events == 0


def test_the_size_of_chunks_changes_nothing(lake: Lake, tmp_path: Path) -> None:
    records = [{**SYSMON, "Image": f"{number}whoami.exe"} for number in range(30)]
    put(lake, records)
    put(lake, [{**record, "Task": 1} for record in records[:7]], time=None)
    first = run(lake, tmp_path, WHOAMI)
    again = run(lake, tmp_path, WHOAMI, chunk_events=4)
    assert first.detections == 37
    assert [hit.new for hit in first.hits] == [37]
    assert again.hits == tuple(hit.model_copy(update={"new": 0}) for hit in first.hits)
    assert again.detections_new == 0


def test_the_report_accounts_for_every_rule(lake: Lake, tmp_path: Path) -> None:
    put(lake, [{**SYSMON, "Image": "whoami.exe"}])
    windows = {"category": "process_creation", "product": "windows"}
    report = run(
        lake,
        tmp_path,
        [
            {**WHOAMI, "level": "high"},
            rule(windows, Image="other.exe"),
            rule(windows, NoSuchField="x"),
            rule({"category": "dns"}, query="x"),
            rule({"category": "toast", "product": "windows"}, bread="burnt"),
            rule(windows, Image__re="(?=x)y"),
            rule(windows, Image__expand="%servers%"),
            rule(windows, Image__re="(?<name>x"),
        ],
    )
    assert [note.title for note in report.load_errors] == []
    assert report.rules_loaded == 8
    assert report.rules_run == 2
    assert [note.title for note in report.without_data] == ["rule 2", "rule 3"]
    reasons = {note.title: note.reason for note in report.not_runnable}
    assert set(reasons) == {"rule 4", "rule 5", "rule 6", "rule 7"}
    assert "log source category toast" in reasons["rule 4"]
    assert "unsupported regex '(?=x)y'" in reasons["rule 5"]
    assert "placeholder %servers%" in reasons["rule 6"]
    assert report.by_level == (("high", 1),)


def test_an_empty_lake_and_no_rules_are_fine(lake: Lake, tmp_path: Path) -> None:
    assert run(lake, tmp_path, []).rules_loaded == 0
    assert run(lake, tmp_path, WHOAMI).without_data[0].title == "rule 0"


def test_every_general_windows_log_source_is_known() -> None:
    taxonomy = load_taxonomy()
    for category in ("process_creation", "registry_set", "image_load", "dns_query", "ps_script"):
        assert taxonomy.source(LogSource(category, "windows", None))
    for service in ("security", "system", "application", "taskscheduler", "windefend", "wmi"):
        assert taxonomy.source(LogSource(None, "windows", service))
    assert taxonomy.source(LogSource("nothing", "windows", None)) is None


def test_a_general_category_is_the_same_for_every_product_and_service() -> None:
    taxonomy = load_taxonomy()
    webserver = taxonomy.source(LogSource("webserver", None, None))
    assert taxonomy.source(LogSource("webserver", None, "apache")) is webserver
    assert taxonomy.source(LogSource("webserver", "some product", None)) is webserver
    assert taxonomy.source(LogSource("process_creation", "esxi", None)) is None
