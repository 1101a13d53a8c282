"""The command `digest`: what is new since the last one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common
from sentree.cli.scenarios import Executor
from sentree.errors import ExitCode, UnverifiedError, UsageError

if TYPE_CHECKING:
    from schemas.digest import DigestOutcome, DigestRequest
    from schemas.result import Result
    from sentree.settings import Settings

FORMATS = ("html", "md", "navigator")
HOURS = {"m": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0}


def digest(
    *,
    since: str | None = None,
    tenants: tuple[str, ...] = (),
    rules: tuple[Path, ...] = (),
    fail_on: Annotated[
        Literal["informational", "low", "medium", "high", "critical"] | None,
        Parameter(help="Leave with code 10 if the digest has a finding of this level or higher."),
    ] = None,
    correlate: Annotated[bool, Parameter(negative=("--no-correlate",))] = True,
    title: str = "",
    executor: Executor | None = None,
    report: tuple[str, ...] = FORMATS,
    common: Common = COMMON,
) -> int:
    """Tell what is new since the last digest: findings, silent sources, loads, rejects.

    Args:
        since: Look back at what was loaded in that time (90m, 24h, 7d), told before or not.
        tenants: Only these tenants; without it, the setting's if it was set, else all.
        rules: Sigma rules to run over what is new; without it, those that come with Sentree.
        fail_on: Leave with code 10 if the digest has a finding of this level or higher.
        correlate: With several tenants, look for campaigns that reached them.
        title: A title for the report.
        executor: prefect (task runs with state) or local; default local without a server.
        report: Formats of the report: html, md, json, navigator, csv, stix.
        common: Options of every command.
    """
    from schemas.digest import LEVELS, DigestRequest
    from sentree.report.terminal import summary_lines

    settings = common.settings()
    chosen = tenants or ((settings.tenant,) if "tenant" in settings.model_fields_set else ())
    request = DigestRequest(
        tenants=chosen,
        since_hours=None if since is None else read_hours(since),
        rules=tuple(str(path) for path in rules),
        correlate=correlate,
        title=title,
        formats=report,
    )
    outcome, result = _run(settings, request, executor, common)
    common.say(outcome.message)
    for one in outcome.notices:
        detail = f" ({one.detail})" if one.detail else ""
        common.say(f"notice to {one.target} of run {one.run_uid}: {one.outcome}{detail}")
    if result is not None:
        common.say(f"run {result.run_uid} is in {settings.runs_dir / result.run_uid}")
    text = "\n".join(summary_lines(result)) if result else outcome.message
    common.emit(text, lambda: _document(outcome, result))
    if result and result.verification.checked and not result.verification.kept:
        raise UnverifiedError(f"verification dropped all {result.verification.checked} claims")
    if fail_on and outcome.worst and LEVELS.index(outcome.worst) >= LEVELS.index(fail_on):
        return ExitCode.FINDINGS
    return ExitCode.LIMIT_REACHED if outcome.degraded else ExitCode.DONE


def read_hours(text: str) -> float:
    """Read a length of time such as 90m, 24h or 7d; gives hours.

    Raises:
        UsageError: the text is none.
    """
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([mhdw])", text.strip())
    hours = float(match[1]) * HOURS[match[2]] if match else 0.0
    if not 0 < hours <= 24 * 366:
        raise UsageError(f"--since {text}: write a length of time up to a year, e.g. 90m, 24h, 7d")
    return hours


def _run(
    settings: Settings, request: DigestRequest, executor: Executor | None, common: Common
) -> tuple[DigestOutcome, Result | None]:
    from sentree.report.document import load_result, save_result, write_reports
    from tasks.environment import prepare, server_is_configured

    if executor is None:
        executor = "prefect" if server_is_configured() else "local"
    if executor == "prefect":
        prepare(settings)
        if not server_is_configured():
            common.say(
                "no Prefect server is configured (PREFECT_API_URL): starting one for this run"
            )
        from flows.digest import digest as digest_flow

        outcome = digest_flow(request, settings)
        made = outcome.state == "made" and outcome.run_uid is not None
        return outcome, load_result(settings.runs_dir / str(outcome.run_uid)) if made else None
    from sentree.analysis.digest import make
    from sentree.lake.db import Lake
    from sentree.report.notices import tell
    from tasks.deliver import deliver

    def publish(result: Result, run_dir: Path) -> None:
        save_result(result, run_dir)
        write_reports(result, request.formats, run_dir)

    with Lake.open(settings, create=False) as lake:
        ending = make(lake, settings, request, publish)
        recorded = None if ending.look_back else ending.result
        notices = tell(lake, settings.notify, recorded, deliver)
    return ending.outcome.model_copy(update={"notices": notices}), ending.result


def _document(outcome: DigestOutcome, result: Result | None) -> str:
    import json

    document = outcome.model_dump(mode="json")
    document["result"] = result.model_dump(mode="json") if result else None
    return json.dumps(document, indent=1)
