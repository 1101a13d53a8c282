"""The features of a pair of control and check: cues that belong together, and alike wording."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.evidence_cues import CheckText, ControlText, check_cues, control_cues, expected
from models.router_body import Body

Doubles = npt.NDArray[np.float64]

FEATURES = (
    "expected",
    "expected_mean",
    "expected_best",
    "own_about",
    "own_risk",
    "whole_about",
    "words",
)
BLOCK = 64
MAX_WORDS = 4_096
MAX_TEXT = 400
SMOOTH = 0.5
_WORD = re.compile(r"[a-z][a-z0-9]+")
_STOP_WORDS = """
a an and any are as at be been by can for from has have if in into is it its may must not
of on or other shall should such that the their them these they this those through to was
when where which will with within without all each based using used use
"""
_STOP = frozenset(_STOP_WORDS.split())


class Encoder:
    """Sentence embeddings, each text once; without the model it says so and gives zeros."""

    def __init__(self, body: Body | None) -> None:
        self._body = body
        self._known: dict[str, npt.NDArray[np.float32]] = {}

    @classmethod
    def load(cls) -> Encoder:
        """Use the packaged sentence encoder if it is installed."""
        try:
            return cls(Body.load())
        except (ImportError, OSError):
            return cls(None)

    @property
    def has_sentences(self) -> bool:
        """Whether there is a sentence encoder."""
        return self._body is not None

    def alike(self, rows: Sequence[str], columns: Sequence[str]) -> Doubles:
        """Give the cosine of each text of the rows with each of the columns."""
        if self._body is None:
            return word_overlap(rows, columns)
        return (self._vectors(rows) @ self._vectors(columns).T).astype(np.float64)

    def _vectors(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        assert self._body is not None
        found: list[npt.NDArray[np.float32]] = []
        for text in texts:
            key = text[:MAX_TEXT]
            if key not in self._known:
                self._known[key] = self._body.embed(key)
            found.append(self._known[key])
        return np.stack(found)


def features(
    controls: Sequence[ControlText],
    checks: Sequence[CheckText],
    cue_weights: Doubles,
    encoder: Encoder,
) -> Doubles:
    """Give the features of every pair: controls x checks x `FEATURES`."""
    table = np.zeros((len(controls), len(checks), len(FEATURES)))
    asked = control_cues(controls) * cue_weights
    looked = check_cues(checks)
    weights = expected()
    best = np.stack([(row * looked).max(axis=1) for row in weights])
    for start in range(0, len(controls), BLOCK):
        part = asked[start : start + BLOCK]
        block = table[start : start + BLOCK]
        block[:, :, 0] = np.sqrt(part @ weights @ looked.T)
        block[:, :, 1] = part @ best / (part.sum(axis=1, keepdims=True) + SMOOTH)
        block[:, :, 2] = (part[:, :, None] * best[None]).max(axis=1)
    own = [one.own for one in controls]
    whole = [one.whole for one in controls]
    about = [one.about for one in checks]
    if encoder.has_sentences:
        table[:, :, 3] = encoder.alike(own, about)
        table[:, :, 4] = encoder.alike(own, [one.risk or one.about for one in checks])
        table[:, :, 5] = encoder.alike(whole, about)
    heads = [f"{one.heading} {one.text}" for one in checks]
    table[:, :, 6] = word_overlap(whole, heads)
    return table


def word_overlap(rows: Sequence[str], columns: Sequence[str]) -> Doubles:
    """Give the cosine of TF-IDF weights; a word that only one text has makes it longer, no more."""
    counted = [Counter(_terms(text)) for text in (*rows, *columns)]
    seen = Counter(word for one in counted for word in one)
    shared = [word for word, count in seen.most_common() if count > 1][:MAX_WORDS]
    place = {word: at for at, word in enumerate(shared)}
    rare = {word: 1 + np.log((1 + len(counted)) / (1 + count)) for word, count in seen.items()}
    table = np.zeros((len(counted), max(len(shared), 1)), dtype=np.float32)
    for line, one in zip(table, counted, strict=True):
        weights = {word: (1 + np.log(count)) * rare[word] for word, count in one.items()}
        length = np.sqrt(sum(weight**2 for weight in weights.values()))
        for word, weight in weights.items():
            if word in place:
                line[place[word]] = weight / length
    return (table[: len(rows)] @ table[len(rows) :].T).astype(np.float64)


def _terms(text: str) -> list[str]:
    return [_stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP]


def _stem(word: str) -> str:
    for end in ("ations", "ation", "ings", "ing", "ies", "ed", "es", "s"):
        if word.endswith(end) and len(word) - len(end) >= 4:
            return word[: -len(end)]
    return word
