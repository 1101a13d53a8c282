"""The command `triage`: CVE records in, a ranking with SSVC decisions and reasons out."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common
from sentree.cli.scenarios import (
    NO_MODEL,
    Executor,
    ModelFlags,
    finish,
    pinned_to_lake,
    run_scenario,
)
from sentree.errors import ExitCode, UsageError

FORMATS = ("html", "md", "csv")


def triage(
    *paths: str,
    assets: tuple[str, ...] = (),
    epss: tuple[str, ...] = (),
    kev: tuple[str, ...] = (),
    no_epss: Annotated[bool, Parameter(help="Rank as if no EPSS score were known.")] = False,
    no_kev: Annotated[bool, Parameter(help="Rank as if no KEV entry were known.")] = False,
    no_ssvc: Annotated[bool, Parameter(help="Leave SSVC assessments aside.")] = False,
    top: int = 10_000,
    title: str = "",
    fail_on: Annotated[
        str | None, Parameter(help="Exit with 10 at this decision or above.")
    ] = None,
    strict: Annotated[bool, Parameter(help="Fail when any record had to be set aside.")] = False,
    executor: Executor | None = None,
    report: tuple[str, ...] = FORMATS,
    flags: ModelFlags = NO_MODEL,
    common: Common = COMMON,
) -> int:
    """Rank CVEs by an explained score with CISA's SSVC decision (Act, Attend, Track*, Track).

    Args:
        paths: CVE 5.x or NVD JSON, flat JSON lines, scanner CSV, lists of ids, KEV, EPSS, assets:
            files, folders or glob patterns; each record's shape is detected. Without any, what
            `sentree ingest` loaded is ranked.
        assets: Asset lists, CSV or JSON (host, exposure, mission, software, owner).
        epss: EPSS scores as FIRST publishes them, packed or not.
        kev: Catalogues of known exploited vulnerabilities, JSON or CSV.
        no_epss: Rank as if no EPSS score were known.
        no_kev: Rank as if no KEV entry were known.
        no_ssvc: Leave SSVC assessments aside.
        top: How many ranked CVEs the document holds; all are ranked and counted.
        title: A title for the report.
        fail_on: Exit with 10 when a CVE has this decision or a graver one.
        strict: Exit with 5 when any record had to be set aside.
        executor: prefect (task runs with state) or local; default local without a server.
        report: Formats of the report: html, md, json, csv.
        flags: A language model that reads the descriptions as well.
        common: Options of every command.
    """
    from schemas.triage import DECISIONS, TriageRequest

    if top < 1:
        raise UsageError("--top must be at least 1")
    levels = {name.casefold(): place for place, name in enumerate(DECISIONS)}
    if fail_on is not None and fail_on.casefold() not in levels:
        raise UsageError(f"--fail-on {fail_on}: is none of {', '.join(DECISIONS)}")
    settings = flags.settings(common)
    request = TriageRequest(
        paths=paths,
        assets=assets,
        epss=epss,
        kev=kev,
        title=title,
        use_epss=not no_epss,
        use_kev=not no_kev,
        use_ssvc=not no_ssvc,
        top=top,
        tenant_uid=settings.tenant,
        formats=report,
    )
    request = pinned_to_lake(settings, request, "CVE records")
    result = run_scenario(settings, request, common, name="triage", executor=executor, flags=flags)
    code = finish(result, common, strict=strict, what="records or files")
    graver = () if fail_on is None else DECISIONS[: levels[fail_on.casefold()] + 1]
    return ExitCode.FINDINGS if code == ExitCode.DONE and _reaches(result.data, graver) else code


def _reaches(data: object, decisions: tuple[str, ...]) -> bool:
    from schemas.triage import TriageReport

    counts = TriageReport.model_validate(data).counts.decisions
    return any(counts.get(name, 0) for name in decisions)
