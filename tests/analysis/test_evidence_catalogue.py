"""Catalogues as they are delivered: OSCAL, frameworks, tables, and what is wrong with them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentree.analysis.evidence.catalogue import read_catalogue
from sentree.analysis.evidence.control_ids import control_key, parents, same_framework
from sentree.errors import UnreadableInputError

CATALOG: dict[str, Any] = {
    "catalog": {
        "metadata": {"title": "NIST SP 800-53 Revision 5", "version": "5.1"},
        "groups": [
            {
                "id": "ac",
                "title": "Access Control",
                "controls": [
                    {
                        "id": "ac-2",
                        "title": "Account Management",
                        "params": [{"id": "ac-2_prm_1", "label": "time period"}],
                        "parts": [
                            {
                                "name": "statement",
                                "prose": "Review within {{ insert: param, ac-2_prm_1 }}:",
                                "parts": [{"name": "item", "prose": "each account."}],
                            },
                            {"name": "guidance", "prose": "not the requirement"},
                        ],
                        "controls": [{"id": "ac-2.1", "title": "Automated"}],
                    },
                    {
                        "id": "ac-9",
                        "title": "Gone",
                        "props": [{"name": "status", "value": "withdrawn"}],
                    },
                ],
            }
        ],
    }
}


def write(path: Path, data: object) -> str:
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return str(path)


def test_an_oscal_catalog_gives_controls_enhancements_and_filled_statements(tmp_path: Path) -> None:
    packed = tmp_path / "catalog.json.gz"
    packed.write_bytes(gzip.compress(json.dumps(CATALOG).encode()))
    read = read_catalogue(str(packed))
    assert [one.control_uid for one in read.controls] == ["ac-2", "ac-2.1"]
    assert read.controls[0].text == "Review within [Assignment: time period]: each account."
    assert read.controls[0].family == "Access Control (AC)"
    assert [one.reason for one in read.rejected] == ["it is withdrawn"]


def test_a_profile_picks_from_the_catalog_beside_it_and_no_other_file(tmp_path: Path) -> None:
    write(tmp_path / "catalog.json", CATALOG)
    profile: dict[str, Any] = {
        "profile": {
            "metadata": {"title": "Mine"},
            "imports": [
                {
                    "href": "../../etc/catalog.json",
                    "include-controls": [{"with-ids": ["ac-2.1", "zz-1"]}],
                }
            ],
        }
    }
    read = read_catalogue(write(tmp_path / "profile.json", profile))
    assert [one.control_uid for one in read.controls] == ["ac-2.1"]
    assert [one.where for one in read.rejected] == ["zz-1"]
    profile["profile"]["imports"][0]["href"] = "elsewhere.json"
    with pytest.raises(UnreadableInputError, match="--import"):
        read_catalogue(write(tmp_path / "profile.json", profile))


def test_a_framework_is_not_known_by_its_name_without_the_version(tmp_path: Path) -> None:
    body = {"Framework": "NIST-CSF", "Version": "1.1", "Requirements": [{"Id": "a", "Name": "N"}]}
    read = read_catalogue(write(tmp_path / "f.json", body))
    assert not any(same_framework("NIST-CSF-2.0", name) for name in read.names)
    assert any(same_framework("NIST-CSF-1.1", name) for name in read.names)


def test_a_framework_without_any_check_states_no_mapping(tmp_path: Path) -> None:
    body = {
        "Framework": "F",
        "Requirements": [{"Id": "1", "Name": "N", "Checks": []}, {"Name": "x"}],
    }
    read = read_catalogue(write(tmp_path / "f.json", body))
    assert read.controls[0].checks is None
    assert not read.is_mapped
    assert [one.reason for one in read.rejected] == ["it has no Id"]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_table_is_read_whatever_its_delimiter(tmp_path: Path, delimiter: str) -> None:
    rows = (("Control ID", "Title", "Description"), ("A-1", "Logs", "Keep logs"), ("A-1", "b", "c"))
    read = read_catalogue(write(tmp_path / "t.csv", "\n".join(map(delimiter.join, rows))))
    assert [(one.control_uid, one.text) for one in read.controls] == [("A-1", "Keep logs")]
    assert read.rejected[0].where == "line 3"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first line"),
        ("{", "no sound JSON"),
        ("[1, 2]", "no control catalogue"),
        ('{"catalog": {}}', "no control"),
        ("a,b\n1,2\n", "columns id"),
        ("[" * 100_000, "no sound JSON"),
    ],
)
def test_what_is_no_catalogue_is_refused_with_what_to_give_instead(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(UnreadableInputError, match=said):
        read_catalogue(write(tmp_path / "x.json", text))


@pytest.mark.parametrize("spelled", ["AC-2(1)(a)", "ac_2_1_a", "ac-2.1.a", "AC-02(01)(A)"])
def test_spellings_of_one_id_are_one_id(spelled: str) -> None:
    assert control_key(spelled) == ("ac", "2", "1", "a")


def test_a_lettered_part_belongs_to_its_control_and_an_enhancement_does_not() -> None:
    assert ("ac", "2") in parents(control_key("AC-2(j)"))
    assert ("ac", "2") in parents(control_key("ac_2_d_1"))
    assert ("ac", "2") not in parents(control_key("AC-2(1)"))
    assert control_key("ac-6.1_obj") == ("ac", "6", "1")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("NIST-800-53-Revision-5", "NIST SP 800-53 Rev 5", True),
        ("NIST.800-53.r5", "NIST-800-53-Revision-5", True),
        ("NIST-800-53-Revision-4", "NIST-800-53-Revision-5", False),
        ("NIST-800-171-Revision-2", "NIST-800-53-Revision-5", False),
        ("NIST-CSF 2.0", "NIST-CSF-2.0", True),
        ("NIST-CSF 1.1", "NIST-CSF 2.0", False),
        ("CIS-1.4", "CIS-2.0", False),
        ("HIPAA", "FFIEC", False),
        ("FedRAMP-Low-Revision-4", "FedRAMP-Moderate-Revision-4", False),
        ("FedRAMP-Low-Revision-4", "FedRamp Low Rev. 4", True),
        ("", "HIPAA", False),
    ],
)
def test_frameworks_are_told_apart_by_name_and_revision(one: str, other: str, same: bool) -> None:
    assert same_framework(one, other) is same
    assert same_framework(other, one) is same


@given(st.text(max_size=200))
def test_any_text_is_a_catalogue_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("any") / "c.csv"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        assert read_catalogue(str(path)).controls
    except UnreadableInputError as error:
        assert str(path) in str(error)
