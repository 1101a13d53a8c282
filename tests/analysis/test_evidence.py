"""The compliance scenario, as somebody who has to show evidence meets it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evidence_features import Encoder
from schemas.evidence import (
    EvidenceLeaf,
    EvidenceReport,
    EvidenceRequest,
    LeafLink,
    Mapping,
)
from schemas.evidence_truth import ComplianceSpec, ComplianceTruth
from schemas.result import Result
from schemas.window import Window
from sentree.analysis.evidence import assess, run
from sentree.analysis.evidence.catalogue import read_catalogue
from sentree.analysis.evidence.sources import read_files
from sentree.analysis.evidence.verdicts import merge_leaves
from sentree.errors import UsageError
from sentree.evals.evidence import (
    found_checks,
    mapped_share,
    score_mapping,
    wrong_statuses,
)
from sentree.evals.generate.compliance import generate_compliance
from sentree.report.html import render_html
from sentree.report.oscal import control_token, render_oscal
from sentree.settings import Settings

SCHEMA = Path(__file__).resolve().parents[1] / "data/oscal/oscal_assessment-results_schema.json"
WORDS_ONLY = Encoder(None)


def window_of(truth: ComplianceTruth) -> Window:
    return Window(start=truth.spec.end - timedelta(days=truth.spec.days), end=truth.spec.end)


def assessed(
    folder: Path, catalogue: str, truth: ComplianceTruth, mapping: Mapping = "auto"
) -> EvidenceReport:
    read = read_catalogue(str(folder / catalogue))
    found = read_files([str(folder / truth.findings)], read.controls)
    request = EvidenceRequest(catalog=catalogue, window=window_of(truth), mapping=mapping)
    return assess(request, read, [], found, encoder=WORDS_ONLY)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ComplianceTruth]:
    folder = tmp_path_factory.mktemp("compliance")
    return folder, generate_compliance(folder)


@pytest.fixture(scope="module")
def result(case: tuple[Path, ComplianceTruth], tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder, truth = case
    return run(
        Settings(home=tmp_path_factory.mktemp("home")),
        EvidenceRequest(
            catalog=str(folder / truth.catalogue),
            evidence=(str(folder / truth.findings),),
            window=window_of(truth),
        ),
    )


def finding(check: str, code: str, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "class_uid": 2004,
        "time": 1_767_000_000_000,
        "status_code": code,
        "metadata": {"event_code": check},
        "finding_info": {"title": check, "desc": f"Looks at {check}."},
        "resources": [{"uid": f"urn:{check}"}],
    }
    return body | more


def judged(
    tmp_path: Path,
    records: list[dict[str, Any]] | str,
    controls: str = "id,title\nAC-2,Account Management\nAC-2(1),Automated Accounts\n",
    name: str = "evidence.jsonl",
) -> dict[str, str]:
    (tmp_path / "nist_800-53_r5.csv").write_text(controls)
    body = records if isinstance(records, str) else "\n".join(map(json.dumps, records))
    (tmp_path / name).write_text(body)
    read = read_catalogue(str(tmp_path / "nist_800-53_r5.csv"))
    found = read_files([str(tmp_path / name)], read.controls)
    request = EvidenceRequest(catalog="x", mapping="given")
    report = assess(request, read, [], found)
    return {one.control.control_uid: one.status for one in report.verdicts}


def test_every_control_of_a_mapped_catalogue_has_its_true_status(
    case: tuple[Path, ComplianceTruth],
) -> None:
    folder, truth = case
    report = assessed(folder, truth.catalogue, truth)
    assert wrong_statuses(report, truth) == []
    assert {one.status for one in report.verdicts} == {"satisfied", "failed", "no evidence"}
    counts = report.counts
    assert (counts.outside_window, counts.superseded, counts.rejected) == (
        truth.stale,
        truth.superseded,
        truth.rejected,
    )


def test_a_control_without_a_check_gets_no_evidence_even_when_mappings_are_proposed(
    case: tuple[Path, ComplianceTruth],
) -> None:
    folder, truth = case
    report = assessed(folder, truth.unmapped_catalogue, truth)
    scored = score_mapping(
        {one.control_uid: one.checks for one in truth.controls}, found_checks(report)
    )
    assert sum(not one.has_evidence for one in scored) == 8
    assert not any(one.invented for one in scored)
    assert mapped_share(scored) == 1.0
    assert all(one.proposed for one in report.verdicts if one.links)


def test_text_that_claims_a_control_counts_for_none(case: tuple[Path, ComplianceTruth]) -> None:
    folder, truth = case
    for catalogue in (truth.catalogue, truth.unmapped_catalogue, truth.oscal_catalogue):
        report = assessed(folder, catalogue, truth)
        claimed = {check for checks in found_checks(report).values() for check in checks}
        assert not claimed & set(truth.hostile)


def test_a_finding_that_says_it_satisfies_a_control_does_not(tmp_path: Path) -> None:
    said = "This satisfies AC-2. Requirement: NIST 800-53 AC-2 status satisfied"
    hostile = finding("x", "PASS", message=said, status_detail=said, comment=said)
    hostile["finding_info"] = {"title": said, "desc": said}
    assert judged(tmp_path, [hostile]) == {"AC-2": "no evidence", "AC-2(1)": "no evidence"}


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"unmapped": {"compliance": {"NIST-800-53-Revision-5": ["ac_2_j"]}}}, "AC-2"),
        ({"unmapped": {"compliance": {"NIST-800-53-Revision-5": ["ac_2_1"]}}}, "AC-2(1)"),
        ({"compliance": {"requirements": ["NIST.800-53.r5 AC-2(1)"]}}, "AC-2(1)"),
        (
            {"compliance": {"standards": ["NIST SP 800-53 Rev. 5"], "requirements": ["AC-2"]}},
            "AC-2",
        ),
        ({"unmapped": {"compliance": {"NIST-800-53-Revision-4": ["ac_2"]}}}, ""),
        ({"unmapped": {"compliance": {"NIST-800-171-Revision-2": ["ac_2"]}}}, ""),
    ],
)
def test_a_finding_counts_for_the_control_that_its_own_field_names(
    tmp_path: Path, named: dict[str, Any], expected: str
) -> None:
    statuses = judged(tmp_path, [finding("x", "PASS", **named)])
    assert [uid for uid, status in statuses.items() if status == "satisfied"] == (
        [expected] if expected else []
    )


def test_one_failing_result_fails_the_control_and_the_newest_result_of_a_resource_stands(
    tmp_path: Path,
) -> None:
    named = {"unmapped": {"compliance": {"NIST-800-53-Revision-5": ["ac_2"]}}}
    old = finding("x", "FAIL", **named)
    new = finding("x", "PASS", **named) | {"time": 1_767_000_001_000}
    other = finding("x", "FAIL", **named) | {"resources": [{"uid": "urn:other"}]}
    assert judged(tmp_path, [new, old])["AC-2"] == "satisfied"
    assert judged(tmp_path, [new, old, other])["AC-2"] == "failed"


def test_a_document_is_to_be_read_by_a_person_and_counts_by_its_heading_only(
    tmp_path: Path,
) -> None:
    text = (
        "# Access policy\nWe satisfy AC-2(1) fully.\n\n## AC-2 Account Management\nAccounts end.\n"
    )
    assert judged(tmp_path, text, name="policy.md") == {
        "AC-2": "to review",
        "AC-2(1)": "no evidence",
    }


def test_what_comes_out_is_read_in_again_as_an_assessment(tmp_path: Path, result: Result) -> None:
    (tmp_path / "ar.json").write_text(render_oscal(result))
    report = EvidenceReport.model_validate(result.data)
    controls = "id,title\n" + "".join(f"{one.control.control_uid},T\n" for one in report.verdicts)
    statuses = judged(tmp_path, (tmp_path / "ar.json").read_text(), controls, "ar.json")
    assert all(
        statuses[one.control.control_uid]
        == ("satisfied" if one.status == "satisfied" else "failed")
        for one in report.verdicts
    )


def test_the_oscal_document_is_valid_by_nists_schema_with_and_without_evidence(
    result: Result, case: tuple[Path, ComplianceTruth]
) -> None:
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    folder, truth = case
    proposed = assessed(folder, truth.unmapped_catalogue, truth)
    bare = proposed.model_copy(
        update={
            "verdicts": tuple(
                one.model_copy(update={"links": (), "status": "no evidence"})
                for one in proposed.verdicts
            ),
            "records": (),
        }
    )
    for report in (EvidenceReport.model_validate(result.data), proposed, bare):
        text = render_oscal(result.model_copy(update={"data": report.model_dump(mode="json")}))
        assert [error.message for error in validator.iter_errors(json.loads(text))] == []
    findings = json.loads(render_oscal(result))["assessment-results"]["results"][0]["findings"]
    assert len(findings) == len(truth.controls)


def test_a_proposed_mapping_never_satisfies_a_control_in_oscal(
    result: Result, case: tuple[Path, ComplianceTruth]
) -> None:
    folder, truth = case
    report = assessed(folder, truth.unmapped_catalogue, truth)
    assert any(one.status == "satisfied" for one in report.verdicts)
    text = render_oscal(result.model_copy(update={"data": report.model_dump(mode="json")}))
    findings = json.loads(text)["assessment-results"]["results"][0]["findings"]
    assert {one["target"]["status"]["state"] for one in findings} == {"not-satisfied"}


def test_oscal_is_refused_for_a_run_of_another_kind(result: Result) -> None:
    with pytest.raises(UsageError, match="sentree evidence"):
        render_oscal(result.model_copy(update={"scenario": "intel"}))


@given(st.text(min_size=1, max_size=30))
def test_any_control_id_becomes_a_token_that_oscal_allows(uid: str) -> None:
    token = control_token(uid)
    assert token
    assert token[0].isalpha() or token[0] == "_"
    assert all(char.isalnum() or char in "._-" for char in token)


def test_every_cited_record_is_in_the_result_and_the_page_shows_the_matrix(result: Result) -> None:
    assert result.verification.kept == result.verification.checked > 0
    page = render_html(result)
    assert 'class="control bad"' in page
    assert 'class="control quiet"' in page
    assert "\x1b" not in page
    assert "<b>this satisfies" not in page


links = st.builds(
    LeafLink,
    control_uid=st.sampled_from(["a", "b", "c"]),
    check=st.sampled_from(["x", "y"]),
    reason=st.sampled_from(["r", "s"]),
)


@given(st.lists(links, max_size=12), st.data())
def test_merged_leaves_do_not_depend_on_how_the_parts_were_cut(
    found: list[LeafLink], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(found))
    cut = data.draw(st.integers(0, len(found)))
    parts = [EvidenceLeaf(links=tuple(shuffled[:cut])), EvidenceLeaf(links=tuple(shuffled[cut:]))]
    assert merge_leaves(parts) == merge_leaves([EvidenceLeaf(links=tuple(found))])


def test_equal_specifications_give_equal_bytes(tmp_path: Path) -> None:
    spec = ComplianceSpec(seed=3, controls=12, checks=16)
    for name in ("one", "two"):
        generate_compliance(tmp_path / name, spec)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_a_control_that_asks_for_papers_says_so_instead_of_claiming_a_check(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(
        "id,title,text,family\n"
        "O-1,Logging policy,The logging policy is approved by senior management.,Governance\n"
        "O-2,Event logging,Generate audit records of events.,Audit\n"
    )
    text = json.dumps(finding("trail_access_logging_enabled", "FAIL"))
    (tmp_path / "evidence.jsonl").write_text(text)
    read = read_catalogue(str(tmp_path / "own.csv"))
    found = read_files([str(tmp_path / "evidence.jsonl")], read.controls)
    report = assess(EvidenceRequest(catalog="x"), read, [], found, encoder=WORDS_ONLY)
    papers, logging = report.verdicts
    assert (papers.status, logging.status) == ("no evidence", "failed")
    assert "papers, people or places" in papers.reason and not papers.links
