"""The timeline's tree on worker processes: the same answer as in threads, whoever dies."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import dying_worker
import pytest
from incident import IncidentLake
from postgres_server import PostgresServer

from schemas.result import Result
from sentree.cli import run
from sentree.errors import ConfigurationError
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.report.document import load_result
from sentree.rules.detect import detect
from sentree.rules.load import load_rules
from sentree.rules.packs import OWN_RULES
from sentree.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shared(
    incident_lake: IncidentLake, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """The incident once more, in a lake whose catalogue is in Postgres."""
    settings = Settings(
        home=tmp_path_factory.mktemp("shared") / "home",
        catalog=postgres.database(),
    )
    with Lake.open(settings) as lake:
        ingest(lake, [incident_lake.logs], settings=settings, tenant=settings.tenant)
        detect(lake, load_rules([OWN_RULES]), tenant=settings.tenant)
    return settings


def test_a_worker_that_is_killed_in_a_leaf_costs_nothing_but_time(
    server: str,
    shared: Settings,
    incident_timeline: Result,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lake has a Postgres catalogue, what is expected comes from threads and the embedded."""
    import dask
    import distributed  # noqa: F401 - its defaults must be there before one is changed
    from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings

    assert shared.catalog is not None
    monkeypatch.setenv("PREFECT_API_URL", server)
    monkeypatch.setenv("SENTREE_CATALOG", shared.catalog.get_secret_value())
    monkeypatch.setenv("SENTREE_TEST_DEATHS", str(tmp_path))
    words = ["timeline", "--route", "rlm", "--report", "md", "--home", str(shared.home)]
    with (
        # Results of other tests must not be there: nothing would be read.
        temporary_settings({PREFECT_LOCAL_STORAGE_PATH: tmp_path / "results"}),
        dask.config.set({"distributed.worker.preload": [dying_worker.__file__]}),
    ):
        assert run([*words, "--executor", "dask", "--workers", "2"]) == 0
    expected = incident_timeline
    [run_dir] = shared.runs_dir.iterdir()
    result = load_result(run_dir / "result.json")
    assert result.timeline == expected.timeline and len(result.timeline.entries) > 10
    assert (result.summary, result.sections, result.notes) == (
        expected.summary,
        expected.sections,
        expected.notes,
    )
    assert result.coverage.events_looked_at == expected.coverage.events_looked_at
    assert result.coverage.partitions_failed == 0

    reads = [line.split(" ", 2) for line in (tmp_path / "reads").read_text().splitlines()]
    lethal = (tmp_path / "died").read_text()
    assert len({pid for pid, _, _ in reads}) > 1
    assert {heavy for _, heavy, _ in reads} == {"-"}
    times = Counter(label for _, _, label in reads)
    assert set(times) == {node.label for node in result.trajectory if node.kind == "leaf"}
    # What the other workers had read, and what was stored, is not read again.
    assert {label: count for label, count in times.items() if count > 1} == {lethal: 2}


def test_workers_without_a_server_or_their_library_are_refused_with_what_to_do(
    incident_lake: IncidentLake,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from tasks.runners import task_runner

    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    home = str(incident_lake.settings.home)
    assert run(["timeline", "--executor", "dask", "--home", home]) == 3
    assert "prefect server start" in capsys.readouterr().err
    monkeypatch.setattr("tasks.runners.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'sentree\[ray\]'"):
        task_runner(Settings(executor="ray"))


def test_a_running_cluster_is_used_and_each_executor_has_one_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from distributed import LocalCluster

    from tasks.runners import task_runner

    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    with LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0") as cluster:
        address = cluster.scheduler_address
        assert task_runner(Settings(executor="dask", dask_address=address)).address == address
    monkeypatch.setattr("tasks.runners.SECONDS_TO_ANSWER", 0.2)
    for wrong in ("tcp://127.0.0.1:1", "what://ever"):
        with pytest.raises(ConfigurationError, match="no Dask scheduler answers"):
            task_runner(Settings(executor="dask", dask_address=wrong))
    assert Settings(executor="prefect").executor == Settings().executor == "threads"
    assert "Thread" in type(task_runner(Settings(executor="prefect"))).__name__
