"""Loads a delivery of anything: events go one way, what is known beside them the other."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from schemas.ingest import IngestProgress, IngestReport, SourceReport
from sentree.analysis.knowledge.controls import control_delivery
from sentree.analysis.knowledge.rules import rule_delivery
from sentree.analysis.knowledge.sniff import KINDS, Kind, sniff_file
from sentree.analysis.knowledge.stix import stix_delivery
from sentree.analysis.knowledge.stix_stream import staged_delivery
from sentree.analysis.knowledge.vulnerabilities import vulnerability_delivery
from sentree.errors import UnreadableInputError, UsageError
from sentree.lake.db import Lake
from sentree.lake.ingest import NothingLoadedError, ingest, judge
from sentree.lake.knowledge import Delivery, store
from sentree.lake.ledger import Ledger
from sentree.lake.readers import STDIN, find_inputs
from sentree.settings import Settings

LOG = logging.getLogger("sentree.lake")
COMMIT_RECORDS = 100_000
COMMIT_SOURCES = 500


def deliver(
    lake: Lake,
    paths: Sequence[str | Path],
    *,
    settings: Settings,
    as_format: str = "auto",
    tenant: str | None = None,
    strict: bool = False,
    progress: Callable[[IngestProgress], None] | None = None,
    now: datetime | None = None,
) -> IngestReport:
    """Load files, folders and globs of events, STIX, CVE data, controls and rules.

    Arguments and errors are those of `sentree.lake.ingest.ingest`; `as_format` may also name a
    kind of knowledge. A source of either kind is loaded once, whole or not at all.
    """
    moment = now or datetime.now(UTC)
    owner = tenant or settings.tenant
    given = [str(path) for path in paths]
    if as_format in KINDS and STDIN in given:
        raise UsageError(f"- can't be read as {as_format}: name a file")
    found = find_inputs(given, without=lake.folder)
    kinds: dict[str, Kind] = {
        one.path: kind
        for one in found
        if one.error is None and one.path != STDIN and (kind := _kind(one.path, as_format))
    }
    known = [one.path for one in found if one.path in kinds]
    others = [one.path for one in found if one.path not in kinds]
    reports = {one.path: one for one in _store_all(lake, known, kinds, owner, moment)}
    if others or not known:
        try:
            loaded = ingest(
                lake,
                others,
                settings=settings,
                as_format="auto" if as_format in KINDS else as_format,
                tenant=owner,
                progress=progress,
                now=moment,
            )
        except NothingLoadedError as error:
            if not known:
                raise
            loaded = error.report
        reports |= {one.path: one for one in loaded.sources}
    report = IngestReport(
        sources=tuple(reports[one.path] for one in found if one.path in reports),
        snapshot_id=lake.snapshot_id(),
    )
    judge(report, strict)
    return report


def _kind(path: str, as_format: str) -> Kind | None:
    for kind in KINDS:
        if kind == as_format:
            return kind
    return sniff_file(path) if as_format == "auto" else None


def _store_all(
    lake: Lake, paths: Sequence[str], kinds: dict[str, Kind], tenant: str, now: datetime
) -> list[SourceReport]:
    if not paths:
        return []
    ledger = Ledger(lake, tenant)
    reports: list[SourceReport] = []
    waiting: list[Delivery] = []
    for path in paths:
        try:
            with open(path, "rb") as handle:
                digest = hashlib.file_digest(handle, "sha256").hexdigest()
            if again := ledger.find(digest, path):
                reports.append(again)
                continue
            waiting.append(_read(lake, path, kinds[path], digest))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            reports.append(SourceReport(path=path, error=reason))
        except UnreadableInputError as error:
            reports.append(SourceReport(path=path, error=str(error)))
        rows = sum(one.rows for one in waiting)
        if rows >= COMMIT_RECORDS or len(waiting) >= COMMIT_SOURCES:
            reports += _store(lake, waiting, tenant, now)
            waiting = []
    reports += _store(lake, waiting, tenant, now) if waiting else []
    for one in reports:
        counts = one.model_dump(include={"delivered", "accepted", "duplicate", "rejected"})
        LOG.info("source loaded", extra={"path": one.path, "tenant": tenant, **counts})
    return reports


def _store(
    lake: Lake, waiting: Sequence[Delivery], tenant: str, now: datetime
) -> list[SourceReport]:
    try:
        return store(lake, waiting, tenant, now)
    finally:
        for one in waiting:
            if one.stage:
                lake.execute(f"DROP TABLE IF EXISTS {one.stage.name}")


def _read(lake: Lake, path: str, kind: Kind, digest: str) -> Delivery:
    size = Path(path).stat().st_size
    if kind == "stix":
        made = staged_delivery(lake, path, size, digest) or stix_delivery(path, size)
    elif kind in ("oscal", "prowler"):
        made = control_delivery(path, size, digest)
    elif kind == "sigma":
        made = rule_delivery(path, size, digest)
    else:
        made = vulnerability_delivery(path, size, kind)
    if not made.rows and len(made.rejects) == 1 and not made.sha256:
        raise UnreadableInputError(made.rejects[0].reason)
    made.sha256 = digest
    return made
