"""Requests for tests of models and of the gate."""

from __future__ import annotations

from typing import Any

from schemas.model import Message, ModelRequest, SystemPart, TextBlock, ToolSpec

MODEL = "claude-sonnet-5-5"

RUN_PYTHON = ToolSpec(
    name="run_python",
    description="Run code.",
    input_schema={
        "type": "object",
        "properties": {"code": {"type": "string"}},
        "required": ["code"],
        "additionalProperties": False,
    },
)


def asking(text: str, **more: Any) -> ModelRequest:
    """Give a request of one user message."""
    given: dict[str, Any] = {
        "model": MODEL,
        "system": (SystemPart(text="You read logs."),),
        "messages": (Message(role="user", content=(TextBlock(text=text),)),),
        "max_tokens": 500,
    }
    return ModelRequest.model_validate(given | more)
