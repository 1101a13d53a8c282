"""Rule mapping: every format read, labels hidden, authors named, broken files set aside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from models.techniques import Signals, TechniqueText
from schemas.map_rules import MapRulesReport, MapRulesRequest
from schemas.result import Result
from sentree.analysis.map_rules import run, save, train
from sentree.analysis.map_rules.fold import fold_leaves
from sentree.analysis.map_rules.mapper import Ground, agreement, load_mapper, map_files, today
from sentree.analysis.map_rules.reading import read_rule_file, without_doubles
from sentree.analysis.map_rules.texts import judged_text, rule_parts
from sentree.cli import run as command
from sentree.errors import ConfigurationError, ExitCode, UsageError
from sentree.evals.map_rules import training_report
from sentree.settings import Settings

SIGMA: dict[str, Any] = {
    "title": "LSASS Dumped With Comsvcs",
    "id": "11111111-1111-4111-8111-111111111111",
    "description": "Detects rundll32 and comsvcs (T1218.011), see https://example.org/t1059",
    "author": "A. Author",
    "references": ["https://example.org/mimikatz-T1550"],
    "tags": ["attack.credential-access", "attack.t1003.001"],
    "logsource": {"product": "windows", "category": "process_creation"},
    "detection": {
        "selection": {"Image|endswith": "\\rundll32.exe", "CommandLine|contains": "comsvcs"},
        "other": {"CommandLine|contains": "wanted"},
        "filter_main": {"ParentImage|endswith": "\\schtasks.exe"},
        "known": {"ParentImage|endswith": "\\wmic.exe"},
        "condition": "(selection or other) and not 1 of filter_* and not known",
    },
}
SPLUNK = {
    "name": "Shadow Copies Deleted",
    "id": "22222222-2222-4222-8222-222222222222",
    "author": "B. Author",
    "description": "The search finds vssadmin delete shadows.",
    "search": "| tstats count from datamodel=Endpoint where process=*vssadmin*delete*shadows*",
    "tags": {"mitre_attack_id": ["T1490"]},
}
SENTINEL = {
    "id": "33333333-3333-4333-8333-333333333333",
    "name": "Trail stopped",
    "description": "CloudTrail was stopped with StopLogging.",
    "query": "AWSCloudTrail | where EventName == 'StopLogging'",
    "relevantTechniques": ["T1562.008"],
    "requiredDataConnectors": [{"connectorId": "AWS", "dataTypes": ["AWSCloudTrail"]}],
}
ELASTIC = """[rule]
name = "Scheduled Task Created by schtasks"
rule_id = "44444444-4444-4444-8444-444444444444"
author = ["C. Author"]
description = "A scheduled task was created."
query = "process.name : schtasks.exe and process.args : /create"
[[rule.threat]]
technique = [{id = "T1053"}]
"""
SAVED = """[default]
x = 1
[Brute force against accounts]
description = Many failed logons of one account
search = index=wineventlog EventCode=4625 \\
 | stats count by user \\
 | where count > 50
