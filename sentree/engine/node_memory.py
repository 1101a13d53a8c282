"""The port to what nodes of a run keep between turns, so that a killed run goes on from there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from schemas.agent_state import NodeState


class StoredSession(NamedTuple):
    """A session's dumped variables, unchanged since they were dumped, and its calls left."""

    dump: bytes
    calls_left: int


class Kept(NamedTuple):
    """A node as it was after a turn.

    `key` is the key of the call that follows the conversation so far. `session` is None where
    nothing had run yet.
    """

    key: str
    state: NodeState
    session: StoredSession | None


class NodeMemory(Protocol):
    """Keeps one node's states. What is kept never holds more than making its turns again gives."""

    def keep(self, kept: Kept) -> None:
        """Keep a state; older ones of the node may be forgotten."""
        ...

    def kept(self) -> Iterator[Kept]:
        """Give what is kept, the newest first; what can't be read or was changed is left out."""
        ...

    def adopt(self, state: NodeState) -> None:
        """Take over what of a state lies outside the node."""
        ...
