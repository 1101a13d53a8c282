"""A real Prefect server, the same for all tests of flows: they run in one process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sentree.settings import Settings
from tasks.environment import prepare


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prefect server; gives its address."""
    prepare(Settings(home=tmp_path_factory.mktemp("prefect")))
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        temporary_settings,
    )
    from prefect.testing.utilities import prefect_test_harness

    with (
        prefect_test_harness(server_startup_timeout=180),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield str(PREFECT_API_URL.value())
