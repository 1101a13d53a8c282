"""The triage as a Prefect flow: the same answer as without Prefect."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.triage import TriageRequest
from schemas.triage_truth import TriageSpec
from sentree.analysis.triage import run
from sentree.evals.generate.vulnerabilities import generate_vulnerabilities
from sentree.report.document import load_result
from sentree.settings import Settings

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("server")
def test_the_flow_gives_the_answer_that_the_plain_call_gives(tmp_path: Path) -> None:
    from flows.triage import triage

    truth = generate_vulnerabilities(tmp_path / "in", TriageSpec(cves=40, assets=10))
    settings = Settings(home=tmp_path / "home")
    request = TriageRequest(
        paths=tuple(str(tmp_path / "in" / name) for name in truth.records),
        assets=(str(tmp_path / "in" / truth.assets[0]),),
        epss=(str(tmp_path / "in" / truth.epss[0]),),
        title="flow",
        formats=("md", "csv"),
    )
    run_dir = settings.runs_dir / triage(request, settings)
    result, local = load_result(run_dir / "result.json"), run(settings, request)
    assert (result.summary, result.sections, result.data) == (
        local.summary,
        local.sections,
        local.data,
    )
    assert (run_dir / "report.csv").is_file()
