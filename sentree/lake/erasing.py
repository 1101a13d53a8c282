"""Takes deleted rows off the disk: out of data files, earlier snapshots and the catalogue."""

from __future__ import annotations

from sentree.lake.added_rows import mark_rows
from sentree.lake.catalog import METADATA
from sentree.lake.compact import leave_out_deleted
from sentree.lake.db import Lake, sql_text
from sentree.lake.expire import end_snapshots, remove_files


def erase_deleted(lake: Lake) -> bool:
    """Leave nothing of what was deleted: every snapshot but the newest ends, its files go at once.

    Done again, it completes what a kill interrupted. A query that is reading an earlier snapshot
    meanwhile fails.

    Returns:
        Whether the catalogue's log could be emptied; it can't while somebody reads.

    Raises:
        LakeError: the lake could not be written.
    """
    with lake.upkeep():
        mark_rows(lake)
        # Rows that the catalogue holds become files first, then files lose deleted rows.
        lake.execute("CALL ducklake_flush_inlined_data('lake')")
        leave_out_deleted(lake, 0.0)
        newest = lake.snapshot_id()
        found = lake.query("SELECT snapshot_id AS id FROM ducklake_snapshots('lake')")
        end_snapshots(lake, sorted({row["id"] for row in found} - {newest}))
        remove_files(lake, None)
        lake.query("CALL ducklake_delete_orphaned_files('lake', cleanup_all => true)")
        # What a table ever held at least and at most stands in the catalogue, as text.
        lake.execute(sql_text("erase_statistics", metadata=METADATA))
        return lake.shrink()


def tables(lake: Lake) -> list[str]:
    """Give the names of the lake's tables."""
    found = lake.query("SELECT table_name FROM ducklake_table_info('lake') ORDER BY table_name")
    return [row["table_name"] for row in found]
