"""What each generated record says about a question: the truth a simulated model reads from."""

from __future__ import annotations

from enum import StrEnum

from schemas.base import Frozen
from schemas.question_truth import GeneratedQuestion


class Shape(StrEnum):
    """How the answer follows from the records that bear on a question."""

    COUNT = "count"
    DISTINCT = "distinct"
    TOP = "top"
    UNION = "union"
    FIRST = "first"
    LAST = "last"
    BOTH = "both"
    PAIRS = "pairs"


class Observation(Frozen):
    """One record that bears on a question, known by the hash of its text.

    Attributes:
        value: what the question asks for: a user, host, address, instant or the name of a thing.
        place: of pairs, where the value was; of a question with two conditions, which one holds.
        time: when it happened, ISO 8601 in UTC.
    """

    sha256: str
    value: str = ""
    place: str = ""
    time: str = ""


class ObservedQuestion(Frozen):
    """A question with every record that bears on it. `within` are the seconds of pairs."""

    question: GeneratedQuestion
    shape: Shape
    within: int = 0
    observations: tuple[Observation, ...]


class ObservedQuestions(Frozen):
    """The questions about one generated log."""

    questions: tuple[ObservedQuestion, ...]
