"""What speaks for each technique in a text, from ATT&CK and the cues alone: no labels needed.

The first line of a text is its title; it tells more than the rest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from models.techniques.catalogue import Doubles, Embedder, Floats, TechniqueText
from models.techniques.cues import Cue, CueTable, packaged_cues
from models.techniques.index import LexicalIndex
from models.techniques.terms import plain, spelled, terms

_PART = re.compile(r"[a-z0-9]+")
NEIGHBOURS = 20
WEAK = 0.3
RARITY, STEEPNESS = 1.2, 1.5
EMBEDDED_CHARACTERS = 500
DESCRIBED_CHARACTERS = 400

NAMES = (
    "cues",
    "cues in the title",
    "share of the best cues",
    "share of all cues",
    "has a cue",
    "cues of its family",
    "cues of its sub-techniques",
    "description",
    "share of the best description",
    "procedures",
    "share of the best procedures",
    "meaning",
    "name in the title",
    "usual technique",
    "sub-technique",
    "procedures, no cue",
    "meaning, no cue",
)
"""The signals of a technique in a text, in column order."""


class Reading(NamedTuple):
    """A text made ready: its terms, those of its title, its cues, and its vector if any."""

    text: str
    terms: tuple[str, ...]
    title_terms: tuple[str, ...]
    cues: tuple[Cue, ...]
    title_cues: frozenset[int]
    vector: Floats | None


class Signals:
    """Compares texts with ATT&CK."""

    def __init__(
        self,
        techniques: Sequence[TechniqueText],
        embedder: Embedder | None = None,
        cues: CueTable | None = None,
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        """Index the techniques; `renamed` leads from an id of the cues to that of the catalogue."""
        self.techniques = tuple(techniques)
        self.places = {one.uid: place for place, one in enumerate(self.techniques)}
        self.cue_places = {
            **{new: self.places[old] for new, old in (renamed or {}).items() if old in self.places},
            **self.places,
        }
        self.cues = cues or packaged_cues()
        self._embedder = embedder
        self._described = LexicalIndex.build(
            [
                terms(f"{(one.name + '. ') * 3}{one.description} {one.analytics}")
                for one in self.techniques
            ]
        )
        self._named = LexicalIndex.build([terms(one.name) for one in self.techniques])
        procedures = [
            (text, place) for place, one in enumerate(self.techniques) for text in one.procedures
        ]
        self.procedures = tuple(text for text, _ in procedures)
        self.procedure_owner = np.array([place for _, place in procedures], np.int64)
        described = [one.description for one in self.techniques]
        self.strength = strengths(self.cues.cues, (*self.procedures, *described))
        self._procedures = LexicalIndex.build([terms(text) for text in self.procedures])
        self._vectors = embedder.embed_all(self.described_texts()) if embedder else None
        counts = np.array([len(one.procedures) for one in self.techniques])
        self._usual = np.log1p(counts) / max(float(np.log1p(counts.max(initial=1))), 1.0)
        self._sub = np.array([float("." in one.uid) for one in self.techniques])
        self._families = self._kin()

    def described_texts(self) -> list[str]:
        """Give the text of each technique that is embedded."""
        return [
            f"{one.name}. {plain(one.description)}"[:DESCRIBED_CHARACTERS]
            for one in self.techniques
        ]

    @property
    def embeds(self) -> bool:
        """Whether meaning is compared too: the optional sentence encoder is there."""
        return self._embedder is not None

    def read(self, texts: Sequence[str], vectors: Floats | None = None) -> list[Reading]:
        """Make texts ready for everything that compares them; known vectors need not be made."""
        if vectors is None and self._embedder is not None and texts:
            vectors = self._embedder.embed_all([_head(text) for text in texts])
        rows: Sequence[Floats | None] = [None] * len(texts) if vectors is None else list(vectors)
        return [
            Reading(
                text,
                tuple(terms(text)),
                tuple(terms(title(text))),
                tuple(self.cues.found(text)),
                frozenset(cue.uid for cue in self.cues.found(title(text))),
                vector,
            )
            for text, vector in zip(texts, rows, strict=True)
        ]

    def signals(self, reading: Reading) -> Doubles:
        """Give a row for each technique, a column for each of `NAMES`."""
        cues, titled = np.zeros(len(self.techniques)), np.zeros(len(self.techniques))
        for cue in reading.cues:
            for uid in cue.techniques:
                place = self.cue_places.get(uid)
                if place is not None:
                    cues[place] += self.strength[cue.uid]
                    titled[place] += self.strength[cue.uid] * (cue.uid in reading.title_cues)
        described = self._described.similarities(reading.terms)
        procedures = self._nearest_procedures(reading.terms)
        meaning = np.zeros(len(self.techniques))
        if self._vectors is not None and reading.vector is not None:
            alike = (self._vectors @ reading.vector).astype(float)
            meaning = (alike - alike.mean()) / max(float(alike.std()), 1e-9)
        no_cue = float(not cues.any())
        return np.stack(
            [
                np.log1p(cues),
                np.log1p(titled),
                _share(cues),
                cues / max(float(cues.sum()), 1e-9),
                (cues > 0).astype(float),
                np.log1p(self._family(cues)),
                np.log1p(self._family(cues) * (1 - self._sub)),
                described,
                _share(described),
                procedures,
                _share(procedures),
                meaning,
                self._named.similarities(reading.title_terms),
                self._usual,
                self._sub,
                no_cue * _share(procedures),
                no_cue * meaning,
            ],
            axis=1,
        )

    def _nearest_procedures(self, text: Sequence[str]) -> Doubles:
        found = np.zeros(len(self.techniques))
        alike = self._procedures.similarities(text)
        if alike.size:
            number = min(NEIGHBOURS, alike.size)
            nearest = np.argpartition(-alike, number - 1)[:number]
            np.add.at(found, self.procedure_owner[nearest], alike[nearest] ** 2)
        return found

    def nearest_procedure(self, reading: Reading, place: int) -> str | None:
        """Quote the procedure of a technique that is most like a text."""
        alike = self._procedures.similarities(reading.terms)
        own = np.flatnonzero(self.procedure_owner == place)
        if not own.size or not alike[own].any():
            return None
        return plain(self.procedures[int(own[np.argmax(alike[own])])])

    def shared_terms(self, reading: Reading, place: int, top: int = 4) -> tuple[str, ...]:
        """Name the words that a text shares with the description of a technique."""
        shared = self._described.shared(reading.terms, place, top)
        return tuple(spelled(term, reading.text) for term in shared)

    def _kin(self) -> list[list[int]]:
        members: dict[str, list[int]] = {}
        for place, one in enumerate(self.techniques):
            members.setdefault(one.parent, []).append(place)
        return [
            [kin for kin in members[one.parent] if kin != place]
            for place, one in enumerate(self.techniques)
        ]

    def _family(self, cues: Doubles) -> Doubles:
        found = np.zeros(len(self.techniques))
        for place in np.flatnonzero(cues):
            for kin in self._families[place]:
                found[kin] = max(found[kin], cues[place])
        return found


def title(text: str) -> str:
    """The first line of a text."""
    return text.strip().partition("\n")[0]


def strengths(cues: Sequence[Cue], known: Iterable[str]) -> Doubles:
    """Weigh cues: the more words must be there together, and the rarer they are, the more they say.

    Args:
        cues: what to weigh; its `uid` is its place.
        known: texts in whose words rarity is counted.
    """
    counts: Counter[str] = Counter()
    number = 0
    for text in known:
        number += 1
        counts.update(set(_PART.findall(text.lower())))

    def rarity(word: str) -> float:
        parts = _PART.findall(word)
        least = min((counts[part] for part in parts), default=number)
        return 1 - float(np.log1p(least) / np.log1p(max(number, 1)))

    weights = [
        (WEAK if cue.weak else 1.0) * (RARITY * sum(map(rarity, cue.words))) ** STEEPNESS
        for cue in cues
    ]
    return np.array(weights)


def _head(text: str) -> str:
    return text.strip()[:EMBEDDED_CHARACTERS]


def _share(values: Doubles) -> Doubles:
    best = values.max(initial=0.0)
    return values / best if best > 0 else values
