"""The compliance check as a Prefect flow: the same answer as without Prefect."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.evidence import EvidenceRequest
from schemas.evidence_truth import ComplianceSpec
from sentree.analysis.evidence import run
from sentree.evals.generate.compliance import generate_compliance
from sentree.report.document import load_result
from sentree.settings import Settings

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("server")
def test_the_flow_gives_the_answer_that_the_plain_call_gives(tmp_path: Path) -> None:
    from flows.evidence import evidence

    truth = generate_compliance(tmp_path / "case", ComplianceSpec(controls=8, checks=12))
    settings = Settings(home=tmp_path / "home")
    request = EvidenceRequest(
        catalog=str(tmp_path / "case" / truth.catalogue),
        evidence=(str(tmp_path / "case" / truth.findings),),
        formats=("md", "oscal"),
    )
    run_dir = settings.runs_dir / evidence(request, settings)
    result, local = load_result(run_dir / "result.json"), run(settings, request)
    assert (result.summary, result.sections, result.data) == (
        local.summary,
        local.sections,
        local.data,
    )
    assert (run_dir / "report.oscal.json").is_file()
