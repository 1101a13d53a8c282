"""Runs the compliance scenario: catalogue and evidence in, verified result document out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from models.evidence_features import Encoder
from models.evidence_head import Head, HeadError
from schemas.control import Catalogue
from schemas.event import CitedEvent
from schemas.evidence import (
    ControlVerdict,
    EvidenceCounts,
    EvidenceRecord,
    EvidenceReport,
    EvidenceRequest,
)
from schemas.query import Scenario
from schemas.result import Result
from schemas.section import InputFile
from sentree.analysis.evidence.mapping import (
    group_checks,
    is_carried,
    proposed_links,
    stated_links,
)
from sentree.analysis.evidence.scope import in_scope
from sentree.analysis.evidence.sources import Evidence, read_files, read_lake
from sentree.analysis.evidence.stored_catalogue import find_catalogue
from sentree.analysis.evidence.summary import summarise
from sentree.analysis.evidence.tables import sections
from sentree.analysis.evidence.verdicts import judge
from sentree.analysis.records import Account, cited_record, cited_uids, record_result
from sentree.analysis.scope import export_scope, new_run_dir
from sentree.errors import ConfigurationError
from sentree.lake.context import FILE_NAME, Context
from sentree.settings import Settings

READER = "evidence"
STALE_DAYS = 90
MAX_UNUSED = 2_000


def run(settings: Settings, request: EvidenceRequest) -> Result:
    """Read catalogue and evidence, judge every control.

    Raises:
        UnreadableInputError: the catalogue can't be read, or no evidence can.
        LakeError: no evidence was named and there is no lake.
    """
    catalogue, references = requested_catalogues(settings, request)
    run_dir = new_run_dir(settings, request, datetime.now(UTC))
    found = gather(settings, request, catalogue, run_dir)
    return conclude(request, catalogue, references, found, run_dir)


def requested_catalogues(
    settings: Settings, request: EvidenceRequest
) -> tuple[Catalogue, list[Catalogue]]:
    """Read the catalogue and the mapped catalogues beside it."""
    tenant = request.tenant_uid
    catalogue = find_catalogue(settings, request.catalog, tenant, request.imports)
    return catalogue, [find_catalogue(settings, one, tenant) for one in request.references]


def gather(
    settings: Settings, request: EvidenceRequest, catalogue: Catalogue, run_dir: Path
) -> Evidence:
    """Read the evidence that the request names; without any, the lake's."""
    if request.evidence:
        return read_files(request.evidence, catalogue.controls)
    info = export_scope(settings, request.query, run_dir)
    with Context.open(run_dir / FILE_NAME) as context:
        return read_lake(context, info.snapshot_id)


def conclude(
    request: EvidenceRequest,
    catalogue: Catalogue,
    references: Sequence[Catalogue],
    found: Evidence,
    run_dir: Path,
    created_at: datetime | None = None,
) -> Result:
    """Make the result document: verdicts, sections, summary, checked citations."""
    created = created_at or datetime.now(UTC)
    report = assess(request, catalogue, references, found)
    summary, laid_out = summarise(report), sections(report)
    cited = set(cited_uids(summary, laid_out))
    counts = report.counts
    return record_result(
        run_dir,
        Scenario.EVIDENCE,
        request.title or f"Evidence for {catalogue.title}"[:200],
        request.query,
        summary=summary,
        sections=laid_out,
        texts=found.raw,
        records=_records(found, cited),
        account=Account(
            counts.records + counts.rejected,
            counts.used,
            tuple(_not_searched(report, request)),
            found.snapshot_id,
        ),
        inputs=(*(_input(one) for one in (catalogue, *references)), *found.files),
        notes=_notes(report, created),
        data=report,
        created_at=created,
    )


