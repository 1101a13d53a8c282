"""Which rules take part: packs, placeholders, levels, choices and lists of noisy rules."""

import zipfile
from pathlib import Path

import pytest

from schemas.rule_choice import RuleChoice
from sentree.errors import UsageError
from sentree.rules.choice import read_exclusions
from sentree.rules.library import Library, read_library
from sentree.rules.states import rule_states

RULE = """\
title: {title}
id: {number}f0b0d43-1111-4222-8333-444455556666
level: {level}
status: {status}
tags: [{tags}]
logsource: {{category: {category}, product: {product}}}
detection:
  selection: {{Image|endswith: a.exe}}
  condition: selection
"""
RULES = (
    ("one", "high", "stable", "attack.t1059.001, attack.stealth", "process_creation", "windows"),
    ("two", "low", "experimental", "attack.t1105, cve.2021-1", "process_creation", "linux"),
    ("three", "critical", "test", "attack.defense_evasion", "image_load", "windows"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pack"
    made.mkdir()
    names = ("title", "level", "status", "tags", "category", "product")
    for number, rule in enumerate(RULES):
        text = RULE.format(number=number, **dict(zip(names, rule, strict=True)))
        (made / f"{number}.yml").write_text(text)
    return made


def read(*paths: Path, choice: RuleChoice | None = None, **more: Path) -> Library:
    return read_library(
        paths, cache=paths[0].parent / "cache", choice=choice or RuleChoice(), **more
    )


CHOICES = [
    (RuleChoice(status=("stable", "test")), {"one", "three"}),
    (RuleChoice(not_status=("experimental",)), {"one", "three"}),
    (RuleChoice(level=("low",)), {"two"}),
    (RuleChoice(min_level="high"), {"one", "three"}),
    (RuleChoice(not_level=("critical",)), {"one", "two"}),
    (RuleChoice(tag=("T1059",)), {"one"}),
    (RuleChoice(tag=("attack.t1059",)), set[str]()),
    (RuleChoice(tag=("cve.*",)), {"two"}),
    (RuleChoice(tag=("defense-evasion", "stealth")), {"one", "three"}),
    (RuleChoice(not_tag=("T1105",)), {"one", "three"}),
    (RuleChoice(logsource=("windows/process_creation",)), {"one"}),
    (RuleChoice(logsource=("windows",)), {"one", "three"}),
    (RuleChoice(not_logsource=("windows image_load",)), {"one", "two"}),
    (RuleChoice(rules_out={"1f0b0d43-1111-4222-8333-444455556666": ""}), {"one", "three"}),
    (RuleChoice(min_level="low", tag=("T1059",), not_level=("high",)), set[str]()),
]


@pytest.mark.parametrize(("choice", "titles"), CHOICES)
def test_a_choice_takes_the_rules_it_says_and_names_the_others(
    choice: RuleChoice, titles: set[str], folder: Path
) -> None:
    library = read(folder, choice=choice)
    assert {rule.title for rule in library.loaded.rules} == titles
    left = {one.rule.title for one in library.left_out}
    assert left == {"one", "two", "three"} - titles
    assert all(one.reason for one in library.left_out)
    assert {one.title: one.state for one in rule_states(library)} == {
        title: "runnable" if title in titles else "left out" for title in ("one", "two", "three")
    }


def test_levels_of_a_file_count_before_the_choice(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "levels.txt"
    file.write_text("1f0b0d43-1111-4222-8333-444455556666: critical\nno-such-rule: low\n")
    library = read(folder, choice=RuleChoice(level=("critical",)), levels=file)
    assert {rule.title for rule in library.loaded.rules} == {"two", "three"}
    assert ["there is no rule no-such-rule" in str(one) for one in library.loaded.errors] == [True]


@pytest.mark.parametrize("text", ["a: grave\n", "- a\n", "{\n", "a: null\n"])
def test_a_bad_file_of_levels_is_refused_with_its_name(
    text: str, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "levels.txt").write_text(text)
    with pytest.raises(UsageError, match=r"levels\.txt"):
        read(folder, levels=tmp_path / "levels.txt")


def test_a_list_of_noisy_rules_may_give_reasons(tmp_path: Path) -> None:
    (tmp_path / "noisy.txt").write_text("# ours\nabc # backup agent\n\n- 'def'\n")
    found = read_exclusions(tmp_path / "noisy.txt")
    assert found == {"abc": "excluded: backup agent", "def": "is excluded"}
    with pytest.raises(UsageError, match="none"):
        read_exclusions(tmp_path / "none")


def test_a_pack_gives_its_rules_name_and_version_as_a_folder_and_as_an_archive(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "pack.toml").write_text('name = "ours"\nversion = "1.2"\nlicence = "DRL-1.1"\n')
    with zipfile.ZipFile(tmp_path / "ours.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"top/{path.name}")
    for given in (folder, tmp_path / "ours.zip", tmp_path / "ours.zip"):
        library = read(given)
        assert len(library.loaded.rules) == 3 and not library.loaded.errors
        kept = {(rule.record.pack, rule.record.pack_version) for rule in library.loaded.rules}
        assert kept == {("ours", "1.2")}


def test_of_two_packs_with_one_rule_the_first_counts(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.yml").write_text((folder / "1.yml").read_text().replace("two", "again"))
    library = read(other, folder)
    assert {rule.title: rule.pack for rule in library.loaded.rules} == {
        "again": "other", "one": "pack", "three": "pack",
    }  # fmt: skip
    assert ["is taken by" in error.reason for error in library.loaded.errors] == [True]


@pytest.mark.parametrize(
    ("name", "content"),
    [("../out.yml", "x: 1"), ("/abs.yml", "x: 1"), ("a/../../out.yml", "x: 1")],
)
def test_an_archive_that_reaches_outside_is_refused(
    name: str, content: str, folder: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr(name, content)
    with pytest.raises(UsageError, match="outside"):
        read(tmp_path / "bad.zip")
    assert not list(tmp_path.rglob("out.yml"))


@pytest.mark.parametrize("text", ["name = 1", "[", 'name = "x"', 'name = "x"\nversion = " "'])
def test_a_bad_manifest_is_refused_with_its_place(text: str, folder: Path) -> None:
    (folder / "pack.toml").write_text(text)
    with pytest.raises(UsageError, match=r"pack\.toml"):
        read(folder)


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK no")
    with pytest.raises(UsageError, match=r"x\.zip"):
        read(tmp_path / "x.zip")
