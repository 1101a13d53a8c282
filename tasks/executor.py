"""The engine's executor as Prefect task runs: one per node, mapped level by level by the flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from prefect import allow_failure
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.futures import PrefectFuture

from schemas.ports import Pending
from schemas.trajectory import Node, NodeKind, NodeOutput, Partition
from sentree.engine.run_node import failed_output
from tasks.programs import ProgramRef
from tasks.tree import read_leaf, reduce_node, split_node

PROGRESS_STEPS = 20


class _TaskOutput:
    """A node's output as a Prefect future; a failed task run gives a failed record."""

    def __init__(self, node: Node, kind: NodeKind, future: PrefectFuture[NodeOutput]) -> None:
        self._node = node
        self._kind = kind
        self.future = future

    def output(self) -> NodeOutput:
        outcome = self.stored()
        if isinstance(outcome, BaseException):
            return failed_output(self._node, self._kind, outcome)
        if self.future.state.name == "Cached":
            reused = outcome.record.model_copy(update={"state": "reused"})
            return outcome.model_copy(update={"record": reused})
        return outcome

    def stored(self) -> NodeOutput | BaseException:
        """Wait for what the task run gave, whichever run it was that really worked."""
        try:
            return self.future.result(raise_on_failure=False)
        except Exception as error:
            # Workers that are lost for good leave no state of the task run.
            return error


class _WorkerReduce:
    """A reduce on a worker, which is handed its parts when its output is asked for."""

    def __init__(self, node: Node, ref: ProgramRef, parts: Sequence[Pending]) -> None:
        self._node = node
        self._ref = ref
        self._parts = parts
        self._run: _TaskOutput | None = None

    def output(self) -> NodeOutput:
        return self.submitted().output()

    def submitted(self) -> _TaskOutput:
        """Give the task run, submitted once its parts are there."""
        if self._run is None:
            ref, edges, parts = self._ref, list[PrefectFuture[NodeOutput]](), list[NodeOutput]()
            for part in self._parts:
                run = part.submitted() if isinstance(part, _WorkerReduce) else part
                if isinstance(run, _TaskOutput) and isinstance(found := run.stored(), NodeOutput):
                    edges.append(run.future)
                    parts.append(found)
            # The types of Prefect's `submit` know the task's own parameters only.
            future: PrefectFuture[NodeOutput] = cast(Any, reduce_node).submit(
                self._node, parts, ref.key, ref.leaf_characters, ref.context_path, wait_for=edges
            )
            self._run = _TaskOutput(self._node, NodeKind.REDUCE, future)
        return self._run


class PrefectExecutor:
    """Submits nodes as task runs from inside a flow; futures are passed on, so edges are drawn.

    Args:
        ref: names the program whose nodes are run.
        workers: whether the runs go to other processes. Futures of parts that may fail don't
            get there, so a reduce is then given the results.
    """

    def __init__(self, ref: ProgramRef, *, workers: bool = False) -> None:
        self._ref = ref
        self._workers = workers
        self._artifact: UUID | None = None

    def splits(self, nodes: Sequence[Node]) -> Sequence[Sequence[Partition]]:
        """Map the splits of one level and wait for them."""
        ref = self._ref
        futures = [
            split_node.submit(node, ref.key, ref.leaf_characters, ref.context_path)
            for node in nodes
        ]
        return [future.result() for future in futures]

    def leaves(self, nodes: Sequence[Node]) -> Sequence[Pending]:
        """Map the leaves of one level."""
        ref = self._ref
        return [
            _TaskOutput(
                node,
                NodeKind.LEAF,
                read_leaf.submit(node, ref.key, ref.leaf_characters, ref.context_path),
            )
            for node in nodes
        ]

    def reduce(self, node: Node, parts: Sequence[Pending]) -> Pending:
        """Submit a reduce that depends on its parts; a failed part does not stop it."""
        ref = self._ref
        if self._workers:
            return _WorkerReduce(node, ref, parts)
        futures = [allow_failure(part.future) for part in parts if isinstance(part, _TaskOutput)]
        future = reduce_node.submit(node, futures, ref.key, ref.leaf_characters, ref.context_path)
        return _TaskOutput(node, NodeKind.REDUCE, future)

    def progress(self, done: int, total: int) -> None:
        """Keep a progress artifact of the leaves."""
        percent = 100.0 * done / max(total, 1)
        if self._artifact is None:
            made = create_progress_artifact(
                progress=percent, key="leaves", description=f"{total} partitions"
            )
            self._artifact = made if isinstance(made, UUID) else None
        elif done == total or done % max(1, total // PROGRESS_STEPS) == 0:
            update_progress_artifact(self._artifact, progress=percent)
