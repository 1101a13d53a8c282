"""The router's trained part as JSON: linear heads, their origin, and the TF-IDF transform.

A head file is plain numbers and labels, checked on reading: nothing in it can be executed.
"""

from __future__ import annotations

import pathlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, FiniteFloat, ValidationError, model_validator

from models.router_body import Body, softmax
from schemas.base import Frozen

Doubles = npt.NDArray[np.float64]

FILE_NAMES: Mapping[str, str] = {"setfit": "router-setfit.json", "tfidf": "router-tfidf.json"}
_WORD = re.compile(r"[a-z]+|[0-9]+")


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

    def probabilities(self, features: Doubles) -> Doubles:
        """Give a row of probabilities, in the order of `labels`, for each row of features."""
        scores = features @ np.array(self.coefficients).T + np.array(self.intercepts)
        if scores.shape[1] == 1:
            scores = np.hstack([np.zeros_like(scores), scores])
        return softmax(scores)


class BodyOrigin(Frozen):
    """The exact body that the heads were trained on."""

    model: str
    weights_sha256: str
    tokenizer_sha256: str


class Training(Frozen):
    """What the heads were trained from, so that a second training can be compared."""

    queries: int
    groups: int
    queries_sha256: str
    seed: int
    inverse_regularisation: float
    versions: dict[str, str]


class Vocabulary(Frozen):
    """Terms with their inverse document frequency, in column order."""

    terms: tuple[str, ...]
    idf: tuple[FiniteFloat, ...]

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        if len(self.terms) != len(self.idf):
            raise ValueError("terms and idf differ in length")
        return self

    @classmethod
    def learn(cls, texts: Sequence[str]) -> Self:
        """Keep the terms that occur in at least two of the texts."""
        counts = Counter(term for text in texts for term in set(_terms(text)))
        terms = tuple(sorted(term for term, count in counts.items() if count > 1))
        idf = (1 + np.log((1 + len(texts)) / (1 + counts[term])) for term in terms)
        return cls(terms=terms, idf=tuple(round(float(value), 6) for value in idf))

    def features(self, texts: Sequence[str]) -> Doubles:
        """Give a unit row of TF-IDF weights for each text; all zeros where no term is known."""
        columns = {term: column for column, term in enumerate(self.terms)}
        rows = np.zeros((len(texts), len(self.terms)))
        for row, text in zip(rows, texts, strict=True):
            for term, count in Counter(_terms(text)).items():
                if term in columns:
                    row[columns[term]] = (1 + np.log(count)) * self.idf[columns[term]]
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / np.where(lengths == 0, 1, lengths)


class HeadFile(Frozen):
    """All that was trained: the heads for path and scenario, and where they came from."""

    layout: Literal[1] = 1
    kind: Literal["setfit", "tfidf"]
    version: str
    abstain_below: Annotated[float, Field(ge=0, le=1)]
    body: BodyOrigin | None = None
    training: Training
    path: Head
    scenario: Head
    vocabulary: Vocabulary | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.kind == "setfit") != (self.body is not None):
            raise ValueError("a setfit head names its body, a tfidf head has none")
        if (self.kind == "tfidf") != (self.vocabulary is not None):
            raise ValueError("a tfidf head has a vocabulary, a setfit head has none")
        widths = {len(head.coefficients[0]) for head in (self.path, self.scenario)}
        if self.vocabulary is not None:
            widths.add(len(self.vocabulary.terms))
        if len(widths) != 1:
            raise ValueError("the heads read features of different width")
        return self

    @classmethod
    def read(cls, folder: pathlib.Path, kind: str) -> Self:
        """Read the head file of one kind.

        Raises:
            RouterError: there is no such file, or its content is not sound.
        """
        file = folder / FILE_NAMES[kind]
        try:
            return cls.model_validate_json(file.read_bytes())
        except OSError as error:
            raise RouterError(f"cannot read router head {file}: {error.strerror}") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"][:4])
            raise RouterError(
                f"router head {file} is damaged: {where or 'file'}: {first['msg'][:200]}"
            ) from error

    def write(self, folder: pathlib.Path) -> pathlib.Path:
        """Write the head file, byte for byte the same for the same content."""
        file = folder / FILE_NAMES[self.kind]
        file.write_text(self.model_dump_json(exclude_none=True) + "\n", encoding="utf-8")
        return file

    def check_body(self, body: Body) -> None:
        """Make sure the heads are applied to the body they were trained on.

        Raises:
            RouterError: the weights or the tokenizer are others.
        """
        if self.body is None:
            raise RouterError("this router head has no body")
        trained = (self.body.weights_sha256, self.body.tokenizer_sha256)
        if trained != tuple(body.sha256):
            raise RouterError(
                f"router head {self.version} was trained on another body (weights "
                f"{trained[0][:12]}, installed {body.sha256.weights[:12]}): train it again with "
                "python -m models.train_router"
            )


def _terms(text: str) -> Iterable[str]:
    # Numbers, addresses and hashes are all different; their digits would only be noise.
    words = ["0" if word.isdigit() else word for word in _WORD.findall(text.lower())]
    yield from words
    yield from (f"{left} {right}" for left, right in pairwise(words))
