"""An inverted index with TF-IDF weights: how alike a text is to each document, in numpy alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]


class _Postings(NamedTuple):
    documents: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]


class LexicalIndex:
    """Documents as unit vectors of TF-IDF weights, kept by term."""

    def __init__(self, size: int, idf: Mapping[str, float], postings: Mapping[str, _Postings]):
        self.size = size
        self._idf = idf
        self._postings = postings

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]], *, least: int = 1) -> LexicalIndex:
        """Index documents given as terms; terms of fewer than `least` documents are left out."""
        counts = [Counter(document) for document in documents]
        spread = Counter(term for count in counts for term in count)
        idf = {
            term: float(np.log((1 + len(documents)) / (1 + number)) + 1)
            for term, number in spread.items()
            if number >= least
        }
        places: dict[str, list[int]] = {term: [] for term in idf}
        weights: dict[str, list[float]] = {term: [] for term in idf}
        for number, count in enumerate(counts):
            for term, weight in _unit(count, idf).items():
                places[term].append(number)
                weights[term].append(weight)
        postings = {
            term: _Postings(np.array(places[term], np.int32), np.array(weights[term], np.float32))
            for term in idf
        }
        return cls(len(documents), idf, postings)

    def similarities(self, terms: Sequence[str]) -> Doubles:
        """Give the cosine between a text, as terms, and every document."""
        found = np.zeros(self.size)
        for term, weight in _unit(Counter(terms), self._idf).items():
            posting = self._postings[term]
            found[posting.documents] += weight * posting.weights
        return found

    def shared(self, terms: Sequence[str], document: int, top: int) -> tuple[str, ...]:
        """Name the terms that make a text and a document alike, the weightiest first."""
        weighed: list[tuple[float, str]] = []
        for term, weight in _unit(Counter(terms), self._idf).items():
            posting = self._postings[term]
            place = int(np.searchsorted(posting.documents, document))
            if place < len(posting.documents) and posting.documents[place] == document:
                weighed.append((-weight * float(posting.weights[place]), term))
        return tuple(term for _, term in sorted(weighed)[:top])


def _unit(count: Mapping[str, int], idf: Mapping[str, float]) -> dict[str, float]:
    raw = {
        term: (1 + float(np.log(number))) * idf[term]
        for term, number in count.items()
        if term in idf
    }
    length = sum(value * value for value in raw.values()) ** 0.5
    return {term: value / length for term, value in raw.items()}
