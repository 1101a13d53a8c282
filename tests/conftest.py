"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from built_once import built_once
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from incident import IncidentLake
from postgres_server import PostgresServer, postgres_server, programs

from schemas.request import TimelineRequest
from schemas.result import Result
from schemas.scenario import IncidentSpec
from sentree.settings import Settings

FLOWS = Path(__file__).parent / "flows"

# How fast examples are made depends on what else the machine does.
hypothesis_settings.register_profile(
    "sentree", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("sentree")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files come first that take long, so that no process is left with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path.parent != FLOWS, item.path not in slow))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep a file's tests in one process, and all that share the Prefect server.

    To mark them as groups won't do: xdist 3.8 writes the groups into names that pytest 9.2 ignores.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "flows" if FLOWS.name in Path(file).parts else file

    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.fixture(scope="session")
def incident_lake(tmp_path_factory: pytest.TempPathFactory) -> IncidentLake:
    """A small incident, ingested and searched by rules. Tests must not write to the lake."""
    from sentree.evals.generate.incident import generate_incident
    from sentree.lake.db import Lake
    from sentree.lake.ingest import ingest
    from sentree.rules.detect import detect
    from sentree.rules.load import load_rules
    from sentree.rules.packs import OWN_RULES

    def make(folder: Path) -> IncidentLake:
        settings = Settings(home=folder / "home", leaf_characters=400_000)
        spec = IncidentSpec(seed=7, days=3, benign_events=3_000)
        truth = generate_incident(folder / "logs", spec)
        with Lake.open(settings) as lake:
            ingest(lake, [folder / "logs"], settings=settings, tenant=settings.tenant)
            detect(lake, load_rules([OWN_RULES]), tenant=settings.tenant)
        return IncidentLake(settings, truth, folder / "logs")

    return built_once(tmp_path_factory, "incident", make)


@pytest.fixture(scope="session")
def incident_timeline(
    incident_lake: IncidentLake, tmp_path_factory: pytest.TempPathFactory
) -> Result:
    """The timeline of the small incident, as plain threads make it."""
    from sentree.analysis.local import run_timeline

    def make(folder: Path) -> Result:
        return run_timeline(incident_lake.settings, TimelineRequest(case="test"))

    return built_once(tmp_path_factory, "incident-timeline", make)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose home is a new empty folder."""
    return Settings(home=tmp_path / "home")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A Postgres server; the test is skipped where there is none."""
    found = programs()
    if found is None:
        pytest.skip("no Postgres server is installed (Debian: apt-get install postgresql)")
    with postgres_server(found) as server:
        yield server


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real sample data; the test is skipped where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SENTREE_SAMPLE_DATA", default))
    if not folder.is_dir():
        pytest.skip("no sample data folder (set SENTREE_SAMPLE_DATA)")
    return folder
