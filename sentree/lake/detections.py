"""Stores rules and detections in the lake; storing the same again changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from schemas.detection import Detection, Match, RuleRecord, StoredFinding
from schemas.window import Window
from sentree.lake.added_rows import added_rows
from sentree.lake.arrow import lent_table, read_table
from sentree.lake.db import Lake, sql_text


def begin_hits(lake: Lake) -> None:
    """Make the empty temporary table `rule_hits(rule_uid, event_uid, time)` of this connection."""
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE rule_hits"
        " (rule_uid VARCHAR, event_uid VARCHAR, time TIMESTAMP)"
    )


def read_hits(lake: Lake) -> Any:
    """Give this connection's `rule_hits` as an Arrow table.

    Raises:
        LakeError: there is no such table.
    """
    return read_table(lake, "FROM rule_hits")


def add_hits(lake: Lake, hits: Any) -> None:
    """Add what `read_hits` gave on another connection to this one's `rule_hits`."""
    with lent_table(lake, "other_hits", hits):
        lake.execute("INSERT INTO rule_hits FROM other_hits")


def store_hits(
    lake: Lake, rules: Sequence[RuleRecord], tenant: str, complete: Sequence[str] = ()
) -> int:
    """Store the rules, and `rule_hits` as detections; give how many detections are new.

    A detection's uid is a hash of rule and event, so the same hit is stored once.

    Args:
        lake: the lake; the temporary table `rule_hits` is there.
        rules: all rules that have hits, and those to be known beside them.
        tenant: whose events they are.
        complete: uids of rules all of whose hits are there, over all events of the tenant: what
            they detected earlier and don't now, since they were changed, is removed.

    Raises:
        LakeError: the lake could not be written; then nothing was stored.
    """
    given = json.dumps([rule.model_dump(mode="json") for rule in rules])
    lake.execute(sql_text("detections_rules"), [given])
    lake.execute(sql_text("detections_found"), [tenant])
    return lake.retrying(lambda: _store(lake, tenant, complete))


def _store(lake: Lake, tenant: str, complete: Sequence[str]) -> int:
    # Written only where something differs: a run that finds nothing new makes no snapshot.
    changed = "SELECT * FROM given_rules EXCEPT ALL SELECT * FROM rules"
    if lake.query(f"SELECT 1 FROM ({changed}) LIMIT 1"):
        lake.execute("DELETE FROM rules WHERE rule_uid IN (SELECT rule_uid FROM given_rules)")
        lake.execute("INSERT INTO rules SELECT * FROM given_rules ORDER BY rule_uid")
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE new_detections AS"
        " SELECT * FROM found_detections ANTI JOIN detections USING (detection_uid)"
    )
    count = int(lake.query("SELECT count(*) AS n FROM new_detections")[0]["n"])
    if count:
        lake.execute(
            "INSERT INTO detections SELECT * FROM new_detections ORDER BY time, event_uid, rule_uid"
        )
    if complete:
        _remove_stale(lake, tenant, complete)
    return count


def _remove_stale(lake: Lake, tenant: str, complete: Sequence[str]) -> None:
    stale = (
        "FROM detections WHERE tenant_uid = ? AND list_contains(?, rule_uid)"
        " AND detection_uid NOT IN (SELECT detection_uid FROM found_detections)"
    )
    known: list[object] = [tenant, list(complete)]
    if lake.query(f"SELECT 1 {stale} LIMIT 1", known):
        for table in ("detection_matches", "correlation_hits"):
            lake.execute(
                f"DELETE FROM {table} WHERE tenant_uid = ?"
                f" AND detection_uid IN (SELECT detection_uid {stale})",
                [tenant, *known],
            )
        lake.execute(f"DELETE {stale}", known)


def begin_matches(lake: Lake) -> None:
    """Make the empty temporary table `found_matches`, of the columns of `detection_matches`."""
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE found_matches AS SELECT * FROM detection_matches WHERE false"
    )


def store_matches(lake: Lake) -> None:
    """Store `found_matches`: what detections matched, in place of what was stored of them.

    Raises:
        LakeError: the lake could not be written; then nothing was stored.
    """
    lake.retrying(lambda: _store_matches(lake))


def _store_matches(lake: Lake) -> None:
    # Written only where something differs: a run that finds nothing new makes no snapshot.
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE other_matches AS"
        " SELECT * FROM found_matches EXCEPT SELECT * FROM detection_matches"
    )
    if lake.query("SELECT 1 FROM other_matches LIMIT 1"):
        lake.execute(
            "DELETE FROM detection_matches"
            " WHERE detection_uid IN (SELECT detection_uid FROM other_matches)"
        )
        lake.execute("INSERT INTO detection_matches FROM other_matches ORDER BY detection_uid")


def stored_findings(
    lake: Lake, tenant: str, *, window: Window | None = None, since_snapshot: int | None = None
) -> Iterator[StoredFinding]:
    """Give a tenant's detections in the order of their time, with what a report of them needs.

    With `since_snapshot`, only those that were stored after that snapshot of the lake.
    """
    detections = "detections"
    if since_snapshot is not None:
        detections = added_rows(lake, detections, since_snapshot, lake.snapshot_id())
    now = sql_text("detections_now", of=detections, rules="rules")
    sql = sql_text("detections_stored", now=now)
    start = window.start.replace(tzinfo=None) if window else None
    end = window.end.replace(tzinfo=None) if window else None
    for row in lake.query(sql, {"tenant": tenant, "start": start, "end": end}):
        yield StoredFinding(
            detection=Detection(
                detection_uid=row["detection_uid"],
                rule_uid=row["rule_uid"],
                rule_title=row["rule_title"],
                rule_author=row["rule_author"],
                level=row["level"],
                techniques=tuple(row["techniques"] or ()),
                tactics=tuple(row["tactics"] or ()),
                time=row["time"] or row["loaded"],
                event_uids=tuple(row["event_uids"]),
            ),
            matches=tuple(
                Match(
                    selection=name,
                    fields=tuple((key, text) for key, text in fields.items() if text is not None),
                )
                for name, fields in json.loads(row["matches"] or "{}").items()
                if fields is not None
            ),
            **{name: row[name] for name in _BESIDE},
        )


def detections_at(snapshot: int) -> str:
    """Give the SELECT of the lake's detections at a snapshot, with what their rules then said."""
    detections, rules = (
        f"(FROM lake.{table} AT (VERSION => {snapshot:d}))" for table in ("detections", "rules")
    )
    return sql_text("detections_now", of=detections, rules=rules)


_BESIDE = (
    "description",
    "status",
    "rule_sha256",
    "pack",
    "pack_version",
    "host",
    "event_class",
    "event_original_uid",
)
