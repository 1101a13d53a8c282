"""Records of no known format get a class by their words, with a probability, or stay unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from models.class_head import ClassHead, read_head, shipped_head, write_head
from ocsf.classes import CLASS_NAMES
from schemas.claim import Evidence
from schemas.classify import ClassFinding, ClassifyLeaf, ClassifyReport, ClassifyRequest
from sentree.analysis.classify import classify_records, run, with_findings
from sentree.evals.generate.log_lines import write_lines
from sentree.evals.train_classes import measure, train
from sentree.settings import Settings

LINES = Path(__file__).parents[1] / "data" / "classify"
LOGON = "<38>Jan  5 10:12:01 gate door[7]: login failed for user=mia from ip=10.0.0.9: bad password"
ODD = "zzyzx 17 qwfp"


def vendor_lines(name: str) -> list[tuple[int, str]]:
    """Give lines in the formats of real products, written by hand, with their classes."""
    rows = (LINES / name).read_text(encoding="utf-8").splitlines()
    return [(int(uid), text) for uid, text in (row.split("\t", 1) for row in rows)]


def write(folder: Path, *lines: str) -> str:
    path = folder / "records.log"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("known_products.tsv", 0.88),
        ("further_products.tsv", 0.82),
        ("looked_at_lines.tsv", 0.9),
        # Nothing was changed after these were scored; the head is as good as it is on them.
        ("unseen_lines.tsv", 0.55),
    ],
)
def test_most_lines_in_formats_of_real_products_get_their_class(name: str, least: float) -> None:
    lines, head = vendor_lines(name), shipped_head()
    found = [head.guess(text) for _, text in lines]
    right = [
        each is not None and each.class_uid == uid
        for each, (uid, _) in zip(found, lines, strict=True)
    ]
    assert sum(right) / len(lines) >= least


def test_a_line_of_an_unknown_format_gets_class_probability_and_the_words_that_tell_it(
    settings: Settings, tmp_path: Path
) -> None:
    logon, odd = classify_records(settings, [write(tmp_path, LOGON, ODD)])
    assert (logon.class_uid, logon.category_uid) == (3002, 3)
    assert logon.probability is not None
    assert 0.5 <= logon.probability <= 1
    assert "trained classifier takes it for Authentication by: " in logon.reason
    assert (odd.class_uid, odd.probability) == (0, None)


def test_rules_alone_decide_when_guesses_are_not_wanted(settings: Settings, tmp_path: Path) -> None:
    [one] = classify_records(settings, [write(tmp_path, LOGON)], guess=False)
    assert (one.class_uid, one.probability) == (0, None)


def test_the_answer_says_how_many_classes_were_guessed_and_cites_them(
    settings: Settings, tmp_path: Path
) -> None:
    result = run(settings, ClassifyRequest(paths=(write(tmp_path, LOGON, LOGON, ODD),)))
    report = ClassifyReport.model_validate(result.data)
    assert (report.records, report.guessed, report.unknown) == (3, 2, 1)
    assert any("2 of 3 records are known to no rule" in one.text for one in result.summary)
    assert result.verification.kept == result.verification.checked > 0


def test_a_language_model_overrules_a_guess_and_no_rule(settings: Settings, tmp_path: Path) -> None:
    trail = {"class_uid": 3002, "time": 1, "metadata": {"version": "1.3.0"}, "type_uid": 300201}
    guessed, ruled = classify_records(settings, [write(tmp_path, LOGON, json.dumps(trail))])
    leaf = ClassifyLeaf(
        findings=tuple(
            ClassFinding(
                record_uid=one.record_uid,
                class_uid=6003,
                reason="r",
                evidence=(Evidence(event_uid=one.record_uid),),
            )
            for one in (guessed, ruled)
        )
    )
    assert [one.class_uid for one in with_findings((guessed, ruled), leaf)] == [6003, 3002]


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(max_size=300))
def test_any_text_gets_an_ocsf_class_with_a_probability_or_none(text: str) -> None:
    guess = shipped_head().guess(text)
    assert guess is None or (guess.class_uid in CLASS_NAMES and 0 < guess.probability <= 1)


def test_a_huge_hostile_line_is_read_in_bounded_time() -> None:
    for text in (
        "select " * 200_000,
        '"' * 500_000,
        "=a" * 500_000,
        "1.1." * 300_000,
        " a:" * 9**6,
    ):
        shipped_head().guess(text)


def class_of(head: ClassHead, text: str) -> int | None:
    guess = head.guess(text)
    return guess.class_uid if guess else None


def small_head() -> ClassHead:
    lines = write_lines(range(5), 1, kept_back=False, syntaxes=("json", "key=value"))
    return train(lines, lines[:40])


def test_a_head_is_trained_the_same_again_and_reads_back_as_it_was_written(
    tmp_path: Path,
) -> None:
    head, again = small_head(), small_head()
    write_head(head, tmp_path / "head.npz")
    read = read_head((tmp_path / "head.npz").read_bytes())
    unknown = write_lines(range(50, 53), 1, kept_back=False, syntaxes=("json",))
    assert measure(read, unknown).right > 0.5
    assert (head.weights == again.weights).all()
    # Weights are written as bytes, which may turn a close call.
    same = [class_of(head, one.text) == class_of(read, one.text) for one in unknown]
    assert sum(same) > 0.95 * len(same)


def test_products_of_the_test_say_nothing_that_those_learned_from_say() -> None:
    learned, kept_back = (
        {
            one.text.split(" ", 1)[1].split("/")[0].split(" 1")[0]
            for one in write_lines(range(1, 41, 2), 2, kept_back=kept, syntaxes=("text",))
            if one.class_uid == 1008
        }
        for kept in (False, True)
    )
    assert learned
    assert kept_back
    assert not learned & kept_back
