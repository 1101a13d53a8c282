"""Stores rules and detections in the lake; storing the same again changes nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence

from schemas.detection import RuleRecord
from sentree.lake.db import Lake, sql_text


def begin_hits(lake: Lake) -> None:
    """Make the empty temporary table `rule_hits(rule_uid, event_uid, time)` of this connection."""
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE rule_hits"
        " (rule_uid VARCHAR, event_uid VARCHAR, time TIMESTAMP)"
    )


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
    new = "FROM found_detections ANTI JOIN detections USING (detection_uid)"
    count = int(lake.query(f"SELECT count(*) AS n {new}")[0]["n"])
    if count:
        lake.execute(f"INSERT INTO detections SELECT * {new} ORDER BY time, event_uid, rule_uid")
    if complete:
        stale = (
            "tenant_uid = ? AND list_contains(?, rule_uid)"
            " AND detection_uid NOT IN (SELECT detection_uid FROM found_detections)"
        )
        known: list[object] = [tenant, list(complete)]
        if lake.query(f"SELECT 1 FROM detections WHERE {stale} LIMIT 1", known):
            lake.execute(f"DELETE FROM detections WHERE {stale}", known)
    return count
