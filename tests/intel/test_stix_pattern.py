"""What indicators look for, read from their patterns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentree.intel.observables import observed_values
from sentree.intel.stix import StixObject
from sentree.intel.stix_pattern import read_pattern


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("[ipv4-addr:value = '198.51.100.7']", [("ip", "198.51.100.7")]),
        ("[ipv6-addr:value ISSUBSET '2001:db8::/32']", [("ip", "2001:db8::/32")]),
        ("[url:value = 'https://a.example/x\\'y\\\\z']", [("url", "https://a.example/x'y\\z")]),
        (
            "[file:hashes.'SHA-256' = 'ab' AND file:name = 'x.exe'] FOLLOWEDBY "
            "[domain-name:value IN ('a.example', 'b.example')] WITHIN 5 SECONDS",
            [("hash", "ab"), ("file", "x.exe"), ("domain", "a.example"), ("domain", "b.example")],
        ),
        ("[file:hashes.MD5='cd' OR file:hashes['SHA-1'] = 'ef']", [("hash", "cd"), ("hash", "ef")]),
        (
            "[network-traffic:dst_ref.value = '198.51.100.1' AND network-traffic:dst_port = 443]",
            [("network", "198.51.100.1"), ("network", "443")],
        ),
        ("[x-custom:thing NOT = 'v']", [("x-custom", "v")]),
        ("[email-message:sender_ref.value LIKE '%@a.example']", [("email", "%@a.example")]),
        ("rule x { condition: true }", []),
        ("", []),
    ],
)
def test_values_and_kinds_of_patterns(pattern: str, found: list[tuple[str, str]]) -> None:
    assert [(one.kind, one.value) for one in read_pattern(pattern)] == found


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_value_comes_back_as_it_was_written(value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    found = [one.value for one in read_pattern(f"[domain-name:value = '{escaped}']")]
    assert found == ([value] if value else [""])


@given(st.text(max_size=200))
def test_no_text_makes_the_pattern_reader_fail(text: str) -> None:
    assert isinstance(read_pattern(text), tuple)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("[ipv4-addr:value NOT = '198.51.100.7']", [("NOT =", "198.51.100.7")]),
        ("[file:size > 10 OR file:x = true]", [(">", "10"), ("=", "true")]),
        ("[a:b = h'00ff' AND NOT EXISTS a:c]", [("=", "00ff")]),
        ("[a:b = t'2024-01-01T00:00:00.5Z']", [("=", "2024-01-01T00:00:00.500000Z")]),
        ("[a:b = 'x' AND", [("=", "x")]),
        (f"[a:b = {'9' * 5000}]", [("=", "9" * 5000)]),
        ("[a:b not in ('x', 'y')]", [("NOT IN", "x"), ("NOT IN", "y")]),
        ("[url:value = 'a:b = \\'c\\'']", [("=", "a:b = 'c'")]),
    ],
)
def test_comparisons_are_those_of_the_grammar_or_what_can_be_made_out(
    pattern: str, found: list[tuple[str, str]]
) -> None:
    assert [(one.operator, one.value) for one in read_pattern(pattern)] == found


def test_observables_of_both_versions_give_their_values() -> None:
    file = {"type": "file", "hashes": {"MD5": "ab", "SHA-256": "cd"}, "name": "x.exe"}
    whole = {"type": "observed-data", "objects": {"0": file, "1": {"type": "url", "value": "u"}}}
    new = observed_values(StixObject("file--1", "file", file))
    old = observed_values(StixObject("observed-data--1", "observed-data", whole))
    assert [(one.kind, one.value) for one in new] == [
        ("hash", "ab"),
        ("hash", "cd"),
        ("file", "x.exe"),
    ]
    assert [*new, ("url", "u")] == list(old)
