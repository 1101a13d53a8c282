"""The recursive tree as data: partitions, nodes and the record of what each node did."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

from schemas.base import Frozen
from schemas.window import Window


class NodeKind(StrEnum):
    """What a node of the tree does."""

    SPLIT = "split"
    LEAF = "leaf"
    REDUCE = "reduce"


class Predicate(NamedTuple):
    """A SQL condition over the context's `events` and the values bound to its `?` marks."""

    sql: str
    parameters: tuple[object, ...]


class Partition(Frozen):
    """A part of the context: a window, one entity or a shard of a hash, never a list of rows.

    `content_hash` covers the event uids inside, so the same part of the same data has the same
    hash in every run; it is the key under which a node's result is memoised.
    """

    window: Window
    host: str | None = None
    all_hosts: bool = True
    shard: int = 0
    shards: int = 1
    events: int
    characters: int
    content_hash: str

    @property
    def label(self) -> str:
        """A short name for lists and graphs, e.g. `ws01 2026-01-02T10:00Z+6h`."""
        hours = self.window.duration.total_seconds() / 3600
        where = "all hosts" if self.all_hosts else (self.host or "no host")
        part = f" {self.shard + 1}/{self.shards}" if self.shards > 1 else ""
        return f"{where} {self.window.start:%Y-%m-%dT%H:%MZ}+{hours:.3g}h{part}"

    def predicate(self) -> Predicate:
        """Give the condition that picks this part's rows of the context's `events`."""
        clauses = ["time >= ? AND time < ?"]
        values: list[object] = [
            self.window.start.replace(tzinfo=None),
            self.window.end.replace(tzinfo=None),
        ]
        if not self.all_hosts:
            clauses.append("host IS NOT DISTINCT FROM ?")
            values.append(self.host)
        if self.shards > 1:
            clauses.append("shard_key % ? = ?")
            values += [self.shards, self.shard]
        return Predicate(" AND ".join(clauses), tuple(values))


class Node(Frozen):
    """One node of the tree before it runs."""

    node_uid: str
    parent_uid: str | None
    kind: NodeKind
    depth: int
    label: str
    partition: Partition | None = None


class NodeRecord(Frozen):
    """What one node did: a line of `trajectory.jsonl`."""

    node_uid: str
    parent_uid: str | None
    kind: NodeKind
    depth: int
    label: str
    state: Literal["completed", "failed", "reused"]
    children: tuple[str, ...] = ()
    events_read: int = 0
    chars_read: int = 0
    findings: int = 0
    milliseconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    limit_hit: str | None = None
    error: str | None = None
