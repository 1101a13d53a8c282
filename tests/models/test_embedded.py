"""The embedded analyst: the same whatever the partitions, true quotes, calm at hostile text."""

from __future__ import annotations

import json
import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from embedded_context import START, MemoryContext, analyse, context_of, event, merged, whole
from hypothesis import given, settings
from hypothesis import strategies as st

from models.embedded import EmbeddedAnalyst
from models.patterns.wording import STATEMENT_LIMIT, plain, quote_from, stands_in
from schemas.finding import FindingKind
from schemas.trajectory import Partition
from schemas.window import Window

CMD, POWERSHELL = "C:\\Windows\\System32\\cmd.exe", "C:\\Windows\\System32\\powershell.exe"


def _incident() -> list[dict[str, Any]]:
    """A mixed slice: processes with children, logons, guesses, connections, cloud calls."""
    rows: list[dict[str, Any]] = []

    def add(seconds: int, **fields: Any) -> None:
        rows.append(event(seconds, **fields))

    for number in range(70):
        add(number * 40, log="sysmon", code=1, host=f"ws{number % 3}", process_pid=1000 + number,
            process_path=f"C:\\Program Files\\App\\tool{number % 5}.exe",
            parent_path="C:\\Windows\\explorer.exe")  # fmt: skip
    add(500, log="sysmon", code=1, host="ws1", process_path=CMD, process_pid=50,
        parent_path="C:\\Office\\WINWORD.EXE")  # fmt: skip
    add(520, log="sysmon", code=1, host="ws1", process_path="C:\\x\\odd.exe", process_pid=51,
        parent_pid=50, parent_path=CMD)  # fmt: skip
    add(521, log="security", code=4688, host="ws1", process_path="C:\\x\\odd.exe", process_pid=51,
        parent_pid=50, parent_path=CMD)  # fmt: skip
    for number in range(40):
        add(3000 + number * 60, log="zeek conn", class_uid=4001, host="10.1.0.9", src_ip="10.1.0.9",
            dst_ip="203.0.113.5", dst_port=443, src_port=5000 + number,
            event=json.dumps({"class_uid": 4001, "traffic": {"bytes_out": 200_000}}))  # fmt: skip
    for number in range(30):
        user = f"user{number % 7}"
        add(7000 + number * 7, log="security", code=4625, host="dc01", target_user=user,
            status_id=2, src_ip="10.9.9.9", logon_type_id=3)  # fmt: skip
    add(7300, log="security", code=4624, host="dc01", target_user="user3", status_id=1,
        src_ip="10.9.9.9", logon_type_id=3)  # fmt: skip
    for number in range(60):
        add(9000 + number * 9, log="cloudtrail", class_uid=6003, host="aws:1", cloud_account="1",
            actor_user="ann", src_ip="198.51.100.4",
            api_operation=f"Describe{number % 20}")  # fmt: skip
    for number in range(12):
        add(9600 + number, log="cloudtrail", class_uid=6003, host="aws:1", cloud_account="1",
            actor_user="ann", src_ip="198.51.100.4", api_operation="GetSecretValue")  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def slice_and_context() -> tuple[list[dict[str, Any]], MemoryContext]:
    rows = _incident()
    odd = next(row for row in rows if row.get("process_path") == "C:\\x\\odd.exe")
    hit = {
        "detection_uid": "d1", "rule_uid": "r1", "rule_title": "Odd program", "rule_author": "Ann",
        "level": "high", "techniques": ["T1059"], "event_uid": odd["event_uid"],
    }  # fmt: skip
    return rows, context_of(rows, [hit])


def _cut(part: Partition, choice: int) -> list[Partition]:
    """Cut a partition in one of the ways a tree may: by time, host or shard."""
    if choice % 3 == 0:
        middle = part.window.start + part.window.duration * (0.02 + (choice % 97) / 100)
        return [
            part.model_copy(update={"window": Window(start=start, end=end)})
            for start, end in ((part.window.start, middle), (middle, part.window.end))
        ]
    if choice % 3 == 1 and part.hosts is None:
        hosts = ("ws0", "ws1", "ws2", "dc01", "aws:1", "10.1.0.9", None)
        cut = choice % (len(hosts) - 1) + 1
        return [part.model_copy(update={"hosts": each}) for each in (hosts[:cut], hosts[cut:])]
    if part.shards == 1:
        shards = choice % 4 + 2
        return [part.model_copy(update={"shard": n, "shards": shards}) for n in range(shards)]
    return [part]


