"""Stores what correlations match: detections of many events, which grow but never double."""

from __future__ import annotations

from typing import Any

from sentree.lake.db import Lake, sql_text


def begin_matches(lake: Lake) -> None:
    """Make the empty temporary tables that a run of correlations fills.

    `correlation_matches` has a row for each match: `match` names it within its rule, `group_key`
    is its group, `value` what was measured, `met_first` and `met_last` when the condition first and
    last held. `correlation_events` has the events that each rests on.
    """
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE correlation_matches (rule_uid VARCHAR, type VARCHAR,"
        " group_names VARCHAR[], match VARCHAR, group_key VARCHAR, group_values VARCHAR[],"
        " value DOUBLE, downward BOOLEAN, seconds BIGINT, met_first TIMESTAMP, met_last TIMESTAMP)"
    )
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE correlation_events"
        " (rule_uid VARCHAR, match VARCHAR, event_uid VARCHAR, time TIMESTAMP)"
    )


def store_matches(lake: Lake, tenant: str) -> tuple[int, list[dict[str, Any]]]:
    """Store the matches as detections; give how many are new, and all as they are stored now.

    A match that overlaps one that is stored, of the same rule and group, is that one: it is given
    the events that it did not have.

    Raises:
        LakeError: the lake could not be written; then nothing was stored.
    """
    if not lake.query("SELECT 1 FROM correlation_matches LIMIT 1"):
        return 0, []
    return lake.retrying(lambda: _store(lake, tenant))


def _store(lake: Lake, tenant: str) -> tuple[int, list[dict[str, Any]]]:
    lake.execute(sql_text("correlations_known"), {"tenant": tenant})
    [counted] = lake.query(
        "SELECT count(DISTINCT detection_uid) AS new FROM known_matches WHERE stored IS NULL"
    )
    lake.execute(sql_text("correlations_found"), {"tenant": tenant})
    new = "FROM found_detections ANTI JOIN detections USING (detection_uid, event_uid)"
    if lake.query(f"SELECT 1 {new} LIMIT 1"):
        lake.execute(f"INSERT INTO detections SELECT * {new} ORDER BY time, event_uid, rule_uid")
    lake.execute(sql_text("correlations_merged"), {"tenant": tenant})
    changed = "SELECT * FROM merged_matches EXCEPT ALL SELECT * FROM correlation_hits"
    if lake.query(f"SELECT 1 FROM ({changed}) LIMIT 1"):
        lake.execute(
            "DELETE FROM correlation_hits"
            " WHERE detection_uid IN (SELECT detection_uid FROM merged_matches)"
        )
        lake.execute(
            "INSERT INTO correlation_hits SELECT * FROM merged_matches ORDER BY detection_uid"
        )
    stored = lake.query("SELECT * FROM merged_matches ORDER BY first_time, rule_uid, detection_uid")
    return int(counted["new"]), stored
