"""The SQL of a condition against a plain reading of the same condition, over random events."""

from __future__ import annotations

import ipaddress
import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentree.lake.db import Lake
from sentree.rules.chunks import sql_file
from sentree.rules.compile import address_key
from sentree.rules.ir import (
    Absent,
    And,
    Exists,
    Network,
    Node,
    Not,
    Number,
    Or,
    Pattern,
    SameAs,
    Text,
)
from sentree.settings import Settings
from tests.rules.sql_over_events import Event, matching

FIELDS = ("A", "b", "a")
LETTERS = "aAbBéÉ%_\\*?'\" .\n1"
OPS = ("equals", "contains", "startswith", "endswith")


def like_to_regex(pattern: str) -> str:
    out, escaped = "", False
    for letter in pattern:
        if escaped or letter not in "\\%_":
            out, escaped = out + re.escape(letter), False
        elif letter == "\\":
            escaped = True
        else:
            out += ".*" if letter == "%" else "."
    return out


def compare(op: str, left: str, right: str) -> bool:
    match op:
        case "equals":
            return left == right
        case "contains":
            return right in left
        case "startswith":
            return left.startswith(right)
        case "endswith":
            return left.endswith(right)
        case _:
            return re.fullmatch(like_to_regex(right), left, re.DOTALL) is not None


def number_of(text: str) -> float | None:
    if re.fullmatch(r"0[xX][0-9a-fA-F]{1,13}", text):
        return float(int(text, 16))
    if not re.fullmatch(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def holds(node: Node, event: Event) -> bool:
    match node:
        case And(items):
            return all(holds(item, event) for item in items)
        case Or(items):
            return any(holds(item, event) for item in items)
        case Not(item):
            return not holds(item, event)
        case Absent(name):
            return event[name] in (None, "", "[]")
        case Exists(name):
            return event[name] is not None
        case SameAs(name, other, op):
            left, right = event[name], event[other]
            return (
                left is not None and right is not None and compare(op, left.lower(), right.lower())
            )
        case _:
            assert node.field is not None
            value = event[node.field]
    if value is None:
        return False
    match node:
        case Text(_, op, wanted, cased):
            return compare(op, *((value, wanted) if cased else (value.lower(), wanted.lower())))
        case Pattern(_, regex):
            return re.search(regex, value) is not None
        case Number(_, op, wanted):
            got = number_of(value)
            if op == "=":
                return value == str(wanted) or got == wanted
            compared: dict[str, Any] = {
                "<": lambda: got < wanted,
                "<=": lambda: got <= wanted,
                ">": lambda: got > wanted,
                ">=": lambda: got >= wanted,
            }
            return got is not None and compared[op]()
        case Network(_, first, last):
            try:
                address = ipaddress.ip_address(value.partition("%")[0])
            except ValueError:
                return False
            mapped = getattr(address, "ipv4_mapped", None)
            return first <= address_key(mapped or address) <= last
        case _:
            raise AssertionError(node)


texts = st.text(LETTERS, max_size=6)
numbers = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, 1e3, 443]))
addresses = st.one_of(
    st.ip_addresses().map(str),
    st.ip_addresses(v=6).map(lambda a: a.exploded),
    st.sampled_from(["10.0.0.1", "::ffff:10.0.0.1", "10.0.0.1.", "::", "1::2::3", "fe80::1%e0"]),
)
values = st.one_of(
    st.none(),
    texts,
    numbers.map(str),
    addresses,
    st.sampled_from(["", "[]", "nan", " 1 ", "1_0", "0x1", "0X1BB", "0xg"]),
)
events = st.lists(st.fixed_dictionaries({name: values for name in FIELDS}), min_size=1, max_size=6)
names = st.sampled_from(FIELDS)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    address = ipaddress.ip_address(draw(st.one_of(st.ip_addresses(), st.just("10.0.0.0"))))
    prefix = draw(st.integers(0, address.max_prefixlen))
    network = ipaddress.ip_network((address, prefix), strict=False)
    return Network(draw(names), address_key(network[0]), address_key(network[-1]))


leaves = st.one_of(
    st.builds(Text, names, st.sampled_from(OPS), texts, st.booleans()),
    st.builds(
        Text,
        names,
        st.just("like"),
        st.lists(st.sampled_from(["%", "_", "\\%", "\\_", "\\\\", "a", "É", "."]), max_size=5).map(
            "".join
        ),
        st.booleans(),
    ),
    st.builds(Pattern, names, st.sampled_from(["a+", "^A", "[0-9]$", "(?i)é", "a.b", "(?s)a.b"])),
    st.builds(Number, names, st.sampled_from(["=", "<", "<=", ">", ">="]), numbers),
    networks(),
    st.builds(Absent, names),
    st.builds(Exists, names),
    st.builds(SameAs, names, names, st.sampled_from(OPS)),
)
nodes: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda below: st.one_of(
        st.lists(below, min_size=1, max_size=3).map(lambda items: And(tuple(items))),
        st.lists(below, min_size=1, max_size=3).map(lambda items: Or(tuple(items))),
        below.map(Not),
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Lake.open(Settings(home=tmp_path_factory.mktemp("home"))) as opened:
        opened.execute(sql_file("macros"))
        yield opened


@settings(max_examples=150, deadline=None)
@given(node=nodes, given_events=events, many=st.booleans())
def test_sql_and_plain_reading_agree(
    lake: Lake, node: Node, given_events: list[Event], many: bool
) -> None:
    expected = [number for number, event in enumerate(given_events) if holds(node, event)]
    assert matching(lake, node, given_events, many=many) == expected
