"""Prefect's own settings for this product: project-local state, no telemetry, little noise.

Call `prepare` before the first import of Prefect; what the user has set already wins.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

from sentree.settings import Settings
from tasks.orphans import stop_orphans

SERVER_FILE = "server.json"
"""Where `sentree serve` notes the address of the server it started, in Prefect's home."""

QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    "PREFECT_TASK_RUNNER_THREAD_POOL_MAX_WORKERS": "8",
    "RAY_USAGE_STATS_ENABLED": "0",
    "DASK_LOGGING__DISTRIBUTED": "error",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def prepare(settings: Settings) -> None:
    """Set Prefect's environment for this process; a server that `sentree serve` started is used."""
    home = settings.prefect_home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    stop_orphans(home)
    os.environ.setdefault("PREFECT_HOME", str(home))
    if not server_is_configured() and (url := _served(home)):
        os.environ["PREFECT_API_URL"] = url
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def server_is_configured() -> bool:
    """Tell whether a Prefect server is named, so that none has to be started."""
    return bool(os.environ.get("PREFECT_API_URL"))


def is_up(url: str) -> bool:
    """Tell whether a Prefect server answers at an API address."""
    with suppress(OSError, ValueError), urlopen(f"{url.rstrip('/')}/health", timeout=3) as answer:
        return bool(answer.status == 200)
    return False


def _served(home: Path) -> str | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        url = str(json.loads((home / SERVER_FILE).read_text("utf-8"))["url"])
        return url if url.startswith("http://127.0.0.1:") and is_up(url) else None
    return None
