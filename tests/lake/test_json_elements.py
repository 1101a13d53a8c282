"""Taking a large list apart: every element whole with its line, or nothing at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentree.lake import json_elements
from sentree.lake.json_elements import Irregular, element_tables

TEXT = st.text(st.sampled_from('ab\\"{}[],: \né\u2028'), max_size=8)
VALUE = st.recursive(
    TEXT | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(TEXT, VALUE, max_size=4), max_size=12)


def elements(text: str, size: int = 7) -> list[tuple[int, str]]:
    data = text.encode()
    blocks = [data[at : at + size] for at in range(0, len(data), size)]
    return [
        (line, body)
        for table in element_tables(blocks, "objects")
        for line, body in zip(
            table.column("line").to_pylist(), table.column("text").to_pylist(), strict=True
        )
    ]


@pytest.mark.parametrize("part", [1, 64, 1 << 20])
@settings(deadline=None, max_examples=60)
@given(
    made=OBJECTS,
    indent=st.sampled_from([None, 0, 1]),
    ascii_only=st.booleans(),
    form=st.sampled_from(["bundle", "list"]),
    size=st.integers(1, 50),
)
def test_every_element_comes_as_it_stands_with_its_line(
    part: int,
    made: list[dict[str, Any]],
    indent: int | None,
    ascii_only: bool,
    form: str,
    size: int,
) -> None:
    written = [json.dumps(one, indent=indent, ensure_ascii=ascii_only) for one in made]
    head, between, tail = {
        "bundle": (
            '\n{"type": "bundle", "a\\"b": -1.5,\n"objects": [\n',
            ",\r\n",
            ' ],\n "x": "]"}\n',
        ),
        "list": (" [", "\n , ", "]"),
    }[form]
    text = head + between.join(written) + tail
    place, expected = len(head), []
    for one in written:
        expected.append((1 + text.count("\n", 0, place), one))
        place += len(one) + len(between)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_elements, "PART", part)
        patch.setattr(json_elements, "PIECE", max(part // 2, 1))
        assert elements(text, size) == expected


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 1}',
        '[{"a": 1},',
        '[{"a": 1} {"b": 2}]',
        '[{"a": 1},,{"b": 2}]',
        '[,{"b": 2}]',
        '[{"a": 1}, 5]',
        '[{"a": 1}, "x", {"b": 2}]',
        '[{"a": "x]',
        '[{"a": 1}]]',
        '[{"a": 1}] {"b": 2}',
        '{"objects": [{"a": 1}]',
        '{"objects": [{"a": 1}], "more": {"b": 2}}',
        '{"type": "bundle", "objects": [{"a": 1}]} {"type": "bundle"}',
        "[" + '{"a":' * 300 + "1" + "}" * 300 + "]",
        '[{"a": "' + "\\" * 3000 + '"}]',
        '{"type": "malware"}\n{"type": "tool"}',
        '{"more": {}, "objects": [{"a": 1}]}',
        "<stix/>",
        "",
    ],
)
def test_what_is_no_plain_list_is_told(text: str) -> None:
    with pytest.raises(Irregular):
        elements(text)


def test_bytes_that_are_no_utf_8_are_told() -> None:
    with pytest.raises(Irregular):
        list(element_tables([b'[{"a": "\xff"}]'], "objects"))
