import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sentree.lake.json_values import Value, ValueSplitter, nesting

WRAPPERS = frozenset({"Records"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=5), max_size=6)
SIZES = st.lists(st.integers(0, 9), max_size=200)


def split(text: bytes, sizes: list[int], max_bytes: int = 1 << 24) -> list[Value]:
    splitter = ValueSplitter(WRAPPERS, max_bytes)
    found: list[Value] = []
    at = 0
    for size in sizes:
        found += splitter.feed(text[at : at + size])
        at += size
    return [*found, *splitter.feed(text[at:]), *splitter.finish()]


def framed(objects: list[Any], how: str) -> str:
    if how == "array":
        return json.dumps(objects)
    if how == "pretty array":
        return json.dumps(objects, indent=1, ensure_ascii=False)
    if how == "concatenated":
        return "".join(json.dumps(each) for each in objects)
    if how == "pretty":
        return "\n".join(json.dumps(each, indent=2) for each in objects)
    if how == "wrapped":
        return '{ "Records" : ' + json.dumps(objects) + ', "more": {"x": [1, {}]}}'
    return "\n".join('{"Records":' + json.dumps([each]) + "}" for each in objects)


HOW = st.sampled_from(
    ["array", "pretty array", "concatenated", "pretty", "wrapped", "wrapped lines"]
)


@settings(max_examples=150, deadline=None)
@given(OBJECTS, HOW, SIZES)
def test_the_same_values_come_out_of_any_framing_in_any_block_size(
    objects: list[Any], how: str, sizes: list[int]
) -> None:
    text = framed(objects, how).encode("utf-8", "surrogatepass")
    found = split(text, sizes)
    assert all(value.reason is None for value in found)
    assert [json.loads(value.text) for value in found] == objects


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet='[]{}"\\ \n,:a1').map(str.encode), SIZES)
def test_broken_text_splits_the_same_way_in_any_block_size(text: bytes, sizes: list[int]) -> None:
    assert split(text, sizes) == split(text, [])


def test_a_string_that_breaks_off_costs_one_value_and_not_those_after_it() -> None:
    text = b'[{"a":1},\n{"a":"x\n{"b":2}\n,{"c":3}]\n{"d":'
    found = split(text, [])
    assert [value.text for value in found if value.reason is None] == [
        b'{"a":1}',
        b'{"b":2}',
        b'{"c":3}',
    ]
    assert [(value.line, value.text) for value in found if value.reason] == [
        (2, b'{"a":"x'),
        (5, b'{"d":'),
    ]


def test_a_value_that_never_ends_does_not_swallow_the_lines_after_it() -> None:
    found = split(b'{"a":1,"b":\n{"c":1}\n{"d":2}\n', [])
    assert [value.text for value in found if not value.reason] == [b'{"c":1}', b'{"d":2}']
    assert found[0].reason == "cut: the JSON value does not end"


def test_each_value_knows_the_line_where_it_begins() -> None:
    found = split(b'\n[\n  {\n    "a": 1\n  },\n  {\n    "b": 2\n  }\n]\n', [3, 4])
    assert [value.line for value in found] == [3, 6]


def test_a_value_over_the_limit_is_rejected_with_its_length_and_the_next_one_is_not() -> None:
    long = b'{"a":"' + b"x" * 5000 + b'"}'
    found = split(long + b'{"b":1}', [100] * 10, max_bytes=1000)
    assert (found[0].reason, found[0].length) == ("longer than the limit", len(long))
    assert found[1].text == b'{"b":1}'


def test_brackets_in_strings_do_not_count_as_nesting() -> None:
    assert nesting(b'{"a":"[[[[{{{{","b":[{}]}') == 3
