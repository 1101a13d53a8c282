"""How a context is cut: by host, then by time, then by a hash, until each part fits a leaf.

A cut never divides an event, the parts of a node are disjoint and together are the node, and a
node has at most `FAN_OUT` parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from schemas.ports import ContextReader
from schemas.trajectory import Partition
from schemas.window import Window

FAN_OUT = 16
HOSTS_PER_PART = 100


class HostSize(NamedTuple):
    """How much one host said in a partition."""

    host: str | None
    events: int
    characters: int


def root_partition(context: ContextReader, window: Window) -> Partition:
    """Give the partition that is the whole window."""
    return measured(context, Partition(window=window))


def measured(context: ContextReader, partition: Partition) -> Partition:
    """Give the partition with its true size."""
    where, values = partition.predicate()
    row = context.query(
        f"SELECT count(*) AS events, coalesce(sum(chars), 0)::BIGINT AS characters "
        f"FROM events WHERE {where}",
        values,
    )[0]
    return partition.model_copy(update=row)


def split_partition(
    context: ContextReader, partition: Partition, leaf_characters: int
) -> list[Partition]:
    """Cut a partition into at most `FAN_OUT` parts; one part means that it can't be cut further.

    Several hosts are cut into groups of hosts; one host by time, at quantiles of its events;
    events of one instant by a hash of their uid.
    """
    if partition.hosts is None or len(partition.hosts) > 1:
        parts = _by_host(context, partition, leaf_characters)
        if len(parts) > 1:
            return parts
    wanted = min(FAN_OUT, -(-partition.characters // leaf_characters))
    return _by_time(context, partition, wanted) or _by_shard(context, partition, wanted)


def _by_host(context: ContextReader, partition: Partition, budget: int) -> list[Partition]:
    where, values = partition.predicate()
    rows = context.query(
        f"SELECT host, count(*) AS events, sum(chars)::BIGINT AS characters FROM events "
        f"WHERE {where} GROUP BY host ORDER BY host NULLS LAST",
        values,
    )
    sizes = [HostSize(**row) for row in rows]
    budget = max(budget, -(-sum(size.characters for size in sizes) // FAN_OUT))
    groups: list[list[HostSize]] = []
    filled = 0
    for size in sizes:
        full = filled + size.characters > budget or (groups and len(groups[-1]) >= HOSTS_PER_PART)
        if not groups or (full and len(groups) < FAN_OUT):
            groups.append([])
            filled = 0
        groups[-1].append(size)
        filled += size.characters
    return [_group(partition, group) for group in groups]


def _group(partition: Partition, group: Sequence[HostSize]) -> Partition:
    return partition.model_copy(
        update={
            "hosts": tuple(size.host for size in group),
            "events": sum(size.events for size in group),
            "characters": sum(size.characters for size in group),
        }
    )


def _by_time(context: ContextReader, partition: Partition, wanted: int) -> list[Partition]:
    where, values = partition.predicate()
    shares = [number / wanted for number in range(1, wanted)]
    quantiles = context.query(
        f"SELECT quantile_disc(time, {shares}) AS cuts FROM events WHERE {where}", values
    )[0]["cuts"]
    window = partition.window
    cuts = sorted({cut.replace(tzinfo=UTC) for cut in quantiles or ()} - {window.start})
    bounds = [window.start, *cuts, window.end]
    parts = [
        measured(context, partition.model_copy(update={"window": Window(start=start, end=end)}))
        for start, end in _pairs(bounds)
    ]
    kept = [part for part in parts if part.events]
    return kept if len(kept) > 1 else _isolate(context, partition, kept)


def _isolate(
    context: ContextReader, partition: Partition, kept: Sequence[Partition]
) -> list[Partition]:
    """Cut around the busiest instant when quantiles fall together; empty if it is all there is."""
    where, values = partition.predicate()
    busiest: datetime = context.query(
        f"SELECT mode(time) AS instant FROM events WHERE {where}", values
    )[0]["instant"].replace(tzinfo=UTC)
    after = busiest + timedelta(microseconds=1)
    window = partition.window
    bounds = sorted({window.start, busiest, after, window.end})
    parts = [
        measured(context, partition.model_copy(update={"window": Window(start=start, end=end)}))
        for start, end in _pairs(bounds)
        if start >= window.start and end <= window.end
    ]
    full = [part for part in parts if part.events]
    return full if len(full) > 1 else []


def _by_shard(context: ContextReader, partition: Partition, wanted: int) -> list[Partition]:
    """Cut by the uid's hash; a shard is cut again into shards of a multiple of its number."""
    parts = [
        measured(
            context,
            partition.model_copy(
                update={
                    "shard": partition.shard + partition.shards * number,
                    "shards": partition.shards * wanted,
                }
            ),
        )
        for number in range(wanted)
    ]
    return [part for part in parts if part.events]


def _pairs(bounds: Sequence[datetime]) -> list[tuple[datetime, datetime]]:
    return list(pairwise(bounds))
