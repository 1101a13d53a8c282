"""What a ranker knows of the techniques it may name, and of texts that people labelled."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


class TechniqueText(NamedTuple):
    """A technique in words: its name, description, how to see it, and what was done with it."""

    uid: str
    name: str
    description: str
    analytics: str = ""
    procedures: tuple[str, ...] = ()

    @property
    def parent(self) -> str:
        """The id of the technique that a sub-technique belongs to; others stand for themselves."""
        return self.uid.partition(".")[0]


class Example(NamedTuple):
    """A text and the techniques that a person gave it; `source` says where it stands."""

    text: str
    techniques: tuple[str, ...]
    source: str = ""


class Embedder(Protocol):
    """What turns texts into unit vectors; `embed_all` gives a row for each text."""

    def embed_all(self, texts: list[str]) -> Floats:
        """Embed texts, a row each."""
        ...
