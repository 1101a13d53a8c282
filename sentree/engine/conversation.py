"""A conversation as far as it has come: messages, the record of each turn, what was counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

from schemas.agent import AgentAnswer
from schemas.agent_state import NodeState
from schemas.model import Block, Message, ModelReply, TextBlock, ToolResultBlock, ToolUseBlock
from schemas.trajectory import NodeKind, NodeRecord
from sentree.engine.agent_tools import PROMPTS
from sentree.engine.prompt_files import prompt_hash

MOST_SHOWN = 20_000


@dataclass(slots=True)
class Conversation:
    """One node's conversation with the model, as far as it has come."""

    node_uid: str
    depth: int
    messages: list[Message]
    records: list[NodeRecord] = field(default_factory=list[NodeRecord])
    turn: int = 0
    silent: int = 0
    refused: int = 0
    rejected: int = 0
    last: AgentAnswer | None = None

    @classmethod
    def resumed(cls, node_uid: str, depth: int, state: NodeState) -> Conversation:
        """Take up a conversation where it was kept."""
        return cls(
            node_uid,
            depth,
            list(state.messages),
            list(state.records),
            state.turn,
            state.silent,
            state.refused,
            state.rejected,
            state.last,
        )

    def turn_uid(self, turn: int) -> str:
        """Name a turn's call."""
        return f"{self.node_uid}/t{turn:02d}"

    def add_to_last(self, block: Block) -> None:
        """Say one thing more in the newest message."""
        last = self.messages[-1]
        self.messages[-1] = last.model_copy(update={"content": (*last.content, block)})

    def note(
        self,
        turn: int,
        label: str,
        started: float,
        seen: int,
        *,
        code: str | None = None,
        output: str = "",
        error: str | None = None,
    ) -> None:
        """Write a turn down: once, and once more for every further tool call in it."""
        uid = self.turn_uid(turn)
        again = sum(record.node_uid.split(".t")[0] == uid for record in self.records)
        self.records.append(
            NodeRecord(
                node_uid=f"{uid}.t{again + 1}" if again else uid,
                parent_uid=self.node_uid,
                kind=NodeKind.TURN,
                depth=self.depth,
                label=f"turn {turn} {label}",
                state="failed" if error else "completed",
                milliseconds=round((perf_counter() - started) * 1000, 3),
                error=error,
                prompt_hash=prompt_hash(*PROMPTS),
                code=None if code is None else _encodable(code),
                output=_encodable(output),
                evidence_seen=seen,
            )
        )


def said(reply: ModelReply) -> tuple[Block, ...]:
    """Give a reply as a turn of the conversation that a server takes: with something in it."""
    kept = tuple(b for b in reply.content if not isinstance(b, TextBlock) or b.text.strip())
    spoken = any(isinstance(block, TextBlock | ToolUseBlock) for block in kept)
    return kept if spoken else (*kept, TextBlock(text="(no answer)"))


def failure(use: ToolUseBlock, text: str) -> ToolResultBlock:
    """Answer a tool call that could not be carried out."""
    return ToolResultBlock(tool_use_id=use.id, content=text, is_error=True)


def _encodable(text: str) -> str:
    return text[:MOST_SHOWN].encode("utf-8", "replace").decode("utf-8")
