"""Targets and origin in prose: told apart, quoted word for word, and nothing else taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentree.evals.metrics import compare_sets, pooled
from sentree.intel.targets import country_name, read_targets, sector_name

LABELS = Path(__file__).parents[2] / "sentree" / "evals" / "measures" / "intel_labels.json"


def read(text: str) -> tuple[set[str], set[str]]:
    found = read_targets(text)
    return (
        {one.name for one in found if not one.origin},
        {one.name for one in found if one.origin},
    )


@pytest.mark.parametrize(
    ("text", "targets", "origin"),
    [
        (
            "It is a suspected Iranian group. It has targeted banks in Japan and Brazil.",
            {"Japan", "Brazil", "financial-services"},
            {"Iran"},
        ),
        ("A Russia-based group known for attacks on hospitals.", {"healthcare"}, {"Russia"}),
        ("The campaign hit Ukrainian energy companies.", {"Ukraine", "energy"}, set[str]()),
        ("The UK and US governments attributed it to Russia's GRU.", set[str](), {"Russia"}),
        ("Its themes are Turkish and its tools are old.", set[str](), set[str]()),
        ("It runs on Windows and can contact us.", set[str](), set[str]()),
        ("A Spanish-speaking group focused on Mexico.", {"Mexico"}, set[str]()),
        ("Linked to Russian and Belarusian interests.", set[str](), {"Russia", "Belarus"}),
    ],
)
def test_targets_and_origin_are_told_apart(text: str, targets: set[str], origin: set[str]) -> None:
    assert read(text) == (targets, origin)


def test_links_and_citations_of_attack_do_not_hide_the_words() -> None:
    text = (
        "[Amber](https://attack.mitre.org/groups/G1) has targeted firms in [Kenya]"
        "(https://example.org/kenya).(Citation: A (B) 2024)"
    )
    (found,) = [one for one in read_targets(text) if one.kind == "country"]
    assert found.name == "Kenya"
    assert found.quote in text


@given(st.lists(st.sampled_from(["targeted", "Japan", "banks", "in", "the", "US", ". ", "and"])))
def test_every_quote_stands_in_the_text(words: list[str]) -> None:
    text = " ".join(words)
    for one in read_targets(text):
        assert one.quote
        assert " ".join(one.quote.split()) in " ".join(text.split())


@given(st.text(max_size=200))
def test_no_text_makes_the_target_reader_fail(text: str) -> None:
    for one in read_targets(text):
        assert one.name


def test_places_are_known_by_code_name_and_adjective_and_sectors_by_word() -> None:
    assert country_name("ua") == ("country", "Ukraine")
    assert country_name("German") == ("country", "Germany")
    assert country_name("southeast-asia") == ("region", "Southeast Asia")
    assert country_name("Atlantis") is None
    assert sector_name("financial-services") == "financial-services"
    assert sector_name("Banking") == "financial-services"
    assert sector_name("Beekeeping") == "beekeeping"


@pytest.mark.realdata
def test_the_prose_of_known_groups_is_read_as_a_person_reads_it(shared_data: Path) -> None:
    labels = json.loads(LABELS.read_text("utf-8"))["tuned"]
    scores = []
    for path in sorted((shared_data / "stix" / "bundles").glob("*.json")):
        targets, origin = labels[path.stem]
        for one in json.loads(path.read_text("utf-8"))["objects"]:
            if one["type"] == "intrusion-set":
                named = {(m.origin, m.name) for m in read_targets(one["description"])}
                wanted = {(False, name) for name in targets} | {(True, name) for name in origin}
                scores.append(compare_sets(wanted, named))
    total = pooled(scores)
    assert len(scores) >= 10
    assert total.recall > 0.95
    assert total.precision > 0.95
