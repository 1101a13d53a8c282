"""Real findings, frameworks and OSCAL documents, where the sample data is."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.evidence_features import Encoder
from schemas.evidence import EvidenceRequest
from sentree.analysis.evidence import assess
from sentree.analysis.evidence.catalogue import read_catalogue
from sentree.analysis.evidence.sources import read_files
from sentree.evals.evidence import found_checks, mapped_share, score_mapping
from sentree.evals.train_evidence import read_checks, train_head

pytestmark = pytest.mark.realdata
WORDS_ONLY = Encoder(None)


def test_every_real_finding_is_read(shared_data: Path) -> None:
    found = read_files([str(shared_data / "prowler-ocsf")], [])
    findings = [one for one in found.records if one.kind == "finding"]
    assert (len(findings), found.rejected) == (10, 0)
    assert {one.outcome for one in findings} == {"fail", "none"}
    assert all(one.time and one.time.year == 2025 and one.named for one in findings)


def test_a_reference_carries_its_checks_to_the_oscal_catalog_of_its_framework(
    shared_data: Path,
) -> None:
    [catalog] = sorted((shared_data / "oscal").glob("*catalog-min.json.gz"))
    read = read_catalogue(str(catalog))
    reference = read_catalogue(
        str(shared_data / "compliance/frameworks/nist_800_53_revision_5_aws.json")
    )
    evidence = read_files([str(shared_data / "compliance/checks.jsonl")], read.controls)
    report = assess(EvidenceRequest(catalog="x"), read, [reference], evidence)
    with_evidence = {one.control.control_uid for one in report.verdicts if one.links}
    assert not report.proposals
    assert {"ac-2", "ac-3", "au-2", "si-4"} <= with_evidence
    assert "pe-6" not in with_evidence
    assert {one.status for one in report.verdicts} == {"to review", "no evidence"}


def test_a_framework_that_was_not_trained_on_is_mapped_far_above_the_word_baseline(
    shared_data: Path,
) -> None:
    folder = shared_data / "compliance"
    checks = read_checks(folder / "checks.jsonl")
    trained, tested = (
        read_catalogue(str(path)) for path in sorted((folder / "frameworks").iterdir())
    )
    evidence = read_files([str(folder / "checks.jsonl")], tested.controls)
    head = train_head([trained], checks, WORDS_ONLY)
    request = EvidenceRequest(catalog=tested.path, mapping="propose")
    report = assess(request, tested, [], evidence, head=head, encoder=WORDS_ONLY)
    truth = {one.control_uid: one.checks or () for one in tested.controls if one.checks}
    assert mapped_share(score_mapping(truth, found_checks(report))) >= 0.85