@settings(max_examples=12, deadline=None)
@given(choices=st.lists(st.integers(0, 10_000), min_size=1, max_size=8))
def test_any_partitioning_gives_the_same_findings_and_tallies(
    slice_and_context: tuple[list[dict[str, Any]], MemoryContext], choices: list[int]
) -> None:
    _, context = slice_and_context
    analyst = EmbeddedAnalyst()
    parts = [whole(1)]
    for number, choice in enumerate(choices):
        at = (choice * 31 + number) % len(parts)
        parts[at : at + 1] = _cut(parts[at], choice)
    together = merged([analyst.read(context, part) for part in parts])
    alone = analyst.read(context, whole(1))
    assert together.findings == alone.findings
    assert sorted(together.tallies, key=lambda t: t.key) == sorted(
        alone.tallies, key=lambda t: t.key
    )
    assert together.events_read == alone.events_read
    assert analyst.conclude(together.tallies, context) == analyst.conclude(alone.tallies, context)


def test_the_incident_is_told(
    slice_and_context: tuple[list[dict[str, Any]], MemoryContext],
) -> None:
    _, context = slice_and_context
    analyst = EmbeddedAnalyst()
    result = analyst.read(context, whole(1))
    told = "\n".join(
        each.statement for each in (*result.findings, *analyst.conclude(result.tallies, context))
    )
    assert "cmd.exe (pid 50) started by WINWORD.EXE" in told
    assert "odd.exe (pid 51) started by cmd.exe" in told
    assert "descends from cmd.exe, which was flagged" in told
    assert "rule “Odd program” matched" in told
    assert "cmd.exe started odd.exe, a pair seen once" in told
    assert "10.1.0.9 reached 203.0.113.5:443 40 times at even intervals of about 60 s" in told
    assert "10.1.0.9 sent 8 MB to 203.0.113.5" in told
    assert "30 failed logons of 7 users from 10.9.9.9" in told
    assert "user3 logged on from 10.9.9.9, which had failed" in told
    assert "ann made 60 calls of 20 read operations" in told
    assert "called GetSecretValue 12 times" in told


def test_every_quote_stands_in_the_event_it_cites(
    slice_and_context: tuple[list[dict[str, Any]], MemoryContext],
) -> None:
    rows, context = slice_and_context
    texts = {row["event_uid"]: (row["raw"], row["event"]) for row in rows}
    analyst = EmbeddedAnalyst()
    result = analyst.read(context, whole(1))
    findings = (*result.findings, *analyst.conclude(result.tallies, context))
    for finding in findings:
        assert finding.evidence
        assert finding.evidence[0].quote
        for evidence in finding.evidence:
            assert evidence.quote is None or stands_in(evidence.quote, *texts[evidence.event_uid])


def test_two_sensors_of_one_process_start_share_a_fact() -> None:
    sysmon = event(0, log="sysmon", code=1, process_pid=77, process_path="C:\\T\\Mimikatz.exe")
    audit = event(1, log="security", code=4688, process_pid=77, process_path="c:\\t\\mimikatz.exe")
    found = [each for each in analyse([sysmon, audit]) if each.score >= 80]
    assert {each.sensor for each in found} == {"sysmon", "security"}
    assert len({each.fact for each in found}) == 1


def test_a_repeated_fact_makes_one_row_a_day() -> None:
    rows = [
        event(number * 60, log="sysmon", code=3, actor_path=POWERSHELL, src_ip="10.0.0.5",
              dst_ip="203.0.113.9", dst_port=443, src_port=number)
        for number in range(100)
    ]  # fmt: skip
    told = [each for each in analyse(rows) if each.kind is not FindingKind.COMMAND_AND_CONTROL]
    assert len(told) == 1


def test_an_ordinary_day_is_quiet() -> None:
    rows = [
        event(number * 30, log="sysmon", code=1, process_pid=number, host=f"ws{number % 4}",
              process_path=f"C:\\Program Files\\App{number % 9}\\app.exe",
              parent_path="C:\\Windows\\explorer.exe")
        for number in range(600)
    ] + [
        event(number * 30 + 1, log="sysmon", code=11, host=f"ws{number % 4}",
              actor_path="C:\\Windows\\System32\\svchost.exe",
              file_path=f"C:\\Windows\\Prefetch\\APP{number}.pf")
        for number in range(600)
    ]  # fmt: skip
    assert analyse(rows) == ()


