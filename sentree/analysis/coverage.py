"""What an answer looked at: the scope's counts less what failed to be read, in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.context import ContextInfo
from schemas.coverage import Coverage, SliceCoverage
from schemas.ports import ContextReader
from schemas.trajectory import Partition


def measure_coverage(
    context: ContextReader, info: ContextInfo, partitions: int, failed: Sequence[Partition]
) -> Coverage:
    """Count what was in scope and what was looked at; failed partitions were not."""
    by_source = _unread(context, "source_path", failed)
    by_class = _unread(context, "class_uid", failed)
    unread = sum(by_class.values())
    return Coverage(
        snapshot_id=info.snapshot_id,
        window=info.window,
        events_in_scope=info.events,
        events_looked_at=info.events - unread,
        events_outside_window=info.events_outside_window,
        events_without_time=info.events_without_time,
        partitions_total=partitions,
        partitions_failed=len(failed),
        by_source=_less(info.by_source, by_source),
        by_class=_less(info.by_class, by_class),
        not_searched=_not_searched(info, failed),
    )


def _unread(context: ContextReader, column: str, failed: Sequence[Partition]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for partition in failed:
        where, values = partition.predicate()
        rows = context.query(
            f"SELECT {column}::VARCHAR AS name, count(*) AS n FROM events WHERE {where} GROUP BY 1",
            values,
        )
        for row in rows:
            counts[row["name"]] = counts.get(row["name"], 0) + row["n"]
    return counts


def _less(slices: Sequence[SliceCoverage], unread: dict[str, int]) -> tuple[SliceCoverage, ...]:
    """Take what was not read off each slice; a class is named by its uid and caption."""
    return tuple(
        one.model_copy(
            update={
                "events_looked_at": one.events_in_scope
                - unread.get(one.name, unread.get(one.name.split(" ")[0], 0))
            }
        )
        for one in slices
    )


def _not_searched(info: ContextInfo, failed: Sequence[Partition]) -> tuple[str, ...]:
    sentences = [
        f"Partition {partition.label}: {partition.events:,} events could not be read."
        for partition in failed
    ]
    if info.events_outside_window:
        sentences.append(f"{info.events_outside_window:,} events lie outside the window.")
    if info.events_without_time:
        sentences.append(
            f"{info.events_without_time:,} events have no time that could be read; a timeline "
            f"can't place them."
        )
    return (*sentences, *info.notes)
