"""Correlation and classification as Prefect flows: the same answers as without Prefect."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenants import attack, load, quiet

from schemas.classify import ClassifyRequest
from schemas.correlate import CorrelateRequest
from sentree.analysis import classify as classification
from sentree.analysis.correlate import run_all
from sentree.report.document import load_result
from sentree.settings import Settings

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("server")
def test_the_flow_of_tenants_gives_the_answers_that_the_plain_call_gives(tmp_path: Path) -> None:
    from flows.correlate import correlate

    settings = Settings(home=tmp_path / "home")
    events = [each for name in ("ta", "tb", "tc", "td") for each in quiet(name)]
    events += [*attack("ta", 600.0), *attack("tb", 660.0)]
    load(settings, events, tmp_path)
    request = CorrelateRequest(title="flow", formats=("md",))
    run_dir = settings.runs_dir / correlate(request, settings)
    result, local = load_result(run_dir), run_all(settings, request)
    assert (result.summary, result.sections, result.data) == (
        local.result.summary,
        local.result.sections,
        local.result.data,
    )
    assert result.summary
    own = load_result(run_dir / "tenants" / "ta")
    assert own.summary == local.by_tenant["ta"].summary
    assert (run_dir / "tenants" / "td" / "report.md").is_file()


@pytest.mark.usefixtures("server")
def test_the_flow_of_records_gives_the_answer_that_the_plain_call_gives(tmp_path: Path) -> None:
    from flows.classify import classify

    settings = Settings(home=tmp_path / "home")
    path = tmp_path / "records.log"
    path.write_text('{"class_uid":3002,"class_name":"A","type_uid":300201}\nplain words\n')
    request = ClassifyRequest(paths=(str(path),), formats=("md",))
    run_dir = settings.runs_dir / classify(request, settings)
    result, local = load_result(run_dir), classification.run(settings, request)
    assert (result.summary, result.data) == (local.summary, local.data)
    assert (run_dir / "classes.jsonl").is_file()
