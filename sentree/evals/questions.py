"""Reading and scoring answers to questions whose truth is known. Pure functions.

The same functions score the embedded analyst, whose answers come with a table, and a language
model, which is told to end with a line `Answer: …`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from schemas.question_truth import AnswerKind
from schemas.questions import AnswerTable, EmbeddedAnswer
from sentree.evals.metrics import compare_sets

NUMERIC_BASE = 0.75
"""A count that is off by n is worth 0.75^n, as in OOLONG (Bertsch et al. 2025)."""

_NUMBER = re.compile(r"\d[\d,]*")
_NONE = re.compile(r"\s*(no\b|none\b|0\b)", re.I)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?")
_PREFIX = re.compile(r".*^\W*answer\W*:", re.I | re.S | re.M)


class Outcome(StrEnum):
    """What became of a question. A wrong answer is the worst of them: somebody may act on it."""

    RIGHT = "right"
    WRONG = "wrong"
    DECLINED = "declined"


class AnswerScore(NamedTuple):
    """How an answer does: `partial` gives credit for being near, 0 to 1."""

    outcome: Outcome
    partial: float


Found = tuple[str, ...] | None
"""What an answer says, in the words of the truth; None when it can't be read as an answer."""


def score_answer(kind: AnswerKind, truth: Sequence[str], found: Found) -> AnswerScore:
    """Compare what was answered with what is true."""
    if found is None:
        return AnswerScore(Outcome.WRONG, 0.0)
    match kind:
        case AnswerKind.NUMBER:
            off = abs(int(truth[0]) - int(found[0])) if found else 1_000
            partial = NUMERIC_BASE**off
        case AnswerKind.LABEL:
            partial = float(bool(found) and found[0] in truth)
        case AnswerKind.INSTANT:
            partial = float(bool(found) and _same_instant(truth[0], found[0]))
        case _:
            partial = compare_sets(truth, found).f1
    return AnswerScore(Outcome.RIGHT if partial == 1.0 else Outcome.WRONG, partial)


def read_embedded(kind: AnswerKind, answer: EmbeddedAnswer) -> Found:
    """Read the embedded analyst's answer: its table where it has one, else its first words."""
    if kind is AnswerKind.NUMBER:
        return _number(answer.answer)
    if _NONE.match(answer.answer) and (answer.rows is None or not answer.rows.rows):
        return ()
    if answer.rows is None or not answer.rows.rows:
        return None
    return _cells(kind, answer.rows)


def read_text(kind: AnswerKind, text: str) -> Found:
    """Read a language model's answer: what follows the last `Answer:`, else the whole text."""
    said = _PREFIX.sub("", text).strip(" \t\r\n*_`").rstrip(".")
    match kind:
        case AnswerKind.NUMBER:
            return _number(said)
        case AnswerKind.INSTANT:
            found = _INSTANT.search(said)
            return (found[0],) if found else None
        case AnswerKind.LABEL:
            return (said.lower(),) if said else None
        case _:
            if not said or _NONE.fullmatch(said):
                return ()
            parts = [each.strip().lower() for each in re.split(r"[,;\n]", said)]
            return tuple(
                _pair(each) if kind is AnswerKind.PAIRS else each for each in parts if each
            )


def _number(text: str) -> Found:
    found = _NUMBER.search(text)
    # "Yes. 7 …" counts 7, "No: address 10.0.0.9 …" counts none.
    if found is None or text.startswith("No"):
        return ("0",) if _NONE.match(text) else None
    return (found[0].replace(",", ""),)


def _cells(kind: AnswerKind, table: AnswerTable) -> Found:
    if kind is AnswerKind.INSTANT:
        for name in ("time", "first"):
            if name in table.columns:
                return (str(table.rows[0][table.columns.index(name)]),)
        return None
    if table.columns[0] in ("time", "event") or len(table.rows) < min(table.total, 1_000):
        # Events are no members of a set, and a set cut short is not the set.
        return None if kind is not AnswerKind.LABEL else _first(table)
    if kind is AnswerKind.PAIRS and len(table.columns) < 2:
        return None
    if kind is AnswerKind.PAIRS:
        return tuple(
            " & ".join(sorted(str(each).lower() for each in row[:2])) for row in table.rows
        )
    return tuple(short(str(row[0])) for row in table.rows)


def _first(table: AnswerTable) -> Found:
    return None if table.columns[0] in ("time", "event") else (short(str(table.rows[0][0])),)


def short(name: str) -> str:
    """Write a name as questions do: lower case, without Windows domain or DNS suffix of a host."""
    low = name.lower()
    return low.partition("\\")[2] if re.fullmatch(r"[\w.-]+\\[^\\:]+", low) else low


def _pair(text: str) -> str:
    return " & ".join(sorted(each.strip() for each in re.split(r"&|\band\b|/", text)))


def _same_instant(one: str, other: str) -> bool:
    left, right = _instant(one), _instant(other)
    # Answers for people show seconds or milliseconds.
    return left is not None and right is not None and abs((left - right).total_seconds()) < 1


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def cited_share(truth: Collection[str], cited: Collection[str]) -> float:
    """Give the share of the cited records that the truth rests on; 1.0 when none is cited."""
    return len(set(cited) & set(truth)) / len(set(cited)) if cited else 1.0
