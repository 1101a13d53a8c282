"""The command `correlate`: one campaign seen in several tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common, read_window
from sentree.cli.scenarios import Executor
from sentree.errors import ExitCode, UnverifiedError

if TYPE_CHECKING:
    from schemas.correlate import CorrelateRequest
    from schemas.result import Result
    from sentree.settings import Settings

FORMATS = ("html", "md", "navigator")


def correlate(
    *,
    window: str | None = None,
    tenants: tuple[str, ...] = (),
    intel: tuple[str, ...] = (),
    title: str = "",
    fail_on_campaign: Annotated[
        bool, Parameter(help="Leave with code 10 if a campaign was found.")
    ] = False,
    executor: Executor | None = None,
    report: tuple[str, ...] = FORMATS,
    common: Common = COMMON,
) -> int:
    """Find campaigns that reached several tenants, and write each tenant its own report.

    Args:
        window: Only events of START..END (ISO 8601, UTC; a bare end date counts whole).
        tenants: Only these tenants; without it, all that have events.
        intel: STIX files, folders or globs whose indicators count as malicious.
        title: A title for the report.
        fail_on_campaign: Leave with code 10 if a campaign was found.
        executor: prefect (task runs with state) or local; default local without a server.
        report: Formats of the reports: html, md, json, navigator, csv, stix.
        common: Options of every command.
    """
    from schemas.correlate import CorrelateRequest
    from sentree.report.terminal import summary_lines

    settings = common.settings()
    request = CorrelateRequest(
        tenants=tenants,
        window=read_window(window),
        intel=intel,
        title=title,
        tenant_uid=settings.tenant,
        formats=report,
    )
    result = _run(settings, request, executor)
    run_dir = settings.runs_dir / result.run_uid
    common.say(f"run {result.run_uid} is in {run_dir}; it names all tenants")
    common.say(f"each tenant's own report is in {run_dir / 'tenants'}; hand on that one alone")
    common.emit("\n".join(summary_lines(result)), lambda: result.model_dump_json(indent=1))
    if result.verification.checked and not result.verification.kept:
        raise UnverifiedError(f"verification dropped all {result.verification.checked} claims")
    found = bool(result.data and result.data.get("campaigns"))
    return ExitCode.FINDINGS if fail_on_campaign and found else ExitCode.DONE


def _run(settings: Settings, request: CorrelateRequest, executor: Executor | None) -> Result:
    from tasks.environment import prepare, server_is_configured

    if executor is None:
        executor = "prefect" if server_is_configured() else "local"
    if executor == "local":
        from sentree.analysis.correlate import run_all
        from sentree.report.document import save_correlation

        made = run_all(settings, request)
        save_correlation(made.result, made.by_tenant, request.formats, settings.runs_dir)
        return made.result
    from flows.correlate import correlate as correlate_flow
    from sentree.report.document import load_result

    prepare(settings)
    return load_result(settings.runs_dir / correlate_flow(request, settings) / "result.json")
