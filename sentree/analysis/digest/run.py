"""Makes a digest: claim, detect in what is new, read it, conclude, move the watermark."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from schemas.claim import Claim
from schemas.coverage import SliceCoverage
from schemas.detection import DetectReport
from schemas.digest import LEVELS, DigestOutcome, DigestReport, DigestRequest, Span
from schemas.event import CitedEvent
from schemas.query import Query, Scenario
from schemas.result import Result
from schemas.rule_choice import DetectRequest
from schemas.section import Section
from sentree.analysis.digest.campaigns import Campaigns, compare_tenants, remembered
from sentree.analysis.digest.omissions import omissions
from sentree.analysis.digest.summary import summarise, title_of, worst_level
from sentree.analysis.digest.tables import sections, technique_scores
from sentree.analysis.records import Account, cited_uids, record_result
from sentree.analysis.scope import new_run_dir
from sentree.errors import LakeError, NotFoundError
from sentree.lake.added_rows import added_rows
from sentree.lake.claims import claimed
from sentree.lake.db import Lake
from sentree.lake.digests import (
    NOTHING_TOLD,
    Watermark,
    record_digest,
    snapshot_before,
    watermark,
)
from sentree.lake.news import News, cited_news, read_news, tenants_of
from sentree.rules.detect import detect
from sentree.rules.library import requested_library
from sentree.settings import Settings


@dataclass(frozen=True, slots=True)
class Started:
    """A digest that has begun: its folder, its tenants' watermarks, and who holds the others."""

    settings: Settings
    request: DigestRequest
    run_dir: Path
    now: datetime
    marks: dict[str, Watermark]
    busy: dict[str, str]

    @property
    def run_uid(self) -> str:
        """The run's uid."""
        return self.run_dir.name

    @property
    def look_back(self) -> bool:
        """Whether it tells again what was loaded lately, and leaves the watermarks alone."""
        return self.request.since_hours is not None

    @property
    def last_run(self) -> str | None:
        """The newest digest of these tenants, if there was any."""
        return max((mark.run_uid for mark in self.marks.values() if mark.run_uid), default=None)


class Detected(NamedTuple):
    """A tenant's stretch after the rules ran; without a span they could not, and `failed` says so.

    `report` is None where there were no new events to run them over.
    """

    tenant: str
    span: Span | None
    report: DetectReport | None = None
    failed: str = ""


class Ending(NamedTuple):
    """How a digest ended; `result` where one was made. Nobody is notified of a look back."""

    outcome: DigestOutcome
    result: Result | None = None
    look_back: bool = False


class Made(NamedTuple):
    """A digest, not yet committed."""

    result: Result
    report: DigestReport
    newest: dict[str, datetime | None]
    campaigns: str


def run(
    settings: Settings,
    request: DigestRequest,
    publish: Callable[[Result, Path], object],
    now: datetime | None = None,
) -> Ending:
    """Make a digest in this process.

    Args:
        settings: say where the lake is.
        request: what to digest.
        publish: writes the result and its reports into the run's folder; what counts as told
            must be there to read, so nothing is committed before.
        now: the moment of the digest.

    Raises:
        NotFoundError: nothing was ever loaded of a named tenant.
        LakeError: there is no lake, or it can't be read or written.
    """
    with Lake.open(settings, create=False) as lake:
        return make(lake, settings, request, publish, now)


def make(
    lake: Lake,
    settings: Settings,
    request: DigestRequest,
    publish: Callable[[Result, Path], object],
    now: datetime | None = None,
) -> Ending:
    """Make a digest of an open lake; see `run`."""
    with opened(lake, settings, request, now or datetime.now(UTC)) as started:
        detected = [detect_new(lake, started, tenant) for tenant in sorted(started.marks)]
        news = [read_new(lake, started, one.span) for one in detected if one.span]
        found = find_campaigns(lake, started, news)
        made = conclude(lake, started, detected, news, found)
        if made is not None:
            publish(made.result, started.run_dir)
        return commit(lake, started, made)


