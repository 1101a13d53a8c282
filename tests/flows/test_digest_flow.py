"""The digest and the loading of watched folders as Prefect flows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tenants import event, load

from schemas.digest import DigestReport, DigestRequest, WatchRequest
from sentree.lake.db import Lake
from sentree.report.document import load_result
from sentree.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("server")]

FINDING = {"finding_info": {"title": "Malware found", "uid": "1"}, "severity_id": 5}


def last_state(name: str) -> Any:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName
    from prefect.client.schemas.sorting import FlowRunSort

    with get_client(sync_client=True) as client:
        [run] = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[name])),
            sort=FlowRunSort.START_TIME_DESC,
            limit=1,
        )
    return run


def test_the_flow_tells_once_and_says_in_its_state_when_nothing_is_new(tmp_path: Path) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

    from flows.digest import digest

    settings = Settings(home=tmp_path / "home")
    load(settings, [event("ta", 1, 2004, 1, **FINDING), event("ta", 2, 4003, 2)], tmp_path)
    request = DigestRequest(formats=("md",))
    made = digest(request, settings)
    assert (made.state, made.worst) == ("made", "critical")
    report = DigestReport.model_validate(load_result(settings.runs_dir / str(made.run_uid)).data)
    assert (report.events, [one.title for one in report.findings]) == (2, ["Malware found"])
    run = last_state("digest")
    assert (run.state.name, run.tags) == ("Completed", ["kind:digest"])
    with get_client(sync_client=True) as client:
        own = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
        artifacts = {one.key: str(one.data) for one in client.read_artifacts(artifact_filter=own)}
    assert "Malware found" in artifacts["findings"]
    assert "Malware found" in artifacts["answer"]
    again = digest(request, settings)
    assert (again.state, again.run_uid) == ("nothing-new", made.run_uid)
    assert last_state("digest").state.name == "Unchanged"


def test_the_watch_loads_new_files_and_says_what_it_could_not_read(tmp_path: Path) -> None:
    from flows.ingest import ingest

    settings = Settings(home=tmp_path / "home")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    request = WatchRequest(paths=(str(inbox),), settle_seconds=0)
    assert ingest(request, settings).found == 0
    assert last_state("ingest").state.name == "Unchanged"
    (inbox / "a.jsonl").write_text(json.dumps(event("ta", 1, 4003, 2)) + "\n")
    assert ingest(request, settings).accepted == 1
    assert last_state("ingest").state.name == "Completed"
    request = WatchRequest(paths=(str(inbox / "a.jsonl"), str(inbox / "none.jsonl")))
    report = ingest(request, settings)
    assert (report.loaded, report.unchanged, len(report.unreadable)) == (0, 1, 1)
    assert last_state("ingest").state.name == "Degraded"
    with Lake.open(settings, create=False) as lake:
        assert lake.query("SELECT count(*) AS n FROM sources")[0]["n"] == 1
