"""Where the task runs of a tree go: threads of this process, or workers of Dask or Ray."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from sentree.errors import ConfigurationError
from sentree.settings import Settings
from tasks.environment import server_is_configured

SECONDS_TO_ANSWER = 5.0
LOCAL_CLUSTER: dict[str, Any] = {
    "threads_per_worker": 1,
    "processes": True,
    "dashboard_address": "127.0.0.1:0",
    # Whoever reaches a scheduler can run code: certificates that only this run has.
    "security": True,
}
"""How Dask's workers are started on this machine."""


def on_workers(settings: Settings) -> bool:
    """Tell whether task runs go to other processes."""
    return settings.executor in ("dask", "ray")


def task_runner(settings: Settings) -> TaskRunner[Any]:
    """Give the runner of the settings' executor; workers are started when the flow begins.

    Raises:
        ConfigurationError: workers were asked for without a Prefect server, or what they need
            is not installed.
    """
    if not on_workers(settings):
        return ThreadPoolTaskRunner[Any]()
    _check(settings.executor)
    return _dask(settings) if settings.executor == "dask" else _ray(settings)


def _check(name: str) -> None:
    if find_spec(f"prefect_{name}") is None:
        raise ConfigurationError(f"executor {name} is not installed: pip install 'sentree[{name}]'")
    if not server_is_configured():
        raise ConfigurationError(
            f"executor {name} needs a Prefect server that its workers can reach, or each would"
            " start its own: run `prefect server start` and set PREFECT_API_URL"
        )


def _dask(settings: Settings) -> TaskRunner[Any]:
    from distributed import Client
    from prefect_dask.task_runners import DaskTaskRunner

    if address := settings.dask_address:
        try:
            Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False).close()
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"no Dask scheduler answers at {address}: {error}") from None
        return DaskTaskRunner(address=address)
    return DaskTaskRunner(cluster_kwargs={"n_workers": settings.workers, **LOCAL_CLUSTER})


def _ray(settings: Settings) -> TaskRunner[Any]:
    # Ray weighs too much to be there when this is checked.
    runner = import_module("prefect_ray").RayTaskRunner
    return runner(
        init_kwargs={
            "num_cpus": settings.workers,
            "include_dashboard": False,
            # Ray knows no login: nobody else's machine is to reach it.
            "_node_ip_address": "127.0.0.1",
        }
    )
