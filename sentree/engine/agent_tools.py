"""The two tools of an agent, and the call of one turn of its conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.model import Message, ModelRequest, SystemPart, TextBlock, ToolSpec
from sentree.engine.fence import Fence
from sentree.engine.parts import Part
from sentree.engine.prompt_files import fill, prompt_text

RUN_PYTHON = ToolSpec(
    name="run_python",
    description="Run one cell of Python in the session; what it prints comes back.",
    input_schema={
        "type": "object",
        "properties": {"code": {"type": "string", "description": "Python source of one cell."}},
        "required": ["code"],
        "additionalProperties": False,
    },
)
_EVIDENCE = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"event_uid": {"type": "string"}, "quote": {"type": "string"}},
        "required": ["event_uid"],
        "additionalProperties": False,
    },
}
SUBMISSION_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "answer": {"type": "string"},
        "claims": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "evidence": _EVIDENCE,
                    "against": _EVIDENCE,
                    "techniques": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["text", "evidence"],
                "additionalProperties": False,
            },
        },
        "ruled_out": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["answer", "claims"],
    "additionalProperties": False,
}
SUBMIT = ToolSpec(
    name="submit",
    description="Give the answer, each claim with the events it rests on. This ends the work.",
    input_schema=SUBMISSION_SCHEMA,
)
PROMPTS = ("root", "limits")


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """Which model, and the limits of one node's conversation."""

    model: str
    turns: int = 20
    max_tokens: int = 8_000
    thinking_tokens: int | None = None
    domain: str = ""


def opening_message(question: str, whole: Part) -> Message:
    """Give the message that a conversation begins with."""
    text = (
        f"Question: {question}\n\nThe context holds {whole.events:,} events, "
        f"{whole.characters:,} characters. You have not looked at it yet."
    )
    return Message(role="user", content=(TextBlock(text=text),))


def agent_request(
    settings: AgentSettings, fence: Fence, messages: Sequence[Message]
) -> ModelRequest:
    """Give the call of one turn: instructions and tools, and the conversation so far."""
    system = [
        SystemPart(text=fill("root", marker=fence.marker)),
        SystemPart(text=prompt_text("limits"), cached=not settings.domain),
    ]
    if settings.domain:
        system.append(SystemPart(text=settings.domain, cached=True))
    return ModelRequest(
        model=settings.model,
        system=tuple(system),
        messages=tuple(messages),
        tools=(RUN_PYTHON, SUBMIT),
        max_tokens=settings.max_tokens,
        thinking_tokens=settings.thinking_tokens,
    )
