"""What a run may spend, what it has spent, and what a call may cost before it is made."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Frozen


class Caps(Frozen):
    """The most a run may spend; None is no limit. Tokens are input and output together."""

    usd: float | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    calls: int | None = Field(default=None, ge=0)
    seconds: float | None = Field(default=None, ge=0)
    depth: int = Field(default=1, ge=0, le=4)


class Usage(Frozen):
    """What was used. `input_tokens` excludes what was read from or written to the prompt cache."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    usd: float = 0.0

    @property
    def tokens(self) -> int:
        """All tokens, cached or not."""
        return (
            self.input_tokens
            + self.output_tokens
            + self.cache_read_tokens
            + self.cache_write_tokens
        )

    def __add__(self, other: Usage) -> Usage:
        """Add two usages."""
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            usd=self.usd + other.usd,
        )


class Estimate(Frozen):
    """The most one call can use: its counted input, and its whole output allowance."""

    input_tokens: int
    output_tokens: int
    usd: float

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens


class Remaining(Frozen):
    """What is left under each cap; None where there is none."""

    usd: float | None
    tokens: int | None
    calls: int | None
    seconds: float | None
