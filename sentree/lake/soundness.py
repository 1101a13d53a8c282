"""Checks a lake as a whole: ledger, rows, files, catalogue; removes files that no table knows."""

from __future__ import annotations

from schemas.lake import LakeProblem
from schemas.upkeep import CheckReport
from sentree.errors import LakeError
from sentree.lake.db import Lake


def check(lake: Lake, *, repair: bool = False) -> CheckReport:
    """Compare the ledger with the rows, the catalogue with the files, and list what is wrong.

    A file that no table knows is left over from a load that was killed. Writers wait meanwhile:
    what one of them is writing would look the same.

    Args:
        lake: the lake.
        repair: remove the files that no table knows.

    Raises:
        LakeError: the lake can't be read.
    """
    with lake.upkeep():
        orphans = _orphans(lake, remove=repair)
        problems = lake.check()
        try:
            [counts] = lake.query(
                "SELECT (SELECT count(*) FROM sources) AS sources,"
                " (SELECT count(*) FROM events) AS events,"
                " (SELECT coalesce(sum(events), 0)::BIGINT FROM removals) AS removed"
            )
        except LakeError as error:
            # A file that can't be read is among the problems already.
            counts = {"sources": 0, "events": 0, "removed": 0}
            problems = problems or [LakeProblem(subject="lake", problem=str(error))]
        tables = lake.query(
            "SELECT file_count + delete_file_count AS files FROM ducklake_table_info('lake')"
        )
    return CheckReport(
        problems=tuple(problems),
        orphans=tuple(orphans),
        repaired=repair,
        tables=len(tables),
        files=sum(row["files"] for row in tables),
        sources=counts["sources"],
        events=counts["events"],
        removed_events=counts["removed"],
    )


def _orphans(lake: Lake, *, remove: bool) -> list[str]:
    sql = "CALL ducklake_delete_orphaned_files('lake', cleanup_all => true, dry_run => ?)"
    return sorted(row["path"] for row in lake.query(sql, [not remove]))
