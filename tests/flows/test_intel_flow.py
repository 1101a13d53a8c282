"""The intelligence report as a Prefect flow: the same answer as without Prefect."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.intel import IntelRequest
from schemas.intel_truth import IntelSpec
from sentree.analysis.intel import run
from sentree.evals.generate.intel import generate_intel
from sentree.report.document import load_result
from sentree.settings import Settings

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("server")
def test_the_flow_gives_the_answer_that_the_plain_call_gives(tmp_path: Path) -> None:
    from flows.intel import intel

    generate_intel(tmp_path / "bundles", IntelSpec(bundles=6))
    settings = Settings(home=tmp_path / "home")
    request = IntelRequest(
        paths=(str(tmp_path / "bundles"),),
        title="flow",
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
        formats=("md", "navigator"),
    )
    run_dir = settings.runs_dir / intel(request, settings)
    result, local = load_result(run_dir / "result.json"), run(settings, request)
    assert (result.summary, result.sections, result.data) == (
        local.summary,
        local.sections,
        local.data,
    )
    assert (run_dir / "report.md").is_file()
