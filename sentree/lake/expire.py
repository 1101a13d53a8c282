"""Ends what is old: events beyond their retention, snapshots, and files that nothing needs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from schemas.upkeep import ExpireReport
from sentree.lake.added_rows import mark_rows
from sentree.lake.catalog import METADATA
from sentree.lake.compact import leave_out_deleted
from sentree.lake.db import Lake
from sentree.lake.retention import apply_rules

GRACE = timedelta(hours=1)
"""How long a file is kept after the last snapshot that needs it: somebody may be reading it."""


def expire(
    lake: Lake,
    runs_dir: Path,
    *,
    older_than: timedelta,
    now: datetime,
    unpin: bool = False,
    dry_run: bool = False,
    grace: timedelta = GRACE,
) -> ExpireReport:
    """Apply every tenant's retention, then end old snapshots and remove files that nothing needs.

    Args:
        lake: the lake.
        runs_dir: where runs are stored; a snapshot that one names is kept.
        older_than: snapshots of at least that age end; the newest never does.
        now: the time.
        unpin: end also those that stored runs name.
        dry_run: only tell what would be done.
        grace: how long a file that nothing needs is left to those that may be reading it.

    Raises:
        LakeError: the lake could not be written; what was done before is done.
    """
    retention = apply_rules(lake, now, dry_run=dry_run)
    if not dry_run and any(each.rows for one in retention for each in one.removed):
        with lake.upkeep():
            mark_rows(lake)
            lake.execute("CALL ducklake_flush_inlined_data('lake')")
            leave_out_deleted(lake, 0.0)
    pins = set[int]() if unpin else pinned_snapshots(runs_dir)
    cutoff = (now - older_than).astimezone(UTC)
    with lake.upkeep():
        newest = lake.snapshot_id()
        found = lake.query("SELECT snapshot_id, snapshot_time FROM ducklake_snapshots('lake')")
        old = {
            int(row["snapshot_id"])
            for row in found
            if row["snapshot_id"] != newest and row["snapshot_time"] <= cutoff
        }
        ended = sorted(old - pins)
        files = 0
        if not dry_run:
            # Files that end now are removed by the next call: somebody may be reading them.
            files = remove_files(lake, now - grace)
            end_snapshots(lake, ended)
    return ExpireReport(
        dry_run=dry_run,
        retention=retention,
        snapshots_expired=len(ended),
        snapshots_kept=len(found) - len(ended),
        pinned=tuple(sorted(old & pins)),
        files_removed=files,
    )


def end_snapshots(lake: Lake, snapshots: Iterable[int]) -> None:
    """End snapshots; the files that only they need are marked for removal."""
    versions = list(snapshots)
    if versions:
        lake.execute("CALL ducklake_expire_snapshots('lake', versions => ?)", [versions])


def remove_files(lake: Lake, before: datetime | None) -> int:
    """Remove the files that nothing has needed since an instant, or now; gives how many."""
    waiting = lake.query(
        "SELECT CAST(schedule_start AS TIMESTAMPTZ) AS since"
        f" FROM {METADATA}.ducklake_files_scheduled_for_deletion"
    )
    if before is None or all(row["since"] <= before for row in waiting):
        return len(lake.query("CALL ducklake_cleanup_old_files('lake', cleanup_all => true)"))
    # DuckLake compares with a SQLite catalogue as text, to the day only: the day before is safe.
    sql = "CALL ducklake_cleanup_old_files('lake', older_than => ?)"
    return len(lake.query(sql, [before - timedelta(days=1)]))


def pinned_snapshots(runs_dir: Path) -> set[int]:
    """Give the snapshots that stored runs name; a run that can't be read names none."""
    pins: set[int] = set()
    for folder in runs_dir.iterdir() if runs_dir.is_dir() else ():
        for name in ("scope.json", "result.json"):
            with suppress(OSError, ValueError):
                found = _snapshot(json.loads((folder / name).read_bytes()))
                if found is not None:
                    pins.add(found)
                    break
    return pins


def _snapshot(document: Any) -> int | None:
    if not isinstance(document, dict):
        return None
    fields = cast(dict[str, Any], document)
    coverage = fields.get("coverage")
    if isinstance(coverage, dict):
        fields = cast(dict[str, Any], coverage)
    value = fields.get("snapshot_id")
    return value if isinstance(value, int) else None
