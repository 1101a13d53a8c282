"""Placeholders of `expand` get their values from a file; without values the rule says so."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sentree.errors import UsageError
from sentree.lake.db import Lake
from sentree.rules.detect import detect
from sentree.rules.load import load_rules
from sentree.rules.placeholders import read_placeholders
from sentree.settings import Settings
from tests.rules.lake_events import put

SYSMON = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational"}
FILE = "admins: [bob, 'a.b*', 7]\nservers: dc01\n'%dom%': corp\n"


CASES: list[tuple[Any, list[str], list[str]]] = [
    ({"User|expand": "%admins%"}, ["BOB", "a.bc", "7"], ["bobby", "axb", "8"]),
    ({"User|contains|expand": r"%dom%\%admins%-x"}, [r"corp\bob-x", r"corp\a.bc-xy"], ["corp"]),
    ({"User|contains|all|expand": ["%dom%", "%admins%"]}, ["corp bob", "7corp"], ["corp", "bob"]),
    ({"User|re|expand": "^%admins%$"}, ["bob", "a.b*", "7"], ["Bob", "a.bc", "axb*"]),
    ({"User|expand|cased": "%servers%"}, ["dc01"], ["DC01"]),
    ({"User|expand|neq": "%admins%"}, ["eve"], ["bob"]),
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The values that each case's rule matched; all rules meet the values of all cases."""
    folder = tmp_path_factory.mktemp("rules")
    for number, (selection, _, _) in enumerate(CASES):
        rule = {
            "title": str(number),
            "logsource": {"category": "process_creation", "product": "windows"},
            "detection": {"selection": selection, "condition": "selection"},
        }
        (folder / f"{number}.yml").write_text(yaml.safe_dump(rule))
    (folder / "places.yaml.txt").write_text(FILE)
    places = read_placeholders(folder / "places.yaml.txt")
    values = list(dict.fromkeys(value for _, match, differ in CASES for value in match + differ))
    found: dict[str, set[str]] = {}
    with Lake.open(Settings(home=tmp_path_factory.mktemp("home"))) as lake:
        uids = put(lake, [{**SYSMON, "User": value} for value in values])
        report = detect(lake, load_rules([folder], placeholders=places), tenant="default")
        assert not report.not_runnable
        value_of = dict(zip(uids, values, strict=True))
        for row in lake.query("SELECT rule_title, event_uid FROM detections"):
            found.setdefault(row["rule_title"], set()).add(value_of[row["event_uid"]])
    return found


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_placeholder_stands_for_each_of_its_values(
    number: int, outcomes: dict[str, set[str]]
) -> None:
    _, match, differ = CASES[number]
    assert outcomes[str(number)] & {*match, *differ} == set(match)


@pytest.mark.parametrize("text", ["- a\n", "a: {b: c}\n", "a: []\n", "a: [null]\n", "{", ""])
def test_a_file_that_names_no_values_is_refused_with_its_name(text: str, tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text(text)
    with pytest.raises(UsageError, match=r"p\.yml"):
        read_placeholders(tmp_path / "p.yml")
    with pytest.raises(UsageError, match=r"none\.yml"):
        read_placeholders(tmp_path / "none.yml")
