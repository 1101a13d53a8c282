"""One campaign in several tenants is found, and no tenant sees a row of another."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tenants import ADDRESS, DIGEST, DOMAIN, START, attack, event, load, mark, quiet

from schemas.correlate import CorrelateReport, CorrelateRequest, TenantReport
from schemas.result import Result
from schemas.window import Window
from sentree.analysis.correlate import Correlation, run_all
from sentree.cli import run as cli
from sentree.errors import NotFoundError, UsageError
from sentree.evals.correlate import leaks
from sentree.report.document import formats_of, save_correlation
from sentree.settings import Settings

VICTIMS, OTHERS = ("ta", "tb", "tc"), ("td", "tf")
DAY = 24 * 60
FIELDS = (
    *("host", "net", "message", "product", "user", "mail", "line", "note", "deep", "home"),
    *("query", "title", "uid"),
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Correlation, Path]:
    """Three of five tenants are attacked, one after the other; all reports are written."""
    folder = tmp_path_factory.mktemp("tenants")
    settings = Settings(home=folder / "home")
    events = [each for name in (*VICTIMS, *OTHERS) for each in quiet(name)]
    for number, name in enumerate(VICTIMS):
        events += attack(name, 600.0 + 60 * number)
    load(settings, events, folder)
    made = run_all(settings, CorrelateRequest())
    save_correlation(made.result, made.by_tenant, formats_of(made.result), settings.runs_dir)
    return made, settings.runs_dir / made.result.run_uid


def report_of(made: Correlation) -> CorrelateReport:
    return CorrelateReport.model_validate(made.result.data)


def test_the_attacked_tenants_are_one_campaign_in_the_order_in_which_it_reached_them(
    found: tuple[Correlation, Path],
) -> None:
    [campaign] = report_of(found[0]).campaigns
    assert [member.tenant for member in campaign.members] == list(VICTIMS)
    shared = {one.value for one in campaign.indicators if one.shared}
    assert {DOMAIN, ADDRESS, DIGEST} <= shared
    assert {one.tenant for one in report_of(found[0]).tenants} == {*VICTIMS, *OTHERS}


def test_every_line_cites_events_that_hold_what_it_says(found: tuple[Correlation, Path]) -> None:
    check = found[0].result.verification
    assert check.checked > 10
    assert check.kept == check.checked
    assert all(own.verification.dropped == () for own in found[0].by_tenant.values())


def test_a_technique_cites_an_event_that_shows_it(found: tuple[Correlation, Path]) -> None:
    [section] = [each for each in found[0].by_tenant["ta"].sections]
    [table] = [each for each in section.tables if each.key.endswith("techniques")]
    texts = {each.event_uid: each.event for each in found[0].by_tenant["ta"].cited_events}
    [row] = [each for each in table.rows if each.cells[1] == "T1105"]
    assert any('"T1105"' in texts[uid] for uid in row.evidence)


def test_no_output_of_one_tenant_holds_a_mark_or_the_name_of_another(
    found: tuple[Correlation, Path],
) -> None:
    made, run_dir = found
    names = (*VICTIMS, *OTHERS)
    for name in names:
        files = [each for each in (run_dir / "tenants" / name).rglob("*") if each.is_file()]
        assert len(files) > 5
        texts = [each.read_text("utf-8") for each in files]
        canaries = [mark(other, field) for other in names if other != name for field in FIELDS]
        assert leaks(texts, canaries) == []
        uids = {
            each.event_uid
            for other, own in made.by_tenant.items()
            if other != name
            for each in own.cited_events
        }
        assert leaks(texts, uids) == []
        addresses = [f"10.9.{ord(other[-1])}.7" for other in names if other != name]
        assert leaks(texts, addresses) == []


def test_an_attacked_tenant_reads_its_own_rows_and_how_many_others_there_are(
    found: tuple[Correlation, Path],
) -> None:
    own = TenantReport.model_validate(found[0].by_tenant["tb"].data)
    [campaign] = own.campaigns
    assert campaign.others == 2
    assert {one.tenant for one in campaign.indicators} == {"tb"}
    assert campaign.member.order == 1
    text = (found[1] / "tenants" / "tb" / "report.html").read_text("utf-8")
    assert DOMAIN in text
    assert mark("tb", "host") in text


def test_a_tenant_that_was_spared_reads_that_nothing_was_found(
    found: tuple[Correlation, Path],
) -> None:
    own = found[0].by_tenant["td"]
    assert TenantReport.model_validate(own.data).campaigns == ()
    assert own.cited_events == ()
    assert any("no campaign" in text for text in own.ruled_out)


def test_the_leak_search_sees_a_leak(found: tuple[Correlation, Path]) -> None:
    common = (found[1] / "report.md").read_text("utf-8")
    assert leaks([common], [mark("ta", "host")]) == [mark("ta", "host")]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake in which each day is a case of its own."""
    folder = tmp_path_factory.mktemp("cases")
    settings = Settings(home=folder / "home")
    events = [
        each for day in range(4) for name in (*VICTIMS, *OTHERS) for each in quiet(name, day=day)
    ]
    for number, name in enumerate(VICTIMS[:2]):
        own = {DOMAIN: f"only-{name}.top", ADDRESS: f"45.67.229.{number + 1}"}
        start = 600.0 + 300 * number
        digest = {DIGEST: f"{number}f" * 32, "updater.exe": f"{name}.exe"}
        events += [_changed(each, {**own, **digest}) for each in attack(name, start)]
        tool = {**own, "updater.exe": "rclone.exe"}
        events += [_changed(each, tool) for each in attack(name, DAY + start)]
        events.append(event(name, 3 * DAY + 700, 4001, 6, dst_endpoint={"ip": ADDRESS}))
    for number, name in enumerate(VICTIMS):
        own_attack = attack(name, 2 * DAY + 600.0 + 60 * number)
        events += [each for each in own_attack if each["class_uid"] != 2004]
    load(settings, events, folder)
    return settings


