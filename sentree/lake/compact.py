"""Makes few large files of many small ones, and leaves out rows that were deleted."""

from __future__ import annotations

from typing import NamedTuple

from schemas.upkeep import CompactReport, TableFiles
from sentree.lake.added_rows import mark_rows
from sentree.lake.db import Lake

FILES_AT_ONCE = 200
"""Files merged while the writers wait; they get a turn between."""
DELETED_SHARE = 0.05
"""A file is written anew when a larger share of its rows was deleted."""


class _Files(NamedTuple):
    files: int
    bytes: int


def compact(lake: Lake) -> CompactReport:
    """Merge small files and leave out deleted rows; queries give the same answers.

    Old files stay until `expire` removes them, so that whoever reads them can read on.

    Raises:
        LakeError: the lake could not be written; what was merged before is merged.
    """
    before = _files(lake)
    with lake.upkeep():
        mark_rows(lake)
        lake.execute("CALL ducklake_flush_inlined_data('lake')")
    for table, there in sorted(_files(lake).items()):
        merging = there.files > 1
        while merging:
            with lake.upkeep():
                merging = merge(lake, table, most=FILES_AT_ONCE)
    with lake.upkeep():
        mark_rows(lake)
        leave_out_deleted(lake, DELETED_SHARE)
    after = _files(lake)
    nothing = _Files(0, 0)
    tables = tuple(
        TableFiles(
            table=table,
            files_before=before.get(table, nothing).files,
            files_after=after.get(table, nothing).files,
            bytes_before=before.get(table, nothing).bytes,
            bytes_after=after.get(table, nothing).bytes,
        )
        for table in sorted({*before, *after})
    )
    return CompactReport(tables=tables, snapshot_id=lake.snapshot_id())


def merge(lake: Lake, table: str, most: int) -> bool:
    """Merge up to so many small files of a table; tell if there may be more to do."""
    done = lake.query(
        "SELECT coalesce(sum(files_processed), 0) AS n FROM ducklake_merge_adjacent_files("
        "'lake', ?, max_compacted_files => ?)",
        [table, most],
    )
    return int(done[0]["n"]) > 0


def leave_out_deleted(lake: Lake, share: float) -> None:
    """Write the files anew of which a larger share was deleted."""
    lake.execute("CALL ducklake_rewrite_data_files('lake', delete_threshold => ?)", [share])


def _files(lake: Lake) -> dict[str, _Files]:
    found = lake.query(
        "SELECT table_name, file_count + delete_file_count AS files,"
        " file_size_bytes + delete_file_size_bytes AS bytes FROM ducklake_table_info('lake')"
        " WHERE file_count > 0"
    )
    return {row["table_name"]: _Files(row["files"], row["bytes"]) for row in found}
