"""Runs the intelligence scenario: files in, verified result document out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from schemas.intel import IntelReport, IntelRequest
from schemas.query import Scenario
from schemas.result import Result
from schemas.section import Section, TechniqueScore
from sentree.analysis.intel import context_tables as context
from sentree.analysis.intel import tables
from sentree.analysis.intel.citing import ObjectTexts, cited_objects, input_files
from sentree.analysis.intel.facts import read_report
from sentree.analysis.intel.rows import names
from sentree.analysis.intel.summary import summarise, text_claims
from sentree.analysis.knowledge.stored import pinned, stored_stix
from sentree.analysis.records import Account, cited_uids, record_result
from sentree.analysis.scope import new_run_dir
from sentree.errors import UnreadableInputError
from sentree.intel import attack
from sentree.intel.stix_read import StixFile, find_files, read_file
from sentree.settings import Settings


def run(settings: Settings, request: IntelRequest) -> Result:
    """Read the files, or what the lake has, and report on them.

    Raises:
        UnreadableInputError: no file holds a STIX object, or the lake has none.
        LakeError: the lake can't be read.
    """
    request = pinned(settings, request)
    files = read_inputs(settings, request)
    return conclude(request, files, new_run_dir(settings, request, datetime.now(UTC)))


def read_inputs(settings: Settings, request: IntelRequest) -> list[StixFile]:
    """Read the files that a request names, or what the lake has.

    Raises:
        UnreadableInputError: no file holds a STIX object, or the lake has none.
        LakeError: the lake can't be read.
    """
    if not request.paths:
        return stored_stix(settings, request)
    files = [read_file(path) for path in find_files(request.paths)]
    refuse_empty(files)
    return files


def refuse_empty(files: Sequence[StixFile]) -> None:
    """Make sure that there is something to report on.

    Raises:
        UnreadableInputError: no file holds a STIX object; the first reason is told.
    """
    if any(file.objects for file in files):
        return
    first = files[0]
    reason = first.rejected[0] if first.rejected else None
    where = f"{first.path}:{reason.line}" if reason and reason.line else first.path
    more = f" (and {len(files) - 1} more files)" if len(files) > 1 else ""
    raise UnreadableInputError(
        f"no STIX object could be read: {where}: {reason.reason if reason else 'is empty'}{more}"
    )


def conclude(
    request: IntelRequest,
    files: Sequence[StixFile],
    run_dir: Path,
    created_at: datetime | None = None,
) -> Result:
    """Make the result document: report, sections, summary, checked citations."""
    created = created_at or datetime.now(UTC)
    report, holding = read_report(files, request.as_of or created)
    sections = layout(report)
    summary = summarise(report)
    records = cited_objects(holding, cited_uids(summary, sections))
    counts = report.counts
    return record_result(
        run_dir,
        Scenario.INTEL,
        request.title or title(report),
        request.query,
        summary=summary,
        sections=sections,
        texts=ObjectTexts(holding),
        records=records,
        account=Account(
            counts.delivered + counts.rejected,
            counts.delivered,
            tuple(_not_searched(report)),
            request.snapshot_id or 0,
        ),
        inputs=input_files(holding),
        techniques=scores(report),
        notes=_notes(report),
        data=report,
        created_at=created,
    )


def layout(report: IntelReport) -> list[Section]:
    """Arrange the tables in the order in which a reader asks; empty ones are left out."""
    plan = (
        ("who", "Who", (tables.actors, tables.campaigns)),
        ("techniques", "Techniques by tactic", (tables.tactics, tables.techniques)),
        ("what", "With what", (tables.software, tables.infrastructure, tables.vulnerabilities)),
        ("targets", "Against whom", (tables.targets,)),
        ("indicators", "What to look for", (tables.indicators, tables.observables)),
        (
            "overlaps",
            "What they share",
            (
                context.actor_overlaps,
                context.file_overlaps,
                context.same_names,
            ),
        ),
        ("contradictions", "Where they differ", (context.contradictions,)),
        ("moments", "Time line", (context.moments,)),
        ("procedures", "Procedures", (tables.procedures,)),
        ("relations", "Relations and reports", (context.relations, context.reports)),
        ("read", "What was read", (context.types, context.dangling, context.rejected)),
    )
    sections: list[Section] = []
    for key, heading, makers in plan:
        made = [table for maker in makers if (table := maker(report)).rows]
        claims = text_claims(report) if key == "targets" else []
        notes = report.flaws[:40] if key == "read" else ()
        if made or claims or notes:
            sections.append(
                Section(
                    key=key,
                    title=heading,
                    claims=tuple(claims),
                    tables=tuple(made),
                    notes=tuple(notes),
                )
            )
    return sections


def scores(report: IntelReport) -> tuple[TechniqueScore, ...]:
    """Score techniques by how many use them; a revoked id counts for its successor."""
    found: dict[str, TechniqueScore] = {}
    for one in report.techniques:
        if not attack.technique(one.current).known:
            continue
        who = f"used by {names(one.used_by, 10)}" if one.used_by else f"{one.basis} only"
        known = found.get(one.current)
        found[one.current] = TechniqueScore(
            technique=one.current,
            score=max(len(one.used_by), 0) + (known.score if known else 0),
            evidence=tuple(dict.fromkeys((*(known.evidence if known else ()), *one.evidence[:60]))),
            comment="; ".join(filter(None, (known.comment if known else "", who, one.status))),
        )
    return tuple(found[uid] for uid in sorted(found))


def title(report: IntelReport) -> str:
    """Name the report after its actors, else its campaigns, reports or files."""
    for listed in (report.actors, report.campaigns, report.reports):
        if listed:
            return f"Intelligence report: {names([one.name for one in listed], 3)}"
    number = report.counts.files
    return f"Intelligence report on {number:,} STIX {'file' if number == 1 else 'files'}"


def _not_searched(report: IntelReport) -> list[str]:
    counts = report.counts
    said: list[str] = []
    if counts.rejected:
        said.append(
            f"{counts.rejected:,} {'object' if counts.rejected == 1 else 'objects or files'} could "
            "not be used and are listed with their reasons."
        )
    if counts.dangling:
        said.append(
            f"{counts.dangling:,} references lead to objects that no file holds; what those say "
            "is not in this report."
        )
    return said


def _notes(report: IntelReport) -> list[str]:
    counts = report.counts
    said = [
        f"{counts.delivered:,} objects were delivered in {counts.files:,} "
        f"{'file' if counts.files == 1 else 'files'}; {counts.distinct:,} are distinct, of which "
        f"{counts.relationships:,} are relationships, {counts.revoked:,} revoked and "
        f"{counts.deprecated:,} deprecated (kept and marked).",
        "Objects of one kind and name count as one under all their ids; the newest version of an "
        "object holds. No language model read the descriptions: targets and doubts in prose are "
        "found by patterns and quoted, so some are missed.",
    ]
    if report.marking:
        said.insert(0, f"Handle as {report.marking}: the strictest marking among the objects.")
    if not report.actors:
        said.append("No intrusion set and no threat actor is among the objects.")
    if any(one.source_name.startswith("mitre") for a in report.techniques for one in a.references):
        said.append(
            "Contains ATT&CK content, © The MITRE Corporation, reproduced and distributed with "
            "its permission under the ATT&CK terms of use."
        )
    return said
