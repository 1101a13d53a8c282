"""Rule mapping as a Prefect flow: the same answer as without Prefect."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.map_rules import MapRulesRequest
from sentree.analysis.map_rules import run
from sentree.report.document import load_result
from sentree.settings import Settings

pytestmark = pytest.mark.slow

RULE = """title: Event log cleared with wevtutil
id: 7d2d1f0a-0000-4000-8000-000000000001
logsource: {product: windows, category: process_creation}
detection: {s: {CommandLine|contains: 'wevtutil cl'}, condition: s}
"""


@pytest.mark.usefixtures("server")
def test_the_flow_gives_the_answer_that_the_plain_call_gives(tmp_path: Path) -> None:
    from flows.map_rules import map_rules

    (tmp_path / "rule.yml").write_text(RULE)
    settings = Settings(home=tmp_path / "home")
    request = MapRulesRequest(
        paths=(str(tmp_path / "rule.yml"),), title="flow", formats=("md", "navigator")
    )
    run_dir = settings.runs_dir / map_rules(request, settings)
    result, local = load_result(run_dir / "result.json"), run(settings, request)
    assert (result.summary, result.sections, result.data) == (
        local.summary,
        local.sections,
        local.data,
    )
    assert (run_dir / "report.md").is_file()
