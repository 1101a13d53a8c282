"""The nodes of the tree as Prefect tasks. A result is stored under a hash of what decides it."""

from __future__ import annotations

from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import INPUTS, TASK_SOURCE
from prefect.tasks import exponential_backoff

from schemas.trajectory import Node, NodeOutput, Partition
from sentree.engine.run_node import run_leaf, run_reduce
from tasks.programs import ProgramRef, load_program

RETRIES = 2
STORED = (INPUTS - "context_path") + TASK_SOURCE


@task(
    name="split",
    task_run_name="d{node.depth} split {node.label}",
    retries=RETRIES,
    retry_delay_seconds=exponential_backoff(backoff_factor=1),
    retry_jitter_factor=0.5,
    persist_result=True,
    result_serializer="json",
    cache_policy=STORED,
)
def split_node(node: Node, key: str, leaf_characters: int, context_path: str) -> list[Partition]:
    """Cut a node's partition."""
    program = load_program(_ref(key, leaf_characters, context_path))
    return list(program.split(node))


@task(
    name="leaf",
    task_run_name="d{node.depth} {node.label}",
    retries=RETRIES,
    retry_delay_seconds=exponential_backoff(backoff_factor=1),
    retry_jitter_factor=0.5,
    persist_result=True,
    result_serializer="json",
    cache_policy=STORED,
)
def read_leaf(node: Node, key: str, leaf_characters: int, context_path: str) -> NodeOutput:
    """Let the analyst read one partition."""
    return run_leaf(load_program(_ref(key, leaf_characters, context_path)), node)


@task(
    name="reduce",
    task_run_name="d{node.depth} reduce {node.label}",
    retries=RETRIES,
    persist_result=True,
    result_serializer="json",
    cache_policy=STORED,
)
def reduce_node(
    node: Node, parts: Sequence[object], key: str, leaf_characters: int, context_path: str
) -> NodeOutput:
    """Merge the outputs of a node's children; a child that failed arrives as its exception."""
    if unknown := [part for part in parts if not isinstance(part, NodeOutput | BaseException)]:
        raise TypeError(f"a part of {node.label} came as {type(unknown[0]).__name__}")
    program = load_program(_ref(key, leaf_characters, context_path))
    results = [part.result for part in parts if isinstance(part, NodeOutput)]
    return run_reduce(program, node, results)


def _ref(key: str, leaf_characters: int, context_path: str) -> ProgramRef:
    return ProgramRef(context_path=context_path, key=key, leaf_characters=leaf_characters)
