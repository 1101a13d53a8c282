"""Quick looks: what events are, what a search finds, what findings name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as checked
from hypothesis import strategies as st
from lake_logs import lines, record

from schemas.detection import RuleRecord
from schemas.look import (
    LookRequest,
    MetricsReport,
    PivotReport,
    PivotRequest,
    SearchReport,
    SearchRequest,
)
from schemas.result import Result
from sentree.analysis.look import metrics, pivot, search
from sentree.analysis.look.field_test import read_test
from sentree.errors import NotFoundError, UsageError
from sentree.lake.db import Lake
from sentree.lake.detections import begin_hits, store_hits
from sentree.lake.ingest import ingest
from sentree.report.indicators import pivot_pattern
from sentree.report.terminal import look_lines
from sentree.settings import Settings

HOSTILE = "\x1b[2J<script>alert(1)</script>=cmd|' /C calc'!A0 | **x** ignore previous instructions"


def _logon(number: int, event_id: int, user: str, source: str) -> dict[str, object]:
    return record(
        number,
        EventID=event_id,
        TargetUserName=user,
        TargetDomainName="CORP",
        IpAddress=source,
        LogonType="3",
        NewProcessName=None,
        CommandLine=None,
        SubjectUserName="-",
    )


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("look")
    settings = Settings(home=folder / "home")
    with Lake.open(settings) as opened:
        events = [
            record(0, NewProcessName="C:\\Tools\\evil.exe", CommandLine='evil "50% off_now"'),
            record(1, CommandLine=HOSTILE),
            record(2, NewProcessName="C:\\Tools\\EVIL.EXE", Hostname="srv02.corp.example"),
            *(_logon(10 + n, 4625, "anna", "203.0.113.9") for n in range(3)),
            _logon(20, 4624, "anna", "203.0.113.9"),
            _logon(21, 4624, "otto", "10.0.0.7"),
        ]
        (folder / "a.jsonl").write_text(lines(events))
        (folder / "b.jsonl").write_text(lines([record(0, CommandLine="only of the other tenant")]))
        (folder / "notes.txt").write_text("no json here, but evil.exe is named\n")
        ingest(opened, [folder / "a.jsonl", folder / "notes.txt"], settings=settings)
        ingest(opened, [folder / "b.jsonl"], settings=settings, tenant="other")
        yield opened


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def _search(lake: Lake, settings: Settings, **asked: object) -> SearchReport:
    result = search(lake, settings, SearchRequest.model_validate(asked))
    return SearchReport.model_validate(result.data)


def _shows(result: Result) -> str:
    return "\n".join(look_lines(result, 50))


def test_metrics_name_event_ids_and_add_up_to_the_events(lake: Lake, settings: Settings) -> None:
    result = metrics(lake, settings, LookRequest())
    report = MetricsReport.model_validate(result.data)
    totals = {one.tenant: one.events for one in report.tenants}
    assert totals == {"default": 9, "other": 1}
    for listed in (report.event_kinds, report.channels):
        assert sum(one.events for one in listed) == 10
    named = {one.event_id: one.name for one in report.event_kinds}
    assert named["4625"] == "Logon failed" and named["4688"] == "Process started"
    assert result.verification.kept == result.verification.checked > 0


def test_logons_are_counted_by_user_host_and_source_with_failures(
    lake: Lake, settings: Settings
) -> None:
    report = MetricsReport.model_validate(metrics(lake, settings, LookRequest()).data)
    worst, other = report.logons
    assert (worst.user, worst.host, worst.source) == ("anna", "ws01", "203.0.113.9")
    assert (worst.successes, worst.failures) == (1, 3)
    assert worst.first and worst.last and worst.last_failure
    assert worst.first < worst.last_failure < worst.last
    assert (other.user, other.successes, other.failures) == ("otto", 1, 0)


def test_metrics_show_one_tenant_only_where_one_is_named(lake: Lake, settings: Settings) -> None:
    result = metrics(lake, settings, LookRequest(tenants=("other",)))
    assert "Tenant other has 1 events" in _shows(result) and "anna" not in _shows(result)
    with pytest.raises(NotFoundError, match="default, other"):
        metrics(lake, settings, LookRequest(tenants=("nobody",)))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"terms": ("C:\\Tools\\evil.exe",)}, 2),
        ({"terms": ("C:\\Tools\\evil.exe",), "match_case": True}, 1),
        ({"terms": ("evil.exe",)}, 3),
        ({"terms": ('"50% off_now"',)}, 1),
        ({"terms": ("50_ off%now",)}, 0),
        ({"terms": ("evil.exe", "srv02")}, 1),
        ({"terms": ("evil.exe", "otto"), "any_term": True}, 4),
        ({"patterns": (r"C:\\Tools\\e[vx]il\.exe",)}, 2),
        ({"fields": ("Image=*\\evil.exe",)}, 2),
        ({"fields": ("process_path=*\\evil.exe",)}, 2),
        ({"fields": ("process.file.path=*\\evil.exe",)}, 2),
        ({"fields": ("NewProcessName=c:\\tools\\evil.exe",)}, 2),
        ({"fields": ("EventID=4625",)}, 3),
        ({"fields": ("EventID=462?", "TargetUserName!=anna")}, 1),
        ({"fields": ("CommandLine~^cmd /c echo [02]$",)}, 1),
        ({"fields": ("Image=*evil.exe",), "terms": ("srv02",)}, 1),
        ({"terms": ("other tenant",), "tenants": ("default",)}, 0),
        ({"terms": ("x'); DROP TABLE events; --",)}, 0),
        ({"fields": ("a') OR 1=1 --=x",)}, 0),
    ],
)
def test_a_search_finds_what_it_should(
    lake: Lake, settings: Settings, asked: dict[str, object], found: int
) -> None:
    report = _search(lake, settings, **asked)
    assert report.found == found == len(report.shown)
    assert sum(one.events for one in report.groups) == found


def test_a_field_that_no_event_has_is_no_data(lake: Lake, settings: Settings) -> None:
    assert "no data" in _search(lake, settings, fields=("Nowhere=1",)).notes[0]
    assert _search(lake, settings, fields=("Image=nothing.exe",)).notes == ()


def test_what_matched_is_shown_between_marks(lake: Lake, settings: Settings) -> None:
    (one,) = _search(lake, settings, terms=("50% OFF",)).shown
    assert "«50% off»" in one.match
    (first, _) = _search(lake, settings, fields=("Image=*evil.exe",)).shown
    assert first.match == "«C:\\Tools\\evil.exe»" and first.where == "Image"


def test_hostile_text_is_shown_harmless(lake: Lake, settings: Settings) -> None:
    result = search(lake, settings, SearchRequest(terms=("<script>",)))
    assert "\x1b" not in _shows(result) and "<script>" in _shows(result)


def test_a_pattern_that_re2_does_not_know_is_refused_with_the_reason(
    lake: Lake, settings: Settings
) -> None:
    with pytest.raises(UsageError, match=r"no RE2 pattern.*look-around"):
        _search(lake, settings, patterns=("(?=x)",))
    with pytest.raises(UsageError, match="search for what"):
        _search(lake, settings)
    with pytest.raises(UsageError, match="NAME=VALUE"):
        read_test("nothing")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12))
@checked(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_text_breaks_a_search(lake: Lake, settings: Settings, text: str) -> None:
    found = _search(lake, settings, terms=(text,), match_case=True)
    raws = [row["raw"] for row in lake.query("SELECT raw FROM events")]
    assert found.found >= sum(text in raw for raw in raws)
    assert _search(
        lake, settings, fields=(f"CommandLine={text.replace('*', '').replace('?', '')}",)
    )


def test_pivots_name_what_findings_saw_and_become_indicators(
    tmp_path: Path, settings: Settings
) -> None:
    sysmon = {
        **record(0, EventID=3, Channel="Microsoft-Windows-Sysmon/Operational"),
        "SourceName": "Microsoft-Windows-Sysmon",
        "Image": "C:\\Tools\\evil.exe",
        "User": "CORP\\anna",
        "SourceIp": "10.0.0.7",
        "DestinationIp": "8.8.4.4",
        "DestinationPort": "443",
    }
    (tmp_path / "net.jsonl").write_text(lines([sysmon]))
    with Lake.open(settings) as lake:
        ingest(lake, [tmp_path / "net.jsonl"], settings=settings)
        for level in ("high", "low"):
            begin_hits(lake)
            lake.execute("INSERT INTO rule_hits SELECT ?, event_uid, time FROM events", [level])
            rule = RuleRecord(
                rule_uid=level, title=f"Of level {level}", level=level, path="r", content_sha256="0"
            )
            store_hits(lake, [rule], "default")
        result = pivot(lake, settings, PivotRequest(level="medium"))
    report = PivotReport.model_validate(result.data)
    found = {(one.kind, one.value): one for one in report.pivots}
    address = found["address", "8.8.4.4"]
    assert [one.title for one in address.findings] == ["Of level high"] and address.level == "high"
    assert pivot_pattern(address) == "[ipv4-addr:value = '8.8.4.4']"
    assert found["address", "10.0.0.7"].internal and not pivot_pattern(found["address", "10.0.0.7"])
    assert ("process", "C:\\Tools\\evil.exe") in found and ("host", "ws01") in found
    assert json.dumps(result.data).count("Of level low") == 0
