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
