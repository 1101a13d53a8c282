"""What the router sees in a question beside its meaning: identifiers and cue words."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from models.router_cues import cue_names, cues, mask
from models.router_features import Lexicon, Terms


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("is CVE-2024-3094 bad", "_cve"),
        ("T1059.001 on WS01", "_technique"),
        ("who is APT29", "_actor"),
        ("evidence for AC-2(3)", "_control"),
        ("CC6.1 status", "_control"),
        ("indicator--4f1c valid?", "_stix"),
        ("seen 198.51.100.7?", "_address"),
        ("hash e3b0c44298fc", "_hash"),
        ("what is evil-login.example", "_domain"),
        ("at 14:03:10", "_clock"),
        ("on WS-FIN-07", "_host"),
        ("count 4625", "_eventid"),
        ("sshd[812]: Accepted password", "_logline"),
        ('{"eventName": "PutObject"} which class', "_logline"),
        ("detection: selection: EventID: 1102", "_rulebody"),
    ],
)
def test_identifiers_are_seen_by_their_kind(text: str, kind: str) -> None:
    assert kind in mask(text).split()
    assert kind in cues(mask(text))


def test_two_questions_that_differ_in_identifiers_only_look_the_same() -> None:
    assert mask("EPSS of CVE-2024-3094 on WS-1?") == mask("epss of cve-2021-44228 on SRV-77?")


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("Zeitleiste des Vorfalls", "timeline"),
        ("línea de tiempo del incidente", "timeline"),
        ("攻撃のタイムラインを作成", "timeline"),
        ("¿cuántos eventos?", "count"),
        ("combien de connexions", "count"),
        ("quantos logins", "count"),
        ("ログインは何回", "count"),
        ("mandantenübergreifend", "tenants"),
    ],
)
def test_cue_words_are_known_in_the_languages_of_the_trade(text: str, cue: str) -> None:
    assert cue in cues(mask(text))


def test_a_cue_word_inside_another_word_is_none() -> None:
    assert "count" not in cues(mask("the account of bob"))


@hypothesis_settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_gives_bounded_features_of_known_columns(text: str) -> None:
    lexicon = Lexicon.learn(["how many logons", "how many events", "build a timeline"])
    row = lexicon.row(text)
    assert all(0 <= column < lexicon.width for column in row)
    assert all(0 <= weight <= 1.000001 for weight in row.values())
    assert set(cues(mask(text))) <= set(cue_names())
    assert lexicon.vector(text).sum() == pytest.approx(sum(row.values()))


def test_a_row_of_words_has_length_one() -> None:
    terms = Terms.learn([["a", "b"], ["a", "c"], ["b", "c"]], seen_in=2)
    row = terms.row(["a", "b", "b", "unknown"])
    assert math.hypot(*row.values()) == pytest.approx(1)
    assert terms.row(["unknown"]) == {}


@pytest.mark.parametrize("unit", ["a", "a.", "\\", "1:", "a=b ", "-", "🏴", "[1", "cve-"])
def test_masking_takes_no_quadratic_time(unit: str) -> None:
    text = unit * (2_000 // len(unit))
    start = time.process_time()
    cues(mask(text))
    assert time.process_time() - start < 1
