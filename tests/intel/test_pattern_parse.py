"""Patterns of STIX 2.1 §9 and 2.0: what is one, what it says, what is refused and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as checked
from hypothesis import strategies as st

from sentree.intel.pattern import (
    ANY_INDEX,
    Both,
    Comparison,
    Either,
    Joined,
    ObjectPath,
    Observation,
    Repeats,
    StartStop,
    Within,
    comparisons,
    observations,
)
from sentree.intel.pattern_parse import PatternError, parse_pattern


def _one(pattern: str) -> Comparison:
    (found,) = comparisons(parse_pattern(pattern))
    return found


def test_followedby_binds_less_than_or_and_or_less_than_and() -> None:
    found = parse_pattern("[a:b=1] FOLLOWEDBY [c:d=2] OR [e:f=3] AND [g:h=4]")
    assert isinstance(found, Joined) and found.operator == "FOLLOWEDBY"
    either = found.parts[1]
    assert isinstance(either, Joined) and either.operator == "OR"
    both = either.parts[1]
    assert isinstance(both, Joined) and both.operator == "AND"
    inner = parse_pattern("[a:b=1 OR c:d=2 AND e:f=3]")
    assert isinstance(inner, Observation) and isinstance(inner.expression, Either)
    assert isinstance(inner.expression.parts[1], Both)


def test_qualifiers_belong_to_what_stands_before_them() -> None:
    found = parse_pattern("[a:b=1] AND [c:d=2] REPEATS 3 TIMES WITHIN 1.5 SECONDS")
    assert isinstance(found, Joined)
    within = found.parts[1]
    assert isinstance(within, Within) and within.seconds == 1.5
    assert isinstance(within.part, Repeats) and within.part.times == 3
    whole = parse_pattern(
        "([a:b=1] AND [c:d=2]) START t'2020-01-01T00:00:00Z' STOP t'2020-01-02T00:00:00.5Z'"
    )
    assert isinstance(whole, StartStop) and isinstance(whole.part, Joined)
    assert len(observations(whole)) == 2


def test_paths_have_indices_quoted_names_and_references() -> None:
    path = _one("[file:extensions.'windows-pebinary-ext'.sections[*].hashes.SHA-256 = 'x']").path
    assert path == ObjectPath(
        "file", ("extensions", "windows-pebinary-ext", "sections", ANY_INDEX, "hashes", "SHA-256")
    )
    assert str(_one("[email-message:to_refs[0].value = 'a']").path) == (
        "email-message:to_refs[0].value"
    )


def test_constants_keep_their_types_and_escapes() -> None:
    assert _one(r"[a:b = 'it\'s a \\ here']").values == (r"it's a \ here",)
    assert _one("[a:b IN (1, -2.5, 'x', true, h'0aff', b'aGk=')]").values == (
        1, -2.5, "x", True, b"\x0a\xff", b"hi",
    )  # fmt: skip
    assert _one("[a:b NOT LIKE 'x%']").negated and _one("[NOT EXISTS a:b]").negated


def test_a_pattern_of_stix_2_0_and_one_with_comments_are_read() -> None:
    parse_pattern("[a:b='x'] START '2016-06-01T00:00:00Z' STOP '2016-07-01T00:00:00Z'")
    parse_pattern("[a:b = 1 /* why */ AND // and\n c:d == 2]")


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "a:b = 1",
        "[a:b = 1",
        "[a:b]",
        "[a:b = 'x] ",
        "[a:b = 1] AND",
        "[a:b = 1] WITHIN 0 SECONDS",
        "[a:b = 1] REPEATS 0 TIMES",
        "[a:b = 1] REPEATS 1.5 TIMES",
        "[a:b LIKE 5]",
        "[a:b > true]",
        "[a:b[x] = 1]",
        "[a:b = t'2016-13-01T00:00:00Z']",
        "[a:b = 1] START t'2016-07-01T00:00:00Z' STOP t'2016-06-01T00:00:00Z'",
        "[a:b = 1]]",
        "(" * 5_000 + "[a:b = 1]",
        "[" + "(" * 5_000,
        "x" * 200_000,
    ],
)
def test_what_is_no_pattern_is_refused_with_a_reason(pattern: str) -> None:
    with pytest.raises(PatternError, match=r"\w"):
        parse_pattern(pattern)


WORDS = st.sampled_from(
    ["[", "]", "(", ")", "a:b", "=", "'x'", "1", "AND", "OR", "FOLLOWEDBY", "NOT", "IN", "WITHIN",
     "SECONDS", "REPEATS", "TIMES", "EXISTS", "*", ".", ",", "t'x'", "h'0'", "\\", "LIKE"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=14).map(" ".join)))
@checked(max_examples=200, deadline=None)
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        assert observations(parse_pattern(text))
    except PatternError as error:
        assert str(error)
