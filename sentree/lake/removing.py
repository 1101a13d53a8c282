"""Removes events, rejects and detections from the lake's tables; the ledger notes how many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from schemas.upkeep import Removed
from sentree.lake.db import Lake

Kind = Literal["retention", "forget"]


def counted(
    lake: Lake, events: str, rejects: str, values: Mapping[str, Any]
) -> tuple[Removed, ...]:
    """Count what `remove` would remove.

    Args:
        lake: the lake.
        events: a condition over `events`.
        rejects: a condition over `rejects`.
        values: what both name.
    """
    chosen = f"SELECT event_uid FROM events WHERE {events}"
    selects = {
        "events": f"SELECT count(*) AS n FROM events WHERE {events}",
        "detections": f"SELECT count(*) AS n FROM detections WHERE event_uid IN ({chosen})",
        "rejects": f"SELECT count(*) AS n FROM rejects WHERE {rejects}",
    }
    return tuple(
        Removed(table=table, rows=lake.query(sql, _named(sql, values))[0]["n"])
        for table, sql in selects.items()
    )


def remove(
    lake: Lake, kind: Kind, events: str, rejects: str, values: Mapping[str, Any], now: datetime
) -> tuple[Removed, ...]:
    """Remove, in the transaction that is open; what a source lost is noted in `removals`.

    The rows are in no later snapshot; in files and earlier snapshots they still are.
    """
    for table, condition in (("events", events), ("rejects", rejects)):
        found = f"SELECT * FROM {table} WHERE {condition}"
        uid = "event_uid" if table == "events" else "NULL"
        sql = f"CREATE OR REPLACE TEMP TABLE gone_{table} AS SELECT {uid} AS event_uid, source_uid"
        lake.execute(f"{sql} FROM ({found})", _named(found, values))
    lake.execute(
        "INSERT INTO removals SELECT g.source_uid, s.tenant_uid, $kind,"
        " sum(g.events), sum(g.rejects), $now FROM ("
        "SELECT source_uid, 1 AS events, 0 AS rejects FROM temp.gone_events UNION ALL"
        " SELECT source_uid, 0, 1 FROM temp.gone_rejects) AS g"
        " LEFT JOIN sources AS s USING (source_uid) GROUP BY ALL",
        {"kind": kind, "now": now.replace(tzinfo=None)},
    )
    gone = "IN (SELECT event_uid FROM temp.gone_events)"
    removed = tuple(
        Removed(table=table, rows=deleted(lake, table, condition, values))
        for table, condition in (
            ("events", f"event_uid {gone}"),
            ("detections", f"event_uid {gone}"),
            ("rejects", rejects),
        )
    )
    # Rules ran over as many events as there were: there are fewer now.
    tenants = "SELECT tenant_uid FROM removals WHERE removed_at = $now"
    if any(each.rows for each in removed):
        deleted(lake, "rule_runs", f"tenant_uid IN ({tenants})", {"now": now.replace(tzinfo=None)})
    return removed


def deleted(lake: Lake, table: str, condition: str, values: Mapping[str, Any]) -> int:
    """Delete the rows of a table that meet a condition; gives how many."""
    sql = f"SELECT count(*) AS n FROM {table} WHERE {condition}"
    rows = int(lake.query(sql, _named(sql, values))[0]["n"])
    if rows:
        lake.execute(f"DELETE FROM {table} WHERE {condition}", _named(condition, values))
    return rows


def _named(sql: str, values: Mapping[str, Any]) -> dict[str, Any]:
    # DuckDB refuses values that a statement does not name.
    return {name: value for name, value in values.items() if f"${name}" in sql}
