"""The seams: what the core needs of the outside, as protocols."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from schemas.finding import LeafResult
from schemas.trajectory import Node, NodeOutput, Partition


class Clock(Protocol):
    """Tells the time; injected so that runs can be replayed."""

    def now(self) -> datetime:
        """Give the current instant in UTC."""
        ...


class ContextReader(Protocol):
    """Read access to one exported slice of the lake; it can reach nothing else."""

    def query(
        self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[dict[str, Any]]:
        """Run one SELECT with bound parameters and give its rows as dictionaries."""
        ...


class Analyst(Protocol):
    """What reads a partition: the embedded analyst, or a language model behind the same face."""

    def read(self, context: ContextReader, partition: Partition) -> LeafResult:
        """Give the findings and tallies of one partition."""
        ...


class Program(Protocol):
    """What the nodes of a tree do. Each operation is pure given the context it was built with."""

    def split(self, node: Node) -> Sequence[Partition]:
        """Give the parts of a node too big for a leaf; a single part means it can't be split."""
        ...

    def leaf(self, node: Node) -> LeafResult:
        """Read one partition."""
        ...

    def reduce(self, node: Node, parts: Sequence[LeafResult]) -> LeafResult:
        """Merge results; associative and commutative."""
        ...


class Pending(Protocol):
    """A node's output that may not be there yet."""

    def output(self) -> NodeOutput:
        """Wait for the output; a node that failed gives a record in state `failed`."""
        ...


class Executor(Protocol):
    """Runs the nodes of a tree somewhere: threads, or Prefect task runs."""

    def splits(self, nodes: Sequence[Node]) -> Sequence[Sequence[Partition]]:
        """Split the nodes of one level, mapped, and wait for all."""
        ...

    def leaves(self, nodes: Sequence[Node]) -> Sequence[Pending]:
        """Start the leaves of one level, mapped."""
        ...

    def reduce(self, node: Node, parts: Sequence[Pending]) -> Pending:
        """Start a reduce that waits for its parts."""
        ...

    def progress(self, done: int, total: int) -> None:
        """Tell whoever watches how many leaves are done."""
        ...


class EventWriter(Protocol):
    """Takes generated raw records, one text line each, under a file name."""

    def write(self, name: str, lines: Iterable[str]) -> None:
        """Append lines to the named file."""
        ...
