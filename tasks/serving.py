"""Serves deployments from one process, on a server that runs already or on one of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from sentree.errors import ConfigurationError
from sentree.settings import Settings
from tasks.deployments import DeploymentEntry, ScheduleEntry
from tasks.environment import SERVER_FILE, is_up

LOOPBACK = "127.0.0.1"
START_SECONDS = 120


class Server(NamedTuple):
    """A Prefect server: its address, and whose it is."""

    url: str
    note: str


@contextmanager
def local_server(settings: Settings, port: int) -> Generator[Server]:
    """Give the server that is configured, or start one on loopback for as long as the block runs.

    Other commands with the same home find the one that was started.

    Raises:
        ConfigurationError: the configured server does not answer, or none could be started.
    """
    configured = os.environ.get("PREFECT_API_URL")
    if configured:
        if not is_up(configured):
            raise ConfigurationError(
                f"no Prefect server answers at PREFECT_API_URL={configured}: start it, or unset "
                "it and one is started here"
            )
        yield Server(configured, "configured")
        return
    chosen = _free_port(port)
    url = f"http://{LOOPBACK}:{chosen}/api"
    note_file = settings.prefect_home / SERVER_FILE
    process = _start(settings, chosen, url)
    try:
        _wait(process, url, settings)
        os.environ["PREFECT_API_URL"] = url
        note_file.write_text(json.dumps({"url": url, "pid": process.pid}), encoding="utf-8")
        yield Server(url, f"started here; its pages are at {url.removesuffix('/api')}")
    finally:
        note_file.unlink(missing_ok=True)
        os.environ.pop("PREFECT_API_URL", None)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        if process.poll() is None:
            process.kill()


def serve_all(deployments: Sequence[DeploymentEntry], limit: int) -> None:
    """Serve deployments until the process is stopped; runs are processes of their own."""
    from prefect import serve

    made = [runner_deployment(one) for one in deployments]
    serve(*made, limit=limit, print_starting_message=False)


def runner_deployment(entry: DeploymentEntry) -> Any:
    """Make what Prefect serves of an entry of the deployment file."""
    from prefect.client.schemas.objects import ConcurrencyLimitConfig
    from prefect.types.entrypoint import EntrypointType

    limit = entry.concurrency_limit
    module, _, name = entry.entrypoint.rpartition(".")
    try:
        flow: Any = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"deployment {entry.name}: no flow at {entry.entrypoint}: {error}"
        ) from None
    return flow.to_deployment(
        entry.name,
        schedules=[_schedule(one) for one in entry.schedules],
        parameters=entry.parameters,
        description=entry.description,
        tags=list(entry.tags),
        # A runner that was stopped has paused its deployments.
        paused=False,
        concurrency_limit=(
            ConcurrencyLimitConfig.model_validate(limit) if isinstance(limit, dict) else limit
        ),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def _schedule(entry: ScheduleEntry) -> Any:
    from datetime import timedelta

    from prefect.schedules import Cron, Interval

    if entry.cron:
        return Cron(entry.cron, timezone=entry.timezone or "UTC", active=entry.active)
    every = timedelta(seconds=entry.interval or 3600)
    return Interval(every, timezone=entry.timezone or "UTC", active=entry.active)


def _start(settings: Settings, port: int, url: str) -> subprocess.Popen[bytes]:
    home = settings.prefect_home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PREFECT_SERVER_UI_API_URL": url, "PREFECT_HOME": str(home)}
    words = ("server", "start", "--host", LOOPBACK, "--port", str(port))
    with Path(home / "server.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "prefect", *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C is for the runner, which ends its runs before the server goes.
            start_new_session=True,
        )


def _wait(process: subprocess.Popen[bytes], url: str, settings: Settings) -> None:
    until = time.monotonic() + START_SECONDS
    while not is_up(url):
        if process.poll() is not None or time.monotonic() > until:
            log = settings.prefect_home / "server.log"
            raise ConfigurationError(f"no Prefect server could be started: see {log}")
        time.sleep(0.3)


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as one, suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((LOOPBACK, port))
            return int(one.getsockname()[1])
    raise ConfigurationError(f"no free port on {LOOPBACK}")
