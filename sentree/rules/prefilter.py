"""Tells which events of a bucket a rule could match, by one search for the words of all rules.

The distinct values of each column are searched once for all words at a time (Aho-Corasick); what
each rule needs is then put together from the rows of the words it names. Sound by construction:
words and values are brought to lower case by the same function, DuckDB's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from ahocorasick_rs import AhoCorasick
from numpy.typing import NDArray

from sentree.lake.arrow import read_table
from sentree.lake.db import Lake
from sentree.rules.predicate import FORM_SQL, Column, Form
from sentree.rules.required import AllOf, Need, OneOf, Word, words

Place = tuple[str, Form]
Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]
_CONTAINS, _STARTS, _ENDS = 1, 2, 4
_FLAGS = {"contains": _CONTAINS, "startswith": _STARTS, "endswith": _ENDS}


class Prefilter:
    """What the rules of one log source need; made once, used for every chunk."""

    def __init__(self, lake: Lake, needs: Sequence[Need | None]) -> None:
        named = list(dict.fromkeys(word for need in needs if need for word in words(need)))
        spelled = dict(zip(named, _lowered(lake, named), strict=True))
        self._needs = [_respelled(need, spelled) if need else None for need in needs]
        found: dict[Place, _Words] = {}
        for word in dict.fromkeys(spelled.values()):
            found.setdefault((word.field, word.form), _Words()).add(word)
        self._places = found

    @property
    def places(self) -> frozenset[Place]:
        """The columns, field and form, whose values are searched."""
        return frozenset(self._places)

    def candidates(
        self, lake: Lake, columns: Mapping[str | None, Column], events: int
    ) -> list[Rows | None]:
        """Give, for each rule, the `rowid`s of `sigma_bucket` it could match; None for all."""
        hits = self._search(lake, columns)
        size = 1 + max(events, *(int(rows.max()) for rows in hits.values() if len(rows)), 0)
        found: list[Rows | None] = []
        for need in self._needs:
            if need is None:
                found.append(None)
                continue
            mask = _mask(need, hits, size)
            found.append(_NO_ROWS if mask is None else np.flatnonzero(mask))
        return found

    def _search(self, lake: Lake, columns: Mapping[str | None, Column]) -> dict[Word, Rows]:
        hits: dict[Word, Rows] = {}
        plain: list[tuple[Place, Column]] = []
        for place in sorted(self._places):
            column = columns.get(place[0])
            if column is None:
                continue
            if not column.many:
                plain.append((place, column))
                continue
            shown = FORM_SQL[place[1]].format("x")
            table = read_table(
                lake,
                f"SELECT id, {shown} AS value FROM"
                f" (SELECT rowid AS id, unnest(v{column.number}) AS x FROM sigma_bucket)",
            )
            self._places[place].find(_numbers(table["id"]), table["value"], hits)
        if plain:
            names = [f"{place[1]}{column.number}" for place, column in plain]
            table = read_table(lake, f"SELECT rowid AS id, {', '.join(names)} FROM sigma_bucket")
            ids = _numbers(table["id"])
            for (place, _), name in zip(plain, names, strict=True):
                self._places[place].find(ids, table[name], hits)
        return hits


@dataclass(slots=True)
class _Pattern:
    flags: int = 0
    words: list[tuple[int, Word]] = field(default_factory=list[tuple[int, Word]])


@dataclass
class _Words:
    """The words that are looked for in one column."""

    equal: dict[str | float, Word] = field(default_factory=dict[str | float, Word])
    patterns: dict[str, _Pattern] = field(default_factory=dict[str, _Pattern])

    def add(self, word: Word) -> None:
        if word.op == "equals":
            self.equal[word.value] = word
            return
        pattern = self.patterns.setdefault(str(word.value), _Pattern())
        pattern.flags |= _FLAGS[word.op]
        pattern.words.append((_FLAGS[word.op], word))

    @cached_property
    def automaton(self) -> AhoCorasick:
        return AhoCorasick(list(self.patterns))

    def find(self, ids: Rows, values: Any, hits: dict[Word, Rows]) -> None:
        """Add the rows of each word that some value of an Arrow column holds."""
        encoded: Any = values.combine_chunks().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        texts: list[str | float] = encoded.dictionary.to_pylist()
        found: dict[Word, list[int]] = defaultdict(list)
        if self.equal:
            for code, text in enumerate(texts):
                word = self.equal.get(text)
                if word is not None:
                    found[word].append(code)
        if self.patterns:
            self._find_patterns(texts, found)
        if not found:
            return
        codes = np.asarray(encoded.indices.fill_null(-1))
        order = np.argsort(codes, kind="stable")
        ends = np.searchsorted(codes, np.arange(len(texts)), side="right", sorter=order)
        starts = np.searchsorted(codes, np.arange(len(texts)), side="left", sorter=order)
        ordered = ids[order]
        for word, held in found.items():
            parts = [ordered[starts[code] : ends[code]] for code in held]
            hits[word] = parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _find_patterns(self, texts: Sequence[Any], found: dict[Word, list[int]]) -> None:
        search = self.automaton.find_matches_as_indexes
        patterns = list(self.patterns.values())
        flags = [pattern.flags for pattern in patterns]
        held: list[list[int]] = [[] for _ in patterns]
        starts: list[list[int]] = [[] for _ in patterns]
        ends: list[list[int]] = [[] for _ in patterns]
        for code, text in enumerate(texts):
            length = len(text)
            for number, start, end in search(text, overlapping=True):
                flag = flags[number]
                if flag & _CONTAINS:
                    held[number].append(code)
                if start == 0 and flag & _STARTS:
                    starts[number].append(code)
                if end == length and flag & _ENDS:
                    ends[number].append(code)
        by_flag = {_CONTAINS: held, _STARTS: starts, _ENDS: ends}
        for number, pattern in enumerate(patterns):
            for flag, word in pattern.words:
                codes = by_flag[flag][number]
                if codes:
                    found[word] = list(dict.fromkeys(codes))


_NO_ROWS: Rows = np.empty(0, dtype=np.int64)


def _numbers(column: Any) -> Rows:
    return np.asarray(column.to_numpy(), dtype=np.int64)


def _lowered(lake: Lake, named: Sequence[Word]) -> list[Word]:
    texts = [str(word.value) for word in named]
    [row] = lake.query("SELECT list_transform(?::VARCHAR[], lambda x: lower(x)) AS texts", [texts])
    return [
        Word(word.field, "l", word.op, text) if word.form == "l" else word
        for word, text in zip(named, row["texts"], strict=True)
    ]


def _respelled(need: Need, spelled: Mapping[Word, Word]) -> Need:
    match need:
        case Word():
            return spelled[need]
        case AllOf(items):
            return AllOf(tuple(_respelled(item, spelled) for item in items))
        case OneOf(items):
            return OneOf(tuple(_respelled(item, spelled) for item in items))


def _mask(need: Need, hits: Mapping[Word, Rows], size: int) -> Mask | None:
    """Mark the rows where a need is met; None where it is in none."""
    match need:
        case Word():
            rows = hits.get(need)
            if rows is None:
                return None
            mask = np.zeros(size, dtype=np.bool_)
            mask[rows] = True
            return mask
        case AllOf(items):
            # What a single word rules out need not be put together first.
            if any(isinstance(item, Word) and item not in hits for item in items):
                return None
            both: Mask | None = None
            for item in items:
                mask = _mask(item, hits, size)
                if mask is None:
                    return None
                both = mask if both is None else both & mask
                if not both.any():
                    return None
            return both
        case OneOf(items):
            either: Mask | None = None
            for item in items:
                if isinstance(item, Word):
                    rows = hits.get(item)
                    if rows is not None:
                        either = np.zeros(size, dtype=np.bool_) if either is None else either
                        either[rows] = True
                    continue
                mask = _mask(item, hits, size)
                if mask is not None:
                    either = mask if either is None else either | mask
            return either
