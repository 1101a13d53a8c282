"""How a scenario's records are to be read by a language model."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Frozen
from schemas.budget import Caps
from schemas.query import Path


class ModelUse(Frozen):
    """Which model reads the records of a scenario, and within which caps.

    `route` `direct` is one call over what fits, `rlm` one call a part; None takes the first where
    all records fit into a part. `batch` hands readings in as one Message Batch from so many on.
    """

    model: str
    route: Path | None = None
    caps: Caps = Caps()
    max_tokens: int = Field(default=8_000, ge=256)
    leaf_characters: int = Field(default=100_000, ge=1_000)
    direct_characters: int = Field(default=400_000, ge=1_000)
    workers: int = Field(default=8, ge=1, le=64)
    batch: int | None = Field(default=None, ge=1)
    fresh: bool = False

    @property
    def leaf_model(self) -> str | None:
        """The model that reads parts, where it is another one; here it never is."""
        return None
