"""A digest tells what is new, once: however late it comes and by however many it is made."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tenants import attack, event, mark, quiet

from schemas.digest import DigestReport, DigestRequest
from schemas.result import Result
from sentree.analysis.digest import Ending, make, opened, run
from sentree.errors import NotFoundError
from sentree.lake.claims import claimed
from sentree.lake.db import Lake
from sentree.lake.digests import record_digest
from sentree.lake.ingest import ingest
from sentree.report.document import save_result
from sentree.rules.detect import detect
from sentree.rules.load import load_rules
from sentree.settings import Settings

NOW = datetime(2026, 1, 10, tzinfo=UTC)
RULE = """title: {title}
id: 7d2d1f0a-0000-4000-8000-00000000000{number}
level: {level}
logsource: {{product: windows, category: process_creation}}
detection: {{s: {{CommandLine|contains: '{text}'}}, condition: s}}
"""


class Desk:
    """A tenant of a lake, a rule, and somebody who loads logs and asks for digests."""

    def __init__(self, folder: Path, settings: Settings, lake: Lake, tenant: str = "") -> None:
        self.folder = folder
        self.settings = settings
        self.lake = lake
        self.tenant = tenant or "acme"
        self.rules = folder / "rules"
        self.rules.mkdir()
        self.rule("Event log cleared", 1, "high", "wevtutil cl")
        # Without a tenant of its own, it digests all that the lake has.
        tenants = (tenant,) if tenant else ()
        self.request = DigestRequest(rules=(str(self.rules),), tenants=tenants)
        self.files = 0

    def rule(self, title: str, number: int, level: str, text: str) -> Path:
        path = self.rules / f"{number}.yml"
        path.write_text(RULE.format(title=title, number=number, level=level, text=text))
        return path

    def load(
        self,
        *events: dict[str, Any] | str,
        name: str = "",
        tenant: str = "",
        now: datetime = NOW,
    ) -> None:
        self.files += 1
        path = self.folder / (name or f"delivery-{self.files}.jsonl")
        lines = [each if isinstance(each, str) else json.dumps(each) for each in events]
        path.write_text("\n".join(lines) + "\n")
        owner = tenant or self.tenant
        ingest(self.lake, [path], settings=self.settings, tenant=owner, now=now)

    def digest(self, now: datetime = NOW, **more: Any) -> Ending:
        request = self.request.model_copy(update=more)
        return make(self.lake, self.settings, request, save_result, now)

    def told(self, now: datetime = NOW, **more: Any) -> DigestReport:
        ending = self.digest(now, **more)
        assert ending.outcome.state == "made", ending.outcome.message
        assert ending.result is not None
        return report_of(ending.result)

    def query(self, sql: str) -> list[dict[str, Any]]:
        return self.lake.query(sql, [self.tenant] if "?" in sql else [])

    def runs(self) -> set[str]:
        return {path.name for path in self.settings.runs_dir.glob("*")}


def report_of(result: Result) -> DigestReport:
    return DigestReport.model_validate(result.data)


def started(minute: float, line: str, host: str = "ws1") -> dict[str, Any]:
    """Make the start of a program."""
    made = event(
        "acme",
        minute,
        1007,
        1,
        process={
            "name": "cmd.exe",
            "cmd_line": line,
            "pid": 4,
            "file": {"name": "cmd.exe", "path": "C:\\Windows\\System32\\cmd.exe"},
        },
        device={"hostname": host, "type_id": 2, "os": {"name": "Windows", "type_id": 100}},
    )
    return made


def cleared(minute: float, host: str = "ws1") -> dict[str, Any]:
    return started(minute, f"wevtutil cl Security {minute}", host)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Lake]]:
    """A lake in which each test is a tenant."""
    settings = Settings(home=tmp_path_factory.mktemp("digest") / "home")
    with Lake.open(settings) as lake:
        yield settings, lake


@pytest.fixture
def desk(tmp_path: Path, shared: tuple[Settings, Lake]) -> Desk:
    return Desk(tmp_path, *shared, tenant=tmp_path.name)


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Desk]:
    """A lake of its own, all tenants of which are digested."""
    settings = Settings(home=tmp_path / "home")
    with Lake.open(settings) as lake:
        yield Desk(tmp_path, settings, lake)


def test_each_digest_tells_what_was_loaded_since_the_last_and_a_second_run_changes_nothing(
    desk: Desk,
) -> None:
    others = desk.runs()
    desk.load(cleared(1), started(2, "dir"))
    first = desk.digest()
    assert first.result is not None
    told = report_of(first.result)
    assert (told.events, len(told.sources), len(told.findings)) == (2, 1, 1)
    assert first.result.verification.kept == first.result.verification.checked > 3
    before = desk.query("SELECT id FROM lake.current_snapshot()")
    again = desk.digest(NOW + timedelta(hours=1))
    assert (again.outcome.state, again.outcome.run_uid) == ("nothing-new", first.outcome.run_uid)
    assert desk.query("SELECT id FROM lake.current_snapshot()") == before
    assert desk.runs() - others == {first.outcome.run_uid}
    desk.load(started(3, "whoami"))
    third = desk.told()
    assert (third.events, [one.accepted for one in third.sources], third.findings) == (1, [1], ())
    assert third.spans[0].last_run == first.outcome.run_uid


def test_missed_hours_are_caught_up_and_nothing_is_told_twice(desk: Desk) -> None:
    told: list[DigestReport] = []
    for hour in range(4):
        desk.load(cleared(60.0 * hour), started(60.0 * hour + 1, f"dir {hour}"))
        if hour in (0, 3):
            told.append(desk.told())
    assert [one.events for one in told] == [2, 6]
    assert [len(one.sources) for one in told] == [1, 3]
    [lake] = desk.query("SELECT count(*) AS n FROM detections WHERE tenant_uid = ?")
    assert sum(each.events for one in told for each in one.findings) == lake["n"] == 4


def test_old_events_that_arrive_late_are_new_and_counted_as_late(desk: Desk) -> None:
    desk.load(started(600, "dir"))
    desk.told()
    desk.load(cleared(5), started(700, "dir"))
    late = desk.told()
    assert (late.events, late.sources[0].late) == (2, 1)
    assert [one.title for one in late.findings] == ["Event log cleared"]


def test_a_finding_is_new_on_a_host_until_a_digest_told_it_there(desk: Desk) -> None:
    desk.load(cleared(1), cleared(2))
    assert [one.before for one in desk.told().findings] == [0]
    desk.load(cleared(3), cleared(4, "ws2"))
    ending = desk.digest()
    assert ending.result is not None
    found = {one.host: one.before for one in report_of(ending.result).findings}
    assert found == {"ws1": 2, "ws2": 0}
    assert "1 known from earlier digests" in ending.result.summary[0].text


def test_what_a_new_rule_finds_in_old_events_is_told_by_the_next_digest(desk: Desk) -> None:
    desk.load(started(1, "net user eve /add"))
    assert desk.told().findings == ()
    path = desk.rule("Account added", 2, "medium", "/add")
    detect(desk.lake, load_rules((str(path),)), tenant=desk.tenant)
    [found] = desk.told().findings
    assert (found.title, found.level, found.before) == ("Account added", "medium", 0)


def test_a_digest_that_failed_before_its_end_is_told_whole_by_the_next(desk: Desk) -> None:
    desk.load(cleared(1))
    others = desk.runs()

    def fail(result: Result, run_dir: Path) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        make(desk.lake, desk.settings, desk.request, fail, NOW)
    assert desk.runs() == others
    told = desk.told()
    assert (told.events, len(told.findings)) == (1, 1)


def test_of_two_at_once_one_tells_and_the_other_names_it(desk: Desk) -> None:
    desk.load(cleared(1))
    with opened(desk.lake, desk.settings, desk.request, NOW) as first:
        second = desk.digest()
        assert second.outcome.state == "being-made"
        assert second.outcome.run_uid == first.run_uid
        assert first.run_uid in second.outcome.message
    assert desk.told().events == 1


def digest_in_a_process(home: str, rules: str, go: Any, answers: Any) -> None:
    settings = Settings(home=Path(home))
    go.wait()
    ending = run(settings, DigestRequest(rules=(rules,)), save_result)
    answers.put((ending.outcome.state, ending.outcome.run_uid))


def test_two_processes_at_once_make_one_digest(provider: Desk) -> None:
    provider.load(*(cleared(n) for n in range(20)))
    spawn = multiprocessing.get_context("spawn")
    go, answers = spawn.Barrier(2), spawn.Queue()
    arguments = (str(provider.settings.home), str(provider.rules), go, answers)
    children = [spawn.Process(target=digest_in_a_process, args=arguments) for _ in range(2)]
    for child in children:
        child.start()
    found = [answers.get(timeout=120) for _ in children]
    for child in children:
        child.join(60)
    states = sorted(state for state, _ in found)
    assert states[0] in ("being-made", "made") and states.count("made") == 1
    assert len({run_uid for _, run_uid in found}) == 1
    [row] = provider.query("SELECT count(*) AS n, count(DISTINCT run_uid) AS runs FROM digests")
    assert (row["n"], row["runs"]) == (1, 1)
    [hits] = provider.query("SELECT sum(events) AS n FROM digest_findings")
    assert hits["n"] == 20


def test_whoever_commits_second_learns_who_was_first(desk: Desk) -> None:
    desk.load(cleared(1))
    told = desk.told()
    [row] = desk.query("SELECT run_uid FROM digests WHERE tenant_uid = ?")
    snapshot = desk.lake.snapshot_id()
    assert record_digest(desk.lake, "another", NOW, told, {}, "[]") == row["run_uid"]
    assert desk.lake.snapshot_id() == snapshot


def test_a_claim_ends_with_its_holder(tmp_path: Path) -> None:
    with (
        claimed(tmp_path, "digest", ["a"], "run one"),
        claimed(tmp_path, "digest", ["a", "b"], "run two") as second,
    ):
        assert (second.held, second.taken) == (("b",), {"a": "run one"})
    with claimed(tmp_path, "digest", ["a", "b"], "run three") as third:
        assert third.held == ("a", "b")


def test_a_look_back_tells_again_and_moves_nothing(desk: Desk) -> None:
    desk.load(cleared(1))
    made = desk.digest().outcome.run_uid
    back = desk.told(datetime.now(UTC) + timedelta(minutes=1), since_hours=24)
    assert (back.look_back, back.events, len(back.findings)) == (True, 1, 1)
    assert desk.digest().outcome.run_uid == made


def test_a_look_back_leaves_out_what_was_loaded_before(desk: Desk) -> None:
    desk.load(cleared(1))
    later = datetime.now(UTC) + timedelta(hours=3)
    assert desk.digest(later, since_hours=1.0).outcome.state == "nothing-new"


def beats(hosts: list[str], first: int, last: int) -> list[dict[str, Any]]:
    """Make a sign of life of each host every five minutes between two hours."""
    return [
        started(minute + place / 10, f"beat {minute}", host)
        for minute in range(first * 60, last * 60, 5)
        for place, host in enumerate(hosts)
    ]


def test_a_host_that_falls_silent_while_others_go_on_is_told_once(desk: Desk) -> None:
    hosts = ["ws1", "ws2", "ws3"]
    desk.load(*beats(hosts, 0, 24))
    assert desk.told().silences == ()
    desk.load(*beats(hosts[:2], 24, 25))
    assert desk.told().silences == ()
    desk.load(*beats(hosts[:2], 25, 28))
    ending = desk.digest()
    assert ending.result is not None
    [silent] = report_of(ending.result).silences
    assert (silent.name, silent.kind, silent.known) == ("ws3", "host", False)
    assert silent.usual_s == 300
    assert "ws3" in " ".join(one.text for one in ending.result.summary)
    assert desk.digest().outcome.state == "nothing-new"


def test_nights_are_a_rhythm_and_no_silence(desk: Desk) -> None:
    always, office = ["srv1", "srv2"], ["ws1"]
    for day in range(3):
        desk.load(
            *beats(always, 24 * day, 24 * day + 24), *beats(office, 24 * day + 8, 24 * day + 17)
        )
    assert desk.told().silences == ()


def test_a_feed_that_was_delivered_hourly_is_missed_when_it_stops(desk: Desk) -> None:
    for hour in range(7):
        moment = NOW + timedelta(hours=hour)
        desk.load(started(60.0 * hour, f"dir {hour}"), name=f"app-{hour:02d}.jsonl", now=moment)
    last = NOW + timedelta(hours=6)
    assert desk.told(last + timedelta(minutes=70)).silences == ()
    ending = desk.digest(last + timedelta(hours=3))
    assert ending.result is not None
    [silent] = report_of(ending.result).silences
    assert (silent.kind, silent.usual_s, silent.last_seen) == ("feed", 3600, last)
    assert silent.name.endswith("app-#.jsonl")
    assert desk.digest(last + timedelta(hours=4)).outcome.state == "nothing-new"


def test_rejects_are_told_and_cite_the_record_in_quarantine(desk: Desk) -> None:
    desk.load(started(1, "dir"), '{"time": 17, "class_uid":')
    ending = desk.digest()
    assert ending.result is not None
    [group] = report_of(ending.result).rejects
    cited = {one.event_uid: one for one in ending.result.cited_events}
    assert cited[group.sample].raw == '{"time": 17, "class_uid":'
    assert any("quarantine" in text for text in ending.result.coverage.not_searched)


def test_findings_that_records_report_count_and_passed_checks_do_not(desk: Desk) -> None:
    finding = {"finding_info": {"title": "Malware found", "uid": "1"}, "severity_id": 5}
    passed = {"finding_info": {"title": "Bucket is private", "uid": "2"}, "status_code": "PASS"}
    desk.load(event("acme", 1, 2004, 1, **finding), event("acme", 2, 2004, 1, **passed))
    [found] = desk.told().findings
    assert (found.title, found.level, found.origin) == ("Malware found", "critical", "record")


def test_several_tenants_are_told_together_and_each_stands_where_it_stood(provider: Desk) -> None:
    provider.load(cleared(1), tenant="acme")
    provider.load(cleared(2, "pc1"), tenant="globex")
    both = provider.told()
    assert [one.tenant for one in both.spans] == ["acme", "globex"]
    provider.load(cleared(3, "pc2"), tenant="globex")
    one = provider.told(tenants=("globex",))
    assert {each.tenant for each in one.findings} == {"globex"}
    assert provider.digest().outcome.state == "nothing-new"
    with pytest.raises(NotFoundError, match="nobody"):
        provider.digest(tenants=("nobody",))


def test_a_campaign_is_new_when_first_told_and_grown_when_it_reaches_another(
    provider: Desk,
) -> None:
    for name in ("ta", "tb", "tc"):
        hit = attack(name, 600.0) if name in ("ta", "tb") else []
        provider.load(*quiet(name), *hit, tenant=name)
    [first] = provider.told().campaigns
    assert (set(first.tenants), first.status) == ({"ta", "tb"}, "new")
    provider.load(*attack("tc", 700.0), tenant="tc")
    ending = provider.digest()
    assert ending.result is not None
    [second] = report_of(ending.result).campaigns
    assert (set(second.tenants), second.status) == ({"ta", "tb", "tc"}, "grown")
    assert ending.result.verification.dropped == ()
    assert "with more tenants now" in " ".join(one.text for one in ending.result.summary)


def test_what_one_tenant_is_told_has_no_mark_of_another(provider: Desk) -> None:
    for name in ("ta", "tb"):
        provider.load(event(name, 1, 4003, 2, query={"hostname": "x.example"}), "{", tenant=name)
    ending = provider.digest(tenants=("ta",))
    assert ending.result is not None
    text = ending.result.model_dump_json()
    assert mark("ta", "message") in text
    assert "canarytb" not in text


def test_a_tenant_whose_events_can_t_be_searched_is_told_next_time(provider: Desk) -> None:
    # So many that the lake keeps them in files, and not in its catalogue.
    provider.load(*(cleared(n) for n in range(50)))
    lost = list((provider.settings.lake_dir / "data").rglob("*.parquet"))
    for path in lost:
        path.rename(path.with_suffix(".lost"))
    ending = provider.digest()
    assert (ending.outcome.state, ending.outcome.degraded) == ("made", True)
    assert ending.result is not None
    assert any("told next time" in text for text in ending.result.coverage.not_searched)
    for path in lost:
        path.with_suffix(".lost").rename(path)
    told = provider.told()
    assert (told.events, len(told.findings), told.degraded) == (50, 1, ())
