"""Reads what is new of one tenant in a stretch of the lake's snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ocsf.classes import class_name
from schemas.digest import (
    LEVELS,
    Level,
    NewClass,
    NewFinding,
    NewSource,
    RejectGroup,
    Silence,
    Span,
)
from schemas.event import CitedEvent
from sentree.lake.added_rows import added_rows
from sentree.lake.db import Lake, sql_text
from sentree.lake.digests import told_findings, told_silences
from sentree.lake.source_names import source_names

RAW_CAP = 32_768
REJECT_CAP = 4_096
REPORTER = (
    "CASE WHEN device_host IS NULL OR device_host = '' THEN mapper || ' sensor'"
    " ELSE lower(split_part(device_host, '.', 1)) END"
)
MINIMUM_EVENTS = 50
MINIMUM_DELIVERIES = 6
FLOOR_SECONDS = 2 * 3600.0
FEED_FLOOR_SECONDS = 3600.0
FEED_SPAN_SECONDS = 6 * 3600.0
TIMES_USUAL = 2.0
REMEMBERED = timedelta(days=14)


class News(NamedTuple):
    """What is new of one tenant; `newest` is the newest time of all its events, told or not."""

    span: Span
    events: int
    without_time: int
    newest: datetime | None
    sources: tuple[NewSource, ...]
    classes: tuple[NewClass, ...]
    findings: tuple[NewFinding, ...]
    silences: tuple[Silence, ...]
    rejects: tuple[RejectGroup, ...]
    rejected: dict[str, CitedEvent]


def tenants_of(lake: Lake) -> list[str]:
    """List the tenants of which anything was ever loaded."""
    return [
        row["tenant_uid"]
        for row in lake.query("SELECT DISTINCT tenant_uid FROM sources ORDER BY tenant_uid")
    ]


def read_news(lake: Lake, span: Span, told_until: datetime | None, now: datetime) -> News:
    """Read what a span of one tenant has.

    Args:
        lake: the lake.
        span: the stretch.
        told_until: the newest event time that was told before; older new events count as late.
        now: the moment that pauses of deliveries are measured at.
    """
    tenant = {"tenant": span.tenant}
    events, sources, rejects = (
        added_rows(lake, name, span.events_from, span.events_to)
        for name in ("events", "sources", "rejects")
    )
    [total] = lake.query(
        "SELECT count(*) AS n, count(*) - count(time) AS timeless, max(time)"
        f" FILTER (WHERE time <= ingested_at + INTERVAL 1 DAY) AS newest FROM {events}"
        " WHERE tenant_uid = $tenant",
        tenant,
    )
    rejected: dict[str, CitedEvent] = {}
    groups = tuple(_reject_groups(lake, span, rejects, sources, rejected))
    newest = _aware(total["newest"])
    return News(
        span=span,
        events=total["n"],
        without_time=total["timeless"],
        newest=max((one for one in (newest, told_until) if one), default=None),
        sources=_sources(lake, span, sources, events, told_until),
        classes=tuple(
            NewClass(tenant=span.tenant, name=class_name(row["class_uid"]), **row)
            for row in lake.query(sql_text("digest_classes", events=events), tenant)
        ),
        findings=tuple(_findings(lake, span, events)),
        silences=tuple(_silences(lake, span, now)),
        rejects=groups,
        rejected=rejected,
    )


def cited_news(
    lake: Lake, tenants: Sequence[str], snapshot: int, uids: Iterable[str]
) -> dict[str, CitedEvent]:
    """Give events of these tenants by uid; where there are several, the source names its tenant."""
    wanted = list(dict.fromkeys(uids))
    if not wanted:
        return {}
    found = lake.query(
        sql_text("digest_cited", host=sql_text("host"), snapshot=str(snapshot)),
        {"tenants": list(tenants), "uids": wanted, "cap": RAW_CAP},
    )
    shown = source_names(row["source"] for row in found if row["source"])
    cited: dict[str, CitedEvent] = {}
    for row in found:
        tenant, name = row.pop("tenant_uid"), shown.get(row["source"], "")
        cited[row["event_uid"]] = CitedEvent.model_validate(
            {
                **row,
                "source": f"{tenant}: {name}" if len(tenants) > 1 else name,
                "class_name": class_name(row["class_uid"]),
            }
        )
    return cited


def _sources(
    lake: Lake, span: Span, sources: str, events: str, told_until: datetime | None
) -> tuple[NewSource, ...]:
    found = lake.query(
        sql_text("digest_sources", sources=sources, events=events),
        {"tenant": span.tenant, "newest": _naive(told_until)},
    )
    names = source_names(row["path"] for row in found)
    return tuple(
        NewSource.model_validate({**row, "tenant": span.tenant, "path": names[row["path"]]})
        for row in found
    )


def _findings(lake: Lake, span: Span, events: str) -> Iterable[NewFinding]:
    detections = added_rows(lake, "detections", span.detections_from, span.detections_to)
    [ends] = lake.query(
        f"SELECT min(time) AS a, max(time) AS z FROM {detections} WHERE tenant_uid = ?",
        [span.tenant],
    )
    found = lake.query(
        sql_text(
            "digest_findings",
            detections=detections,
            events=events,
            host=sql_text("host"),
            detections_to=str(span.detections_to),
        ),
        {
            "tenant": span.tenant,
            "levels": list(LEVELS),
            "first": ends["a"],
            "last": ends["z"],
        },
    )
    told = told_findings(lake, span)
    for row in found:
        before, since = told.get((row["rule_uid"], row["host"]), (0, None))
        yield NewFinding.model_validate(
            {
                **row,
                "tenant": span.tenant,
                "level": as_level(row["level"]),
                "before": before,
                "known_since": since,
            }
        )


def as_level(text: str | None) -> Level:
    """Give a Sigma level; one that is unknown or missing counts as informational."""
    return text if text in LEVELS else "informational"


def _silences(lake: Lake, span: Span, now: datetime) -> Iterable[Silence]:
    told = told_silences(lake, span.tenant)
    snapshot = str(span.events_to)
    [newest] = lake.query(
        f"SELECT max(time) AS t FROM events AT (VERSION => {span.events_to:d})"
        " WHERE tenant_uid = ? AND time <= ingested_at + INTERVAL 1 DAY",
        [span.tenant],
    )
    if newest["t"] is None:
        return
    hosts = lake.query(
        sql_text("digest_silent_hosts", reporter=REPORTER, snapshot=snapshot),
        {
            "tenant": span.tenant,
            "from": newest["t"] - REMEMBERED,
            "minimum": MINIMUM_EVENTS,
            "floor": FLOOR_SECONDS,
            "times": TIMES_USUAL,
        },
    )
    feeds = lake.query(
        sql_text("digest_silent_feeds", snapshot=snapshot),
        {
            "tenant": span.tenant,
            "now": _naive(now),
            "minimum": MINIMUM_DELIVERIES,
            "span": FEED_SPAN_SECONDS,
            "floor": FEED_FLOOR_SECONDS,
            "times": TIMES_USUAL,
        },
    )
    for row in feeds:
        [last] = lake.query(
            sql_text("digest_feed_last", snapshot=snapshot),
            {"tenant": span.tenant, "last": row["last_seen"], "feed": row["name"]},
        )
        row["evidence"] = [last["event_uid"]] if last["event_uid"] else []
    for kind, rows in (("host", hosts), ("feed", feeds)):
        for row in rows:
            seen = row["last_seen"].replace(tzinfo=UTC)
            known = (kind, row["name"], seen) in told
            values = {**row, "last_seen": seen, "kind": kind, "known": known}
            yield Silence.model_validate({**values, "tenant": span.tenant})


def _reject_groups(
    lake: Lake, span: Span, rejects: str, sources: str, cited: dict[str, CitedEvent]
) -> Iterable[RejectGroup]:
    found = lake.query(
        sql_text("digest_rejects", rejects=rejects, sources=sources),
        {"tenant": span.tenant, "cap": REJECT_CAP},
    )
    names = source_names(row["path"] for row in found)
    for row in found:
        uid = f"reject:{row['source_uid']}:{row['line']}"
        path = names[row["path"]]
        cited[uid] = CitedEvent(
            event_uid=uid,
            time=None,
            class_uid=-1,
            class_name="rejected record",
            host=None,
            user=None,
            source=path,
            line=row["line"],
            mapper="",
            event="",
            raw=row["raw"] or "",
            raw_length=row["raw_length"] or 0,
        )
        yield RejectGroup(
            tenant=span.tenant,
            path=path,
            reason=row["reason"],
            records=row["records"],
            sample=uid,
        )


def _naive(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC).replace(tzinfo=None)


def _aware(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=UTC)
