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


def store_hits(lake: Lake, rules: Sequence[RuleRecord], tenant: str) -> int:
    """Store the rules, and `rule_hits` as detections; give how many detections are new.

    A detection's uid is a hash of rule and event, so the same hit is stored once.

    Raises:
        LakeError: the lake could not be written; then nothing was stored.
    """
    given = json.dumps([rule.model_dump(mode="json") for rule in rules])
    lake.execute(sql_text("detections_rules"), [given])
    lake.execute(sql_text("detections_found"), [tenant])
    return lake.retrying(lambda: _store(lake))


def _store(lake: Lake) -> int:
    # Written only where something differs: a run that finds nothing new makes no snapshot.
    changed = "SELECT * FROM given_rules EXCEPT ALL SELECT * FROM rules"
    if lake.query(f"SELECT 1 FROM ({changed}) LIMIT 1"):
        lake.execute("DELETE FROM rules WHERE rule_uid IN (SELECT rule_uid FROM given_rules)")
        lake.execute("INSERT INTO rules SELECT * FROM given_rules ORDER BY rule_uid")
    new = "FROM found_detections ANTI JOIN detections USING (detection_uid)"
    count = int(lake.query(f"SELECT count(*) AS n {new}")[0]["n"])
    if count:
        lake.execute(f"INSERT INTO detections SELECT * {new} ORDER BY time, event_uid, rule_uid")
    return count
