"""The command `triage`: what it prints, writes and returns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sentree.cli import run
from sentree.errors import ExitCode

RECORD = {
    "id": "CVE-2024-0001",
    "vendor": "Acme",
    "product": "Box",
    "description": "An issue in Acme Box that is actively exploited.",
    "cvss": {"vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
}


@pytest.fixture
def call(tmp_path: Path) -> object:
    (tmp_path / "cves.jsonl").write_text(f'{json.dumps(RECORD)}\n{{"id": "nonsense"}}\n')

    def caller(*words: str) -> int:
        path = str(tmp_path / "cves.jsonl")
        return run(["triage", path, *words, "--home", str(tmp_path / "home")])

    return caller


def test_the_ranking_is_printed_and_the_reports_are_written(
    call: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(call) and call() == ExitCode.DONE
    out = capsys.readouterr()
    assert "CVE-2024-0001" in out.out and "Act" in out.out
    assert "set aside" in out.err and "no CVE id" in out.err
    (run_dir,) = (tmp_path / "home" / "runs").iterdir()
    written = {path.name for path in run_dir.iterdir()}
    assert {"report.html", "report.md", "report.csv", "result.json"} <= written
    assert (run_dir / "report.csv").read_text("utf-8").count("\n") == 2


def test_json_on_stdout_is_one_document(call: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(call) and call("--format", "json", "--quiet") == ExitCode.DONE
    document = json.loads(capsys.readouterr().out)
    assert document["data"]["ranked"][0]["decision"] == "Act"


def test_exit_codes_tell_findings_rejects_and_wrong_words(call: object, tmp_path: Path) -> None:
    assert callable(call)
    assert call("--fail-on", "act") == ExitCode.FINDINGS
    assert call("--strict") == ExitCode.PARTLY_UNREADABLE
    assert call("--fail-on", "soon") == ExitCode.USAGE
    assert call("--top", "0") == ExitCode.USAGE
    assert run(["triage", "--home", str(tmp_path)]) == ExitCode.USAGE
    (tmp_path / "empty.json").write_text("{}")
    missing = run(["triage", str(tmp_path / "empty.json"), "--home", str(tmp_path)])
    assert missing == ExitCode.NOTHING_READABLE
