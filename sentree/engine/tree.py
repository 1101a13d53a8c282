"""The recursive tree: split until a part fits, read the leaves, reduce level by level.

The tree is driven from outside its nodes: no node waits for its own children, so a bounded
worker pool can't deadlock.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from schemas.finding import LeafResult
from schemas.ports import Executor, Pending
from schemas.trajectory import Node, NodeKind, NodeRecord, Partition

LOG = logging.getLogger("sentree.tree")


class TreeLimits(NamedTuple):
    """`leaf_characters`: what a leaf may hold. `max_depth`: how often a part may be cut."""

    leaf_characters: int
    max_depth: int


class TreeRun(NamedTuple):
    """A finished tree: the root's result and one record per node, parents first."""

    result: LeafResult
    records: tuple[NodeRecord, ...]
    failed: tuple[Partition, ...]


def run_tree(
    root: Partition, executor: Executor, limits: TreeLimits, run_uid: str | None = None
) -> TreeRun:
    """Run the tree over `root`; failed leaves are reported, never hidden.

    `run_uid` is for the log.
    """
    root_node = Node(node_uid="n", parent_uid=None, depth=0, partition=root)
    children: dict[str, list[Node]] = {}
    leaves: list[Node] = []
    inner: list[list[Node]] = []
    level = [root_node]
    while level:
        small = [node for node in level if _fits(node, limits)]
        big = [node for node in level if not _fits(node, limits)]
        leaves += small
        cut: list[Node] = []
        for node, parts in zip(big, executor.splits(big), strict=True) if big else ():
            if len(parts) <= 1:
                leaves.append(node)
                continue
            children[node.node_uid] = [_child(node, n, part) for n, part in enumerate(parts)]
            cut.append(node)
        inner.append(cut)
        level = [child for node in cut for child in children[node.node_uid]]
    leaves.sort(key=lambda node: node.node_uid)
    pending: dict[str, Pending] = dict(
        zip((node.node_uid for node in leaves), executor.leaves(leaves), strict=True)
    )
    for nodes in reversed(inner):
        for node in nodes:
            parts = [pending[child.node_uid] for child in children[node.node_uid]]
            pending[node.node_uid] = executor.reduce(node, parts)
    return _collect(root_node, leaves, children, pending, executor, run_uid)


def _collect(
    root: Node,
    leaves: Sequence[Node],
    children: dict[str, list[Node]],
    pending: dict[str, Pending],
    executor: Executor,
    run_uid: str | None,
) -> TreeRun:
    records: dict[str, NodeRecord] = {}
    failed: list[Partition] = []
    for done, node in enumerate(leaves, start=1):
        record = pending[node.node_uid].output().record
        records[node.node_uid] = record
        if record.state == "failed":
            failed.append(node.partition)
        executor.progress(done, len(leaves))
    for uid, below in children.items():
        record = pending[uid].output().record
        records[uid] = record.model_copy(update={"children": tuple(n.node_uid for n in below)})
    for record in records.values():
        _log_node(record, run_uid)
    result = pending[root.node_uid].output().result
    return TreeRun(result, _parents_first(root.node_uid, records), tuple(failed))


def _log_node(record: NodeRecord, run_uid: str | None) -> None:
    level = logging.WARNING if record.state == "failed" else logging.INFO
    fields = record.model_dump(include={"node_uid", "state", "milliseconds", "error"})
    more = {"run_uid": run_uid, "events": record.events_read}
    LOG.log(level, "%s %s", record.kind, record.label, extra={**fields, **more})


def _parents_first(root_uid: str, records: dict[str, NodeRecord]) -> tuple[NodeRecord, ...]:
    below: dict[str | None, list[NodeRecord]] = defaultdict(list)
    for uid in sorted(records):
        below[records[uid].parent_uid].append(records[uid])
    ordered: list[NodeRecord] = []
    stack = [records[root_uid]]
    while stack:
        record = stack.pop()
        ordered.append(record)
        stack += reversed(below[record.node_uid])
    return tuple(ordered)


def _fits(node: Node, limits: TreeLimits) -> bool:
    return node.partition.characters <= limits.leaf_characters or node.depth >= limits.max_depth


def _child(parent: Node, number: int, partition: Partition) -> Node:
    return Node(
        node_uid=f"{parent.node_uid}.{number:02d}",
        parent_uid=parent.node_uid,
        depth=parent.depth + 1,
        partition=partition,
    )


def record_of(node: Node, kind: NodeKind, result: LeafResult, milliseconds: float) -> NodeRecord:
    """Write down what a node that completed did."""
    return NodeRecord(
        node_uid=node.node_uid,
        parent_uid=node.parent_uid,
        kind=kind,
        depth=node.depth,
        label=node.label,
        state="completed",
        events_read=result.events_read,
        chars_read=result.chars_read,
        findings=len(result.findings),
        milliseconds=round(milliseconds, 3),
    )


def failed_record(node: Node, kind: NodeKind, error: BaseException) -> NodeRecord:
    """Write down that a node failed; the text is one bounded line."""
    text = f"{type(error).__name__}: {error}".splitlines()[0][:500]
    return NodeRecord(
        node_uid=node.node_uid,
        parent_uid=node.parent_uid,
        kind=kind,
        depth=node.depth,
        label=node.label,
        state="failed",
        error=text,
    )
