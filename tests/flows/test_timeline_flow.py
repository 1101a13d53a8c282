"""The timeline as a Prefect flow: the same answer, observable state, and a run that goes on."""

from __future__ import annotations

import pytest
from incident import IncidentLake

from schemas.request import TimelineRequest
from schemas.result import Result
from sentree.report.document import load_result

pytestmark = pytest.mark.slow


def test_the_flow_gives_the_answer_that_plain_threads_give(
    server: str, incident_lake: IncidentLake, incident_timeline: Result
) -> None:
    from prefect.client.orchestration import get_client

    from flows.timeline import timeline

    request = TimelineRequest(case="flow", formats=("md",))
    state = timeline(request, incident_lake.settings, return_state=True)
    assert (state.name, state.is_completed()) == ("Completed", True)
    result = load_result(incident_lake.settings.runs_dir / state.result() / "result.json")
    local = incident_timeline
    assert (result.timeline, result.summary) == (local.timeline, local.summary)

    with get_client(sync_client=True) as client:
        (run,) = [one for one in client.read_flow_runs() if one.name == "timeline flow"]
        names = {one.name for one in client.read_task_runs(limit=200) if one.flow_run_id == run.id}
        artifacts = {one.key: one for one in client.read_artifacts() if one.flow_run_id == run.id}
    assert {"scope flow", "route flow", "verify and conclude flow"} <= names
    assert any(name.startswith("d1 ") for name in names)
    assert any(name.startswith("d0 reduce ") for name in names)
    assert {"leaves", "tree", "answer"} <= set(artifacts)
    assert artifacts["leaves"].data == 100.0
    assert "Incident timeline" in str(artifacts["answer"].data)


def test_a_partition_that_fails_makes_the_run_degraded_and_is_named(
    server: str, incident_lake: IncidentLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.timeline import timeline
    from models.embedded import EmbeddedAnalyst

    read = EmbeddedAnalyst.read

    def read_but_one(self, context, partition):
        if partition.hosts is not None and "dc01" in partition.hosts:
            raise OSError("this part can't be read")
        return read(self, context, partition)

    monkeypatch.setattr(EmbeddedAnalyst, "version", "test-degraded")
    monkeypatch.setattr(EmbeddedAnalyst, "read", read_but_one)
    monkeypatch.setattr("tasks.tree.RETRIES", 0)
    request = TimelineRequest(case="degraded", formats=("md",))
    state = timeline(request, incident_lake.settings, return_state=True)
    assert state.name == "Degraded"
    result = load_result(incident_lake.settings.runs_dir / state.result() / "result.json")
    assert result.coverage.partitions_failed > 0
    assert result.coverage.events_looked_at < result.coverage.events_in_scope
    assert "could not be read" in result.coverage.not_searched[0]
