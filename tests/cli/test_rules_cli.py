"""`sentree detect` and `sentree rules` as a person on duty and a rule's author meet them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ocsf.validate import validate
from sentree.cli import run
from sentree.errors import ExitCode
from sentree.lake.db import Lake
from sentree.lake.detections import stored_findings
from sentree.settings import Settings

SYSMON = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Hostname": "ws1"}
RULE = """\
title: {title}
id: {number}f0b0d43-1111-4222-8333-444455556666
description: Finds a program.
author: A Person
level: {level}
status: {status}
tags: [{tags}]
logsource: {{category: {category}, product: windows}}
detection:
  program:
    Image|endswith: {image}
  words:
    CommandLine|contains: [priv, groups]
  filter:
    User: system
  condition: program and words and not filter
"""


def event(image: str, line: str, **more: str) -> dict[str, Any]:
    time = {"UtcTime": "2026-03-01 08:00:00.000", "@timestamp": "2026-03-01T08:00:00Z"}
    return {**SYSMON, **time, "Image": image, "CommandLine": line, **more}


def put_rule(folder: Path, number: int, **changed: str) -> None:
    given = {"title": "Who am I", "level": "high", "status": "test", "tags": "attack.t1033"}
    given |= {"category": "process_creation", "image": "whoami.exe"}
    (folder / f"r{number}.yml").write_text(RULE.format(number=number, **{**given, **changed}))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "pack.toml").write_text('name = "ours"\nversion = "7"\n')
    put_rule(folder, 1, tags="attack.t1033, attack.t1562.001, attack.stealth")
    put_rule(folder, 2, title="Never", image="never.exe", tags="attack.t1105", level="low")
    put_rule(folder, 3, title="No data", category="image_load", tags="attack.t1574.001")
    put_rule(folder, 4, title="Old", status="deprecated")
    put_rule(folder, 5, title="Broken", category="nonsense", tags="attack.t1110")
    events = [
        event("C:\\whoami.exe", "whoami /priv"),
        event("C:\\WHOAMI.exe", "whoami /groups", Hostname="ws2"),
        event("C:\\whoami.exe", "whoami"),
        event("C:\\whoami.exe", "whoami /priv", User="SYSTEM"),
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, events)))
    return tmp_path


def test_detect_tells_levels_tactics_hosts_what_is_new_and_why_rules_did_not_run(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ingest", "a.jsonl", "-q"]) == ExitCode.DONE
    capsys.readouterr()
    words = ["detect", "--rules", "rules", "--exclude-status", "deprecated", "-q"]
    written = ["--ocsf", "out/f.jsonl", "--only-new", "--layers", "out", "--fail-on", "high"]
    assert run([*words, *written]) == ExitCode.FINDINGS
    out = capsys.readouterr().out
    said = " ".join(out.split())
    assert "4 loaded, 2 run, 1 without data, 0 failed, 1 not runnable, 1 left out" in said
    assert "status deprecated: 1" in said
    assert "detections: 2 (2 new since the last run): 2 high" in said
    assert "high 2 2 ws1, ws2 2026-03-01 08:00:00 2026-03-01 08:00:00 Who am I A Person" in said
    assert "Stealth 2 1 " in said
    assert "ws1 1 1 " in said and "ws2 1 1 " in said
    assert "not run: Broken: no events are known for the log source category nonsense" in said
    assert "no data: 1 rule: there are no events of the log source category image_load" in said

    findings = [json.loads(line) for line in (desk / "out/f.jsonl").read_text().splitlines()]
    assert [validate(finding) for finding in findings] == [[], []]
    one = findings[0]
    assert one["class_uid"] == 2004 and one["severity_id"] == 4
    assert one["finding_info"]["analytic"]["uid"].startswith("1f0b")
    assert one["unmapped"]["rule_author"] == "A Person"
    assert (one["unmapped"]["rule_pack"], one["unmapped"]["rule_pack_version"]) == ("ours", "7")
    held = {item["name"]: item["data"][item["name"]] for item in one["evidences"]}
    assert held.keys() == {"program", "words"}
    assert held["words"]["CommandLine"].startswith("whoami /")
    uids = {attack["technique"]["uid"] for attack in one["finding_info"]["attacks"]}
    assert uids == {"T1033", "T1562"}

    layers = {
        name: json.loads((desk / f"out/{name}.navigator.json").read_text())
        for name in ("rules", "detections", "gap")
    }
    named = {
        name: {t["techniqueID"]: t.get("score", t.get("color")) for t in layer["techniques"]}
        for name, layer in layers.items()
    }
    assert named["detections"]["T1033"] == 2 and "T1105" not in named["detections"]
    assert named["rules"]["T1574.001"] == 1
    gap = named["gap"]
    assert len({gap["T1033"], gap["T1105"], gap["T1574.001"]}) == 3
    assert gap["T1110"] == gap["T1574.001"]

    assert run([*words, *written]) == ExitCode.DONE
    assert "2 (0 new since the last run)" in " ".join(capsys.readouterr().out.split())
    assert (desk / "out/f.jsonl").read_text() == ""
    assert run([*words, "--fail-on", "critical"]) == ExitCode.DONE
    with Lake.open(Settings(home=desk / ".sentree"), create=False) as lake:
        kept = list(stored_findings(lake, "default"))
        assert [len(one.matches) for one in kept] == [2, 2]
        lake.execute("DELETE FROM detection_matches")
    assert run(words) == ExitCode.DONE
    with Lake.open(Settings(home=desk / ".sentree"), create=False) as lake:
        assert list(stored_findings(lake, "default")) == kept

    capsys.readouterr()
    assert run(["rules", "explain", "1f0b0d43", "--rules", "rules"]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert "4 events of it in the lake" in out
    assert "record's own NewProcessName, then OCSF /process/file/path" in out
    assert "in these events: record /Image" in out
    assert "words: (CommandLine contains 'priv' OR CommandLine contains 'groups')" in out
    assert "ends_with(l" in out and "lower('whoami.exe')" in out


def test_list_and_check_name_every_rule_and_problem(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rules", "list", "--rules", "rules", "--format", "json"]) == ExitCode.DONE
    states = {one["title"]: one for one in json.loads(capsys.readouterr().out)}
    assert states["Who am I"]["state"] == "runnable"
    assert (states["Who am I"]["pack"], states["Who am I"]["pack_version"]) == ("ours", "7")
    assert states["Broken"]["state"] == "not runnable"
    assert run(["rules", "check", "--rules", "rules"]) == ExitCode.FINDINGS
    assert "rules/r5.yml:8: error: no events are known" in capsys.readouterr().out
    (desk / "rules/r5.yml").unlink()
    assert run(["rules", "check", "--rules", "rules"]) == ExitCode.DONE
    assert "4 rules checked: 0 errors" in capsys.readouterr().out
    assert run(["rules", "explain", "nothing", "--rules", "rules"]) != ExitCode.DONE


def test_a_rule_is_tested_by_its_own_events(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = desk / "rules"
    assert run(["rules", "test", "--rules", "rules"]) != ExitCode.DONE
    assert "no rule has sample events" in capsys.readouterr().err
    fires, silent = event("whoami.exe", "x /priv"), event("whoami.exe", "x")
    (folder / "r1.match.jsonl").write_text(f"{json.dumps(fires)}\n")
    (folder / "r1.nomatch.json").write_text(json.dumps([silent], indent=1))
    (folder / "r4.match.jsonl").write_text(f"{json.dumps(fires)}\n{json.dumps(silent)}\n")
    (folder / "r2.nomatch.jsonl").write_text("{broken\n")
    with (folder / "r3.yml").open("a") as file:
        file.write("regression_tests_path: regression/r3/info.yml\n")
    (desk / "regression/r3").mkdir(parents=True)
    (desk / "regression/r3/info.yml").write_text(
        "regression_tests_info:\n"
        "- {name: Positive, type: evtx, match_count: 2, path: regression/r3/log.evtx}\n"
    )
    load = event("C:\\whoami.exe", "x /priv") | {"EventID": 7}
    more = event("C:\\whoami.exe", "x /groups") | {"EventID": 7}
    (desk / "regression/r3/log.json").write_text(f"{json.dumps(load, indent=1)}{json.dumps(more)}")
    assert run(["rules", "test", "--rules", "rules"]) == ExitCode.FINDINGS
    out = capsys.readouterr().out
    assert "pass  Who am I (1f0b0d43-1111-4222-8333-444455556666): 2 events" in out
    assert "pass  No data (3f0b0d43-1111-4222-8333-444455556666): 2 events" in out
    assert "FAIL  Old" in out and "r4.match.jsonl: 1 of 2 events don't match" in out
    assert "FAIL  Never" in out and "r2.nomatch.jsonl: can't be read" in out
    assert "4 rules with sample events: 2 passed, 2 failed; 1 rule without" in out


def test_rules_that_are_not_there_are_no_clean_result(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ingest", "a.jsonl", "-q"]) == ExitCode.DONE
    (desk / "empty").mkdir()
    for words, told in (
        (["detect", "--rules", "ruels"], "rules ruels: there is no such file or folder"),
        (["detect", "--rules", "rules", "ruels"], "rules ruels: there is no such file or folder"),
        (["detect", "--rules", "empty"], "no rule could be read"),
        (["digest", "--rules", "ruels", "--executor", "local"], "ruels: there is no such file"),
        (["timeline", "--rules", "ruels", "--executor", "local"], "ruels: there is no such file"),
    ):
        assert run(words) == ExitCode.NOTHING_READABLE, words
        assert told in capsys.readouterr().err
    # All of them left out by choice is what was asked for.
    assert run(["detect", "--rules", "rules", "--tag", "T9999"]) == ExitCode.DONE


def test_a_server_out_of_reach_is_said_with_what_to_do(desk: Path) -> None:
    assert run(["ingest", "a.jsonl", "-q"]) == ExitCode.DONE
    # In a process of its own: a server that another test started stays in use in this one.
    done = subprocess.run(
        [sys.executable, "-m", "sentree", "detect", "--rules", "rules", "--executor", "prefect"],
        cwd=desk,
        env=os.environ | {"PREFECT_API_URL": "http://127.0.0.1:9/api"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ExitCode.CONFIGURATION, done.stderr
    assert "no Prefect server answers" in done.stderr
    assert "use --executor local" in done.stderr
