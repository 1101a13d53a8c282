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

    query: Query
    over: tuple[str, ...] = ()
    route: Path | None = None
    model: str = EMBEDDED
    leaf_model: str | None = None
    caps: Caps = Caps()
    turns: int = Field(default=20, ge=1, le=200)
    max_tokens: int = Field(default=8_000, ge=256)
    leaf_characters: int = Field(default=200_000, ge=1_000)
    direct_characters: int = Field(default=400_000, ge=1_000)
    workers: int = Field(default=8, ge=1, le=64)
    batch: int | None = Field(default=None, ge=1)
    thinking_tokens: int | None = Field(default=None, ge=1_024)
    fresh: bool = False
    formats: tuple[str, ...] = ()


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