@contextmanager
def opened(
    lake: Lake, settings: Settings, request: DigestRequest, now: datetime
) -> Generator[Started]:
    """Claim the tenants, give where each stands; a run without a result leaves no folder behind.

    Raises:
        NotFoundError: nothing was ever loaded of a named tenant.
    """
    tenants = _tenants(lake, request)
    run_dir = new_run_dir(settings, request, now)
    try:
        if request.since_hours is not None:
            # A look back moves nothing, so it claims nothing.
            yield Started(
                settings, request, run_dir, now, _look_back(lake, request, tenants, now), {}
            )
            return
        with claimed(lake.folder, "digest", tenants, run_dir.name) as claims:
            marks = {tenant: watermark(lake, tenant) for tenant in claims.held}
            yield Started(settings, request, run_dir, now, marks, claims.taken)
    finally:
        if not (run_dir / "result.json").exists():
            shutil.rmtree(run_dir, ignore_errors=True)


def detect_new(lake: Lake, started: Started, tenant: str) -> Detected:
    """Run the rules over a tenant's new events, and say up to which snapshot that goes."""
    mark = started.marks[tenant]
    report: DetectReport | None = None
    try:
        until = lake.snapshot_id()
        if _has_events(lake, tenant, mark.events_to, until):
            wanted = DetectRequest(rules=started.request.rules, tenant_uid=tenant)
            rules = requested_library(started.settings, wanted, lake).loaded
            rules.demand()
            report = detect(lake, rules, tenant=tenant, since_snapshot=mark.events_to or None)
            until = report.snapshot_id
        span = Span(
            tenant=tenant,
            events_from=mark.events_to,
            events_to=until,
            detections_from=mark.detections_to,
            detections_to=lake.snapshot_id(),
            last_run=mark.run_uid or None,
        )
    except LakeError as error:
        return Detected(tenant, None, failed=f"{tenant}: detection failed, told next time: {error}")
    return Detected(tenant, span, report)


def read_new(lake: Lake, started: Started, span: Span) -> News:
    """Read what is new in a tenant's stretch."""
    return read_news(lake, span, started.marks[span.tenant].newest, started.now)


def find_campaigns(lake: Lake, started: Started, news: Sequence[News]) -> Campaigns:
    """Look for campaigns in several tenants around what is new."""
    if not started.request.correlate:
        return Campaigns((), note="Campaigns over tenants were not looked for, as asked.")
    told = [mark.campaigns for _, mark in sorted(started.marks.items())]
    return compare_tenants(lake, news, told)


def conclude(
    lake: Lake,
    started: Started,
    detected: Sequence[Detected],
    news: Sequence[News],
    campaigns: Campaigns,
) -> Made | None:
    """Put together what is new, every citation checked; None if there is nothing to tell."""
    ordered = sorted(news, key=lambda one: one.span.tenant)
    report = DigestReport(
        spans=tuple(one.span for one in ordered),
        look_back=started.look_back,
        events=sum(one.events for one in ordered),
        sources=tuple(each for one in ordered for each in one.sources),
        classes=tuple(each for one in ordered for each in one.classes),
        findings=tuple(
            sorted(
                (each for one in ordered for each in one.findings),
                key=lambda each: (-LEVELS.index(each.level), each.before > 0),
            )
        ),
        campaigns=campaigns.found,
        silences=tuple(each for one in ordered for each in one.silences),
        rejects=tuple(each for one in ordered for each in one.rejects),
        degraded=tuple(
            filter(None, (*(one.failed for one in detected if one.failed), campaigns.failed))
        ),
    )
    if report.is_empty:
        return None
    report = report.model_copy(
        update={"not_searched": omissions(started.busy, detected, ordered, campaigns)}
    )
    summary, parts = summarise(report), sections(report)
    cited, snapshot = _cited(lake, report, ordered, summary, parts)
    result = record_result(
        started.run_dir,
        Scenario.DIGEST,
        started.request.title or title_of(report),
        _query(report),
        summary=summary,
        sections=parts,
        texts={uid: "\n".join((each.event, each.raw)) for uid, each in cited.items()},
        records=cited,
        account=Account(report.events, report.events, report.not_searched, snapshot),
        techniques=technique_scores(report),
        notes=_notes(report),
        data=report,
        created_at=started.now,
    )
    coverage = result.coverage.model_copy(update=_slices(report))
    result = result.model_copy(update={"coverage": coverage})
    told = remembered([mark.campaigns for mark in started.marks.values()], campaigns.found)
    return Made(result, report, {one.span.tenant: one.newest for one in ordered}, told)


