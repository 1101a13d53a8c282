"""Rules that were compiled once are read back the same, and never wrong ones."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentree.rules.ir import And, Node, Not, Number, Text, TimePart
from sentree.rules.load import LoadedRules, load_rules
from sentree.rules.rule_cache import decoded, encoded

RULE = """
title: {title}
id: 0f4a5b7e-0000-4000-8000-{number:012}
logsource: {{category: process_creation, product: windows}}
detection:
  words:
    CommandLine|contains|all: ['{word}', 'ß']
    Count|gte: 7
  other:
    Image|re: 'a.*b'
  condition: words and not other
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "rules"
    place.mkdir()
    for number in range(3):
        text = RULE.format(title=f"Rule {number}", number=number, word=f"word {number}")
        place.joinpath(f"rule{number}.yml").write_text(text)
    place.joinpath("broken.yml").write_text("title: [")
    place.joinpath("lacking.yml").write_text("title: no condition\nlogsource: {product: windows}")
    return place


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "home" / "rules.sqlite"


BESIDE = """
title: Often
id: 0f4a5b7e-0000-4000-8000-000000000100
correlation:
  type: value_avg
  rules: [Rule 0]
  group-by: [who]
  aliases: {who: {Rule 0: User}}
  timespan: 1h
  condition: {gte: 2.5, lt: 10, field: Count}
---
title: One after the other
correlation: {type: temporal, rules: [a, b], timespan: 1h, condition: a and not b}
---
title: Ours
logsource: {category: process_creation, product: windows}
filter:
  rules: [0f4a5b7e-0000-4000-8000-000000000001]
  ours: {User: us}
  condition: not ours
---
title: Whom we name
id: 0f4a5b7e-0000-4000-8000-000000000101
logsource: {category: process_creation, product: windows}
detection:
  named: {User|expand: '%admins%'}
  condition: named
"""


def loaded(folder: Path, cache: Path) -> LoadedRules:
    return load_rules([folder], cache=cache)


def test_rules_and_mistakes_are_the_same_the_second_time(folder: Path, cache: Path) -> None:
    fresh = load_rules([folder])
    assert len(fresh.rules) == 3
    assert len(fresh.errors) == 2
    assert loaded(folder, cache) == fresh
    assert loaded(folder, cache) == fresh


def test_correlations_filters_and_placeholders_are_the_same_the_second_time(
    folder: Path, cache: Path
) -> None:
    folder.joinpath("beside.yml").write_text(BESIDE)
    values = ({}, {"admins": ("root", "admin")}, {"admins": ("other",)})
    fresh = [load_rules([folder], placeholders=each) for each in values]
    assert len({repr(each) for each in fresh}) == 3
    assert sum(rule.correlation is not None for rule in fresh[0].rules) == 2
    for _ in range(2):
        for each, expected in zip(values, fresh, strict=True):
            assert load_rules([folder], cache=cache, placeholders=each) == expected
    # Without its filter, a rule is what it was.
    folder.joinpath("beside.yml").unlink()
    assert loaded(folder, cache) == load_rules([folder])


def test_pysigma_is_not_imported_when_every_rule_was_kept(folder: Path, cache: Path) -> None:
    folder.joinpath("beside.yml").write_text(BESIDE)
    loaded(folder, cache)
    code = (
        "import sys; from pathlib import Path; from sentree.rules.load import load_rules;"
        f"rules = load_rules([{str(folder)!r}], cache=Path({str(cache)!r})).rules;"
        "print(len(rules), 'sigma' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["6", "False"]


def test_a_changed_rule_is_compiled_anew_and_a_moved_one_tells_its_new_place(
    folder: Path, cache: Path
) -> None:
    loaded(folder, cache)
    path = folder / "rule1.yml"
    path.write_text(path.read_text().replace("word 1", "another word"))
    folder.joinpath("rule2.yml").rename(folder / "moved.yml")
    again = loaded(folder, cache)
    assert again == load_rules([folder])
    assert {Path(rule.path).name for rule in again.rules} == {"rule0.yml", "rule1.yml", "moved.yml"}


@pytest.mark.parametrize("wrong", [b"", b"no database at all" * 100, b"SQLite format 3\0" * 300])
def test_a_cache_that_is_no_database_costs_time_only(
    folder: Path, cache: Path, wrong: bytes
) -> None:
    cache.parent.mkdir()
    cache.write_bytes(wrong)
    for _ in range(2):
        assert loaded(folder, cache) == load_rules([folder])


def test_a_kept_rule_that_was_tampered_with_is_compiled_anew(folder: Path, cache: Path) -> None:
    loaded(folder, cache)
    with sqlite3.connect(cache) as connection:
        connection.execute("UPDATE compiled SET body = replace(body, 'word', 'wort')")
    connection.close()
    assert loaded(folder, cache) == load_rules([folder])


def test_a_cache_cut_off_in_the_middle_costs_time_only(folder: Path, cache: Path) -> None:
    loaded(folder, cache)
    content = cache.read_bytes()
    cache.write_bytes(content[: len(content) // 2])
    assert loaded(folder, cache) == load_rules([folder])


def test_a_cache_that_cannot_be_written_costs_time_only(folder: Path, tmp_path: Path) -> None:
    tmp_path.joinpath("file").write_text("")
    assert loaded(folder, tmp_path / "file" / "rules.sqlite") == load_rules([folder])


kinds = {kind.__name__: kind for kind in (And, Not, Number, Text, TimePart)}
nodes: st.SearchStrategy[Node] = st.recursive(
    st.one_of(
        st.builds(Text, st.none() | st.text(), st.just("equals"), st.text(), st.booleans()),
        st.builds(
            Number, st.text(), st.just("="), st.integers() | st.floats(allow_nan=False, width=32)
        ),
    ),
    lambda below: st.one_of(
        st.lists(below, max_size=3).map(lambda items: And(tuple(items))), below.map(Not)
    ),
    max_leaves=6,
)


@settings(max_examples=60)
@given(nodes)
def test_the_kept_form_gives_back_what_it_was_made_of(node: Node) -> None:
    again = decoded(encoded(node, kinds), kinds)
    assert again == node
    assert repr(again) == repr(node)


def test_what_has_no_kept_form_is_refused() -> None:
    with pytest.raises(TypeError, match="list has no kept form"):
        encoded(And(([],)), kinds)  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match="without texts as keys"):
        encoded({1: "a"}, kinds)
