"""The command `exporter`: counts for Prometheus, once or over HTTP."""

from __future__ import annotations

from sentree.cli.common import COMMON, Common
from sentree.errors import ConfigurationError, ExitCode, UsageError


def exporter(*, listen: str | None = None, common: Common = COMMON) -> int:
    """Give Prometheus what it watches: records, detections, model calls, cost, runs.

    All is counted from what is stored, so it holds whichever process did the work.

    Args:
        listen: Serve it at this address:port until interrupted, such as 127.0.0.1:9464; without
            it, print it once (for the node exporter's textfile collector).
        common: Options of every command.
    """
    from sentree.lake.telemetry import read_telemetry
    from sentree.report.prometheus import exposition, registry

    settings = common.settings()
    if listen is None:
        counted = read_telemetry(settings)
        common.emit(exposition(counted), lambda: counted.model_dump_json(indent=1))
        return ExitCode.DONE
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise UsageError(f"--listen {listen}: give address:port, such as 127.0.0.1:9464")
    from prometheus_client import start_http_server

    read_telemetry(settings)
    try:
        server, thread = start_http_server(
            int(port), addr=host, registry=registry(lambda: read_telemetry(settings))
        )
    except (OSError, OverflowError) as error:
        raise ConfigurationError(f"--listen {listen}: {error}") from None
    common.say(f"metrics are at http://{host}:{server.server_port}/metrics")
    try:
        thread.join()
    finally:
        server.shutdown()
    return ExitCode.DONE
