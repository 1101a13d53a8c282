"""`sentree detect` runs the rules that were loaded into the lake, beside those of Sentree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lake_logs import lines, record

from sentree.cli import run
from sentree.errors import ExitCode
from sentree.lake.db import Lake
from sentree.settings import Settings

RULE = """title: {title}
id: 11111111-1111-4111-8111-111111111111
status: test
level: {level}
date: {date}
logsource: {{category: process_creation, product: windows}}
detection:
  selection: {{CommandLine|contains: 'zebra-77'}}
  condition: selection
"""


@pytest.fixture
def home(tmp_path: Path) -> tuple[str, ...]:
    made = tmp_path / "in"
    made.mkdir()
    (made / "a.jsonl").write_text(lines([record(1, CommandLine="run zebra-77"), record(2)]))
    old = RULE.format(title="Old zebra", level="low", date="2024-01-01")
    new = RULE.format(title="New zebra", level="high", date="2025/01/01")
    # The newest date counts, whichever came last.
    (made / "b.yml").write_text(new)
    home = ("--home", str(tmp_path / "home"))
    assert run(["ingest", str(made), *home]) == ExitCode.DONE
    (made / "c.yml").write_text(old)
    assert run(["ingest", str(made / "c.yml"), *home]) == ExitCode.DONE
    return home


def hits(home: tuple[str, ...], capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, str]:
    capsys.readouterr()
    assert run(["detect", "--format", "json", "--quiet", *words, *home]) == ExitCode.DONE
    report = json.loads(capsys.readouterr().out)
    return {one["title"]: one["level"] for one in report["hits"]}


def test_rules_of_the_lake_are_run_where_none_are_named(
    home: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = hits(home, capsys)
    assert found.get("New zebra") == "high" and "Old zebra" not in found
    assert hits(home, capsys) == found
    empty = tmp_path / "other.yml"
    empty.write_text(
        RULE.format(title="Own", level="low", date="2024-01-01").replace("1111", "2222")
    )
    assert hits(home, capsys, "--rules", str(empty)) == {"Own": "low"}
    assert "New zebra" not in hits(home, capsys, "--tenant", "other")


@pytest.mark.parametrize("command", ["digest", "timeline"])
def test_other_commands_that_detect_run_the_rules_of_the_lake(
    command: str, home: tuple[str, ...]
) -> None:
    assert run([command, "--executor", "local", *home]) == ExitCode.DONE
    with Lake.open(Settings(home=Path(home[1]))) as lake:
        stored = lake.query("SELECT DISTINCT rule_title AS title FROM detections")
    assert {"title": "New zebra"} in stored


def test_what_a_rule_says_of_itself_now_counts_for_what_it_detected_before(
    home: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "own.yml"
    for title, level in (("First", "low"), ("Second", "critical")):
        path.write_text(RULE.format(title=title, level=level, date="2024-01-01"))
        words = ["detect", "--rules", str(path), "--ocsf", str(tmp_path / "found.jsonl"), "-q"]
        assert run([*words, *home]) == ExitCode.DONE
        [finding] = (json.loads(line) for line in (tmp_path / "found.jsonl").open())
        assert finding["finding_info"]["title"] == title
    assert finding["severity"] == "Critical"
