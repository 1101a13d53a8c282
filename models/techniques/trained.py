"""A trained mapper as one JSON file: labelled texts, their vectors, coefficients; no code in it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from models.stored import read_stored
from models.techniques.catalogue import Example, Floats
from models.techniques.examples import MAX_EXAMPLES
from models.techniques.weights import Weights
from schemas.base import Frozen


class TrainedError(ValueError):
    """A trained file is missing, damaged or of another layout; one line of text."""


class TrainedExample(Frozen):
    """A labelled text as it is stored."""

    text: str
    techniques: tuple[str, ...]
    source: str = ""


class Trained(Frozen):
    """What training keeps. Vectors are half-precision numbers, a row for each example."""

    layout: Literal[1] = 1
    edition: str
    body: str = Field(description="sha256 of the sentence encoder's weights; empty without one")
    weights: Weights
    examples: tuple[TrainedExample, ...] = Field(min_length=1, max_length=MAX_EXAMPLES)
    width: int = Field(ge=0, le=4_096)
    vectors: str = Field(description="base64 of float16 numbers, little-endian")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if len(self._vector_bytes()) != 2 * self.width * len(self.examples):
            raise ValueError("the vectors don't fit the examples")
        return self

    @classmethod
    def of(
        cls,
        edition: str,
        body: str,
        weights: Weights,
        examples: tuple[Example, ...],
        vectors: Floats | None,
    ) -> Self:
        """Make it from what training found."""
        kept = np.zeros((len(examples), 0)) if vectors is None else vectors
        return cls(
            edition=edition,
            body=body,
            weights=weights,
            examples=tuple(
                TrainedExample(text=one.text, techniques=one.techniques, source=one.source)
                for one in examples
            ),
            width=kept.shape[1],
            vectors=base64.b64encode(kept.astype("<f2").tobytes()).decode(),
        )

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a trained file.

        Raises:
            TrainedError: it can't be read or is not sound.
        """
        return read_stored(cls, file, "trained file", TrainedError)

    def write(self, file: Path) -> None:
        """Write the file, byte for byte the same for the same content."""
        file.write_text(self.model_dump_json() + "\n", encoding="utf-8")

    def vector_rows(self) -> Floats | None:
        """Give the vectors as an array, or None when there are none."""
        if not self.width:
            return None
        rows = np.frombuffer(self._vector_bytes(), "<f2").reshape(len(self.examples), self.width)
        return rows.astype(np.float32)

    def _vector_bytes(self) -> bytes:
        return base64.b64decode(self.vectors, validate=True)
