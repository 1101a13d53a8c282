"""The command `evidence`: a control catalogue and evidence in, a verdict per control out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common, read_window
from sentree.cli.scenarios import (
    NO_MODEL,
    Executor,
    ModelFlags,
    finish,
    run_scenario,
)
from sentree.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from schemas.result import Result

FORMATS = ("html", "md", "oscal", "csv")


def evidence(
    *,
    catalog: str = "",
    evidence: tuple[str, ...] = (),
    window: str | None = None,
    mapping: Literal["auto", "given", "propose"] = "auto",
    reference: tuple[str, ...] = (),
    head: str = "",
    import_: Annotated[tuple[str, ...], Parameter(name="--import")] = (),
    title: str = "",
    fail_on_gaps: bool = False,
    strict: Annotated[bool, Parameter(help="Fail when any record had to be set aside.")] = False,
    executor: Executor | None = None,
    report: tuple[str, ...] = FORMATS,
    flags: ModelFlags = NO_MODEL,
    common: Common = COMMON,
) -> int:
    """Judge every control of a catalogue: satisfied, failed, to review, or no evidence.

    Args:
        catalog: OSCAL catalog or profile, compliance framework, CSV or TSV; lake:NAME: the lake's.
        evidence: Files, folders or globs: findings, checks, assessments, documents; or the lake.
        window: Only evidence of this time counts: START..END.
        mapping: given (what is stated), propose (by wording), auto (propose if nothing is stated).
        reference: Mapped catalogues to carry checks over from.
        head: A trained head to propose with, instead of the built-in one.
        import_: Catalogs that an OSCAL profile imports.
        title: A title for the report.
        fail_on_gaps: Exit with 11 when a control failed or has no evidence.
        strict: Exit with 5 when any record had to be set aside.
        executor: prefect (task runs with state) or local; default local without a server.
        report: Formats of the report: html, md, json, oscal, csv.
        flags: A language model that reads the controls as well.
        common: Options of every command.
    """
    from schemas.evidence import EvidenceRequest

    if not catalog:
        raise UsageError("name the control catalogue: --catalog FILE, or lake:NAME of the lake's")
    settings = flags.settings(common)
    request = EvidenceRequest(
        catalog=catalog,
        evidence=evidence,
        references=reference,
        imports=import_,
        window=read_window(window),
        mapping=mapping,
        head=head,
        title=title,
        tenant_uid=settings.tenant,
        formats=report,
    )
    result = run_scenario(
        settings, request, common, name="evidence", executor=executor, flags=flags
    )
    code = finish(result, common, strict=strict, what="records or entries of the catalogue")
    gaps = code == ExitCode.DONE and fail_on_gaps and _has_gaps(result)
    return ExitCode.GAPS if gaps else code


def _has_gaps(result: Result) -> bool:
    from schemas.evidence import EvidenceReport

    found = EvidenceReport.model_validate(result.data)
    return any(one.status in ("failed", "no evidence") for one in found.verdicts)
