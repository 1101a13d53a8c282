"""Remembers which rules ran over which events, so that they need not run again to find nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

from schemas.window import Window
from sentree.lake.db import Lake, sql_text


class RuleRun(NamedTuple):
    """Rules over one tenant's events of a window, as many as there were, the last loaded when.

    Events are only ever added to the lake: an equal number loaded until an equal moment is the
    same events.
    """

    tenant_uid: str
    rules_sha256: str
    window_start: str
    window_end: str
    events: int
    loaded_until: str


def rule_run(lake: Lake, rules_sha256: str, tenant: str, window: Window | None) -> RuleRun:
    """Describe the run of rules, named by their hash, over what the lake holds now."""
    span: tuple[Any, Any] = (
        (window.start.replace(tzinfo=None), window.end.replace(tzinfo=None))
        if window
        else (None, None)
    )
    [row] = lake.query(
        sql_text("rule_runs_scope"), {"tenant": tenant, "start": span[0], "stop": span[1]}
    )
    return RuleRun(
        tenant,
        rules_sha256,
        window.start.isoformat() if window else "",
        window.end.isoformat() if window else "",
        int(row["events"]),
        str(row["loaded_until"] or ""),
    )


def has_run(lake: Lake, run: RuleRun) -> bool:
    """Tell whether exactly this run was remembered."""
    return bool(lake.query(sql_text("rule_runs_found"), list(run)))


def remember_run(lake: Lake, run: RuleRun) -> None:
    """Remember a run that has ended well.

    Raises:
        LakeError: the lake could not be written.
    """
    insert = "INSERT INTO rule_runs VALUES (?, ?, ?, ?, ?, ?)"
    lake.retrying(lambda: lake.execute(insert, list(run)))
