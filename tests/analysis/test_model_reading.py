"""A language model beside a computed scenario: what it may add, and what it can't."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from messages_server import Answer, MessagesServer, say

from schemas.intel_truth import IntelSpec
from schemas.result import Result
from sentree.cli import run
from sentree.errors import ExitCode
from sentree.evals.generate.intel import generate_intel

RECORD = re.compile(r"^\[(\d+)\] (.*?)(?=^\[\d+\] |\Z)", re.MULTILINE | re.DOTALL)
UID = re.compile(r'"id"\s*:\s*"([^"]+)"')


def shown(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Give the records that a request shows: number and text."""
    return RECORD.findall(body["messages"][0]["content"][0]["text"])


def finding(number: str, text: str, quote: str) -> dict[str, Any]:
    return {
        "statement": text,
        "kind": "other",
        "evidence": [{"event_uid": number, "quote": quote}],
    }


def answer(*findings: dict[str, Any]) -> Answer:
    return say(json.dumps({"answer": "", "evidence": [], "data": {"findings": findings}}))


def honest_and_not(body: dict[str, Any]) -> Answer:
    number, first = shown(body)[0]
    [uid] = UID.findall(first)[:1]
    return answer(
        finding(number, "It has a name.", uid),
        finding(number, "It says what it does not say.", "these words stand nowhere"),
        finding("9999999", "It cites what was not shown.", ""),
    )


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    generate_intel(folder, IntelSpec(seed=3, bundles=4))
    return folder


def ask(bundles: Path, home: Path, url: str, *more: str) -> list[str]:
    return [
        "intel", str(bundles), "--home", str(home), "--model", "stub", "--base-url", url,
        "--executor", "local", "--format", "json", "--report", "html", *more,
    ]  # fmt: skip


def read_result(text: str) -> Result:
    return Result.model_validate_json(text)


