"""One campaign in several tenants is found, and no tenant sees a row of another."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenants import ADDRESS, DIGEST, DOMAIN, attack, event, load, mark, quiet

from schemas.correlate import CorrelateReport, CorrelateRequest, TenantReport
from sentree.analysis.correlate import Correlation, run_all
from sentree.errors import NotFoundError, UsageError
from sentree.evals.correlate import leaks
from sentree.report.document import FORMATS, save_correlation
from sentree.settings import Settings

VICTIMS, OTHERS = ("ta", "tb", "tc"), ("td", "te", "tf")
FIELDS = (
    *("host", "net", "message", "product", "user", "mail", "line", "note", "deep", "home"),
    *("query", "title", "uid"),
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Correlation, Path]:
    """Three of six tenants are attacked, one after the other; all reports are written."""
    folder = tmp_path_factory.mktemp("tenants")
    settings = Settings(home=folder / "home")
    events = [each for name in (*VICTIMS, *OTHERS) for each in quiet(name)]
    for number, name in enumerate(VICTIMS):
        events += attack(name, 600.0 + 60 * number)
    load(settings, events, folder)
    made = run_all(settings, CorrelateRequest())
    save_correlation(made.result, made.by_tenant, tuple(FORMATS), settings.runs_dir)
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


def test_no_output_of_one_tenant_holds_a_mark_or_the_name_of_another(
    found: tuple[Correlation, Path],
) -> None:
    made, run_dir = found
    names = (*VICTIMS, *OTHERS)
    for name in names:
        files = [each for each in (run_dir / "tenants" / name).rglob("*") if each.is_file()]
        assert len(files) == len(FORMATS) + 1
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


def test_a_value_that_quiet_tenants_have_too_joins_nobody(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    events = [each for name in (*VICTIMS, *OTHERS) for each in quiet(name)]
    for number, name in enumerate(VICTIMS[:2]):
        # Each has an attack of its own, and looks up what everybody looks up.
        own = attack(name, 600.0 + 300 * number)
        text = {DOMAIN: f"only-{name}.top", ADDRESS: f"45.67.229.{number + 1}"}
        digest = {DIGEST: f"{number}f" * 32}
        events += [_changed(each, {**text, **digest, "updater.exe": f"{name}.exe"}) for each in own]
    load(settings, events, tmp_path)
    made = run_all(settings, CorrelateRequest())
    assert report_of(made).campaigns == ()
    assert made.result.ruled_out


def test_a_tool_that_anybody_may_have_does_not_join_two_attacks(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    events = [each for name in (*VICTIMS, *OTHERS) for each in quiet(name)]
    for number, name in enumerate(VICTIMS[:2]):
        own = attack(name, 600.0 + 300 * number)
        changes = {DOMAIN: f"only-{name}.top", ADDRESS: f"45.67.229.{number + 1}"}
        events += [_changed(each, {**changes, "updater.exe": "rclone.exe"}) for each in own]
    load(settings, events, tmp_path)
    assert report_of(run_all(settings, CorrelateRequest())).campaigns == ()


def test_without_detections_values_that_come_together_are_found_and_the_doubt_is_said(
    tmp_path: Path,
) -> None:
    settings = Settings(home=tmp_path / "home")
    events = [each for name in (*VICTIMS, *OTHERS) for each in quiet(name)]
    for number, name in enumerate(VICTIMS):
        events += [each for each in attack(name, 600.0 + 60 * number) if each["class_uid"] != 2004]
    load(settings, events, tmp_path)
    made = run_all(settings, CorrelateRequest())
    [campaign] = report_of(made).campaigns
    assert {member.tenant for member in campaign.members} == set(VICTIMS)
    assert any("No rule or finding" in text for text in campaign.against)


def test_known_intelligence_makes_a_single_quiet_sighting_count(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    events = [each for name in (*VICTIMS, *OTHERS) for each in quiet(name)]
    for name in VICTIMS[:2]:
        events.append(event(name, 700.0, 4001, 6, dst_endpoint={"ip": ADDRESS}))
    load(settings, events, tmp_path)
    bundle = tmp_path / "intel.json"
    bundle.write_text(
        '{"type":"bundle","id":"bundle--1f0e7d2c-0000-4000-8000-000000000001","objects":[{"type":'
        '"indicator","spec_version":"2.1","id":"indicator--1f0e7d2c-0000-4000-8000-000000000002",'
        '"created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","name":"known server",'
        f'"pattern":"[ipv4-addr:value = \'{ADDRESS}\']","pattern_type":"stix",'
        '"valid_from":"2026-01-01T00:00:00Z"}]}'
    )
    assert report_of(run_all(settings, CorrelateRequest())).campaigns == ()
    [campaign] = report_of(run_all(settings, CorrelateRequest(intel=(str(bundle),)))).campaigns
    assert campaign.indicators[0].intel == ("known server",)


def test_one_tenant_alone_is_refused_with_what_to_do(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    load(settings, quiet("ta"), tmp_path)
    with pytest.raises(UsageError, match="at least two tenants"):
        run_all(settings, CorrelateRequest())


def test_a_tenant_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    load(settings, [*quiet("ta"), *quiet("tb")], tmp_path)
    with pytest.raises(NotFoundError, match="'zz' in scope; there are: ta, tb"):
        run_all(settings, CorrelateRequest(tenants=("ta", "zz")))


def _changed(one: dict[str, object], changes: dict[str, str]) -> dict[str, object]:
    import json

    text = json.dumps(one)
    for old, new in changes.items():
        text = text.replace(old, new)
    return json.loads(text)
