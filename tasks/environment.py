"""Prefect's own settings for this product: project-local state, no telemetry, little noise.

Call `prepare` before the first import of Prefect; what the user has set already wins.
"""

from __future__ import annotations

import os

from sentree.settings import Settings
from tasks.orphans import stop_orphans

QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "sentree",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    "PREFECT_TASK_RUNNER_THREAD_POOL_MAX_WORKERS": "8",
    "RAY_USAGE_STATS_ENABLED": "0",
    "DASK_LOGGING__DISTRIBUTED": "error",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def prepare(settings: Settings) -> None:
    """Set Prefect's environment for this process."""
    home = settings.prefect_home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    stop_orphans(home)
    os.environ.setdefault("PREFECT_HOME", str(home))
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def server_is_configured() -> bool:
    """Tell whether a Prefect server is named, so that none has to be started."""
    return bool(os.environ.get("PREFECT_API_URL"))
