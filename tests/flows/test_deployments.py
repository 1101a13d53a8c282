"""The deployments for real: deployed by Prefect's own command, run by a worker's processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from tenants import event

from sentree.errors import UsageError
from tasks.deployments import read_deployments

ROOT = Path(__file__).parents[2]
FINDING = {"finding_info": {"title": "Malware found", "uid": "1"}, "severity_id": 5}
WAIT = 240


def test_no_flow_file_has_the_name_of_another_module() -> None:
    """A flow started by its file's path would hide that module."""
    names = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__"}
    assert "timeline" in names
    own = (str(ROOT), str(ROOT / "tests"))
    outside = [place for place in sys.path if "site-packages" in place or not place.startswith(own)]
    assert any("site-packages" in place for place in outside)
    assert [name for name in sorted(names) if PathFinder.find_spec(name, outside)] == []


def test_every_entrypoint_is_the_module_path_of_a_flow_of_that_name() -> None:
    from importlib import import_module

    for one in read_deployments(ROOT / "prefect.yaml"):
        module, _, name = one.entrypoint.rpartition(".")
        flow = getattr(import_module(module), name)
        assert (module, flow.name.replace("-", "_")) == (f"flows.{name}", name)
        if one.parameters:
            assert flow.validate_parameters(one.parameters)
        assert not any(each.active for each in one.schedules)


def test_schedules_become_active_by_name_only() -> None:
    chosen = {one.name: one for one in read_deployments(active=["digest"])}
    assert [each.active for each in chosen["digest"].schedules] == [True]
    assert [each.active for each in chosen["ingest"].schedules] == [False]
    assert [one.name for one in read_deployments(only=["ask"])] == ["ask"]
    with pytest.raises(UsageError, match="there are: ingest"):
        read_deployments(active=["diegst"])


def test_what_is_served_is_what_is_deployed() -> None:
    from tasks.serving import runner_deployment

    [entry] = read_deployments(only=["digest"], active=["digest"])
    made = runner_deployment(entry)
    assert (made.name, made.entrypoint) == ("digest", "flows.digest.digest")
    assert [(one.schedule.cron, one.active) for one in made.schedules] == [("5 * * * *", True)]
    assert made.concurrency_limit == 1
    assert "settings" not in made._parameter_openapi_schema.properties


@contextmanager
def worker(project: Path, environment: dict[str, str]) -> Iterator[None]:
    """A process worker of the pool, ended with all that it started."""
    words = ("worker", "start", "--pool", "sentree", "--type", "process")
    with (project / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", *words],
            cwd=project,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_deployments_run_in_the_processes_of_a_worker(server: str, tmp_path: Path) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
    from prefect.deployments import run_deployment

    (tmp_path / "prefect.yaml").write_text((files("flows") / "prefect.yaml").read_text("utf-8"))
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    lines = [event("acme", 1, 2004, 1, **FINDING), event("acme", 2, 4003, 2)]
    (inbox / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    os.utime(inbox / "a.jsonl", (1_767_225_600, 1_767_225_600))
    environment = {
        **os.environ,
        "PREFECT_API_URL": server,
        "PYTHONPATH": str(ROOT),
        "PREFECT_WORKER_QUERY_SECONDS": "0.5",
    }

    def prefect(*words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def run(name: str, **request: Any) -> tuple[str, dict[str, str]]:
        parameters = {"parameters": {"request": request}} if request else {}
        made: Any = run_deployment(name, timeout=WAIT, poll_interval=0.5, **parameters)
        assert made.state is not None, (tmp_path / "worker.log").read_text()
        own = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[made.id]))
        with get_client(sync_client=True) as client:
            found = client.read_artifacts(artifact_filter=own)
        return made.state.name, {str(one.key): str(one.data) for one in found}

    prefect("work-pool", "create", "sentree", "--type", "process")
    prefect("deploy", "--all")
    with get_client(sync_client=True) as client:
        deployed = {
            name: client.read_deployment_by_name(f"{name}/{name}")
            for name in ("ingest", "digest", "evidence", "timeline", "ask")
        }
    assert not any(each.active for one in deployed.values() for each in one.schedules)
    form = deployed["timeline"].parameter_openapi_schema
    assert list(form["properties"]) == ["request"]
    assert {"case", "window"} <= set(form["definitions"]["TimelineRequest"]["properties"])
    with worker(tmp_path, environment):
        state, artifacts = run("ingest/ingest")
        assert state == "Completed", artifacts
        assert '"accepted": 2' in artifacts["loaded"]
        state, artifacts = run("digest/digest")
        assert state == "Completed", artifacts
        assert "Malware found" in artifacts["findings"]
    assert list((tmp_path / ".sentree" / "runs").glob("*/report.html"))
