"""Estimates the class of a line that no mapper knows: a linear head on names and words.

The weights are in `models/data/class_head.npz`; `python -m sentree.evals.train_classes` makes them
from lines of made-up products. NumPy only.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.class_features import features

Floats = npt.NDArray[np.float32]
MAX_TOLD = 4


class Guess(NamedTuple):
    """A class with its calibrated probability, and the features that speak most for it."""

    class_uid: int
    probability: float
    told_by: tuple[str, ...]


class ClassHead(NamedTuple):
    """A trained head.

    `weights` has a row per feature of `places` and a column per class; `temperature` divides the
    scores so that probabilities are calibrated on lines of products not trained on; `bar` is the
    lowest probability at which a class is worth saying; `names` are the features by place.
    """

    classes: tuple[int, ...]
    places: dict[str, int]
    inverse_frequency: Floats
    weights: Floats
    intercepts: Floats
    temperature: float
    bar: float
    names: tuple[str, ...]

    def guess(self, text: str) -> Guess | None:
        """Give the likeliest class; None for a line in which no feature is known."""
        rows, values = self.vector(text)
        if not len(rows):
            return None
        effects = self.weights[rows].astype(np.float32) * values[:, None]
        scores = (effects.sum(axis=0) + self.intercepts) / self.temperature
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        best = int(chances.argmax())
        # What speaks for this class more than for the others together.
        gains = effects[:, best] - effects.mean(axis=1)
        told = [self.names[rows[at]] for at in np.argsort(-gains)[: 3 * MAX_TOLD] if gains[at] > 0]
        return Guess(self.classes[best], float(chances[best]), _distinct(told))

    def vector(self, text: str) -> tuple[npt.NDArray[np.int64], Floats]:
        """Give the places and normalised values of a line's features."""
        found = [self.places[name] for name in features(text) if name in self.places]
        rows = np.array(sorted(found), dtype=np.int64)
        values = self.inverse_frequency[rows]
        norm = float(np.sqrt((values**2).sum())) or 1.0
        return rows, values / norm


def _distinct(told: Sequence[str]) -> tuple[str, ...]:
    """Name features as people do, each word once."""
    found: dict[str, None] = {}
    for name in told:
        _, _, shown = name.partition(" ")
        if name.startswith("value"):
            shown = f"a {shown}"
        if not any(shown in other or other in shown for other in found):
            found[shown] = None
    return tuple(found)[:MAX_TOLD]


def read_head(content: bytes) -> ClassHead:
    """Read a head from the bytes of its file; nothing in it is executed."""
    with np.load(io.BytesIO(content), allow_pickle=False) as data:
        meta = json.loads(bytes(data["meta"]).decode())
        return ClassHead(
            classes=tuple(meta["classes"]),
            places={name: place for place, name in enumerate(meta["features"])},
            inverse_frequency=data["inverse_frequency"].astype(np.float32),
            weights=data["weights"].astype(np.float32) * data["steps"].astype(np.float32),
            intercepts=data["intercepts"].astype(np.float32),
            temperature=float(meta["temperature"]),
            bar=float(meta["bar"]),
            names=tuple(meta["features"]),
        )


def write_head(head: ClassHead, path: Path) -> None:
    """Write a head; weights become bytes with a step for each class."""
    steps = (np.abs(head.weights).max(axis=0) / 127).astype(np.float32)
    meta = {
        "classes": list(head.classes),
        "features": list(head.places),
        "temperature": head.temperature,
        "bar": head.bar,
    }
    np.savez_compressed(
        path,
        meta=np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8),
        inverse_frequency=head.inverse_frequency.astype(np.float32),
        weights=np.round(head.weights / steps).astype(np.int8),
        steps=steps,
        intercepts=head.intercepts.astype(np.float32),
    )


@lru_cache(maxsize=1)
def shipped_head() -> ClassHead:
    """Read the head that is part of the package."""
    return read_head(files("models.data").joinpath("class_head.npz").read_bytes())
