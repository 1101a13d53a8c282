"""How the commands of the record scenarios run: in this process, or as a Prefect flow."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from sentree.cli.common import Common

if TYPE_CHECKING:
    from schemas.result import Result
    from sentree.settings import Settings

Executor = Literal["prefect", "local"]


def run_scenario(
    settings: Settings,
    request: Any,
    common: Common,
    *,
    name: str,
    executor: Executor | None,
) -> Result:
    """Run one scenario, write its reports, print its summary; gives the result.

    The scenario `name` is the function `run` of `sentree.analysis.<name>`, taking settings and
    the request, and the flow `<name>` of `flows.<name>`, taking the request and the settings.
    Without a choice the flow runs where a Prefect server is configured: these commands take
    seconds, and a server of their own would take longer to start than they run.
    """
    from sentree.report.document import load_result, save_result, write_reports
    from sentree.report.terminal import summary_lines
    from tasks.environment import prepare, server_is_configured

    if executor is None:
        executor = "prefect" if server_is_configured() else "local"
    if executor == "local":
        result: Result = import_module(f"sentree.analysis.{name}").run(settings, request)
        run_dir = settings.runs_dir / result.run_uid
        save_result(result, run_dir)
        write_reports(result, request.formats, run_dir)
    else:
        prepare(settings)
        flow = getattr(import_module(f"flows.{name}"), name)
        result = load_result(settings.runs_dir / flow(request, settings) / "result.json")
    common.say(f"run {result.run_uid} is in {settings.runs_dir / result.run_uid}")
    common.emit("\n".join(summary_lines(result)), lambda: result.model_dump_json(indent=1))
    return result
