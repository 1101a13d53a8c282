"""The chain of accounts as a Prefect flow: the same answer as without Prefect."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.chain import ChainRequest
from sentree.analysis.chain import run
from sentree.report.document import load_result
from sentree.settings import Settings

pytestmark = pytest.mark.slow

TOLD = "1. Phishing: a mail came.\n2. PowerShell: a script ran.\n3. LSASS Memory: was dumped.\n"


@pytest.mark.usefixtures("server")
def test_the_flow_gives_the_answer_that_the_plain_call_gives(tmp_path: Path) -> None:
    from flows.chain import chain

    (tmp_path / "told.md").write_text(TOLD)
    settings = Settings(home=tmp_path / "home")
    request = ChainRequest(
        paths=(str(tmp_path / "told.md"),), title="flow", formats=("md", "attack-flow")
    )
    run_dir = settings.runs_dir / chain(request, settings)
    result, local = load_result(run_dir / "result.json"), run(settings, request)
    assert (result.summary, result.sections, result.data) == (
        local.summary,
        local.sections,
        local.data,
    )
    assert (run_dir / "report.attack-flow.json").is_file()