"""
KQL = """// Title: Mail forwarding rule
// Tags: attack.t1114.003
OfficeActivity | where Operation == 'New-InboxRule'
"""


def write(folder: Path) -> None:
    folder.mkdir(parents=True)
    second = {**SIGMA, "title": "Untagged <script>", "id": "5", "tags": [], "author": None}
    (folder / "a.yml").write_text(yaml.safe_dump_all([SIGMA, second]))
    (folder / "b.yaml").write_text(yaml.safe_dump(SPLUNK))
    (folder / "c.yaml").write_text(yaml.safe_dump(SENTINEL))
    (folder / "d.toml").write_text(ELASTIC)
    (folder / "savedsearches.conf").write_text(SAVED)
    (folder / "e.kql").write_text(KQL)
    (folder / "f.yml").write_text("title: [broken\n")
    (folder / "g.yml").write_text(yaml.safe_dump(SIGMA))
    (folder / "h.yml").write_text("a: 1\n")
    (folder / "i.json").write_bytes(b"\xff\xfe\x00")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    place = tmp_path_factory.mktemp("map_rules")
    write(place / "rules")
    return run(Settings(home=place / "home"), MapRulesRequest(paths=(str(place / "rules"),)))


@pytest.fixture(scope="module")
def report(result: Result) -> MapRulesReport:
    return MapRulesReport.model_validate(result.data)


def text_of(value: dict[str, Any]) -> str:
    parts = rule_parts(value)
    assert not isinstance(parts, str)
    return judged_text(parts)


def test_tags_references_ids_and_addresses_are_hidden_from_the_mapping() -> None:
    text = text_of(SIGMA).lower()
    for label in ("t1003", "t1218", "t1059", "t1550", "attack.", "http", "mimikatz", "11111111"):
        assert label not in text
    assert text.startswith("lsass dumped with comsvcs\n")
    assert "product=windows category=process_creation" in text


def test_what_a_rule_excludes_is_not_what_it_looks_for() -> None:
    text = text_of(SIGMA)
    assert "schtasks" not in text and "wmic" not in text
    assert "rundll32" in text and "wanted" in text


def test_relabelling_a_rule_does_not_change_its_text() -> None:
    assert text_of({**SIGMA, "tags": ["attack.t1490"], "references": []}) == text_of(SIGMA)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["detection", "search", "query", "tags", "title", "rule", "condition"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_no_document_upsets_the_reader(value: Any) -> None:
    parts = rule_parts(value if isinstance(value, dict) else {"detection": value})
    assert isinstance(parts, str) or judged_text(parts)


def test_every_format_is_mapped_onto_what_it_detects(report: MapRulesReport) -> None:
    first = {one.title: one.techniques[0].technique for one in report.rules if one.techniques}
    assert first == {
        "LSASS Dumped With Comsvcs": "T1003.001",
        "Untagged <script>": first["Untagged <script>"],
        "Shadow Copies Deleted": "T1490",
        "Trail stopped": "T1685.002",
        "Scheduled Task Created by schtasks": "T1053.005",
        "Brute force against accounts": "T1110",
        "Mail forwarding rule": "T1114.003",
    }


def test_what_cannot_be_used_is_set_aside_with_place_and_reason(
    report: MapRulesReport, result: Result
) -> None:
    reasons = {Path(one.path).name: one.reason for one in report.rejected}
    assert set(reasons) == {"f.yml", "g.yml", "h.yml", "i.json"}
    assert "is taken by" in reasons["g.yml"] and "is no rule" in reasons["h.yml"]
    assert sum(one.rejected for one in result.inputs) == 4


def test_tags_are_compared_in_todays_ids_and_never_used(report: MapRulesReport) -> None:
    by_title = {one.title: one for one in report.rules}
    assert by_title["Trail stopped"].own == ("T1685.002",)
    assert by_title["Trail stopped"].agreement == "same"
    assert by_title["Scheduled Task Created by schtasks"].agreement == "parent"
    assert by_title["Untagged <script>"].agreement == "untagged"
    assert today(["T1562.001", "t1060", "T9999"]) == ("T1685", "T1547.001")
    assert agreement(("T1059.001",), ()) == "other"


def test_every_line_cites_its_rule_and_names_the_author(result: Result) -> None:
    assert result.verification.checked == result.verification.kept > 0
    table = next(t for s in result.sections for t in s.tables if t.key == "mapping")
    assert all(row.evidence for row in table.rows)
    assert {row.cells[-1] for row in table.rows} >= {"A. Author", "B. Author", "C. Author"}
    assert any("by A. Author" in one.class_name for one in result.cited_events)
    assert {one.technique for one in result.techniques} >= {"T1003.001", "T1490"}


def test_a_model_s_leaves_join_what_was_mapped_and_a_false_quote_counts_for_nothing(
    report: MapRulesReport,
) -> None:
    uid = SIGMA["id"]
    texts = {uid: text_of(SIGMA)}
    leaf = {
        "mappings": [
            {"rule_uid": uid, "technique": "T1218.011", "confidence": 0.9, "quote": "rundll32.exe"},
            {"rule_uid": uid, "technique": "T1486", "confidence": 0.9, "quote": "not in the rule"},
            {"rule_uid": "x", "technique": "T1486", "confidence": 0.9, "quote": "y"},
        ]
    }
    from schemas.map_rules import MapRulesLeaf

    folded = fold_leaves(report, [MapRulesLeaf.model_validate(leaf)], texts)
    rule = next(one for one in folded.rules if one.rule_uid == uid)
    assert {one.technique for one in rule.named} == {"T1218.011"}
    again = fold_leaves(report, [MapRulesLeaf.model_validate(leaf)] * 2, texts)
    assert again == folded


SMALL = (
    TechniqueText("T1003.001", "LSASS Memory", "Read the memory of LSASS."),
    TechniqueText("T1490", "Inhibit System Recovery", "Delete shadow copies and backups."),
)


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tagged")
    for number in range(24):
        uid = "T1490" if number % 2 else "T1003.001"
        word = "zorp" if number % 2 else "blim"
        rule = {
            **SIGMA,
            "id": str(number),
            "title": f"Rule {number} {word}",
            "description": f"{word} {word}",
            "detection": {"s": {"CommandLine": word}, "condition": "s"},
            "tags": [f"attack.{uid.lower()}", "attack.t9999"],
        }
        (folder / f"{number}.yml").write_text(yaml.safe_dump(rule))
    return folder


def test_training_learns_the_folder_and_its_file_maps_new_rules(
    tagged: Path, tmp_path: Path
) -> None:
    ground = Ground(Signals(SMALL), None)
    training = train(ground, [str(tagged)])
    told = training_report(training)
    assert (told.rules, told.unknown) == (24, ("T9999",))
    assert told.micro_f1 == 1.0
    save(ground, training, tmp_path / "mapper.json")
    new = tmp_path / "new.yml"
    new.write_text(yaml.safe_dump({**SIGMA, "title": "zorp again", "description": "zorp"}))
    ranker = load_mapper(ground, str(tmp_path / "mapper.json"))
    mapped = map_files(ranker, without_doubles([read_rule_file(str(new))]), 5).rules[0]
    assert mapped.techniques[0].technique == "T1490"
    assert any("by A. Author" in one.source for one in mapped.techniques[0].reasons)


def test_a_folder_with_too_few_tagged_rules_is_refused(tagged: Path) -> None:
    with pytest.raises(UsageError, match="1 of 1 rules carry a technique"):
        train(Ground(Signals(SMALL), None), [str(tagged / "3.yml")])


def test_a_file_of_another_encoder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "mapper.json"
    file.write_text(json.dumps({"layout": 1}))
    with pytest.raises(ConfigurationError, match="map-rules train"):
        load_mapper(Ground(Signals(SMALL), None), str(file))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["map-rules"], ExitCode.USAGE),
        (["map-rules", "train"], ExitCode.USAGE),
        (["map-rules", "nothing-here"], ExitCode.NOTHING_READABLE),
        (["map-rules", "empty.yml"], ExitCode.NOTHING_READABLE),
        (["map-rules", "empty.yml", "--top", "0"], ExitCode.USAGE),
    ],
)
def test_mistakes_are_one_line_and_a_documented_code(
    words: list[str],
    code: ExitCode,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.yml").write_text("")
    assert command(words) == code
    assert capsys.readouterr().err.strip().count("\n") == 0


def test_a_search_that_ends_with_its_file_is_read_and_bytes_are_not(tmp_path: Path) -> None:
    (tmp_path / "savedsearches.conf").write_text("[x]\nsearch = index=a \\\n | stats count \\")
    (tmp_path / "bytes.kql").write_bytes(b"\x00\x01\x02text")
    conf = read_rule_file(str(tmp_path / "savedsearches.conf"))
    assert [one.title for one in conf.rules] == ["x"] and "stats count" in conf.rules[0].text
    noise = read_rule_file(str(tmp_path / "bytes.kql"))
    assert [one.reason for one in noise.rejected] == ["is not text"]


def test_a_rule_that_looks_for_nothing_is_set_aside() -> None:
    assert rule_parts({"title": "x", "detection": {}}) == "has an empty detection"
