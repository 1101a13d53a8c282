"""The tree of a run as a reader sees it: nested nodes, with what each and its subtree did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.trajectory import NodeKind, NodeRecord

READING = (NodeKind.LEAF, NodeKind.SUBCALL)


@dataclass(slots=True)
class TreeNode:
    """A node with its children; an inner node's own reading is its leaves', so it counts none."""

    record: NodeRecord
    children: list[TreeNode] = field(default_factory=lambda: [])
    subtree_events: int = 0
    subtree_nodes: int = 1
    subtree_failed: int = 0
    subtree_usd: float = 0.0

    @property
    def own_events(self) -> int:
        """Events that this node itself read."""
        return self.record.events_read if self.record.kind in READING else 0

    def walk(self) -> Iterator[TreeNode]:
        """Give this node and all below it, parents first."""
        stack: list[TreeNode] = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))


def build_tree(records: tuple[NodeRecord, ...]) -> list[TreeNode]:
    """Nest the records by parent; a record whose parent is missing becomes a root."""
    known = {record.node_uid for record in records}
    below: dict[str | None, list[NodeRecord]] = defaultdict(list)
    for record in records:
        below[record.parent_uid if record.parent_uid in known else None].append(record)
    roots = [_nest(record, below) for record in below[None]]
    for root in roots:
        for node in reversed(list(root.walk())):
            _sum_up(node)
    return roots


def _nest(record: NodeRecord, below: dict[str | None, list[NodeRecord]]) -> TreeNode:
    root = TreeNode(record)
    stack = [root]
    while stack:
        node = stack.pop()
        # Taken out once, so records that name each other as parents can't make a loop.
        node.children = [TreeNode(child) for child in below.pop(node.record.node_uid, [])]
        stack += node.children
    return root


def _sum_up(node: TreeNode) -> None:
    node.subtree_events = node.own_events + sum(child.subtree_events for child in node.children)
    node.subtree_nodes = 1 + sum(child.subtree_nodes for child in node.children)
    failed = node.record.state == "failed"
    node.subtree_failed = int(failed) + sum(child.subtree_failed for child in node.children)
    node.subtree_usd = node.record.usd + sum(child.subtree_usd for child in node.children)
