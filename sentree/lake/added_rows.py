"""Which rows a table got after a snapshot, also when its files have been written anew since."""

from __future__ import annotations

from sentree.lake.db import Lake

MARKED = ("events", "rejects", "detections", "sources")


def added_rows(lake: Lake, table: str, after: int, until: int) -> str:
    """Compile the rows that a table got after one snapshot, up to another that is still there.

    Rows are numbered in the order in which they came, and keep their numbers. That they came
    after a snapshot is told by their own snapshot, and by their number where that is a later one
    because their file was written anew.
    """
    if after >= until:
        return f"(SELECT * FROM {table} AT (VERSION => {until:d}) WHERE false)"
    if after <= 0:
        return f"(FROM {table} AT (VERSION => {until:d}))"
    marks = lake.query(
        "SELECT max(last_row) AS last FROM row_marks WHERE table_name = ? AND snapshot_id <= ?",
        [table, after],
    )
    last = marks[0]["last"]
    return (
        f"(SELECT * FROM {table} AT (VERSION => {until:d})"
        f" WHERE snapshot_id > {after:d} AND rowid > {-1 if last is None else last:d})"
    )


def mark_rows(lake: Lake) -> None:
    """Note the last rows that there are now, and that digests and rules saw, before a rewrite."""
    known = {
        (row["table_name"], row["snapshot_id"])
        for row in lake.query("SELECT table_name, snapshot_id FROM row_marks")
    }
    told = lake.query(
        "SELECT DISTINCT unnest([events_to, detections_to]) AS id FROM digests"
        " UNION SELECT snapshot FROM rule_marks UNION SELECT id FROM lake.current_snapshot()"
    )
    for table in MARKED:
        wanted = sorted(row["id"] for row in told if (table, row["id"]) not in known)
        if wanted:
            lake.execute(
                "INSERT INTO row_marks"
                " SELECT $table, id, (SELECT coalesce(max(rowid), -1)"
                f" FROM {table} WHERE snapshot_id <= id) FROM unnest($wanted) AS w(id)",
                {"table": table, "wanted": wanted},
            )
