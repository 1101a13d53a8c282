"""`sentree eval accuracy` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sentree.cli import run
from sentree.errors import ExitCode

INTEL = ["eval", "accuracy", "--scenario", "intel", "--seeds", "1"]


def test_stdout_is_a_table_under_the_command_that_gives_it_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out_file = tmp_path / "table.md"
    assert run([*INTEL, "--out", str(out_file)]) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert out.startswith("`sentree eval accuracy --scenario intel --seeds 1`\n")
    assert "| task | metric | value | 95 % interval | n | notes |" in out
    assert out_file.read_text("utf-8") == out
    assert err == "measuring intel\n"


def test_json_is_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*INTEL, "--format", "json", "-q"]) == ExitCode.DONE
    out, err = capsys.readouterr()
    rows = json.loads(out)
    assert {"task", "metric", "value", "low", "high", "n", "note", "command"} == set(rows[0])
    assert err == ""


@pytest.mark.parametrize(
    "words",
    [
        ["eval", "accuracy", "--scenario", "bogus"],
        ["eval", "accuracy", "--seeds", "0"],
        [*INTEL, "--out", "/nonexistent/folder/x.md"],
        ["eval", "bogus"],
    ],
)
def test_wrong_words_give_one_line_and_code_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines()[-1].startswith("sentree: ")
