"""Answers to known questions: how they are read, and what they are worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.question_truth import AnswerKind
from schemas.questions import AnswerTable, EmbeddedAnswer
from sentree.evals.questions import Outcome, read_embedded, read_text, score_answer

NUMBER, LABEL, SET = AnswerKind.NUMBER, AnswerKind.LABEL, AnswerKind.SET
PAIRS, INSTANT = AnswerKind.PAIRS, AnswerKind.INSTANT


def grouped(*values: str, total: int | None = None) -> EmbeddedAnswer:
    rows = tuple((value, 1, "", "") for value in values)
    table = AnswerTable(
        columns=("user", "count", "first", "last"), rows=rows, total=total or len(rows)
    )
    return EmbeddedAnswer(answer=f"{len(rows)} users", rows=table)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7 failed logons, user jdoe, on host dc01: between 2026-01-06 …", "7"),
        ("1,516 events: between", "1516"),
        ("Yes. 6 clearings of the log", "6"),
        ("No: no network events in the 46 events searched", "0"),
        ("0. User mallory does not appear in the 46 events searched", "0"),
        ("None: no logons in the 46 events searched.", "0"),
    ],
)
def test_the_count_of_an_answer_is_its_first_number(text: str, number: str) -> None:
    assert read_embedded(NUMBER, EmbeddedAnswer(answer=text)) == (number,)


def test_a_list_that_was_cut_short_is_no_answer_to_which() -> None:
    assert read_embedded(SET, grouped("a", "b")) == ("a", "b")
    assert read_embedded(SET, grouped("a", "b", total=51)) is None
    assert score_answer(SET, ("a", "b"), None).outcome is Outcome.WRONG


def test_none_found_is_the_empty_set() -> None:
    answer = EmbeddedAnswer(answer="None: no logons in the 46 events searched.")
    assert read_embedded(SET, answer) == ()
    assert score_answer(SET, (), ()).outcome is Outcome.RIGHT


def test_a_count_that_is_near_has_some_credit_and_is_wrong_all_the_same() -> None:
    assert score_answer(NUMBER, ("10",), ("10",)) == (Outcome.RIGHT, 1.0)
    assert score_answer(NUMBER, ("10",), ("12",)) == (Outcome.WRONG, 0.75**2)
    assert score_answer(NUMBER, ("0",), ("100000",)).partial < 1e-9


def test_a_label_may_be_any_of_those_that_tie() -> None:
    assert score_answer(LABEL, ("ana", "bo"), ("bo",)).outcome is Outcome.RIGHT
    assert score_answer(LABEL, ("ana", "bo"), ("cem",)).outcome is Outcome.WRONG


def test_sets_are_worth_their_f1() -> None:
    score = score_answer(SET, ("a", "b"), ("b", "c"))
    assert score == (Outcome.WRONG, 0.5)


def test_instants_agree_to_the_second() -> None:
    assert score_answer(INSTANT, ("2026-03-02T10:00:00.250Z",), ("2026-03-02 10:00:00",)).partial
    assert not score_answer(INSTANT, ("2026-03-02T10:00:00Z",), ("2026-03-02 10:00:02",)).partial
    assert not score_answer(INSTANT, ("2026-03-02T10:00:00Z",), ("soon",)).partial


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        (NUMBER, "I counted the lines.\nAnswer: 1,204.", ("1204",)),
        (LABEL, "**Answer:** Broken device", ("broken device",)),
        (SET, "Answer: Ana.Abel, bo.brun", ("ana.abel", "bo.brun")),
        (SET, "Answer: none", ()),
        (PAIRS, "Answer: bo & ana; ana and cem", ("ana & bo", "ana & cem")),
        (INSTANT, "answer: 2026-03-02T10:00:00Z", ("2026-03-02T10:00:00",)),
        (NUMBER, "I can't tell.", None),
    ],
)
def test_a_language_models_answer_is_read_from_its_last_line(
    kind: AnswerKind, text: str, found: tuple[str, ...] | None
) -> None:
    assert read_text(kind, text) == found


@given(st.sampled_from(list(AnswerKind)), st.text(max_size=80))
def test_any_text_is_read_or_refused(kind: AnswerKind, text: str) -> None:
    found = read_text(kind, text)
    truth = {NUMBER: "3", INSTANT: "2026-03-02T10:00:00Z"}.get(kind, "a")
    assert 0 <= score_answer(kind, (truth,), found).partial <= 1