def test_guessing_needs_many_failures_in_ten_minutes() -> None:
    def failures(step: int) -> list[dict[str, Any]]:
        return [
            event(number * step, log="security", code=4625, target_user="ann", status_id=2,
                  src_ip="203.0.113.9")
            for number in range(12)
        ]  # fmt: skip

    assert [each.techniques for each in analyse(failures(20))] == [("T1110.001",)]
    assert analyse(failures(600)) == ()


def test_a_second_factor_refused_again_and_again_is_no_guessing_of_passwords() -> None:
    refused = [
        event(number * 20, class_uid=3002, activity_id=1, target_user="ann", status_id=2,
              src_ip="203.0.113.9", event='{"class_uid": 3002, "is_mfa": true}')
        for number in range(6)
    ]  # fmt: skip
    assert [each.techniques for each in analyse(refused)] == [("T1621",)]
    assert analyse(refused[:4]) == ()


HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "terminal": "\x1b]0;owned\x07\x1b[2J\x9b31m",
    "bidi": "\u202egnp.exe\u2066\u200b\ufeff",
    "nul": "a\x00b\ud800c",
    "formula": '=HYPERLINK("http://203.0.113.1")',
    "huge": "A" * 1_000_000,
    "lines": "a\r\nws01: svchost.exe — all is well.\u2028x",
    "zalgo": "e" + "\u0301" * 5_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_makes_short_harmless_statements(name: str) -> None:
    text = HOSTILE[name].encode("utf-8", "replace").decode()
    row = event(0, log="sysmon", code=1, host=f"h{text[:50]}", actor_user=text,
                process_path=f"C:\\Users\\a\\Downloads\\{text}mimikatz.exe",
                process_cmd=f"{text} sekurlsa::logonpasswords {text}",
                parent_path=f"C:\\{text}\\WINWORD.EXE")  # fmt: skip
    script = event(1, log="powershell", code=4104,
                   raw={"ScriptBlockText": f"{text} [Reflection.Assembly]::Load(1)"})  # fmt: skip
    found = analyse([row, script])
    assert {each.evidence[0].event_uid for each in found} >= {row["event_uid"], script["event_uid"]}
    for finding in found:
        for shown in (finding.statement, finding.host or "", finding.user or ""):
            assert len(shown) <= STATEMENT_LIMIT
            harmful = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
            assert not any(unicodedata.category(char) in harmful for char in shown)
            assert not any(unicodedata.combining(char) for char in shown)
        assert len(finding.fact) <= 300
        assert all(len(each.quote or "") <= 200 for each in finding.evidence)


@pytest.mark.parametrize(
    "raw",
    ["", "{", "[" * 100_000, '{"a":' * 5_000, '{"EventID":' + "9" * 10_000 + "}", "\x00", "<Event"],
)
def test_a_broken_raw_record_harms_nothing(raw: str) -> None:
    row = event(0, log="sysmon", code=1, process_path="C:\\t\\mimikatz.exe", raw=raw or "{}")
    row["raw"] = raw
    assert [each.score for each in analyse([row])] == [80]


@given(st.text(max_size=400))
def test_plain_is_bounded_and_idempotent_on_any_text(text: str) -> None:
    once = plain(text)
    assert len(once) <= 165
    assert plain(once) == once
    assert once.isprintable() or once == ""


@given(st.text(max_size=400))
def test_a_quote_reads_the_same_inside_json(text: str) -> None:
    quote = quote_from(text)
    if quote is not None:
        assert quote in text
        assert quote in json.dumps(text)


def test_events_read_and_characters_are_counted() -> None:
    rows = [event(number, class_uid=0, raw=f"line {number}") for number in range(7)]
    result = EmbeddedAnalyst().read(context_of(rows), whole())
    assert (result.events_read, result.chars_read) == (7, sum(len(r["raw"]) for r in rows))


def test_an_empty_partition_gives_an_empty_result() -> None:
    later = Window(start=START + timedelta(days=9), end=START + timedelta(days=10))
    result = EmbeddedAnalyst().read(context_of([event(0)]), Partition(window=later))
    assert (result.findings, result.tallies, result.events_read) == ((), (), 0)
