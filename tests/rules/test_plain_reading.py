"""Rules as Sentree compiles and runs them against a plain reading of their YAML in Python."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sigma.rule import SigmaRule

from bench.sigma_oracle.made import variants
from bench.sigma_oracle.records import Event as LakeEvent
from bench.sigma_oracle.reference import Rule
from bench.sigma_oracle.ways import Record, as_text
from sentree.lake.db import Lake
from sentree.rules.chunks import sql_file
from sentree.rules.compile import compile_rule
from sentree.rules.ir import Node
from sentree.rules.load import LogSource
from sentree.rules.regex import POLICY
from sentree.rules.rule_values import settled
from sentree.rules.taxonomy import load_taxonomy
from sentree.settings import Settings
from tests.rules.lake_events import windows_columns
from tests.rules.sql_over_events import RECORD, Event, matching

CASES = sorted((Path(__file__).parents[1] / "data" / "sigma").glob("*.yml"))
SYSMON = "Microsoft-Windows-Sysmon/Operational"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_plain_reading_says_what_the_cases_say(path: Path) -> None:
    case = yaml.safe_load(path.read_text())
    rule, taxonomy = Rule(case["rule"]), load_taxonomy()
    given = {"category": None, "product": None, "service": None} | case["rule"]["logsource"]
    source = taxonomy.source(LogSource(**given))
    assert source is not None
    for wanted, events in ((True, case["match"]), (False, case["differ"])):
        for data in events:
            system = {"EventID": case.get("event_id", 1), "Channel": case.get("channel", SYSMON)}
            system["Provider"] = {"#attributes": {"Name": case.get("provider", "some provider")}}
            raw = {"Event": {"System": system, "EventData": data}}
            row = {"mapper": "windows", "class_uid": None, "activity_id": None, "event": "{}"}
            event = LakeEvent(0, row | windows_columns(raw) | {"raw": json.dumps(raw)})
            record = event.record(taxonomy, source, rule.fields)
            assert (event.is_of(source) and rule.matches(record)) is wanted, data


FIELDS = ("A", "a", "B", "C")
LETTERS = "aAbBéÉ%_\\*?-/'\" .1\n"
texts = st.text(LETTERS, max_size=6)
rule_texts = st.one_of(
    texts,
    st.lists(st.sampled_from(["a", "B", "*", "?", "\\", " -", "%", "_"]), max_size=5).map("".join),
)
numbers = st.one_of(st.integers(-3, 12), st.sampled_from([0.5, 443, 2**53 + 2]))
lists = st.lists(st.one_of(texts, st.integers(-3, 3), st.none(), st.booleans()), max_size=3)
TIMES = (
    " 2026-11-02 03:04:05\n",
    "2026-11-02 03:04:05",
    "2024-12-31T01:30:00+02:00",
    "1735608600",
    "133800822000000000",
)
ADDRESSES = ("10.0.0.1", "10.1.2.3", "::1", "fe80::1", "::ffff:10.0.0.1", "10.0.0.256")
NETWORKS = ("10.0.0.0/8", "10.1.2.0/23", "10.0.0.1", "::/0", "fe80::/10", "0.0.0.0/0")
ENCODED = ("YQ==", "AGEA", "YUI", "xhQmI", "gYWI", "a\0", "\0a")
values = st.one_of(
    st.none(),
    texts,
    numbers.map(str),
    lists.map(lambda items: json.dumps(items, ensure_ascii=False, separators=(",", ":"))),
    st.sampled_from([*TIMES, *ADDRESSES, *ENCODED, "", "[]", "0x1", "1.0", "01", "true", "[a"]),
)
names = st.sampled_from(FIELDS)
events = st.lists(st.fixed_dictionaries({name: values for name in FIELDS}), min_size=1, max_size=8)


def items(keys: st.SearchStrategy[str], given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One field with its modifiers and a value, or a list of them."""
    several = st.one_of(given, st.lists(given, min_size=1, max_size=3))
    return st.tuples(keys, several).map(lambda item: {item[0]: item[1]})


def keyed(*modifiers: str) -> st.SearchStrategy[str]:
    """A field with some of the modifiers, each given as what stands behind the name."""
    negated = st.sampled_from(["", "", "|neq"])
    return st.tuples(names, st.sampled_from(modifiers), negated).map("".join)


