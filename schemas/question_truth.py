"""Generated questions over generated logs, and their exact answers."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import Field

from schemas.base import Frozen, UtcTime
from schemas.scenario import FileCount, RecordKey


class QuestionFamily(StrEnum):
    """What makes a question hard."""

    NEEDLE = "needle"
    COUNTING = "counting"
    PAIRING = "pairing"
    ORDERING = "ordering"
    MULTI_HOP = "multi-hop"


class AnswerKind(StrEnum):
    """What an answer is: decides how it is read and scored."""

    NUMBER = "number"
    LABEL = "label"
    SET = "set"
    PAIRS = "pairs"
    INSTANT = "instant"


class LogFormat(StrEnum):
    """How the records are written: OCSF JSON, or as the vendors' collectors deliver them."""

    OCSF = "ocsf"
    RAW = "raw"


class QuestionSpec(Frozen):
    """All that determines the logs and questions; equal specifications give equal bytes.

    `tokens` is the size of the logs at four characters a token.
    """

    seed: int = 0
    tokens: int = Field(default=8_000, ge=2_000, le=20_000_000)
    format: LogFormat = LogFormat.OCSF
    start: UtcTime = datetime(2026, 3, 2, tzinfo=UTC)
    days: int = Field(default=3, ge=1, le=60)


class GeneratedQuestion(Frozen):
    """One question with its truth.

    Attributes:
        answer: a number in digits; the labels that are right (several on a tie); the members of a
            set; pairs written `a & b` with a < b; an instant as ISO 8601 in UTC. Lower case.
        needs_language: a line has to be understood before it can be counted: an analyst without
            a language model is right to decline.
        evidence: the first records the answer rests on, at most `EVIDENCE_KEPT`.
        evidence_total: how many there are.
    """

    uid: str
    family: QuestionFamily
    text: str
    kind: AnswerKind
    answer: tuple[str, ...]
    needs_language: bool = False
    evidence: tuple[RecordKey, ...] = ()
    evidence_total: int = 0


class QuestionTruth(Frozen):
    """The questions about some generated logs, kept apart from the logs."""

    spec: QuestionSpec
    records: int
    characters: int
    files: tuple[FileCount, ...]
    questions: tuple[GeneratedQuestion, ...]
