"""What `rules check` says: every problem with its file, line, and what to do."""

from pathlib import Path

import pytest

from schemas.rule_check import RuleProblem
from sentree.analysis.rule_check import check_rules
from sentree.rules.load import load_rules

RULE = """\
title: A Rule
id: 7f0b0d43-1111-4222-8333-444455556666
description: Finds a program.
author: A Person
level: high
status: test
tags:
    - attack.t1033
    - attack.discovery
logsource:
    category: process_creation
    product: windows
detection:
    selection:
        Image|endswith: whoami.exe
    condition: selection
"""
CASES = {
    "": [],
    "attack.t1033>attack.t1086": [(8, "warning", "deprecated-tag", "attack.t1059.001")],
    "attack.t1033>attack.t9999": [(8, "warning", "tag", "look")],
    "attack.discovery>attack.defense_evasion": [(9, "note", "deprecated-tag", "defense-evasion")],
    "attack.discovery>attack.nonsense": [(9, "warning", "tag", "correct")],
    "attack.discovery>attack.stealth": [],
    "attack.discovery>attack.g0016": [],
    "Image|>Imgae|": [(15, "warning", "field", "Image is")],
    "Image|>image|": [(15, "warning", "field", "Image is")],
    "Image|>MyOwnField|": [],
    "endswith: whoami>re: (?=x)": [(15, "error", "regex", "RE2")],
    "endswith: whoami.exe>expand: '%who%'": [(15, "error", "placeholder", "--placeholders")],
    "windows>toaster": [(10, "error", "logsource", "taxonomy")],
    "category: process_creation>service: toast": [(10, "warning", "logsource", "itself toast")],
    "condition: selection>condition: nothing": [(16, "error", "condition", "detection")],
    "level: high>#": [(1, "note", "level", "level")],
    "7f0b0d43-1111-4222-8333-444455556666>mine": [(2, "warning", "id", "uuidgen")],
    "title: A Rule>title: [": [(3, "error", "yaml", "YAML")],
    "endswith>endswiht": [(15, "error", "modifier", "specification")],
}


def problems(folder: Path, change: str) -> list[RuleProblem]:
    old, _, new = change.partition(">")
    assert old in RULE
    (folder / "a.yml").write_text(RULE.replace(old, new, 1) if old else RULE)
    return list(check_rules(load_rules([folder])))


@pytest.mark.parametrize("change", CASES)
def test_a_problem_is_told_with_its_line_and_what_to_do(change: str, tmp_path: Path) -> None:
    found = problems(tmp_path, change)
    wanted = CASES[change]
    assert [(one.line, one.severity, one.code) for one in found] == [one[:3] for one in wanted]
    for one, (*_, advice) in zip(found, wanted, strict=True):
        assert advice in one.advice


def test_a_doubled_id_is_told_and_conventions_can_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(RULE)
    (tmp_path / "b.yml").write_text(RULE.replace("level: high", "#"))
    found = check_rules(load_rules([tmp_path]))
    assert [(Path(one.path).name, one.code) for one in found] == [("b.yml", "duplicate-id")]
    (tmp_path / "a.yml").unlink()
    assert [one.code for one in check_rules(load_rules([tmp_path]))] == ["level"]
    assert not check_rules(load_rules([tmp_path]), conventions=False)
