"""A lake in a new folder, and writers of log files in the shapes that logs are delivered in."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from built_once import built_once
from lake_logs import Load
from whole_way import Told, incident_logs, whole_way

from schemas.ingest import IngestReport
from sentree.lake.db import Lake
from sentree.lake.ingest import NothingLoadedError, ingest
from sentree.settings import Settings


@pytest.fixture(scope="session")
def told_on_disk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """The logs of an incident, and what a lake on a disk tells of them."""

    def make(folder: Path) -> tuple[Path, Told]:
        logs = incident_logs(folder / "logs")
        return logs, whole_way(Settings(home=folder / "home"), logs)

    return built_once(tmp_path_factory, "told", make)


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a lake that was just made, to be copied: making one takes half a second."""
    home = tmp_path_factory.mktemp("empty") / "home"
    Lake.open(Settings(home=home)).close()
    return home


@pytest.fixture
def lake(settings: Settings, empty_home: Path) -> Iterator[Lake]:
    copytree(empty_home, settings.home)
    with Lake.open(settings) as opened:
        yield opened


@pytest.fixture
def load(lake: Lake, settings: Settings) -> Iterator[Load]:
    """Load paths; give the report even where nothing could be read. All is sound at the end."""

    def run(*paths: Path | str, **options: Any) -> IngestReport:
        try:
            report = ingest(lake, paths, settings=settings, **options)
        except NothingLoadedError as error:
            report = error.report
        for each in report.sources:
            assert each.delivered == each.accepted + each.duplicate + each.rejected
        return report

    yield run
    assert lake.check() == []