def request(day: int, **more: Any) -> CorrelateRequest:
    start = START + timedelta(days=day)
    return CorrelateRequest(window=Window(start=start, end=start + timedelta(days=1)), **more)


def test_what_quiet_tenants_have_too_joins_nobody(cases: Settings) -> None:
    made = run_all(cases, request(0))
    assert report_of(made).campaigns == ()
    assert made.result.ruled_out


def test_a_tool_that_anybody_may_have_does_not_join_two_attacks(cases: Settings) -> None:
    assert report_of(run_all(cases, request(1))).campaigns == ()


def test_without_detections_what_comes_together_is_found_and_the_doubt_is_said(
    cases: Settings,
) -> None:
    [campaign] = report_of(run_all(cases, request(2))).campaigns
    assert {member.tenant for member in campaign.members} == set(VICTIMS)
    assert any("No rule or finding" in text for text in campaign.against)


def test_known_intelligence_makes_a_single_quiet_sighting_count(
    cases: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "intel.json"
    bundle.write_text(
        '{"type":"bundle","id":"bundle--1f0e7d2c-0000-4000-8000-000000000001","objects":[{"type":'
        '"indicator","spec_version":"2.1","id":"indicator--1f0e7d2c-0000-4000-8000-000000000002",'
        '"created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","name":"known server",'
        f'"pattern":"[ipv4-addr:value = \'{ADDRESS}\']","pattern_type":"stix",'
        '"valid_from":"2026-01-01T00:00:00Z"}]}'
    )
    home = ["--home", str(cases.home), "--format", "json", "--quiet"]
    scope = ["--window", "2026-01-08..2026-01-08", "--intel", str(bundle), "--fail-on-campaign"]
    assert cli(["correlate", *scope, "--report", "csv", *home]) == 10
    result = Result.model_validate_json(capsys.readouterr().out)
    [campaign] = CorrelateReport.model_validate(result.data).campaigns
    assert campaign.indicators[0].intel == ("known server",)
    assert [member.tenant for member in campaign.members] == list(VICTIMS[:2])
    own = cases.runs_dir / result.run_uid / "tenants"
    assert {each.name for each in own.iterdir()} == {*VICTIMS, *OTHERS}
    assert (own / "td" / "report.csv").is_file()


def test_a_tenant_that_is_not_there_is_named_with_those_that_are(cases: Settings) -> None:
    with pytest.raises(NotFoundError, match="'zz' in scope; there are: ta, tb"):
        run_all(cases, request(0, tenants=("ta", "zz")))


def test_one_tenant_alone_is_refused_with_what_to_do(cases: Settings) -> None:
    with pytest.raises(UsageError, match="at least two tenants"):
        run_all(cases, request(0, tenants=("ta",)))


def _changed(one: dict[str, Any], changes: dict[str, str]) -> dict[str, Any]:
    text = json.dumps(one)
    for old, new in changes.items():
        text = text.replace(old, new)
    return json.loads(text)
