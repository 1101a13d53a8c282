"""The timeline's tree on worker processes: the same answer as in threads, whoever dies."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dying_worker
import pytest
from incident import IncidentLake
from postgres_server import PostgresServer

from schemas.query import Path as RoutePath
from schemas.request import TimelineRequest
from schemas.result import Result
from sentree.analysis.local import run_timeline
from sentree.cli import run
from sentree.cli.common import pick_rules
from sentree.errors import ConfigurationError
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.report.document import load_result
from sentree.rules.detect import detect
from sentree.rules.load import load_rules
from sentree.settings import Settings

pytestmark = pytest.mark.slow

LEAF = 250_000


@pytest.fixture(scope="module")
def shared(
    incident_lake: IncidentLake, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """The incident once more, in a lake whose catalogue is in Postgres."""
    settings = Settings(
        home=tmp_path_factory.mktemp("shared") / "home",
        catalog=postgres.database(),
        leaf_characters=LEAF,
    )
    with Lake.open(settings) as lake:
        ingest(lake, [incident_lake.logs], settings=settings, tenant=settings.tenant)
        detect(lake, load_rules(pick_rules(())), tenant=settings.tenant)
    return settings


@pytest.fixture(scope="module")
def expected(incident_lake: IncidentLake) -> Result:
    """What plain threads find in the lake with the embedded catalogue."""
    return run_timeline(incident_lake.settings, asked("expected"))


def asked(case: str) -> TimelineRequest:
    return TimelineRequest(case=case, route=RoutePath.RLM, formats=("md",))


def assert_same(result: Result, expected: Result) -> None:
    assert result.timeline == expected.timeline and len(result.timeline.entries) > 10
    assert (result.summary, result.sections, result.notes) == (
        expected.summary,
        expected.sections,
        expected.notes,
    )
    assert result.coverage.events_looked_at == expected.coverage.events_looked_at


def test_dask_workers_and_a_postgres_catalogue_give_the_answer_of_threads_and_a_file(
    server: str,
    shared: Settings,
    expected: Result,
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert shared.catalog is not None
    monkeypatch.setenv("PREFECT_API_URL", server)
    monkeypatch.setenv("SENTREE_CATALOG", shared.catalog.get_secret_value())
    monkeypatch.setenv("SENTREE_LEAF_CHARACTERS", str(LEAF))
    words = ["timeline", "--case", "dask", "--route", "rlm", "--report", "md"]
    assert run([*words, "--executor", "dask", "--home", str(shared.home)]) == 0
    [folder] = [path for path in shared.runs_dir.iterdir() if (path / "result.json").exists()]
    result = load_result(folder / "result.json")
    assert_same(result, expected)
    leaves = [node for node in result.trajectory if node.kind == "leaf"]
    assert len(leaves) > 3


@pytest.fixture
def mortal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A Dask cluster of two processes, one of which will be killed as it reads a leaf."""
    from distributed import LocalCluster

    monkeypatch.setenv("SENTREE_TEST_DEATHS", str(tmp_path))
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        silence_logs=50,
        preload=[dying_worker.__file__],
    ) as cluster:
        yield cluster


def test_a_worker_that_is_killed_in_a_leaf_costs_nothing_but_time(
    server: str,
    shared: Settings,
    expected: Result,
    mortal: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from distributed import Client
    from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings

    from flows.timeline import timeline
    from tasks.runners import task_runner

    monkeypatch.setenv("PREFECT_API_URL", server)
    update = {"executor": "dask", "dask_address": mortal.scheduler_address}
    settings = shared.model_copy(update=update)
    flow = timeline.with_options(task_runner=task_runner(settings))
    # Results of other tests must not be there: nothing would be read.
    with temporary_settings({PREFECT_LOCAL_STORAGE_PATH: tmp_path / "results"}):
        run_uid = flow(asked("killed"), settings)
    result = load_result(settings.runs_dir / run_uid / "result.json")
    assert_same(result, expected)
    assert result.coverage.partitions_failed == 0

    reads = [line.split(" ", 1) for line in (tmp_path / "reads").read_text().splitlines()]
    times = Counter(label for _, label in reads)
    lethal = reads[dying_worker.LETHAL - 1]
    assert (tmp_path / "died").exists()
    assert {pid for pid, _ in reads} - {lethal[0]}
    leaves = [node for node in result.trajectory if node.kind == "leaf"]
    assert set(times) == {node.label for node in leaves}
    again = {label for label, count in times.items() if count > 1}
    assert lethal[1] in again and len(again) <= 2
    with Client(mortal.scheduler_address, set_as_default=False) as client:
        for modules in client.run(lambda: list(sys.modules)).values():
            assert "tasks.tree" in modules or "models.embedded" in modules
            assert not {"torch", "setfit", "sentence_transformers"} & set(modules)


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
        task_runner(SimpleNamespace(executor="ray"))