plain = st.one_of(rule_texts, numbers, st.booleans(), st.none())
shaped = keyed("|contains", "|startswith", "|endswith", "|cased", "|contains|cased")
together = keyed("|contains|all", "|cased|endswith", "|startswith|all|cased", "|windash|contains")
encoded = keyed(
    "|base64",
    "|base64offset|contains",
    "|wide",
    "|utf16be",
    "|wide|base64|contains",
    "|utf16|base64offset|contains",
)
regexes = st.sampled_from(["a+", "^A", "[0-9]$", "É", "a.b", r"\\", "'", "^$"])
parts = keyed("|minute", "|hour", "|day", "|week", "|month", "|year", "|hour|gte", "|week|lt")
item = st.one_of(
    items(keyed(""), plain),
    items(shaped, st.one_of(rule_texts, numbers)),
    items(together, rule_texts),
    items(encoded, st.text("abAB -", min_size=1, max_size=4)),
    items(keyed("|re", "|re|i", "|re|s", "|re|m|i"), regexes),
    items(keyed("|lt", "|lte", "|gt", "|gte"), numbers),
    items(keyed("|cidr"), st.sampled_from(NETWORKS)),
    items(parts, st.sampled_from([1, 2, 3, 4, 11, 12, 31, 2024, 2026])),
    st.tuples(keyed("|exists"), st.booleans()).map(lambda one: {one[0]: one[1]}),
    st.tuples(
        keyed("|fieldref", "|fieldref|contains", "|fieldref|startswith", "|fieldref|endswith"),
        names,
    ).map(lambda one: {one[0]: one[1]}),
)
keywords = st.lists(st.one_of(rule_texts.filter(bool), st.integers(0, 12)), min_size=1, max_size=3)
selection = st.one_of(
    item,
    st.lists(item, min_size=2, max_size=3).map(
        lambda parts: {k: v for p in parts for k, v in p.items()}
    ),
    st.lists(item, min_size=1, max_size=3),
    keywords,
    keywords.map(lambda words: {"|all": [str(word) for word in words]}),
    regexes.map(lambda regex: {"|re": regex}),
)
SELECTIONS = ("one", "two", "two_more", "_three")
conditions = st.recursive(
    st.sampled_from([*SELECTIONS, "1 of two*", "all of two*", "1 of them", "all of them"]),
    lambda below: st.one_of(
        st.tuples(below, st.sampled_from(["and", "or"]), below).map(" ".join),
        below.map(lambda text: f"not {text}"),
        below.map(lambda text: f"({text})"),
    ),
    max_leaves=4,
)
rules = st.fixed_dictionaries(
    {
        "title": st.just("Random"),
        "logsource": st.just({"category": "process_creation", "product": "windows"}),
        "detection": st.fixed_dictionaries(
            {name: selection for name in SELECTIONS} | {"condition": conditions}
        ),
    }
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Lake.open(Settings(home=tmp_path_factory.mktemp("home"))) as opened:
        opened.execute(sql_file("macros"))
        yield opened


def made_events(node: Node, chance: random.Random) -> list[Event]:
    """Events of the rule's own words, and near misses."""
    made = [fields for pick in (None, chance) for fields in variants(node, chance, pick)]
    return [
        {name: None if (value := fields.get(name)) is None else as_text(value) for name in FIELDS}
        for fields in made
    ]


@settings(max_examples=100, deadline=None)
@given(document=rules, others=events, chance=st.randoms(use_true_random=False))
def test_compiled_rules_find_what_their_plain_reading_finds(
    lake: Lake, document: dict[str, Any], others: list[Event], chance: random.Random
) -> None:
    parsed = SigmaRule.from_dict(settled(document), collect_errors=True, policy=POLICY)
    assume(not parsed.errors)
    node = compile_rule(parsed)
    given_events = [*others, *made_events(node, chance)]
    texts = [" ".join(value or "" for value in event.values()) for event in given_events]
    rows = [{**event, RECORD: text} for event, text in zip(given_events, texts, strict=True)]
    many = any((value or "").startswith("[") for row in rows for value in row.values())
    found = matching(lake, node, rows, many=many, values="sigma_values(c{})", record=RECORD)
    plain = Rule(document)
    expected = [
        number
        for number, (event, text) in enumerate(zip(given_events, texts, strict=True))
        if plain.matches(Record(event, text))
    ]
    assert found == expected
