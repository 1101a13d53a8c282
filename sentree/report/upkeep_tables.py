"""Plain-text accounts of what the upkeep of a lake did, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.upkeep import (
    CheckReport,
    CompactReport,
    ExpireReport,
    ExportReport,
    ForgetReport,
    Removed,
    RetentionRule,
)
from sentree.report.escape import terminal
from sentree.report.tables import table

NAMED = 20


def check_table(report: CheckReport) -> str:
    """Give what is wrong, files that no table knows, and what was looked at."""
    lines = [f"{one.subject}: {one.problem}" for one in report.problems]
    what = "removed" if report.repaired else "known to no table (--repair removes it)"
    lines += [f"{path}: {what}" for path in report.orphans]
    removed = f" ({report.removed_events:,} removed since)" if report.removed_events else ""
    looked = (
        f"{report.tables:,} tables, {report.files:,} files, {report.sources:,} sources,"
        f" {report.events:,} events{removed}"
    )
    verdict = "the lake is sound" if report.is_sound else "the lake is not sound"
    return _shown([*lines, f"{verdict}: {looked}"])


def compact_table(report: CompactReport) -> str:
    """Give files and bytes of each table, before and after."""
    rows = [
        (
            one.table,
            f"{one.files_before:,}",
            f"{one.files_after:,}",
            f"{one.bytes_before / 1e6:,.1f}",
            f"{one.bytes_after / 1e6:,.1f}",
        )
        for one in report.tables
    ]
    lines = table(("table", "files", "now", "MB", "now"), rows)
    return _shown([*lines, "`sentree lake expire` removes the old files when nobody reads them"])


def expire_table(report: ExpireReport) -> str:
    """Give what was removed of each tenant, snapshots and files."""
    would = "would be " if report.dry_run else ""
    lines = [
        f"tenant {one.tenant_uid}, before {one.before:%Y-%m-%d %H:%M} UTC:"
        f" {would}removed {_rows(one.removed)}"
        for one in report.retention
    ]
    lines.append(
        f"snapshots: {report.snapshots_expired:,} {would}ended, {report.snapshots_kept:,} kept"
    )
    if report.pinned:
        named = ", ".join(str(number) for number in report.pinned[:NAMED])
        lines.append(f"kept for stored runs: snapshots {named} (--unpin ends them)")
    if not report.dry_run:
        lines.append(f"files removed: {report.files_removed:,}")
    return _shown(lines)


def retention_table(rules: Sequence[RetentionRule]) -> str:
    """Give how long each tenant's events are kept."""
    lines = [
        f"tenant {rule.tenant_uid}: {rule.keep_hours / 24:g} days"
        f" (since {rule.set_at:%Y-%m-%d %H:%M} UTC)"
        for rule in rules
    ]
    return _shown([*lines, "all other tenants: for ever" if lines else "every tenant: for ever"])


def forget_table(report: ForgetReport) -> str:
    """Give what was removed or would be, what remains, and what can't be known."""
    request = report.request
    entity = f"{request.entity.kind} {request.entity.value}" if request.entity else "everything"
    whose = f"tenant {request.tenant_uid}" if request.tenant_uid is not None else "every tenant"
    lines = [f"{'would forget' if report.dry_run else 'forgot'} {entity} of {whose}"]
    lines.append(f"  rows: {_rows(report.removed)}")
    lines.append(f"  runs: {len(report.runs):,}{_names(report.runs)}")
    lines.append(f"  stored model calls and states: {report.model_calls:,}")
    lines.append(f"  task results: {report.task_results:,}")
    lines += [f"remains: {one.subject}: {one.reason}" for one in report.remaining]
    lines += [f"limit: {text}" for text in report.limits]
    return _shown(lines)


def export_table(report: ExportReport) -> str:
    """Give the files of an export and the totals."""
    rows = [(one.path, f"{one.events:,}") for one in report.files]
    lines = table(("file", "events"), rows)
    left = f"; {report.without_time:,} without a time left out" if report.without_time else ""
    total = f"{report.events:,} events in {len(report.files):,} files of {report.folder}"
    return _shown([*lines, f"{total}, snapshot {report.snapshot_id}{left}"])


def _rows(removed: Sequence[Removed]) -> str:
    return ", ".join(f"{one.rows:,} {one.table}" for one in removed if one.rows) or "no rows"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f" ({', '.join(names[:NAMED])}{more})" if names else ""


def _shown(lines: Sequence[str]) -> str:
    return "\n".join(terminal(line) for line in lines)
