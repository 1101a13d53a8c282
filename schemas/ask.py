"""What a user asks of a context, and with which model and caps."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Frozen
from schemas.budget import Caps
from schemas.query import Path, Query

EMBEDDED = "embedded"


class AskRequest(Frozen):
    """A question. `over` names text files to ask instead of the lake.

    `model` is `embedded` (no language model), a model's name, or `scripted:FILE` (a recording);
    `leaf_model` reads parts and is the same without its own name. Readings go out as one batch
    from `batch` of them on. `fresh` asks again what other runs were answered.
    """

    query: Query = Field(title="Question", description="The question and its scope.")
    over: tuple[str, ...] = Field(
        default=(), description="Text files to ask instead of the lake; empty asks the lake."
    )
    route: Path | None = Field(
        default=None,
        description="direct (one call) or rlm (the tree); without it, the router chooses.",
    )
    model: str = Field(
        default=EMBEDDED, description="embedded (no language model), or a model's name."
    )
    leaf_model: str | None = Field(
        default=None, description="The model that reads parts, if it is another."
    )
    caps: Caps = Field(default=Caps(), title="Limits", description="What the run may spend.")
    turns: int = Field(default=20, ge=1, le=200, description="Most turns of the agent.")
    max_tokens: int = Field(default=8_000, ge=256, description="Most tokens of one answer.")
    leaf_characters: int = Field(default=200_000, ge=1_000, description="Most text of a part.")
    direct_characters: int = Field(
        default=400_000, ge=1_000, description="Most text of one direct call."
    )
    workers: int = Field(default=8, ge=1, le=64, description="Most readings at once.")
    batch: int | None = Field(
        default=None, ge=1, description="Send readings as one batch from so many on."
    )
    thinking_tokens: int | None = Field(
        default=None, ge=1_024, description="Tokens the model may think with."
    )
    fresh: bool = Field(default=False, description="Ask anew what was answered before.")
    formats: tuple[str, ...] = Field(default=(), description="Formats of the report.")


class AskEstimate(Frozen):
    """What a question would cost, before it is asked; calls, tokens and dollars as low and high.

    `meaning` says what the two ends stand for; each is meant to be within a factor of two.
    `redaction` says what is taken out of the requests.
    """

    path: Path
    reasons: tuple[str, ...]
    events: int
    characters: int
    partitions: int
    calls: tuple[int, int]
    input_tokens: tuple[int, int]
    output_tokens: tuple[int, int]
    usd: tuple[float, float] | None
    meaning: str = ""
    redaction: str = ""