def assess(
    request: EvidenceRequest,
    catalogue: Catalogue,
    references: Sequence[Catalogue],
    found: Evidence,
    *,
    head: Head | None = None,
    encoder: Encoder | None = None,
) -> EvidenceReport:
    """Link the evidence to controls and judge each of them.

    Raises:
        ConfigurationError: mappings are to be proposed and the trained head is missing or damaged.
    """
    scoped = in_scope(found.records, request.window)
    groups = group_checks(scoped.records)
    propose = request.mapping == "propose"
    links = stated_links(catalogue, groups, references, use_catalogue=not propose)
    if request.mapping == "auto":
        propose = not catalogue.is_mapped and not is_carried(catalogue, references)
    used_head, beyond = "", frozenset[str]()
    if propose:
        head = head or _load_head(request.head)
        encoder = encoder or Encoder.load()
        used_head = f"{head.version}; {'sentences' if encoder.has_sentences else 'words only'}"
        open_ones = [one for one in catalogue.controls if not links[one.control_uid]]
        made, beyond = proposed_links(catalogue, open_ones, groups, references, head, encoder)
        links |= made
    verdicts = judge(catalogue if not propose else _unmapped(catalogue), links, groups, beyond)
    linked = {link.check for one in verdicts for link in one.links}
    return EvidenceReport(
        catalogue=catalogue.model_copy(update={"controls": ()}),
        verdicts=verdicts,
        counts=EvidenceCounts(
            records=len(found.records),
            used=len(scoped.records),
            outside_window=scoped.outside_window,
            without_time=scoped.without_time,
            superseded=scoped.superseded,
            rejected=found.rejected,
            checks=len(groups),
        ),
        proposals=propose,
        head=used_head,
        records=_kept(scoped.records, verdicts),
        unused_checks=tuple(name for name in groups if name not in linked)[:MAX_UNUSED],
    )


def _kept(
    records: Sequence[EvidenceRecord], verdicts: Sequence[ControlVerdict]
) -> tuple[EvidenceRecord, ...]:
    """Keep the records that a verdict rests on, and the oldest and newest in scope."""
    cited = {uid for one in verdicts for link in one.links for uid in link.records}
    stamped = sorted((one.time, one.record_uid) for one in records if one.time is not None)
    cited |= {uid for _, uid in (*stamped[:1], *stamped[-1:])}
    kept = (one for one in records if one.record_uid in cited)
    return tuple(sorted(kept, key=lambda one: one.record_uid))


def _unmapped(catalogue: Catalogue) -> Catalogue:
    bare = tuple(one.model_copy(update={"checks": None}) for one in catalogue.controls)
    return catalogue.model_copy(update={"controls": bare})


def _load_head(path: str) -> Head:
    try:
        return Head.load(Path(path) if path else None)
    except HeadError as error:
        raise ConfigurationError(str(error)) from None


def _records(found: Evidence, cited: set[str]) -> Mapping[str, CitedEvent]:
    return {
        one.record_uid: cited_record(
            one.record_uid,
            f"{one.kind} {one.check}"[:160],
            found.raw[one.record_uid],
            one.source,
            line=one.line,
            time=one.time,
            reader=READER,
        )
        for one in found.records
        if one.record_uid in cited
    }


def _input(one: Catalogue) -> InputFile:
    return InputFile(
        path=one.path,
        sha256=one.sha256,
        format=f"{one.format} catalogue",
        records=len(one.controls),
        rejected=len(one.rejected),
        note="; ".join(f"{each.where}: {each.reason}" for each in one.rejected[:3]),
    )


def _not_searched(report: EvidenceReport, request: EvidenceRequest) -> list[str]:
    counts = report.counts
    said: list[str] = []
    if counts.outside_window:
        said.append(
            f"{counts.outside_window:,} records lie outside the window {request.window} and count "
            "for nothing."
        )
    if counts.without_time:
        said.append(
            f"{counts.without_time:,} records have no time, so they can't be placed in the window."
        )
    if counts.rejected:
        said.append(f"{counts.rejected:,} records could not be used; the list of inputs says why.")
    missing = {check for one in report.verdicts for check in one.not_seen}
    if missing:
        said.append(f"{len(missing):,} checks that the catalogue assigns have no result at all.")
    if not report.proposals:
        said.append(
            "No mapping was proposed by wording: what neither the catalogue nor a finding states "
            "was not looked for (--mapping propose does)."
        )
    return said


def _notes(report: EvidenceReport, created: datetime) -> list[str]:
    total = len(report.verdicts)
    gaps = sum(one.status == "no evidence" for one in report.verdicts)
    said = [
        f"{gaps:,} of {total:,} controls have no evidence. That is an answer: nothing was read "
        "that is about them; it does not say that they fail.",
    ]
    if report.proposals:
        said.append(
            "Mappings that nobody states are proposed by a small trained head over wording "
            f"({report.head}); no language model read anything. They are marked with *."
        )
    old = [
        one for one in report.verdicts if one.newest and (created - one.newest).days > STALE_DAYS
    ]
    if old:
        said.append(
            f"The newest evidence of {len(old):,} controls is more than {STALE_DAYS} days old."
        )
    if report.counts.superseded:
        said.append(
            f"{report.counts.superseded:,} older results of a check on the same resource gave way "
            "to newer ones."
        )
    return said
