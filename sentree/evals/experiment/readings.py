"""Cases whose records a model reads one by one and tells of each in a typed form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, cast

from schemas.base import Frozen
from schemas.context import ContextInfo
from schemas.experiment import EvalOutcome, EvalPath
from schemas.experiment_plan import CHARACTERS_A_TOKEN, Conditions
from schemas.simulated import LeafItem
from sentree.analysis.model_reading import whole_schema
from sentree.evals.experiment.case import Found, Parts, Scored
from sentree.evals.experiment.records import digest, load_records, stored

Items = Mapping[str, Sequence[Mapping[str, Any]]]
Score = Callable[[Items], Scored]
NO_SEARCH = "every record is asked about, so that there is nothing to search for"
NO_AGENT = "an answer about every record is longer than a submission may be"
UNASKED = {EvalPath.RETRIEVAL: NO_SEARCH, EvalPath.RLM_AGENT: NO_AGENT}


@dataclass(frozen=True)
class Told:
    """What makes a case of typed readings: records by uid, what is asked, and what is true.

    Attributes:
        name: the prompt file that says what the records are.
        facts: by the uid of a record, the items that are true of it; `@` stands for the record,
            `@` and a uid for another one.
        score: scores the items of all parts together.
        embedded: lets the embedded analyst answer.
    """

    name: str
    question: str
    leaf: type[Frozen]
    records: Mapping[str, str]
    facts: Mapping[str, Sequence[LeafItem]]
    score: Score
    embedded: Callable[[], Scored]
    beside: str = ""


@dataclass(frozen=True)
class ReadingCase:
    """Records that are read in parts or at once, and told of in the form of a scenario's leaf."""

    info: ContextInfo
    told: Told
    shown: Mapping[str, str] = field(repr=False)
    typed: bool = True

    @property
    def topic(self) -> str:
        """The question alone."""
        return self.told.question

    @property
    def question(self) -> str:
        """The question."""
        return self.told.question

    @property
    def parts(self) -> Parts:
        """Ask every part the same, in the leaf's form."""
        told = self.told
        schema = whole_schema(told.leaf)
        return Parts(told.question, schema, told.leaf, told.name, told.beside)

    def of_text(self, text: str) -> Scored:
        """Score an answer in words: there is nothing in it that counts."""
        return Scored(0.0, {}, text[:500])

    def of_parts(self, found: Sequence[Found]) -> Scored:
        """Put the items of all parts together, and score them."""
        joined: dict[str, list[Mapping[str, Any]]] = {}
        for one in found:
            for name, items in one.items():
                if isinstance(items, list | tuple):
                    listed = cast("Sequence[Any]", items)
                    joined.setdefault(name, []).extend(
                        item for item in listed if isinstance(item, Mapping)
                    )
        return self.told.score(joined)

    def embedded(self) -> Scored:
        """Let the embedded analyst answer."""
        return self.told.embedded()

    def truth(self, conditions: Conditions) -> ReadingOracle:
        """Give what is true of every record."""
        return ReadingOracle(self, conditions.leaf_tokens * CHARACTERS_A_TOKEN)


class ReadingOracle:
    """What a simulated model is told of typed readings."""

    fold_cell = ""

    def __init__(self, case: ReadingCase, part_characters: int) -> None:
        self._case = case
        self._known = frozenset(case.shown.values())
        self.part_characters = part_characters
        self.leaf_question = case.parts.question
        self.leaf_schema = case.parts.schema

    def knows(self, sha256: str) -> bool:
        """Tell whether a text is a record of the case."""
        return sha256 in self._known

    def items(self, sha256: str) -> Sequence[LeafItem]:
        """Give what is true of a record."""
        return self._items.get(sha256, ())

    def say(self, items: Sequence[Mapping[str, Any]]) -> str:
        """Give an answer in words; nobody asks for one."""
        return f"{len(items)} found"

    def mistake(self, items: Sequence[Mapping[str, Any]], rng: Random) -> str:
        """Give an answer in words; nobody asks for one."""
        return "nothing"

    @cached_property
    def _items(self) -> dict[str, list[LeafItem]]:
        told = self._case.told
        digests = {uid: self._case.shown[digest(text)] for uid, text in told.records.items()}
        found: dict[str, list[LeafItem]] = {}
        for uid, items in told.facts.items():
            # Records of one text are one record to whoever reads them.
            found.setdefault(digests[uid], []).extend(
                LeafItem.model_construct(of=one.of, fields=_hashed(one.fields, digests))
                for one in items
            )
        return found


def reading_case(folder: Path, told: Told) -> ReadingCase:
    """Write the records of a case as a context, or find that done."""
    info = load_records(folder, told.records, told.name)
    return ReadingCase(info, told, stored(info))


def cited(uid: str = "@", quote: str = "") -> list[dict[str, str]]:
    """Give the citation of a record, for an item of a leaf."""
    return [{"event_uid": uid, "quote": quote}]


def scored(score: float, metrics: Mapping[str, float], answer: str) -> Scored:
    """Give a score of something that was answered."""
    return Scored(score, metrics, answer, EvalOutcome.ANSWERED)


def as_many(wanted: int, records: Mapping[str, str]) -> dict[str, str]:
    """Give the first records, as many as have about so many tokens."""
    left = wanted * CHARACTERS_A_TOKEN
    found: dict[str, str] = {}
    for uid, text in records.items():
        if found and left < len(text):
            break
        found[uid] = text
        left -= len(text)
    return found


def _hashed(value: Any, digests: Mapping[str, str]) -> Any:
    """Put the hash of a record's text in the place of `@` and its uid."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value).items()
        return {name: _hashed(one, digests) for name, one in pairs}
    if isinstance(value, list):
        return [_hashed(one, digests) for one in cast("list[Any]", value)]
    if isinstance(value, str) and len(value) > 1 and value.startswith("@"):
        return f"@{digests.get(value[1:], '')}"
    return value
