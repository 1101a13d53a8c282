"""What digests have told, kept in the lake: watermarks, findings, silences and notices."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from schemas.digest import DigestReport, Span
from sentree.lake.db import Lake


class Watermark(NamedTuple):
    """How far a tenant has been told, and by which run.

    `newest` is the newest event time told; `campaigns` what was told of campaigns, as JSON.
    """

    run_uid: str
    events_to: int
    detections_to: int
    newest: datetime | None
    campaigns: str


NOTHING_TOLD = Watermark("", 0, 0, None, "[]")


class Unfinished(NamedTuple):
    """A notice that is not known to have arrived."""

    run_uid: str
    target_uid: str
    attempts: int
    title: str
    body: str


def watermark(lake: Lake, tenant: str) -> Watermark:
    """Give how far the tenant has been told."""
    found = lake.query(
        "SELECT run_uid, events_to, detections_to, newest, campaigns FROM digests"
        " WHERE tenant_uid = ? ORDER BY events_to DESC, detections_to DESC, created_at DESC"
        " LIMIT 1",
        [tenant],
    )
    if not found:
        return NOTHING_TOLD
    told = Watermark(**found[0])
    return told._replace(newest=_aware(told.newest))


def snapshot_before(lake: Lake, moment: datetime) -> int:
    """Give the newest snapshot that was there at a moment; 0 if there was none."""
    found = lake.query(
        "SELECT max(snapshot_id) AS id FROM ducklake_snapshots('lake') WHERE snapshot_time <= ?",
        [moment],
    )
    return int(found[0]["id"] or 0)


def record_digest(
    lake: Lake,
    run_uid: str,
    created_at: datetime,
    report: DigestReport,
    newest: dict[str, datetime | None],
    campaigns: str,
) -> str | None:
    """Store what a digest told and move its tenants' watermarks, all in one transaction.

    Returns:
        None when it was stored; else the run that told a part of the same stretch first, and
        then nothing was stored.
    """
    return lake.retrying(lambda: _record(lake, run_uid, created_at, report, newest, campaigns))


def told_findings(lake: Lake, span: Span) -> dict[tuple[str, str], tuple[int, datetime | None]]:
    """Give what was told before the span: (rule, host) -> events, and the time of the first."""
    rows = lake.query(
        "SELECT rule_uid, host, sum(events) AS events, min(first) AS first FROM digest_findings"
        " WHERE tenant_uid = ? AND detections_to <= ? GROUP BY ALL",
        [span.tenant, span.detections_from],
    )
    return {
        (row["rule_uid"], row["host"]): (int(row["events"]), _aware(row["first"])) for row in rows
    }


def told_silences(lake: Lake, tenant: str) -> set[tuple[str, str, datetime]]:
    """Give the silences that were told: kind, name, and the moment they began."""
    rows = lake.query(
        "SELECT kind, name, last_seen FROM digest_silences WHERE tenant_uid = ?", [tenant]
    )
    return {(row["kind"], row["name"], row["last_seen"].replace(tzinfo=UTC)) for row in rows}


def begin_notice(
    lake: Lake, run_uid: str, target_uid: str, target: str, text: tuple[str, str], most: int
) -> int | None:
    """Claim the sending of a notice; gives the number of this attempt, None if it is not to be.

    It is claimed before it is sent, so that two processes never send it both, and one that dies
    in between leaves a notice of unknown outcome.
    """

    def work() -> int | None:
        found = lake.query(
            "SELECT outcome, attempts FROM digest_notices WHERE run_uid = ? AND target_uid = ?",
            [run_uid, target_uid],
        )
        attempts = int(found[0]["attempts"]) if found else 0
        if found and (found[0]["outcome"] != "failed" or attempts >= most):
            return None
        _put_notice(lake, run_uid, target_uid, target, "unknown", attempts + 1, "", text)
        return attempts + 1

    return lake.retrying(work)


def end_notice(
    lake: Lake,
    run_uid: str,
    target_uid: str,
    target: str,
    outcome: str,
    attempt: int,
    detail: str,
    text: tuple[str, str],
) -> None:
    """Store what became of a notice."""
    lake.retrying(
        lambda: _put_notice(lake, run_uid, target_uid, target, outcome, attempt, detail, text)
    )


def failed_notices(lake: Lake, most: int) -> list[Unfinished]:
    """List the notices that failed fewer than `most` times, the oldest first."""
    rows = lake.query(
        "SELECT run_uid, target_uid, attempts, title, body FROM digest_notices"
        " WHERE outcome = 'failed' AND attempts < ? ORDER BY run_uid, target_uid",
        [most],
    )
    return [Unfinished(**row) for row in rows]


def known_files(lake: Lake, tenant: str) -> dict[str, tuple[int, int]]:
    """Give the watched files that were read: path -> size and time of change."""
    rows = lake.query(
        "SELECT path, size, modified_ns FROM watched_files WHERE tenant_uid = ?", [tenant]
    )
    return {row["path"]: (row["size"], row["modified_ns"]) for row in rows}


def remember_files(lake: Lake, tenant: str, files: dict[str, tuple[int, int]]) -> None:
    """Remember how watched files were when they were read."""
    rows = [(tenant, path, size, modified) for path, (size, modified) in sorted(files.items())]

    def work() -> None:
        lake.execute(
            "DELETE FROM watched_files WHERE tenant_uid = ? AND list_contains(?, path)",
            [tenant, list(files)],
        )
        _insert(lake, "watched_files", rows)

    if rows:
        lake.retrying(work)


def _record(
    lake: Lake,
    run_uid: str,
    created: datetime,
    report: DigestReport,
    newest: dict[str, datetime | None],
    campaigns: str,
) -> str | None:
    for span in report.spans:
        told = watermark(lake, span.tenant)
        if (told.events_to, told.detections_to) != (span.events_from, span.detections_from):
            return told.run_uid
    ends = {span.tenant: span.detections_to for span in report.spans}
    _insert(
        lake,
        "digests",
        [
            (
                run_uid,
                span.tenant,
                _naive(created),
                span.events_from,
                span.events_to,
                span.detections_from,
                span.detections_to,
                _naive(newest.get(span.tenant)),
                campaigns,
            )
            for span in report.spans
        ],
    )
    _insert(
        lake,
        "digest_findings",
        [
            (
                run_uid,
                one.tenant,
                one.rule_uid,
                one.host,
                one.events,
                _naive(one.first),
                ends[one.tenant],
            )
            for one in report.findings
        ],
    )
    _insert(
        lake,
        "digest_silences",
        [
            (run_uid, one.tenant, one.kind, one.name, _naive(one.last_seen))
            for one in report.silences
            if not one.known
        ],
    )
    return None


def _put_notice(
    lake: Lake,
    run_uid: str,
    target_uid: str,
    target: str,
    outcome: str,
    attempts: int,
    detail: str,
    text: tuple[str, str],
) -> None:
    lake.execute(
        "DELETE FROM digest_notices WHERE run_uid = ? AND target_uid = ?", [run_uid, target_uid]
    )
    row = (run_uid, target_uid, target, outcome, attempts, detail, *text, _naive(datetime.now(UTC)))
    _insert(lake, "digest_notices", [row])


def _insert(lake: Lake, table: str, lines: Sequence[Iterable[Any]]) -> None:
    """Insert rows as one statement; a statement a row would be slow on thousands of findings."""
    columns = _columns(lake, table)
    rows = [dict(zip(columns, line, strict=True)) for line in lines]
    if not rows:
        return
    # The shape is the table's own; values are bound.
    shape = json.dumps([columns])
    lake.execute(
        f"INSERT INTO {table} SELECT given.*"
        f" FROM (SELECT unnest(from_json(?, '{shape}')) AS given)",
        [json.dumps(rows, default=str)],
    )


def _columns(lake: Lake, table: str) -> dict[str, str]:
    found = lake.query(
        "SELECT column_name, data_type FROM duckdb_columns()"
        " WHERE database_name = 'lake' AND table_name = ? ORDER BY column_index",
        [table],
    )
    return {row["column_name"]: row["data_type"] for row in found}


def _naive(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC).replace(tzinfo=None)


def _aware(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=UTC)
