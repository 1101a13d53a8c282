"""What runs inside a node, wherever the executor puts it: the program's operation, timed."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from schemas.finding import LeafResult
from schemas.ports import Program
from schemas.trajectory import Node, NodeKind, NodeOutput
from sentree.engine.tree import failed_record, record_of


def run_leaf(program: Program, node: Node) -> NodeOutput:
    """Read the node's partition; raises what the program raised."""
    started = perf_counter()
    result = program.leaf(node)
    spent = (perf_counter() - started) * 1000
    return NodeOutput(result=result, record=record_of(node, NodeKind.LEAF, result, spent))


def run_reduce(program: Program, node: Node, parts: Sequence[LeafResult]) -> NodeOutput:
    """Merge the parts of a node; a failed part has been left out by the executor."""
    started = perf_counter()
    result = program.reduce(node, parts)
    spent = (perf_counter() - started) * 1000
    return NodeOutput(result=result, record=record_of(node, NodeKind.REDUCE, result, spent))


def failed_output(node: Node, kind: NodeKind, error: BaseException) -> NodeOutput:
    """Stand in for the output of a node that failed for good: nothing read, the reason kept."""
    return NodeOutput(result=LeafResult(), record=failed_record(node, kind, error))
