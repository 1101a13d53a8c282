"""Blind ratings: the sheet tells nothing, the key everything, and choices add up rightly."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from schemas.experiment import EvalPath
from schemas.rating import Choice, SheetKey, SynthesisAnswer
from sentree.errors import UnreadableInputError
from sentree.evals.verdict.blind import Sheet, make_sheet, read_answers
from sentree.evals.verdict.ratings import Vote, add_up, cohen, fleiss, sign_test
from sentree.evals.verdict.sheet_files import read_votes

DIRECT, PLANNED = EvalPath.DIRECT, EvalPath.RLM_PLANNED


def answers(cases: int = 20) -> list[SynthesisAnswer]:
    return [
        SynthesisAnswer(
            case_uid=f"case-{number}",
            path=path,
            text=f"What {'direct' if path is DIRECT else 'the tree'} said of {number}",
            model="model-x",
            question="Who was it?",
        )
        for number in range(cases)
        for path in (DIRECT, PLANNED)
    ]


def sheet(cases: int = 20, seed: int = 1) -> Sheet:
    return make_sheet(answers(cases), DIRECT, PLANNED, seed)


def votes_for(key: SheetKey, rater: str, prefer: EvalPath) -> list[Vote]:
    return [Vote(rater, one.item, Choice.A if one.a is prefer else Choice.B) for one in key.items]


def test_sides_are_shuffled_evenly_and_the_key_knows_them():
    made = sheet()
    assert sum(one.a is DIRECT for one in made.key.items) == 10
    of_key = {one.item: one for one in made.key.items}
    for item in made.items:
        said = "direct" if of_key[item.item].a is DIRECT else "the tree"
        assert said in item.answer_a and said not in item.answer_b
    assert [one.item for one in made.items] == [one.item for one in made.key.items]
    assert sheet() == made and sheet(seed=2).key.items != made.key.items


def test_the_sheet_tells_neither_path_nor_model_nor_case():
    telling = [
        one.model_copy(update={"text": f"Answer: model-x, by rlm-planned sub-calls: {one.text}"})
        for one in answers(6)
    ]
    made = make_sheet(telling, DIRECT, PLANNED, 1)
    shown = " ".join(item.model_dump_json() for item in made.items)
    for word in ("model-x", "rlm", "sub-call", "case-", "Answer:"):
        assert word not in shown


def test_a_model_of_a_short_name_leaves_words_whole():
    short = [one.model_copy(update={"model": "a"}) for one in answers(3)]
    made = make_sheet(short, DIRECT, PLANNED, 1)
    assert all("said of" in item.answer_a and "What" in item.answer_a for item in made.items)


def test_cases_that_one_path_answered_are_left_out_and_counted():
    made = make_sheet(answers(5)[:-1], DIRECT, PLANNED, 1)
    assert (len(made.items), made.unpaired) == (4, 1)
    with pytest.raises(UnreadableInputError, match="no case has an answer both"):
        make_sheet([one for one in answers(3) if one.path is DIRECT], DIRECT, PLANNED, 1)


def test_a_path_that_everybody_prefers_wins_whatever_side_it_stands_on():
    key = sheet().key
    rating = add_up(key, [*votes_for(key, "x", PLANNED), *votes_for(key, "y", PLANNED)])
    assert (rating.wins, rating.ties, rating.losses, rating.unrated) == (20, 0, 0, 0)
    assert rating.win_rate == 1.0 and rating.low is not None and rating.low > 0.5
    assert rating.sign_test < 0.001
    assert rating.side_a == 0.5 and rating.side_test == 1.0
    assert rating.agreement is not None and rating.agreement.kappa is None
    assert add_up(key, votes_for(key, "x", DIRECT)).win_rate == 0.0


def test_a_rater_who_always_takes_one_side_shows():
    key = sheet().key
    rating = add_up(key, [Vote("x", one.item, Choice.A) for one in key.items])
    assert rating.win_rate == 0.5
    assert rating.side_a == 1.0 and rating.side_test < 0.001


def test_guessing_gives_an_interval_around_one_half_and_no_agreement():
    key = sheet(60).key
    luck = random.Random(4)
    votes = [
        Vote(rater, one.item, luck.choice(list(Choice)))
        for rater in ("x", "y", "z")
        for one in key.items
    ]
    rating = add_up(key, votes)
    assert rating.low is not None and rating.high is not None
    assert rating.low < 0.5 < rating.high
    assert rating.agreement is not None and rating.agreement.statistic == "Fleiss' kappa"
    assert rating.agreement.kappa is not None and abs(rating.agreement.kappa) < 0.2


def test_kappas_are_those_of_the_textbooks():
    # Cohen: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no gives 0.4.
    rows = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert cohen(rows) == (pytest.approx(0.7), pytest.approx(0.4))
    # Fleiss 1971, the example with 14 raters, 10 subjects and 5 categories gives 0.210.
    counts = [
        (0, 0, 0, 0, 14),
        (0, 2, 6, 4, 2),
        (0, 0, 3, 5, 6),
        (0, 3, 9, 2, 0),
        (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0),
        (3, 2, 6, 3, 0),
        (2, 5, 3, 2, 2),
        (6, 5, 2, 1, 0),
        (0, 2, 2, 3, 7),
    ]
    labels = [[str(n) for n, count in enumerate(row) for _ in range(count)] for row in counts]
    assert fleiss(labels)[1] == pytest.approx(0.210, abs=5e-4)


def test_the_sign_test_is_exact_and_two_sided():
    assert sign_test(5, 0) == pytest.approx(2 / 32)
    assert sign_test(3, 3) == 1.0 and sign_test(0, 0) == 1.0
    assert sign_test(9, 1) == sign_test(1, 9) == pytest.approx(22 / 1024)
    assert sign_test(2_000, 1_000) < 1e-9


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "cp1252"), ("\t", "utf-16")]
)
def test_sheets_come_back_from_any_spreadsheet(tmp_path: Path, delimiter: str, encoding: str):
    key = sheet(4).key
    said = ["a", " B ", "TIE", "="]
    lines = [delimiter.join(("Sheet", "Item", "Choice", "comment"))]
    lines += [
        delimiter.join((key.sheet, one.item, word, "für wahr"))
        for one, word in zip(key.items, said, strict=True)
    ]
    filled = tmp_path / "anna.csv"
    filled.write_bytes("\r\n".join(lines).encode(encoding))
    votes, rejected = read_votes([filled], key)
    assert rejected == []
    assert [vote.choice for vote in votes] == [Choice.A, Choice.B, Choice.TIE, Choice.TIE]
    assert {vote.rater for vote in votes} == {"anna"}


def test_what_is_no_vote_is_rejected_with_its_row(tmp_path: Path):
    key = sheet(4).key
    first, second = key.items[0].item, key.items[1].item
    filled = tmp_path / "x.csv"
    filled.write_text(
        "sheet,item,choice\n"
        f"{key.sheet},{first},A\n"
        f"{key.sheet},{first},B\n"
        f"{key.sheet},{second},\n"
        f"{key.sheet},nobody,A\n"
        f"other,{second},A\n"
        f"{key.sheet},{second},perhaps\n"
    )
    votes, rejected = read_votes([filled], key)
    assert [(vote.item, vote.choice) for vote in votes] == [(first, Choice.A)]
    assert [one.split(": ")[0] for one in rejected] == [f"x.csv, row {n}" for n in (3, 5, 6, 7)]
    rating = add_up(key, votes, rejected)
    assert (rating.items, rating.unrated, len(rating.rejected)) == (1, 3, 4)
    assert (rating.low, rating.high) == (None, None)


def test_files_that_hold_no_sheet_or_answers_are_refused(tmp_path: Path):
    key = sheet(4).key
    bad = tmp_path / "x.csv"
    bad.write_text("a,b\n1,2\n")
    with pytest.raises(UnreadableInputError, match="no columns 'item' and 'choice'"):
        read_votes([bad], key)
    with pytest.raises(UnreadableInputError, match="no answer"):
        read_answers([bad])
    good = tmp_path / "a.jsonl"
    good.write_text(
        json.dumps({"case_uid": "1", "path": "direct", "answer": "said"}) + "\n" + "[1]\nnull\n{\n"
    )
    found, rejected = read_answers([good])
    assert ([one.text for one in found], rejected) == (["said"], 3)
