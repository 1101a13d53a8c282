"""Loads logs into the lake: finds files, their framing and format, reports what became of all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ocsf.mappers import MAPPERS
from ocsf.mapping import Mapper
from schemas.ingest import IngestProgress, IngestReport, SourceReport
from sentree.errors import PartlyUnreadableError, UnreadableInputError, UsageError
from sentree.lake.db import Lake
from sentree.lake.format_choice import choose_format, read_frames
from sentree.lake.framing import HEAD, find_framing
from sentree.lake.ledger import Ledger, new_source_uid
from sentree.lake.readers import (
    BrokenStreamError,
    ByteSource,
    Input,
    NotTextError,
    find_inputs,
    peeked,
)
from sentree.lake.routing import BASE
from sentree.lake.source_time import written_before
from sentree.lake.staging import SourceLoad
from sentree.lake.writing import Writer
from sentree.settings import Settings

LOG = logging.getLogger("sentree.lake")
Progress = Callable[[IngestProgress], None]


class NothingLoadedError(UnreadableInputError):
    """Nothing of a delivery could be read; `report` says what stood in the way."""

    def __init__(self, message: str, report: IngestReport) -> None:
        super().__init__(message)
        self.report = report


class PartlyLoadedError(PartlyUnreadableError):
    """A part of a delivery could not be read and strictness was asked for; the rest is loaded."""

    def __init__(self, message: str, report: IngestReport) -> None:
        super().__init__(message)
        self.report = report


def ingest(
    lake: Lake,
    paths: Sequence[str | Path],
    *,
    settings: Settings,
    as_format: str = "auto",
    tenant: str | None = None,
    strict: bool = False,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> IngestReport:
    """Load files, folders, globs and `-` (standard input) into the lake.

    A source is loaded as a whole or not at all, and only once: a second delivery of the same
    bytes, or of the same records in other files, adds nothing.

    Args:
        lake: the lake to load into.
        paths: what to load.
        settings: give the tenant and the longest record.
        as_format: the name of a mapper that all records are read with, or `auto`.
        tenant: whose events they are; the settings' tenant by default.
        strict: fail when anything could not be read, after all else was loaded.
        progress: is told how far the reading is.
        now: the time of loading.

    Raises:
        UsageError: there is no such format.
        NothingLoadedError: no record of any source could be read.
        PartlyLoadedError: `strict`, and something could not be read.
        LakeError: the lake could not be written; what was committed before stays.
    """
    if as_format not in ("auto", *MAPPERS):
        names = ", ".join(sorted(MAPPERS))
        raise UsageError(f"no format '{as_format}': choose auto or one of {names}")
    owner = tenant or settings.tenant
    load = _Delivery(lake, settings, as_format, owner, progress, now or datetime.now(UTC))
    report = IngestReport(sources=tuple(load.run(paths)), snapshot_id=lake.snapshot_id())
    judge(report, strict)
    return report


def judge(report: IngestReport, strict: bool) -> None:
    """Fail where nothing could be read, or with `strict` anything.

    Raises:
        NothingLoadedError: no record of any source could be read.
        PartlyLoadedError: `strict`, and something could not be read.
    """
    unread = [each for each in report.sources if each.error]
    if not report.sources:
        raise NothingLoadedError("no files found", report)
    if (unread or report.rejected) and not report.accepted and not report.duplicate:
        if unread and len(report.sources) == 1:
            raise NothingLoadedError(f"{unread[0].path}: {unread[0].error}", report)
        raise NothingLoadedError(
            f"nothing could be read: {len(unread)} of {len(report.sources)} sources failed,"
            f" {report.rejected} records rejected ({_first_reason(report)})",
            report,
        )
    if strict and (unread or report.rejected):
        raise PartlyLoadedError(
            f"{len(unread)} of {len(report.sources)} sources could not be read,"
            f" {report.rejected} records rejected ({_first_reason(report)}); the rest is loaded",
            report,
        )


def _first_reason(report: IngestReport) -> str:
    for each in report.sources:
        if each.error or each.reasons:
            return f"{each.path}: {each.error or next(iter(each.reasons))}"
    return "no reason"


class _Delivery:
    """One call of `ingest`: sources are read in order and committed in groups."""

    def __init__(
        self,
        lake: Lake,
        settings: Settings,
        as_format: str,
        tenant: str,
        progress: Progress | None,
        now: datetime,
    ) -> None:
        self._lake = lake
        self._settings = settings
        self._as_format = as_format
        self._tenant = tenant
        self._progress = progress
        self._now = now
        self._mappers: Mapping[str, Mapper] = MAPPERS
        self._reports: dict[str, SourceReport] = {}
        self._ledger = Ledger(lake, tenant)
        self._pending: dict[str, str] = {}

    def run(self, paths: Sequence[str | Path]) -> list[SourceReport]:
        inputs = find_inputs(paths, without=self._settings.home)
        with Writer(self._lake, self._mappers, self._tenant, self._now) as writer:
            for each in inputs:
                self._load(writer, each)
                if writer.is_due:
                    self._commit(writer)
            self._commit(writer)
        return [self._reports[each.path] for each in inputs]

    def _commit(self, writer: Writer) -> None:
        for report in writer.commit():
            self._reports[report.path] = report
            _log_source(report, self._tenant)
            if report.delivered:
                self._ledger.add(self._pending[report.path], report)
        self._pending.clear()

    def _load(self, writer: Writer, given: Input) -> None:
        path = given.path
        if given.error:
            self._reports[path] = SourceReport(path=path, error=given.error)
            return
        source = ByteSource(path)
        source.on_read = self._watch(source)
        try:
            sha256 = source.digest()
            if sha256 in self._pending.values():
                # The same bytes twice in one delivery: settle the first before the second.
                self._commit(writer)
            loaded = self._ledger.find(sha256, path) if sha256 else None
            if loaded:
                self._reports[path] = loaded
                return
            self._read(writer, source, sha256)
        except NotTextError as error:
            self._reports[path] = SourceReport(path=path, error=str(error))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self._reports[path] = SourceReport(path=path, error=reason)

    def _read(self, writer: Writer, source: ByteSource, sha256: str | None) -> None:
        head, blocks = peeked(_guarded(source.blocks(with_evtx=True)), HEAD)
        framing = find_framing(head)
        longest = self._settings.max_line_bytes
        chosen = self._as_format
        if chosen == "auto":
            chosen = choose_format(head, framing, longest)
        load = SourceLoad(
            path=source.path,
            source_uid=new_source_uid(self._tenant, source.path, sha256),
            format=chosen or BASE,
            chosen=chosen,
            forced=self._as_format != "auto",
            written=written_before(source.path, self._now),
        )
        writer.begin(load)
        for frame in read_frames(blocks, framing, longest):
            writer.add(frame)
        if sha256 is None and (loaded := self._ledger.find(source.sha256, source.path)):
            writer.abandon()
            self._reports[source.path] = loaded
            return
        if sha256 and source.sha256 != sha256:
            load.note = "changed while it was read"
        writer.end(source.sha256, source.bytes_read)
        self._pending[source.path] = source.sha256

    def _watch(self, source: ByteSource) -> Callable[[int], None] | None:
        tell = self._progress
        if tell is None:
            return None
        return lambda done: tell(IngestProgress(source.path, done, source.bytes_total))


def _log_source(report: SourceReport, tenant: str) -> None:
    counts = report.model_dump(include={"delivered", "accepted", "duplicate", "rejected"})
    LOG.info("source loaded", extra={"path": report.path, "tenant": tenant, **counts})


def _guarded(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Make a failure after the first block an early end: what came before it is good."""
    begun = False
    while True:
        try:
            block = next(blocks, None)
        except OSError as error:
            if not begun:
                raise
            reason = (error.strerror or str(error)).lower()
            raise BrokenStreamError(f"read error: {reason}") from None
        if block is None:
            return
        begun = True
        yield block
