"""The command `evidence`: exit codes, streams, the lake as the source of evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.evidence_truth import ComplianceSpec, ComplianceTruth
from sentree.cli import run
from sentree.evals.generate.compliance import generate_compliance

Case = tuple[Path, ComplianceTruth]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("case")
    return folder, generate_compliance(folder, ComplianceSpec(controls=8, checks=12, hostile=1))


def evidence(tmp_path: Path, case: Case, *more: str, files: bool = True) -> int:
    folder, truth = case
    words = ["evidence", "--home", str(tmp_path), "--catalog", str(folder / truth.catalogue)]
    if files:
        words += ["--evidence", str(folder / truth.findings)]
    return run([*words, *more])


def test_gaps_are_an_exit_code_only_when_asked_for(tmp_path: Path, case: Case) -> None:
    assert evidence(tmp_path, case) == 0
    assert evidence(tmp_path, case, "--fail-on-gaps") == 11
    assert evidence(tmp_path, case, "--strict") == 5


def test_the_reports_and_the_json_of_a_run_are_there(
    tmp_path: Path, case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evidence(tmp_path, case, "--format", "json") == 0
    out = capsys.readouterr()
    assert len(json.loads(out.out)["data"]["verdicts"]) == 8
    run_dir = next((tmp_path / "runs").iterdir())
    for name in ("report.html", "report.md", "report.oscal.json", "report.csv"):
        assert (run_dir / name).stat().st_size > 0


def test_without_files_the_findings_in_the_lake_are_the_evidence(
    tmp_path: Path, case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, truth = case
    run(["ingest", str(folder / truth.findings), "--home", str(tmp_path), "--as", "ocsf"])
    window = "2026-01-01..2026-01-30"
    capsys.readouterr()
    assert evidence(tmp_path, case, "--format", "json", "--window", window, files=False) == 0
    found = json.loads(capsys.readouterr().out)
    true = {one.control_uid: one.status for one in truth.controls}
    assert {
        one["control"]["control_uid"]: one["status"] for one in found["data"]["verdicts"]
    } == true
    assert found["coverage"]["snapshot_id"] > 0


def test_another_tenant_sees_none_of_the_evidence(tmp_path: Path, case: Case) -> None:
    folder, truth = case
    run(["ingest", str(folder / truth.findings), "--home", str(tmp_path), "--as", "ocsf"])
    assert evidence(tmp_path, case, "--tenant", "other", files=False) != 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "--catalog"),
        (["--catalog", "nowhere.json"], 4, "nowhere.json"),
        (["--catalog", "x", "--window", "yesterday"], 2, "--window"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    said: str,
) -> None:
    assert run(["evidence", "--home", str(tmp_path), *words]) == code
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
