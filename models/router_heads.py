"""The router's trained part as JSON: linear heads and where they came from.

A head file is plain numbers and labels, checked on reading: nothing in it can be executed.
"""

from __future__ import annotations

import base64
import pathlib
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, FiniteFloat, model_validator

from models.router_body import LAYERS, Body, Floats, softmax
from models.router_features import Doubles, Lexicon
from models.stored import read_stored
from schemas.base import Frozen

FILE_NAMES: Mapping[str, str] = {"setfit": "router-setfit.json", "tfidf": "router-tfidf.json"}
EMBEDDING = 384
"""The width of the body's sentence embedding, which comes before the lexical features."""


class RouterError(ValueError):
    """A head file is missing, damaged, or belongs to another body; one line of text."""


class Head(Frozen):
    """One logistic head: a row of coefficients a label, or a single row when there are two."""

    labels: tuple[str, ...] = Field(min_length=2)
    coefficients: tuple[tuple[FiniteFloat, ...], ...]
    intercepts: tuple[FiniteFloat, ...]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        rows = 1 if len(self.labels) == 2 else len(self.labels)
        if len(self.coefficients) != rows or len(self.intercepts) != rows:
            raise ValueError(f"a head of {len(self.labels)} labels needs {rows} rows")
        if len({len(row) for row in self.coefficients}) != 1:
            raise ValueError("rows of coefficients differ in length")
        return self

    @cached_property
    def matrix(self) -> Doubles:
        """The coefficients, a row a label."""
        return np.array(self.coefficients)

    def probabilities(self, features: Doubles) -> Doubles:
        """Give a row of probabilities, in the order of `labels`, for each row of features."""
        scores = features @ self.matrix.T + np.array(self.intercepts)
        if scores.shape[1] == 1:
            scores = np.hstack([np.zeros_like(scores), scores])
        return softmax(scores)


class BodyOrigin(Frozen):
    """The exact body that the heads were trained on."""

    model: str
    weights_sha256: str
    tokenizer_sha256: str
    layers: int = Field(LAYERS, ge=1, le=LAYERS)
    """How many of its layers are run; the first ones tell as much, in less time."""


class Training(Frozen):
    """What the heads were trained from, so that a second training can be compared."""

    queries: int
    groups: int
    queries_sha256: str
    seed: int
    inverse_regularisation: float
    versions: dict[str, str]


class Patch(Frozen):
    """A low-rank change of one weight matrix of the body: `left @ right` is added to it.

    Contrastive training moves few directions, so this holds in kilobytes what a copy of the body
    holds in 90 MB. Both factors are base64 of little-endian 16-bit floats.
    """

    weight: str
    rows: int = Field(ge=1)
    columns: int = Field(ge=1)
    rank: int = Field(ge=1, le=64)
    left: str
    right: str

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for text, size in ((self.left, self.rows), (self.right, self.columns)):
            if len(base64.b64decode(text, validate=True)) != 2 * size * self.rank:
                raise ValueError(f"the change of {self.weight} has the wrong size")
        if not np.isfinite(self.matrix()).all():
            raise ValueError(f"the change of {self.weight} is not finite")
        return self

    @classmethod
    def pack(cls, weight: str, left: Floats, right: Floats) -> Self:
        """Pack the two factors of a change."""
        return cls(
            weight=weight,
            rows=left.shape[0],
            columns=right.shape[1],
            rank=left.shape[1],
            left=base64.b64encode(left.astype("<f2").tobytes()).decode(),
            right=base64.b64encode(right.astype("<f2").tobytes()).decode(),
        )

    def matrix(self) -> Floats:
        """Give the change as a full matrix."""
        left = np.frombuffer(base64.b64decode(self.left), "<f2").reshape(self.rows, self.rank)
        right = np.frombuffer(base64.b64decode(self.right), "<f2").reshape(self.rank, -1)
        return left.astype(np.float32) @ right.astype(np.float32)


class HeadFile(Frozen):
    """All that was trained: the heads for path and scenario, and where they came from."""

    layout: Literal[2] = 2
    kind: Literal["setfit", "tfidf"]
    version: str
    abstain_below: Annotated[float, Field(ge=0, le=1)]
    body: BodyOrigin | None = None
    training: Training
    path: Head
    scenario: Head
    lexicon: Lexicon
    patches: tuple[Patch, ...] = ()
    """What contrastive training changed in the body; empty for the body as it is packaged."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.kind == "setfit") != (self.body is not None):
            raise ValueError("a setfit head names its body, a tfidf head has none")
        if self.patches and self.body is None:
            raise ValueError("a tfidf head has no body to change")
        width = self.lexicon.width + (EMBEDDING if self.body is not None else 0)
        if any(len(head.coefficients[0]) != width for head in (self.path, self.scenario)):
            raise ValueError("the heads read features of another width")
        return self

    def features(self, text: str, body: Body | None) -> Doubles:
        """Give the features of a text that the heads read, the embedding first."""
        lexical = self.lexicon.vector(text)
        if body is None:
            return lexical
        return np.concatenate([body.embed(text).astype(np.float64), lexical])

    @classmethod
    def read(cls, folder: pathlib.Path, kind: str) -> Self:
        """Read the head file of one kind.

        Raises:
            RouterError: there is no such file, or its content is not sound.
        """
        file = folder / FILE_NAMES[kind]
        return read_stored(cls, file, "router head", RouterError)

    def write(self, folder: pathlib.Path) -> pathlib.Path:
        """Write the head file, byte for byte the same for the same content."""
        file = folder / FILE_NAMES[self.kind]
        file.write_text(self.model_dump_json(exclude_none=True) + "\n", encoding="utf-8")
        return file

    def fitted(self, body: Body) -> Body:
        """Give the body that the heads read: checked, cut to their layers, with their changes.

        Raises:
            RouterError: the weights or the tokenizer are others than those of the training, or a
                change does not fit them.
        """
        if self.body is None:
            raise RouterError("this router head has no body")
        trained = (self.body.weights_sha256, self.body.tokenizer_sha256)
        if trained != tuple(body.sha256):
            raise RouterError(
                f"router head {self.version} was trained on another body (weights "
                f"{trained[0][:12]}, installed {body.sha256.weights[:12]}): train it again with "
                "`sentree route train`"
            )
        try:
            body = body.cut(self.body.layers)
            return body.patched((one.weight, one.matrix()) for one in self.patches)
        except ValueError as error:
            raise RouterError(f"router head {self.version}: {error}") from None