def commit(lake: Lake, started: Started, made: Made | None) -> Ending:
    """Store the digest and move the watermarks in one transaction; say how it ended.

    Where another run told a part of it first, nothing is stored and this run's folder goes.
    """
    if made is None:
        return _nothing_told(started)
    if not started.look_back:
        winner = record_digest(
            lake, started.run_uid, started.now, made.report, made.newest, made.campaigns
        )
        if winner is not None:
            shutil.rmtree(started.run_dir, ignore_errors=True)
            text = f"already done: run {winner} told it first"
            return Ending(DigestOutcome(state="made-elsewhere", run_uid=winner, message=text))
    outcome = DigestOutcome(
        state="made",
        run_uid=started.run_uid,
        message=made.result.title,
        worst=worst_level(made.report.findings),
        degraded=bool(made.report.degraded),
    )
    return Ending(outcome, made.result, started.look_back)


def _nothing_told(started: Started) -> Ending:
    if started.busy and not started.marks:
        holder = min(started.busy.values())
        text = f"already being done: run {holder} is making this digest"
        return Ending(DigestOutcome(state="being-made", run_uid=holder, message=text))
    last = started.last_run
    text = f"nothing new: all was told by run {last}" if last else "nothing new: nothing is there"
    return Ending(DigestOutcome(state="nothing-new", run_uid=last, message=text))


def _tenants(lake: Lake, request: DigestRequest) -> tuple[str, ...]:
    known = tenants_of(lake)
    for name in request.tenants:
        if name not in known:
            there = ", ".join(known[:20]) or "none at all"
            raise NotFoundError(f"nothing was ever loaded of tenant '{name}'; there are: {there}")
    return request.tenants or tuple(known)


def _look_back(
    lake: Lake, request: DigestRequest, tenants: Sequence[str], now: datetime
) -> dict[str, Watermark]:
    start = snapshot_before(lake, now - timedelta(hours=request.since_hours or 0))
    back = NOTHING_TOLD._replace(events_to=start, detections_to=start)
    return {
        tenant: back._replace(campaigns=watermark(lake, tenant).campaigns) for tenant in tenants
    }


def _has_events(lake: Lake, tenant: str, after: int, until: int) -> bool:
    # The ledger tells: every event that was added came with a source that accepted some.
    sources = added_rows(lake, "sources", after, until)
    found = lake.query(
        f"SELECT 1 FROM {sources} WHERE tenant_uid = ? AND accepted > 0 LIMIT 1", [tenant]
    )
    return bool(found)


def _cited(
    lake: Lake,
    report: DigestReport,
    news: Sequence[News],
    summary: Sequence[Claim],
    parts: Sequence[Section],
) -> tuple[dict[str, CitedEvent], int]:
    cited: dict[str, CitedEvent] = {}
    for one in news:
        cited |= one.rejected
    wanted = [uid for uid in cited_uids(summary, parts) if uid not in cited]
    snapshot = max((span.detections_to for span in report.spans), default=0)
    tenants = [one.span.tenant for one in news]
    cited |= cited_news(lake, tenants, snapshot or lake.snapshot_id(), wanted)
    return cited, snapshot


def _query(report: DigestReport) -> Query:
    tenant = report.spans[0].tenant if len(report.spans) == 1 else "*"
    return Query(text="What is new since the last digest?", tenant_uid=tenant)


def _slices(report: DigestReport) -> dict[str, tuple[SliceCoverage, ...]]:
    """Say of each source and class that all of its new events were looked at."""
    several = len(report.spans) > 1
    sources = [
        (f"{one.tenant}: {one.path}" if several else one.path, one.accepted, None, None)
        for one in report.sources
    ]
    classes = [(one.name, one.events, one.first, one.last) for one in report.classes]
    return {
        name: tuple(
            SliceCoverage(name=label, events_in_scope=n, events_looked_at=n, first=first, last=last)
            for label, n, first, last in rows
        )
        for name, rows in (("by_source", sources), ("by_class", classes))
    }


def _notes(report: DigestReport) -> list[str]:
    notes = [f"Degraded: {text}" for text in report.degraded]
    if report.look_back:
        notes.append("A look back: it tells again what digests may have told, and moves nothing.")
    if len(report.spans) > 1:
        notes.append("Rows of several tenants stand in this report: it is for who may see all.")
    return notes
