"""A lake in a new folder, and writers of log files in the shapes that logs are delivered in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lake_logs import Load
from whole_way import Told, incident_logs, whole_way

from schemas.ingest import IngestReport
from sentree.lake.db import Lake
from sentree.lake.ingest import NothingLoadedError, ingest
from sentree.settings import Settings


@pytest.fixture(scope="session")
def told_on_disk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """The logs of an incident, and what a lake on a disk tells of them."""
    folder = tmp_path_factory.mktemp("told")
    logs = incident_logs(folder / "logs")
    return logs, whole_way(Settings(home=folder / "home"), logs)


@pytest.fixture
def lake(settings: Settings) -> Iterator[Lake]:
    with Lake.open(settings) as opened:
        yield opened


@pytest.fixture
def load(lake: Lake, settings: Settings) -> Load:
    """Load paths; give the report even where nothing could be read."""

    def run(*paths: Path | str, **options: Any) -> IngestReport:
        try:
            report = ingest(lake, paths, settings=settings, **options)
        except NothingLoadedError as error:
            report = error.report
        for each in report.sources:
            assert each.delivered == each.accepted + each.duplicate + each.rejected
        assert lake.check() == []
        return report

    return run
