"""What a node of the agent path needs to go on after a turn, beside its session's variables."""

from __future__ import annotations

from pydantic import JsonValue

from schemas.agent import AgentAnswer
from schemas.base import Frozen
from schemas.model import Message
from schemas.trajectory import NodeRecord


class SavedPart(Frozen):
    """A part that a node named; instants among the parameters stand as `{"$time": ISO 8601}`."""

    name: str
    label: str
    sql: str
    parameters: tuple[JsonValue, ...]
    events: int
    characters: int


class NodeState(Frozen):
    """A node after its `turn`: the conversation, what it looked at, and what it counted.

    Attributes:
        turn: turns done.
        messages: the conversation so far.
        records: records of the turns; `readings` those of the sub-calls.
        last: the newest submission that was sent back, and why it was.
        asked: sub-calls made; `read` the names of the parts that readers did read.
        parts: the parts that were cut, in order; `parts_read` the labels of those read.
        seen: uids of events that were shown, sorted.
        calls_left: host calls left to the session; None without one.
        told: how often `budget()` was asked.
        below: answers of child agents.
        reused: keys of calls that another run had paid for.
    """

    turn: int
    messages: tuple[Message, ...]
    records: tuple[NodeRecord, ...] = ()
    silent: int = 0
    refused: int = 0
    rejected: int = 0
    last: AgentAnswer | None = None
    parts: tuple[SavedPart, ...] = ()
    parts_read: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    readings: tuple[NodeRecord, ...] = ()
    asked: int = 0
    read: tuple[str, ...] = ()
    calls_left: int | None = None
    told: int = 0
    below: tuple[AgentAnswer, ...] = ()
    reused: tuple[str, ...] = ()