def test_what_a_model_adds_cites_a_record_and_the_rest_is_dropped_and_counted(
    bundles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with MessagesServer(honest_and_not) as server:
        assert run(ask(bundles, tmp_path, server.url)) == ExitCode.DONE
        first = read_result(capsys.readouterr().out)
        calls = len(server.seen)
        assert run(ask(bundles, tmp_path, server.url)) == ExitCode.DONE
        again = read_result(capsys.readouterr().out)
        assert len(server.seen) == calls, "the second run paid for what the first had been answered"
    section = next(one for one in first.sections if one.key == "model")
    [table] = section.tables
    parts = len(first.trajectory)
    assert len(table.rows) == parts and all(row.evidence for row in table.rows)
    reasons = [one.reason for one in first.verification.dropped]
    assert reasons == ["no citation of it holds in its part"] * 2 * parts
    assert first.analyst.is_language_model and "embedded" in first.analyst.name
    assert [one.key for one in first.sections if one.key != "model"] == [
        one.key for one in again.sections if one.key != "model"
    ]


def test_the_model_is_told_what_the_records_are_and_reads_in_parts(
    bundles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    systems: set[str] = set()

    def respond(body: dict[str, Any]) -> Answer:
        systems.add("\n".join(part["text"] for part in body["system"]))
        return answer()

    with MessagesServer(respond) as server:
        assert run(ask(bundles, tmp_path, server.url, "--route", "rlm")) == ExitCode.DONE
        parts = len(read_result(capsys.readouterr().out).trajectory)
        assert run(ask(bundles, tmp_path, server.url, "--route", "direct")) == ExitCode.DONE
        direct = read_result(capsys.readouterr().out)
    assert parts >= 1 and len(direct.trajectory) == 1
    assert all("The records are STIX objects" in text for text in systems)


def test_a_budget_that_ends_leaves_the_computed_part_and_says_what_was_not_read(
    bundles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with MessagesServer(honest_and_not) as server:
        words = ask(bundles, tmp_path, server.url, "--max-tokens", "100")
        assert run(words) == ExitCode.LIMIT_REACHED
        assert not server.seen
    result = read_result(capsys.readouterr().out)
    assert result.limit_hit is not None and result.limit_hit.limit == "tokens"
    section = next(one for one in result.sections if one.key == "model")
    assert any(note.startswith("Not read: ") for note in section.notes)
    assert any(one.key == "techniques" for one in result.sections)


def test_a_server_out_of_reach_is_told_and_the_computed_part_stays(
    bundles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with MessagesServer(honest_and_not) as server:
        url = server.url
    words = ask(bundles, tmp_path, url, "--max-minutes", "0.02")
    assert run(words) in (ExitCode.MODEL_UNREACHABLE, ExitCode.LIMIT_REACHED)
    assert read_result(capsys.readouterr().out).summary


CVE = {
    "cve": "CVE-2026-0001",
    "description": "A stack overflow in the login page of ExampleVPN lets anybody run code.",
    "cvss": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
}
RULE = """title: Shadow copies are deleted
status: test
author: Somebody
logsource: {category: process_creation, product: windows}
detection:
  selection: {CommandLine|contains: 'vssadmin delete shadows'}
  condition: selection
tags: [attack.t1490]
level: high
"""
STORY = "The intruder sent an e-mail with a link.\n\nThen the intruder dumped LSASS.\n"
CONTROLS = "id,title,text\nAC-2,Account Management,Accounts are managed.\nAU-2,Event Logging,Log.\n"
CHECK = {"CheckID": "iam_mfa", "CheckTitle": "MFA is on for all users", "Description": "Users."}


def told(scenario: str, number: str, text: str) -> dict[str, Any]:
    """Give one item of the scenario's leaf about a record."""
    cited = [{"event_uid": number, "quote": text.split("\n")[0][:40]}]
    match scenario:
        case "map-rules":
            item: dict[str, Any] = {
                "rule_uid": number, "technique": "T1490", "confidence": 0.9, "quote": "vssadmin",
            }  # fmt: skip
            return {"mappings": [item]}
        case "triage":
            item = {"cve": CVE["cve"], "exploitation": "poc", "reason": "It says so."}
            return {"findings": [{**item, "evidence": cited}]}
        case "chain":
            item = {"step_uid": number, "technique": "T1003.001", "probability": 0.9}
            return {"readings": [{**item, "evidence": cited, "after_step_uids": []}]}
        case _:
            item = {"control_uid": "AC-2", "check": "iam_mfa", "reason": "Both are about users."}
            return {"links": [{**item, "record_uids": [number]}], "without": ["AU-2"]}


@pytest.mark.parametrize("scenario", ["map-rules", "triage", "chain", "evidence"])
def test_every_scenario_over_records_can_be_read_by_a_model(
    scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "rule.yml").write_text(RULE, "utf-8")
    (folder / "cves.jsonl").write_text(json.dumps(CVE) + "\n", "utf-8")
    (folder / "story.txt").write_text(STORY, "utf-8")
    (folder / "controls.csv").write_text(CONTROLS, "utf-8")
    (folder / "checks.jsonl").write_text(json.dumps(CHECK) + "\n", "utf-8")
    named = {
        "map-rules": ["rule.yml"],
        "triage": ["cves.jsonl"],
        "chain": ["story.txt"],
        "evidence": ["--catalog", "controls.csv", "--evidence", "checks.jsonl"],
    }[scenario]
    paths = [word if word.startswith("--") else str(folder / word) for word in named]
    asked: list[str] = []

    def respond(body: dict[str, Any]) -> Answer:
        asked.append(json.dumps(body))
        number, text = shown(body)[0]
        data = {"answer": "", "evidence": [], "data": told(scenario, number, text)}
        return say(json.dumps(data))

    with MessagesServer(respond) as server:
        code = run(
            [scenario, *paths, "--home", str(tmp_path / "home"), "--model", "stub", "--base-url",
             server.url, "--executor", "local", "--format", "json", "--report", "md"]
        )  # fmt: skip
    result = read_result(capsys.readouterr().out)
    assert code == ExitCode.DONE
    [table] = next(one for one in result.sections if one.key == "model").tables
    assert [len(row.evidence) for row in table.rows] == [1]
    assert not result.verification.dropped
    assert "attack.t1490" not in asked[0], "a rule is read without its labels"
    if scenario == "evidence":
        assert "iam_mfa" in asked[0], "the checks stand beside every part of the controls"
