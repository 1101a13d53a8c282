"""The executor without a workflow engine: a thread pool in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from schemas.ports import Pending, Program
from schemas.trajectory import Node, NodeKind, NodeOutput, Partition
from sentree.engine.run_node import failed_output, run_leaf, run_reduce


class _Done:
    """An output that waits on a future and turns a failure into a failed record."""

    def __init__(self, node: Node, kind: NodeKind, future: Future[NodeOutput]) -> None:
        self._node = node
        self._kind = kind
        self._future = future

    def output(self) -> NodeOutput:
        try:
            return self._future.result()
        except Exception as error:
            return failed_output(self._node, self._kind, error)


class ThreadExecutor:
    """Runs leaves in threads; reduces wait for their parts in the caller's thread."""

    def __init__(
        self, program: Program, workers: int, progress: Callable[[int, int], None] | None = None
    ) -> None:
        self._program = program
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="leaf")
        self._progress = progress

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def splits(self, nodes: Sequence[Node]) -> Sequence[Sequence[Partition]]:
        """Split the nodes of one level and wait for all."""
        return list(self._pool.map(self._program.split, nodes))

    def leaves(self, nodes: Sequence[Node]) -> Sequence[Pending]:
        """Start the leaves of one level."""
        return [
            _Done(node, NodeKind.LEAF, self._pool.submit(run_leaf, self._program, node))
            for node in nodes
        ]

    def reduce(self, node: Node, parts: Sequence[Pending]) -> Pending:
        """Merge the parts as soon as they are there; nothing in the pool waits for them."""
        results = [part.output().result for part in parts]
        future: Future[NodeOutput] = Future()
        try:
            future.set_result(run_reduce(self._program, node, results))
        except Exception as error:
            future.set_exception(error)
        return _Done(node, NodeKind.REDUCE, future)

    def progress(self, done: int, total: int) -> None:
        """Pass on how many leaves are done."""
        if self._progress is not None:
            self._progress(done, total)
