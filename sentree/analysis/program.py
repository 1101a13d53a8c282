"""The timeline's program for the engine: how its context is split, read and reduced."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.finding import LeafResult
from schemas.ports import Analyst, ContextReader
from schemas.trajectory import Node, Partition
from sentree.engine.merge import merge_results
from sentree.engine.partition import split_partition


class TimelineProgram:
    """Splits by host and time, lets the analyst read each leaf, merges findings and tallies."""

    def __init__(self, context: ContextReader, analyst: Analyst, leaf_characters: int) -> None:
        self._context = context
        self._analyst = analyst
        self._leaf_characters = leaf_characters

    def split(self, node: Node) -> Sequence[Partition]:
        """Cut a node's partition into parts nearer to the leaf's size."""
        return split_partition(self._context, node.partition, self._leaf_characters)

    def leaf(self, node: Node) -> LeafResult:
        """Let the analyst read the partition."""
        return merge_results([self._analyst.read(self._context, node.partition)])

    def reduce(self, node: Node, parts: Sequence[LeafResult]) -> LeafResult:
        """Merge what the parts found."""
        return merge_results(parts)
