"""A pretended language model: how its accuracy falls with the length of a prompt, and its truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Protocol

from pydantic import Field

from schemas.base import Frozen
from schemas.budget import Usage


class SimulatedProfile(Frozen):
    """The stated curve of a simulated model, and what its calls pretend to cost and take.

    A prompt of t tokens is answered rightly with probability
    `floor + (top - floor) / (1 + (t / half_tokens) ** slope)`. With probability `1 - decomposing`
    a trial that works in parts goes wrong as a whole, whatever its size. Tokens are characters
    divided by four. Dollars are per million tokens; seconds are reported, nobody waits for them.
    """

    top: float = Field(default=0.995, ge=0, le=1)
    floor: float = Field(default=0.02, ge=0, le=1)
    half_tokens: float = Field(default=96_000, gt=0)
    slope: float = Field(default=4.0, gt=0)
    decomposing: float = Field(default=0.85, ge=0, le=1)
    usd_input: float = Field(default=3.0, ge=0)
    usd_output: float = Field(default=15.0, ge=0)
    first_token_seconds: float = Field(default=0.8, ge=0)
    read_tokens_a_second: float = Field(default=5_000, gt=0)
    written_tokens_a_second: float = Field(default=60, gt=0)

    def accuracy(self, tokens: float) -> float:
        """Give the probability that a prompt of that length is answered rightly."""
        rot = (tokens / self.half_tokens) ** self.slope
        return self.floor + (self.top - self.floor) / (1 + rot)

    def usd(self, input_tokens: int, output_tokens: int) -> float:
        """Give what a call pretends to cost."""
        return (input_tokens * self.usd_input + output_tokens * self.usd_output) / 1_000_000

    def seconds(self, usage: Usage) -> float:
        """Give how long a call pretends to take."""
        return (
            self.first_token_seconds
            + usage.input_tokens / self.read_tokens_a_second
            + usage.output_tokens / self.written_tokens_a_second
        )


class LeafItem(Frozen):
    """One item of a reader's `data`: the list it belongs to and its fields.

    A field that is `@` stands for the record itself, `@` and a hash for another record, by the
    SHA-256 of its text.
    """

    of: str
    fields: dict[str, Any]


class SimulatedTruth(Protocol):
    """What a simulated model knows of a case beforehand, and how the case is worked in parts."""

    leaf_question: str
    leaf_schema: dict[str, Any]
    part_characters: int
    fold_cell: str

    def items(self, sha256: str) -> Sequence[LeafItem]:
        """Give what is true of a record, known by the hash of its text; nothing for most."""
        ...

    def knows(self, sha256: str) -> bool:
        """Tell whether a text is a record of the case."""
        ...

    def say(self, items: Sequence[Mapping[str, Any]]) -> str:
        """Give the right answer to the whole question, in words, from the items of all records."""
        ...

    def mistake(self, items: Sequence[Mapping[str, Any]], rng: Random) -> str:
        """Give a wrong answer to the whole question."""
        ...
