"""The conversation with a language model, in the terms of the Messages API."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol

from pydantic import Field

from schemas.base import Frozen
from schemas.budget import Estimate, Usage


class TextBlock(Frozen):
    """Text that the model wrote, or that it is shown."""

    type: Literal["text"] = "text"
    text: str


class ToolUseBlock(Frozen):
    """A call of one of our tools by the model; `input` is data and is validated before use.

    `error` says why the input could not be read (not an object, cut off): such a call is answered
    with that text, never executed.
    """

    type: Literal["tool_use"] = "tool_use"
    id: str
    name: str
    input: dict[str, Any]
    error: str = ""


class ToolResultBlock(Frozen):
    """What a tool gave back to the model."""

    type: Literal["tool_result"] = "tool_result"
    tool_use_id: str
    content: str
    is_error: bool = False


class ThinkingBlock(Frozen):
    """The model's thinking, kept only to be sent back unchanged; never evidence, never a claim.

    `redacted` is the opaque data of thinking that the server withheld; `thinking` is then empty.
    """

    type: Literal["thinking"] = "thinking"
    thinking: str
    signature: str = ""
    redacted: str = ""


Block = Annotated[
    TextBlock | ToolUseBlock | ToolResultBlock | ThinkingBlock, Field(discriminator="type")
]


class Message(Frozen):
    """One turn of the conversation."""

    role: Literal["user", "assistant"]
    content: tuple[Block, ...]


class SystemPart(Frozen):
    """A part of the system prompt; `cached` marks the end of a prefix worth caching."""

    text: str
    cached: bool = False


class ToolSpec(Frozen):
    """A tool the model may call; `input_schema` is JSON Schema of its input."""

    name: str
    description: str
    input_schema: dict[str, Any]


class ModelRequest(Frozen):
    """One call. Everything that decides the answer is here, so its hash is the call's key."""

    model: str
    system: tuple[SystemPart, ...] = ()
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_tokens: int = Field(ge=1)
    output_schema: dict[str, Any] | None = None
    thinking_tokens: int | None = None


StopReason = Literal[
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
]


class ModelReply(Frozen):
    """The answer to one call, and what it used; `notes` say what in it had to be made good."""

    model: str
    content: tuple[Block, ...]
    stop_reason: StopReason
    usage: Usage
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All text blocks, joined."""
        return "".join(block.text for block in self.content if isinstance(block, TextBlock))

    @property
    def tool_uses(self) -> tuple[ToolUseBlock, ...]:
        """The tool calls, in order."""
        return tuple(block for block in self.content if isinstance(block, ToolUseBlock))


class Model(Protocol):
    """A language model. `simulated` is true of one that only replays or pretends."""

    @property
    def simulated(self) -> bool:
        """Whether answers are replayed or made up; every result says so."""
        ...

    def estimate(self, request: ModelRequest) -> Estimate:
        """Give the most the call can use: counted input tokens, whole output, and their price."""
        ...

    def call(self, request: ModelRequest) -> ModelReply:
        """Make the call.

        Raises:
            TransientModelError: worth another try after `retry_after` seconds.
            ModelError: final.
        """
        ...
