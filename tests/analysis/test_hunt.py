"""Hunting with indicators: every one is run, skipped with a reason, or can't be searched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import NAMESPACE_DNS, uuid5

import pytest
from lake_logs import lines, record

from schemas.hunt import HuntReport, HuntRequest
from schemas.result import Result
from sentree.analysis.hunt import hunt
from sentree.analysis.hunt.keep import keep_sightings
from sentree.analysis.knowledge import deliver
from sentree.cli import run as command
from sentree.errors import NotFoundError
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings


def _sysmon(number: int, event_id: int, **fields: object) -> dict[str, object]:
    return {
        **record(number, EventID=event_id, Channel="Microsoft-Windows-Sysmon/Operational"),
        "SourceName": "Microsoft-Windows-Sysmon",
        "SubjectUserName": None,
        "NewProcessName": None,
        "CommandLine": None,
        "User": "CORP\\anna",
        **fields,
    }


HASH = "3EA187E88D54B441F94E6DE40C90108CE1ACF729FB9F444EF2A65B9F57912960"
EVENTS = [
    _sysmon(0, 1, Image="C:\\Tools\\Evil.exe", CommandLine="evil -x", Hashes=f"SHA256={HASH}"),
    _sysmon(1, 3, Image="C:\\Tools\\Evil.exe", DestinationIp="8.8.4.4", DestinationPort="443"),
    _sysmon(2, 3, Image="C:\\Tools\\Evil.exe", DestinationIp="2001:db8::5", DestinationPort="80"),
    _sysmon(60, 22, Image="C:\\Tools\\Evil.exe", QueryName="www.Bad.example"),
    _sysmon(61, 13, Image="C:\\a.exe", TargetObject="HKLM\\Software\\X\\Run\\y", Details="z"),
    _sysmon(62, 1, Image="C:\\Windows\\cmd.exe", CommandLine="cmd /c 'whoami'"),
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("hunt")
    settings = Settings(home=folder / "home")
    with Lake.open(settings) as opened:
        (folder / "a.jsonl").write_text(lines(EVENTS))
        (folder / "b.jsonl").write_text(lines([_sysmon(5, 3, DestinationIp="8.8.4.4")]))
        ingest(opened, [folder / "a.jsonl"], settings=settings)
        ingest(opened, [folder / "b.jsonl"], settings=settings, tenant="other")
        yield opened


def bundle(path: Path, **patterns: str | dict[str, object]) -> Path:
    """Write indicators, by name: a pattern, or properties that it has beside the usual ones."""
    objects = [
        {
            "type": "indicator",
            "spec_version": "2.1",
            "id": f"indicator--{uuid5(NAMESPACE_DNS, name)}",
            "created": "2025-01-01T00:00:00.000Z",
            "modified": "2025-01-01T00:00:00.000Z",
            "name": name,
            "pattern_type": "stix",
            "valid_from": "2025-01-01T00:00:00Z",
            **({"pattern": given} if isinstance(given, str) else given),
        }
        for name, given in patterns.items()
    ]
    uid = f"bundle--{uuid5(NAMESPACE_DNS, path.name)}"
    path.write_text(json.dumps({"type": "bundle", "id": uid, "objects": objects}))
    return path


def _hunt(lake: Lake, settings: Settings, path: Path, **more: object) -> HuntReport:
    given = {"paths": (str(path),), "tenants": ("default",), **more}
    result: Result = hunt(lake, settings, HuntRequest.model_validate(given))
    assert result.verification.kept == result.verification.checked
    return HuntReport.model_validate(result.data)


DAY = " START t'2026-01-{:02}T00:00:00Z' STOP t'2026-01-{:02}T00:00:00Z'"
PATTERNS: list[tuple[str, int]] = [
    ("[ipv4-addr:value = '8.8.4.4']", 1),
    ("[ipv4-addr:value = '8.8.4.4/32']", 1),
    ("[ipv4-addr:value ISSUBSET '8.8.0.0/16']", 1),
    ("[ipv4-addr:value = '8.8.0.0/16']", 1),
    ("[ipv4-addr:value ISSUBSET '9.0.0.0/8']", 0),
    ("[ipv6-addr:value = '2001:0db8:0:0:0:0:0:5']", 1),
    ("[ipv6-addr:value ISSUBSET '2001:db8::/32']", 1),
    ("[network-traffic:dst_ref.value = '8.8.4.4' AND network-traffic:dst_port = 443]", 1),
    ("[network-traffic:dst_ref.value = '8.8.4.4' AND network-traffic:dst_port = 80]", 0),
    ("[network-traffic:dst_port > 79 AND network-traffic:dst_port <= 443]", 2),
    ("[network-traffic:dst_port IN (80, 8080)]", 1),
    ("[network-traffic:dst_port NOT IN (80, 8080)]", 1),
    ("[network-traffic:dst_port != 443]", 1),
    ("[domain-name:value = 'WWW.bad.EXAMPLE.']", 1),
    ("[domain-name:value LIKE '%.bad.example']", 1),
    ("[domain-name:value LIKE '___.bad.example' OR url:value = 'http://x/']", 1),
    (f"[file:hashes.'SHA-256' = '{HASH.lower()}']", 1),
    (f"[file:hashes.SHA-256 = '{HASH}' OR file:hashes.MD5 = '00']", 1),
    ("[file:name = 'evil.exe']", 4),
    ("[process:command_line MATCHES '^evil -[a-z]$']", 1),
    ("[process:command_line MATCHES '^EVIL']", 0),
    ("[process:command_line = 'cmd /c \\'whoami\\'']", 1),
    ("[process:name = 'cmd.exe'] OR [domain-name:value = 'www.bad.example']", 2),
    ("[windows-registry-key:key LIKE 'HKEY_LOCAL_MACHINE\\\\Software\\\\%']", 1),
    ("[windows-registry-key:key LIKE 'hklm\\\\software\\\\%']", 1),
    ("[user-account:account_login = 'ANNA' AND file:name = 'evil.exe']", 4),
    ("[EXISTS domain-name:value]", 1),
    ("[file:name = 'evil.exe'] FOLLOWEDBY [domain-name:value = 'www.bad.example']", 2),
    ("([file:name = 'evil.exe'] AND [process:name = 'cmd.exe']) WITHIN 1 SECONDS", 0),
    ("[ipv4-addr:value = '8.8.4.4']" + DAY.format(5, 6), 1),
    ("[ipv4-addr:value = '8.8.4.4']" + DAY.format(6, 7), 0),
    ("[ipv4-addr:value = 'x\\') OR 1=1; DROP TABLE events; --']", 0),
]
UNSEARCHABLE: list[tuple[str, str]] = [
    ("[mutex:name = 'x']", "no place for mutexes"),
    ("[x-odd:thing = 1]", "somebody's own"),
    ("[file:name = ", "none of STIX"),
    ("[file:name MATCHES '(?=x)']", "RE2"),
    ("[file:name = 'evil.exe' AND mutex:name = 'x']", "no place for mutexes"),
    ("[file:name = 'evil.exe'] FOLLOWEDBY [mutex:name = 'x']", "no place for mutexes"),
    ("[ipv4-addr:value ISSUPERSET '8.8.0.0/16']", "a single one"),
    ("[NOT EXISTS domain-name:value]", "may just not be recorded"),
]


def test_patterns_match_the_events_they_should(
    lake: Lake, settings: Settings, tmp_path: Path
) -> None:
    given = {str(place): pattern for place, (pattern, _) in enumerate(PATTERNS)}
    report = _hunt(lake, settings, bundle(tmp_path / "i.json", **given))
    assert report.run == len(PATTERNS) and not report.unsearchable
    found = {given[one.name]: one.events for one in report.sightings}
    assert found == {pattern: events for pattern, events in PATTERNS if events}


def test_what_cannot_be_searched_is_told_with_the_reason(
    lake: Lake, settings: Settings, tmp_path: Path
) -> None:
    given = {str(place): pattern for place, (pattern, _) in enumerate(UNSEARCHABLE)}
    report = _hunt(lake, settings, bundle(tmp_path / "i.json", **given))
    assert report.run == 0 and not report.sightings
    told = {one.name: one.reason for one in report.unsearchable}
    assert len(told) == len(UNSEARCHABLE)
    for place, (_, reason) in enumerate(UNSEARCHABLE):
        assert reason in told[str(place)]


def test_an_alternative_that_cannot_be_searched_leaves_the_others(
    lake: Lake, settings: Settings, tmp_path: Path
) -> None:
    path = bundle(tmp_path / "i.json", one="[mutex:name = 'x' OR file:name = 'evil.exe']")
    report = _hunt(lake, settings, path)
    assert report.sightings[0].events == 4 and "mutexes" in report.partly[0].reason


def test_only_indicators_in_force_are_run_and_the_others_listed(
    lake: Lake, settings: Settings, tmp_path: Path
) -> None:
    wanted = "[ipv4-addr:value = '8.8.4.4']"
    path = bundle(
        tmp_path / "i.json",
        valid=wanted,
        revoked={"pattern": wanted, "revoked": True},
        deprecated={"pattern": wanted, "x_mitre_deprecated": True},
        expired={"pattern": wanted, "valid_until": "2025-02-01T00:00:00Z"},
        future={"pattern": wanted, "valid_from": "2999-01-01T00:00:00Z"},
        yara={"pattern": "rule x {}", "pattern_type": "yara"},
    )
    report = _hunt(lake, settings, path)
    assert [one.name for one in report.sightings] == ["valid"]
    assert {one.name for one in report.skipped} == {
        "revoked", "deprecated", "expired", "future", "yara",
    }  # fmt: skip
    every = _hunt(lake, settings, path, include_invalid=True)
    assert len(every.sightings) == 5
    assert {one.name: one.validity for one in every.sightings}["expired"] == "after"
    inside = _hunt(lake, settings, path, include_invalid=True, within_validity=True)
    assert {one.name for one in inside.sightings} == {"valid", "revoked", "deprecated"}


def test_tenants_are_hunted_apart(lake: Lake, settings: Settings, tmp_path: Path) -> None:
    path = bundle(
        tmp_path / "i.json",
        both="[ipv4-addr:value = '8.8.4.4']",
        joined="[process:name = 'cmd.exe'] AND [ipv4-addr:value = '8.8.4.4']",
    )
    report = _hunt(lake, settings, path, tenants=())
    found = [(one.name, one.tenant, one.events) for one in report.sightings]
    assert sorted(found) == [("both", "default", 1), ("both", "other", 1), ("joined", "default", 2)]


def test_thousands_of_indicators_are_one_join(
    lake: Lake, settings: Settings, tmp_path: Path
) -> None:
    many = {
        f"i{n}": f"[ipv4-addr:value = '9.{n // 250}.{n % 250}.1' OR ipv4-addr:value = '8.8.4.4']"
        for n in range(3000)
    }
    report = _hunt(lake, settings, bundle(tmp_path / "i.json", **many))
    assert report.run == 3000 == len(report.sightings)


def test_indicators_of_the_lake_are_hunted_kept_and_fail_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(home=tmp_path / "home")
    (tmp_path / "a.jsonl").write_text(lines(EVENTS))
    path = bundle(
        tmp_path / "i.json",
        sure={"pattern": "[file:name = 'evil.exe']", "confidence": 90},
        hostile={"pattern": "[file:name = 'cmd.exe']", "name": "\x1b[2J<b>=1+1"},
    )
    with Lake.open(settings) as lake:
        deliver(lake, [tmp_path / "a.jsonl"], settings=settings)
        with pytest.raises(NotFoundError, match="sentree ingest"):
            hunt(lake, settings, HuntRequest())
        deliver(lake, [path], settings=settings)
        report = HuntReport.model_validate(hunt(lake, settings, HuntRequest()).data)
        assert report.by_level == (("high", 1), ("medium", 1))
        assert keep_sightings(lake, report) == 5 and keep_sightings(lake, report) == 0
    home = ("--home", str(settings.home))
    assert command(["hunt", *home, "--fail-on", "high"]) == 10
    out = capsys.readouterr().out
    assert "sure" in out and "\x1b" not in out
    assert command(["hunt", *home, "--fail-on", "critical", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"] == 2
