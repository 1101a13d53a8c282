"""The recursive tree as data: partitions, nodes and the record of what each node did."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

from schemas.base import Frozen
from schemas.finding import LeafResult
from schemas.window import Window


class NodeKind(StrEnum):
    """What a node of the tree does."""

    SPLIT = "split"
    LEAF = "leaf"
    REDUCE = "reduce"
    AGENT = "agent"
    TURN = "turn"
    SUBCALL = "subcall"


class Predicate(NamedTuple):
    """A SQL condition over the context's `events` and the values bound to its `?` marks."""

    sql: str
    parameters: tuple[object, ...]


class Partition(Frozen):
    """A part of the context: a window, some hosts or a shard of a hash, never a list of rows.

    `hosts` is None for all hosts; a member None stands for events without a host. `events` and
    `characters` are the part's size, for planning and display only.
    """

    window: Window
    hosts: tuple[str | None, ...] | None = None
    shard: int = 0
    shards: int = 1
    events: int = 0
    characters: int = 0

    @property
    def label(self) -> str:
        """A short name for lists and graphs, e.g. `ws01 2026-01-02T10:00Z+6h`."""
        hours = self.window.duration.total_seconds() / 3600
        part = f" {self.shard + 1}/{self.shards}" if self.shards > 1 else ""
        return f"{self._hosts_label()} {self.window.start:%Y-%m-%dT%H:%MZ}+{hours:.3g}h{part}"

    def predicate(self) -> Predicate:
        """Give the condition that picks this part's rows of the context's `events`."""
        clauses = ["time >= ? AND time < ?"]
        values: list[object] = [
            self.window.start.replace(tzinfo=None),
            self.window.end.replace(tzinfo=None),
        ]
        if self.hosts is not None:
            named = [host for host in self.hosts if host is not None]
            without = " OR host IS NULL" if None in self.hosts else ""
            clauses.append(f"(list_contains(?::VARCHAR[], host){without})")
            values.append(named)
        if self.shards > 1:
            clauses.append("shard_key % ? = ?")
            values += [self.shards, self.shard]
        return Predicate(" AND ".join(clauses), tuple(values))

    def _hosts_label(self) -> str:
        if self.hosts is None:
            return "all hosts"
        names = [host or "no host" for host in self.hosts]
        return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


class Node(Frozen):
    """One node of the tree before it runs."""

    node_uid: str
    parent_uid: str | None
    depth: int
    partition: Partition

    @property
    def label(self) -> str:
        """The partition's name."""
        return self.partition.label


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
    prompt_hash: str | None = None
    code: str | None = None
    output: str | None = None
    evidence_seen: int = 0


class NodeOutput(Frozen):
    """What a leaf or a reduce gives: its result for the parent, its record for the trajectory."""

    result: LeafResult
    record: NodeRecord
