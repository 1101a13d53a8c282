"""Commands that answer: `timeline`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sentree.cli.common import COMMON, Common, read_window
from sentree.errors import ExitCode, UnverifiedError

if TYPE_CHECKING:
    from schemas.request import TimelineRequest
    from schemas.result import Result
    from sentree.settings import Settings

Executor = Literal["threads", "dask", "ray", "local", "prefect"]
FORMATS = ("html", "md", "timesketch", "navigator")


def timeline(
    *,
    case: str = "unnamed",
    window: str | None = None,
    entity: str | None = None,
    where: str | None = None,
    route: Literal["auto", "direct", "rlm"] = "auto",
    rules: tuple[Path, ...] = (),
    executor: Executor | None = None,
    workers: int | None = None,
    dask_address: str | None = None,
    report: tuple[str, ...] = FORMATS,
    common: Common = COMMON,
) -> int:
    """Build the cited timeline of an incident, and its reports.

    Args:
        case: A name for the case.
        window: Only START..END (ISO 8601, UTC; a bare end date counts whole).
        entity: Only events that name this host, user or IP address.
        where: Only events that meet this SQL condition over the columns of events.
        route: Let the router choose, or force the direct read or the recursive tree.
        rules: Run these Sigma rules first; without it, those that come with Sentree run once.
        executor: threads or prefect (task runs), dask or ray (on workers), local (without Prefect).
        workers: How many worker processes dask or ray starts on this machine.
        dask_address: The scheduler of a running Dask cluster, tcp://HOST:PORT.
        report: Formats of the report: html, md, json, timesketch, navigator, csv.
        common: Options of every command.
    """
    from schemas.query import Path as RoutePath
    from schemas.request import TimelineRequest
    from sentree.report.terminal import summary_lines

    settings = common.settings(executor=executor, workers=workers, dask_address=dask_address)
    request = TimelineRequest(
        case=case,
        window=read_window(window),
        tenant_uid=settings.tenant,
        entity=entity,
        where=where,
        route=None if route == "auto" else RoutePath(route),
        rules=tuple(str(path) for path in rules),
        formats=report,
    )
    detect_first(settings, rules, common)
    result = run(settings, request, common)
    common.say(f"run {result.run_uid} is in {settings.runs_dir / result.run_uid}")
    common.emit("\n".join(summary_lines(result)), lambda: result.model_dump_json(indent=1))
    return exit_code(result)


def detect_first(settings: Settings, rules: tuple[Path, ...], common: Common) -> None:
    """Run the named rules; without any, the lake's and the product's if none ever ran here."""
    from schemas.rule_choice import DetectRequest
    from sentree.lake.db import Lake
    from sentree.rules.detect import detect
    from sentree.rules.library import requested_library

    with Lake.open(settings, create=False) as lake:
        known = lake.query("SELECT count(*) AS n FROM rules")[0]["n"]
        if rules or not known:
            wanted = DetectRequest(rules=tuple(map(str, rules)))
            loaded = requested_library(settings, wanted, lake).loaded
            for problem in loaded.errors:
                common.say(f"rule not used: {problem}")
            loaded.demand()
            detect(lake, loaded, window=None, tenant=settings.tenant)


def run(settings: Settings, request: TimelineRequest, common: Common) -> Result:
    """Run the timeline as a Prefect flow or in threads, and read its result back."""
    from sentree.report.document import load_result, save_result, write_reports

    if settings.executor == "local":
        from sentree.analysis.local import run_timeline

        result = run_timeline(settings, request, common.progress("partitions"))
        save_result(result, settings.runs_dir / result.run_uid)
        write_reports(result, request.formats, settings.runs_dir / result.run_uid)
        return result
    from tasks.environment import prepare, server_is_configured

    prepare(settings)
    if settings.executor == "threads" and not server_is_configured():
        common.say("no Prefect server is configured (PREFECT_API_URL): starting one for this run")
    from flows.timeline import timeline as timeline_flow
    from tasks.runners import task_runner

    flow = timeline_flow.with_options(task_runner=task_runner(settings))
    return load_result(settings.runs_dir / flow(request, settings) / "result.json")


def exit_code(result: Result) -> int:
    """Give the exit code that a result stands for.

    Raises:
        UnverifiedError: verification dropped every claim.
    """
    verification = result.verification
    if verification.checked and not verification.kept:
        raise UnverifiedError(f"verification dropped all {verification.checked} claims")
    if result.limit_hit is not None or result.coverage.partitions_failed:
        return ExitCode.LIMIT_REACHED
    return ExitCode.DONE
