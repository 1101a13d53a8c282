"""Reading rule files: what is good is loaded, what is bad is listed with its place."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import examples
from sentree.rules.load import LoadedRules, load_rules

RULE = """\
title: Whoami
id: 7f0b0d43-1111-4222-8333-444455556666
author: A Person
level: high
status: test
tags: [attack.t1033, attack.discovery, attack.t1059.001, attack.g0016, cve.2021-1]
logsource: {category: process_creation, product: windows}
detection:
  selection: {Image|endswith: whoami.exe}
  condition: selection
"""


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def reasons(loaded: LoadedRules) -> list[str]:
    return [f"{Path(e.path).name}:{e.line}: {e.reason}" for e in loaded.errors]


def test_a_rule_keeps_author_level_and_attack_tags(tmp_path: Path) -> None:
    write(tmp_path, "rule.yml", RULE)
    (rule,) = load_rules([tmp_path]).rules
    assert (rule.title, rule.author, rule.level) == ("Whoami", "A Person", "high")
    assert rule.techniques == ("T1033", "T1059.001")
    assert rule.tactics == ("discovery",)
    assert rule.problem is None


BAD = {
    "binary.yml": (b"\xff\xfe\x00\x01title: x", "binary.yml:1: is not UTF-8 text"),
    "cut.yml": (RULE + "bad: [1, 2\n---\n", "cut.yml:12: is not YAML"),
    "empty.yml": (b"", "empty.yml:1: is empty"),
    "list.yml": ("- 1\n- 2\n", "list.yml:1: is no Sigma rule: the document is not a mapping"),
    "other.yml": ("name: playbook\n", "other.yml:1: is no Sigma rule: it has no 'detection'"),
    "twice.yml": (
        RULE.replace("level: high", "level: high\nlevel: low"),
        "twice.yml:5: has the key 'level' twice",
    ),
    "self.yml": ("a: &a [*a]\n", "self.yml:1: holds an alias to itself"),
    "nosource.yml": (
        "title: x\ndetection: {a: {b: c}, condition: a}\n",
        "nosource.yml:1: Sigma rule must have a log source",
    ),
    "modifier.yml": (
        RULE.replace("endswith", "endsWIDTH"),
        "modifier.yml:1: Unknown modifier 'endsWIDTH'",
    ),
    "correlation.yml": (
        "title: many\ncorrelation: {type: event_count, rules: [a], timespan: 1h}\n",
        "correlation.yml:1: Non-temporal Sigma correlation rule without condition",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_listed_with_line_and_reason_and_others_are_loaded(
    name: str, tmp_path: Path
) -> None:
    content, expected = BAD[name]
    write(tmp_path, name, content)
    write(tmp_path, "zz_good.yml", RULE)
    loaded = load_rules([tmp_path])
    assert [Path(rule.path).name for rule in loaded.rules] == ["zz_good.yml"]
    assert any(reason.startswith(expected) for reason in reasons(loaded)), reasons(loaded)


def test_documents_before_a_broken_one_are_loaded(tmp_path: Path) -> None:
    write(tmp_path, "a.yml", RULE + "---\n" + RULE.replace("7f0b", "8f0b") + "---\n{broken\n")
    loaded = load_rules([tmp_path])
    assert [rule.line for rule in loaded.rules] == [1, 12]
    assert len(loaded.errors) == 1


def test_of_two_rules_with_one_id_the_first_counts(tmp_path: Path) -> None:
    write(tmp_path, "a.yml", RULE)
    write(tmp_path, "b.yml", RULE.replace("Whoami", "Other"))
    loaded = load_rules([tmp_path])
    assert [rule.title for rule in loaded.rules] == ["Whoami"]
    assert "is taken by" in loaded.errors[0].reason


def test_a_wrong_date_does_not_disarm_a_rule(tmp_path: Path) -> None:
    write(tmp_path, "a.yml", RULE + "date: yesterday\n")
    loaded = load_rules([tmp_path])
    assert len(loaded.rules) == 1
    assert [error.fatal for error in loaded.errors] == [False]


PROBLEMS = {
    "selection: {Image|expand: '%servers%'}": "placeholder %servers% has no values",
    "selection: {a: b}\n  other: {c: d}\n  condition: selection | count() > 5": "pipe syntax",
    "selection: {a: b}\n  condition: missing": "'missing' not defined",
    "selection: {a: b}\n  condition: 1 of nothing*": "doesn't match any detection",
}


@pytest.mark.parametrize("detection", PROBLEMS)
def test_a_rule_that_cannot_run_says_why(detection: str, tmp_path: Path) -> None:
    if "condition" not in detection:
        detection += "\n  condition: selection"
    head = RULE.split("detection:")[0]
    write(tmp_path, "a.yml", f"{head}detection:\n  {detection}\n")
    (rule,) = load_rules([tmp_path]).rules
    wanted = next(text for key, text in PROBLEMS.items() if detection.startswith(key))
    assert rule.condition is None
    assert rule.problem is not None and wanted in rule.problem


def test_aliases_that_grow_without_bound_are_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 40)]
    write(tmp_path, "bomb.yml", "\n".join(lines))
    write(tmp_path, "deep.yml", "[" * 100_000)
    write(tmp_path, "dashes.yml", "- " * 100_000)
    write(tmp_path, "large.yml", b"x: " + b"y" * 3_000_000)
    write(tmp_path, "good.yml", RULE)
    begun = time.perf_counter()
    loaded = load_rules([tmp_path])
    assert time.perf_counter() - begun < 10
    assert len(loaded.rules) == 1
    assert {Path(error.path).name for error in loaded.errors} == {
        "bomb.yml",
        "dashes.yml",
        "deep.yml",
        "large.yml",
    }


def test_a_regex_that_needs_backtracking_is_named_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for number, regex in enumerate(["(?=x)y", "(a)\\1", "a{2000}", "(?<name>x"]):
        rule = RULE.replace("Image|endswith: whoami.exe", f"Image|re: '{regex}'")
        write(tmp_path, f"{number}.yml", rule.replace("7f0b", f"{number}f0b"))
    rules = load_rules([tmp_path]).rules
    assert len(rules) == 4
    assert all(rule.problem and "unsupported regex" in rule.problem for rule in rules)
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_listed(tmp_path: Path) -> None:
    write(tmp_path, "a.yml", RULE).chmod(0)
    assert "can't be read" in reasons(load_rules([tmp_path]))[0]


def test_a_missing_path_is_listed(tmp_path: Path) -> None:
    assert reasons(load_rules([tmp_path / "none"])) == ["none:1: there is no such file or folder"]


def test_rules_come_in_the_order_of_their_paths_each_once(tmp_path: Path) -> None:
    for number in (3, 1, 2):
        write(tmp_path, f"r{number}.yaml", RULE.replace("7f0b", f"{number}f0b"))
    loaded = load_rules([tmp_path, tmp_path / "r2.yaml"])
    assert [Path(rule.path).name for rule in loaded.rules] == ["r1.yaml", "r2.yaml", "r3.yaml"]
    assert not loaded.errors


@settings(max_examples=examples(25), deadline=None)
@given(st.data())
def test_no_file_makes_the_loader_fail(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("any")
    lines = RULE.splitlines()
    scalars = st.sampled_from(
        ["null", "1", "[]", "{}", "x", "'*'", "[1, {a: b}]", "~", "2026-01-01"]
    )
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        key = lines[place].split(":")[0]
        lines[place] = data.draw(
            st.one_of(scalars.map(lambda value, key=key: f"{key}: {value}"), st.text(max_size=12))
        )
    write(folder, "a.yml", "\n".join(lines).encode("utf-8", "replace"))
    loaded = load_rules([folder])
    assert loaded.rules or loaded.errors
