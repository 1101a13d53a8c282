"""The bench that holds detection against another engine tells right from wrong."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml

from bench.sigma_oracle.compare import EVERY_WAY, Hit, differences
from bench.sigma_oracle.made import made_records, variants
from bench.sigma_oracle.random_rules import write_random_rules
from bench.sigma_oracle.reference import Rule
from bench.sigma_oracle.ways import Record, Way
from bench.sigma_oracle.words import Unsupported
from bench.sqlite_oracle import plain_hits, prepare, read_events, read_rules
from sentree.rules.ir import And, Text
from sentree.rules.load import load_rules
from sentree.rules.taxonomy import load_taxonomy


def rule_of(text: str) -> Rule:
    return Rule({"detection": {"selection": yaml.safe_load(text), "condition": "selection"}})


@pytest.mark.parametrize(
    ("selection", "value", "way"),
    [
        ("{A: b}", '["a","b"]', Way.LISTS),
        ("{A: null}", "", Way.EMPTY),
        ("{A: É}", "é", Way.LETTERS),
        ("{A: 16}", "0x10", Way.NUMBERS),
        ("{A|gt: 5}", "10", Way.ORDER),
        ("{A|cidr: 10.0.0.0/8}", "10.nowhere", Way.NETWORKS),
        ("{A|hour: 1}", "1735608600", Way.TIMES),
        ("{A|re: 'b$'}", "ab\n", Way.REGEXES),
        ("{A: true}", "1", Way.BOOLEANS),
        ("{a: x}", "x", Way.NAMES),
    ],
)
def test_each_difference_is_told_by_what_makes_it(selection: str, value: str, way: Way) -> None:
    rule = rule_of(selection)
    record = Record({"A": value, **{name: None for name in rule.fields - {"A"}}})
    ours, theirs = rule.matches(record), rule.matches(record, frozenset({way}))
    assert ours is not theirs
    hit = ("rule", 1)
    sides = [{hit} if side else set[Hit]() for side in (ours, theirs)]
    [found] = differences(sides[0], sides[1], {"rule": rule}, lambda hit: record)
    assert found.ways == frozenset({way})
    assert found.words == way.value


def test_a_hit_that_no_way_explains_stays_unexplained() -> None:
    rule, record = rule_of(r"{A|contains: '10%_'}"), Record({"A": "10xyz"})
    assert not any(rule.matches(record, ways) for ways in (frozenset[Way](), EVERY_WAY))
    hit = ("rule", 1)
    [theirs] = differences(set(), {hit}, {"rule": rule}, lambda _: record)
    [ours] = differences({hit}, set(), {"rule": rule}, lambda _: record)
    assert theirs.ways is None and theirs.words.endswith("says as Sentree does")
    assert ours.ways is None and ours.words.endswith("says as the other engine does")


def test_what_a_plain_reading_does_not_know_is_refused() -> None:
    for selection in ("{A|expand: '%x%'}", "{A|unheard: 1}", "{A|base64: 'a*'}", "{}", "[]"):
        with pytest.raises(Unsupported):
            rule_of(selection)
    for condition in ("selection |  count() > 5", "other", "(selection", "1 of", "1 of other*"):
        with pytest.raises(Unsupported):
            Rule({"detection": {"selection": {"A": 1}, "condition": condition}})


def test_events_made_from_a_rule_have_its_words_and_near_misses() -> None:
    node = And((Text("A", "startswith", "run_"), Text("A", "endswith", ".exe")))
    made = list(variants(node, random.Random(1), None))
    assert {"A": "run_.exe"} in made
    assert {"A": "RUN_.EXE"} in made
    assert {"A": "runx.exe"} in made
    assert {} in made


def test_sentree_finds_in_random_rules_what_their_plain_reading_finds(tmp_path: Path) -> None:
    rules = load_rules([write_random_rules(tmp_path / "rules", 12, seed=5)])
    assert not rules.errors
    lines = [
        line
        for given in made_records(rules.rules, load_taxonomy(), 5).values()
        for line in given[:150]
    ]
    logs = tmp_path / "made.jsonl"
    logs.write_text("\n".join(lines), "utf-8")
    bench, found = prepare(rules, [logs], tmp_path, 5, made=False)
    read_rules(bench)
    read_events(bench)
    numbers = bench.numbers
    ours = {(rule, numbers[event]) for rule, event in found}
    assert len({rule for rule, _ in ours}) > 6
    assert ours == plain_hits(bench)
