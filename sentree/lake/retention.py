"""How long events are kept, tenant by tenant, and the removal of those that are older."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schemas.upkeep import RetainedTenant, RetentionRule
from sentree.lake.db import Lake
from sentree.lake.removing import counted, remove

EVENTS = "tenant_uid = $tenant AND coalesce(time, ingested_at) < $before"
REJECTS = (
    "source_uid IN (SELECT source_uid FROM sources"
    " WHERE tenant_uid = $tenant AND loaded_at < $before)"
)


def rules(lake: Lake) -> tuple[RetentionRule, ...]:
    """Give the tenants whose events are not kept for ever."""
    found = lake.query("SELECT tenant_uid, keep_hours, set_at FROM retention ORDER BY tenant_uid")
    return tuple(
        RetentionRule(**{**row, "set_at": row["set_at"].replace(tzinfo=UTC)}) for row in found
    )


def set_rule(lake: Lake, tenant: str, keep: timedelta | None, now: datetime) -> None:
    """Keep a tenant's events for so long from now on; None is for ever. Nothing is removed yet."""

    def work() -> None:
        lake.execute("DELETE FROM retention WHERE tenant_uid = ?", [tenant])
        if keep is not None:
            hours = keep.total_seconds() / 3600
            lake.execute(
                "INSERT INTO retention VALUES (?, ?, ?)",
                [tenant, hours, now.astimezone(UTC).replace(tzinfo=None)],
            )

    lake.retrying(work)


def apply_rules(lake: Lake, now: datetime, *, dry_run: bool) -> tuple[RetainedTenant, ...]:
    """Remove what is older than its tenant's retention.

    An event without a time that can be read has that of its loading. A rejected record goes when
    its source was loaded before.
    """
    done: list[RetainedTenant] = []
    for rule in rules(lake):
        before = now.astimezone(UTC) - timedelta(hours=rule.keep_hours)
        values = {"tenant": rule.tenant_uid, "before": before.replace(tzinfo=None)}
        removed = counted(lake, EVENTS, REJECTS, values)
        if not dry_run and any(each.rows for each in removed):
            removed = lake.retrying(
                lambda values=values: remove(lake, "retention", EVENTS, REJECTS, values, now)
            )
        done.append(RetainedTenant(tenant_uid=rule.tenant_uid, before=before, removed=removed))
    return tuple(done)
