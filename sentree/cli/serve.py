"""The command `serve`: all deployments of prefect.yaml in one process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common
from sentree.errors import ExitCode


def serve(
    *,
    schedules: Annotated[
        tuple[str, ...],
        Parameter(help="Deployments whose schedules to activate, or all; none by default."),
    ] = (),
    only: tuple[str, ...] = (),
    file: Path | None = None,
    port: int = 4200,
    limit: Annotated[int, Parameter(help="Most flow runs at once.")] = 2,
    common: Common = COMMON,
) -> int:
    """Serve the deployments of prefect.yaml until stopped; starts a local server if none runs.

    Args:
        schedules: Deployments whose schedules to activate, or all; none by default.
        only: Only these deployments.
        file: A deployment file; without it ./prefect.yaml, else the one that comes with Sentree.
        port: Port of the local server on 127.0.0.1, where one has to be started.
        limit: Most flow runs at once.
        common: Options of every command.
    """
    import os

    from tasks.deployments import read_deployments
    from tasks.environment import prepare

    settings = common.settings()
    found = read_deployments(file, only=only, active=schedules)
    # Runs are processes of their own: they read their settings from the environment.
    os.environ["SENTREE_HOME"] = str(settings.home.expanduser().resolve())
    if common.tenant:
        os.environ["SENTREE_TENANT"] = common.tenant
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
    prepare(settings)
    from tasks.serving import local_server, serve_all

    with local_server(settings, port) as server:
        common.say(f"Prefect server: {server.url} ({server.note})")
        for one in found:
            runs = ", ".join(each.shown for each in one.schedules) or "on demand"
            common.say(f"  {one.name:<10} {runs}")
        common.say("serving; stop with Ctrl-C")
        serve_all(found, limit)
    return ExitCode.DONE
