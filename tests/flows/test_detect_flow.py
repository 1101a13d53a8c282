"""Detection as a Prefect flow: a task run for each part, and the account that a plain run gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from schemas.rule_choice import DetectRequest, RuleChoice
from schemas.scenario import IncidentSpec
from sentree.cli import run
from sentree.evals.generate.incident import generate_incident
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.rules.detect import detect as plain_detect
from sentree.rules.load import load_rules
from sentree.rules.packs import OWN_RULES
from sentree.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("server")]


def test_parts_side_by_side_detect_what_one_after_the_other_does(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from prefect.client.orchestration import get_client

    from flows.detect import detect

    one, two = Settings(home=tmp_path / "one"), Settings(home=tmp_path / "two")
    generate_incident(tmp_path / "logs", IncidentSpec(seed=3, days=2, benign_events=300))
    with Lake.open(one) as lake:
        ingest(lake, [tmp_path / "logs"], settings=one, tenant=one.tenant)
    shutil.copytree(one.home, two.home)
    with Lake.open(one) as lake:
        expected = plain_detect(lake, load_rules([OWN_RULES]), tenant=one.tenant)
    assert expected.detections > 10

    report = detect(DetectRequest(title="in parts", chunk_events=200), two)
    assert report == expected
    with get_client(sync_client=True) as client:
        [flow_run] = [each for each in client.read_flow_runs() if each.name == "in parts"]
        artifacts = [a for a in client.read_artifacts() if a.flow_run_id == flow_run.id]
    assert "kind:detect" in flow_run.tags
    assert [artifact.key for artifact in artifacts] == ["detections"]
    assert all(hit.title in str(artifacts[0].data) for hit in report.hits)

    again = detect(DetectRequest(choice=RuleChoice(min_level="high")), two)
    assert (again.detections_new, again.events_searched) == (0, 0)
    assert {hit.level for hit in again.hits} <= {"high", "critical"} and again.left_out
    # The command hands over to the flow where a server is configured, and tells the same.
    monkeypatch.setenv("PREFECT_API_URL", server)
    assert run(["detect", "--format", "json", "--home", str(two.home)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["detections"], told["detections_new"]) == (report.detections, 0)
