"""Runs the triage scenario: files in, verified result document out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from schemas.query import Scenario
from schemas.result import Result
from schemas.section import Section
from schemas.triage import TriageReport, TriageRequest
from sentree.analysis.knowledge.stored import pinned, stored_cves
from sentree.analysis.records import Account, cited_uids, record_result
from sentree.analysis.scope import new_run_dir
from sentree.analysis.triage import tables
from sentree.analysis.triage.citing import RecordTexts, cited_records, input_files
from sentree.analysis.triage.rank import make_report
from sentree.analysis.triage.summary import summarise
from sentree.errors import UnreadableInputError
from sentree.intel.cve_merge import merge
from sentree.intel.cve_read import SUFFIXES, CveFile, Role, read_cve_file
from sentree.intel.stix_read import find_files
from sentree.settings import Settings

MAX_CITED = 2_000
"""Records whose text goes into the document; those beyond are cited by uid alone."""


class Named(NamedTuple):
    """A file of the request and what the user said it is."""

    path: str
    role: Role


class ReadFile(NamedTuple):
    """A file that was read, and what the user said it is."""

    role: Role
    file: CveFile


def run(settings: Settings, request: TriageRequest) -> Result:
    """Read the files, or what the lake has, and rank what they hold.

    Raises:
        UnreadableInputError: no file holds a vulnerability, or the lake has none.
        LakeError: the lake can't be read.
    """
    request = pinned(settings, request)
    files = read_inputs(settings, request)
    return conclude(request, files, new_run_dir(settings, request, datetime.now(UTC)))


def read_inputs(settings: Settings, request: TriageRequest) -> list[ReadFile]:
    """Read the files that a request names, and what the lake has if it names no records.

    Raises:
        UnreadableInputError: no file holds a vulnerability, or the lake has none.
        LakeError: the lake can't be read.
    """
    files = [ReadFile(one.role, read_cve_file(one.path, one.role)) for one in list_files(request)]
    files = [*read_stored(settings, request), *files]
    refuse_empty(files)
    return files


def read_stored(settings: Settings, request: TriageRequest) -> list[ReadFile]:
    """Give what the lake has if the request names no records.

    Raises:
        UnreadableInputError: the lake has none.
        LakeError: the lake can't be read.
    """
    if request.paths:
        return []
    return [ReadFile("any", file) for file in stored_cves(settings, request)]


def list_files(request: TriageRequest) -> list[Named]:
    """List the files of a request, each with its role.

    Raises:
        UnreadableInputError: a path names nothing.
    """
    named: tuple[tuple[Role, tuple[str, ...]], ...] = (
        ("any", request.paths),
        ("assets", request.assets),
        ("epss", request.epss),
        ("kev", request.kev),
    )
    return [Named(path, role) for role, paths in named for path in find_files(paths, SUFFIXES)]


def refuse_empty(files: Iterable[ReadFile]) -> None:
    """Make sure that there is something to rank, and that named asset lists hold assets.

    Raises:
        UnreadableInputError: no record names a CVE, or an asset list no asset; tells the first
            reason.
    """
    listed = list(files)
    for role, file in listed:
        if role == "assets" and not file.assets:
            raise UnreadableInputError(f"no asset could be read: {_reason(file)}")
    ranked = [file for role, file in listed if role == "any"]
    if not any(file.read for file in ranked):
        more = f" (and {len(ranked) - 1} more files)" if len(ranked) > 1 else ""
        reason = _reason(ranked[0]) if ranked else "no file was named"
        if ranked and ranked[0].epss:
            reason = f"{ranked[0].path}: holds EPSS scores only; name CVE records, too"
        raise UnreadableInputError(f"no CVE record could be read: {reason}{more}")


def conclude(
    request: TriageRequest,
    files: Sequence[ReadFile],
    run_dir: Path,
    created_at: datetime | None = None,
) -> Result:
    """Make the result document: ranking, sections, summary, checked citations."""
    holding = merge(
        [one.file for one in files if one.role == "any"],
        [one.file for one in files if one.role != "any"],
    )
    report = make_report(holding, request)
    sections, summary = layout(report), summarise(report)
    counts = report.counts
    return record_result(
        run_dir,
        Scenario.TRIAGE,
        request.title or f"Triage of {counts.cves:,} {'CVE' if counts.cves == 1 else 'CVEs'}",
        request.query,
        summary=summary,
        sections=sections,
        texts=RecordTexts(holding),
        records=cited_records(holding, cited_uids(summary, sections)[:MAX_CITED]),
        account=Account(
            counts.records + counts.rejected,
            counts.records,
            tuple(_not_searched(report, request)),
            request.snapshot_id or 0,
        ),
        inputs=input_files(holding),
        notes=_notes(report),
        data=report,
        created_at=created_at,
    )


def layout(report: TriageReport) -> list[Section]:
    """Arrange the tables in the order in which a reader asks; empty ones are left out."""
    plan = (
        ("ranking", "What comes first", (tables.ranking,)),
        ("assets", "On which assets", (tables.assets,)),
        ("points", "Why", (tables.points,)),
        ("read", "What was read", (tables.missing, tables.rejected)),
    )
    sections: list[Section] = []
    for key, heading, makers in plan:
        made = [table for maker in makers if (table := maker(report)).rows]
        notes = report.flaws[:40] if key == "read" else ()
        if made or notes:
            sections.append(Section(key=key, title=heading, tables=tuple(made), notes=notes))
    return sections


def _not_searched(report: TriageReport, request: TriageRequest) -> list[str]:
    counts = report.counts
    said: list[str] = []
    if counts.rejected or counts.withdrawn:
        said.append(
            f"{counts.rejected:,} records or files could not be used and {counts.withdrawn:,} CVEs "
            "are withdrawn; both are listed with their reasons."
        )
    if counts.cves > request.top:
        said.append(
            f"The document holds the first {request.top:,} of {counts.cves:,} ranked CVEs; "
            "--top sets how many."
        )
    if report.hidden:
        said.append(f"Hidden by request: {', '.join(report.hidden)}.")
    if not counts.with_kev and "KEV" not in report.hidden:
        said.append(
            "No entry of a catalogue of known exploited vulnerabilities (KEV) was among the files, "
            "so exploitation rests on assessments and estimates."
        )
    return said


def _notes(report: TriageReport) -> list[str]:
    counts = report.counts
    said = [
        f"{counts.cves:,} CVEs from {counts.records:,} records in {counts.files:,} files "
        f"({counts.copies:,} copies). With SSVC assessment: {counts.with_ssvc:,}, in KEV: "
        f"{counts.with_kev:,}, with EPSS: {counts.with_epss:,}, with CVSS: {counts.with_cvss:,}.",
        "The score is the expected urgency of the path through CISA's SSVC tree: the mean of the "
        "path's place by decision points and by decision, weighted by how likely each value is, "
        "times the exposure of the affected assets (internet or not stated 1, internal 0.75, none "
        "0.5).",
        "Points that nobody measured are estimated by small logistic models, whose weights "
        "stand in the reasons. No language model was asked.",
    ]
    if not report.has_assets:
        said.append(
            "Without an asset list the order is the world's, not yours: --assets adds exposure "
            "and mission."
        )
    if any(one.epss is not None for one in report.ranked):
        said.append("EPSS scores are by FIRST.org.")
    return said


def _reason(file: CveFile) -> str:
    first = file.rejected[0] if file.rejected else None
    where = f"{file.path}:{first.line}" if first and first.line else file.path
    return f"{where}: {first.reason if first else 'is empty'}"
