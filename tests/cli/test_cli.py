"""The command line as a user meets it: streams, exit codes, help, one-line errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from sentree.cli import run
from sentree.errors import ExitCode, SentreeError


def test_exit_codes_are_the_documented_ones() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "DONE": 0,
        "UNEXPECTED": 1,
        "USAGE": 2,
        "CONFIGURATION": 3,
        "NOTHING_READABLE": 4,
        "PARTLY_UNREADABLE": 5,
        "LIMIT_REACHED": 6,
        "MODEL_UNREACHABLE": 7,
        "ALL_CLAIMS_DROPPED": 8,
        "FINDINGS": 10,
        "GAPS": 11,
    }
    assert len(SentreeError.__subclasses__()) <= 12


@pytest.mark.parametrize(
    "words",
    [
        ["bogus"],
        ["timeline", "--route", "sideways"],
        ["timeline", "--window", "yesterday"],
        ["timeline", "--window", "2026-01-02..2026-01-01"],
        ["ingest"],
        ["show", "--no-such-flag"],
    ],
)
def test_wrong_words_give_one_line_on_stderr_and_code_2(
    words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(words) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("sentree: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("words", [["timeline"], ["lake", "info"], ["lake", "check"], ["detect"]])
def test_without_a_lake_the_error_says_what_to_do(
    words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run([*words, "--home", str(tmp_path / "none")]) == ExitCode.CONFIGURATION
    out, err = capsys.readouterr()
    assert out == ""
    assert "sentree ingest" in err


def test_a_missing_file_is_nothing_readable(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code = run(["ingest", str(tmp_path / "none.jsonl"), "--home", str(tmp_path / "home")])
    assert code == ExitCode.NOTHING_READABLE
    assert "none.jsonl" in capsys.readouterr().err


def test_help_answers_without_loading_the_heavy_libraries() -> None:
    probe = (
        "import sys\nfrom sentree.cli import app\n"
        "app(['--help'], result_action='return_value')\n"
        "heavy = {'prefect', 'duckdb', 'pyarrow', 'torch', 'sklearn', 'sigma', 'numpy'}\n"
        "loaded = sorted(heavy & set(sys.modules))\n"
        "sys.exit(', '.join(loaded) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in ("demo", "ingest", "detect", "timeline", "show", "report", "lake", "doctor"):
        assert name in done.stdout


def test_config_show_names_the_source_of_each_value(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SENTREE_THREADS", "3")
    (tmp_path / "sentree.toml").write_text("leaf_characters = 5000\nthreads = 9\n")
    (tmp_path / ".env").write_text("SENTREE_MAX_DEPTH=4\n")
    assert run(["config", "show", "--tenant", "acme", "--format", "json"]) == ExitCode.DONE
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["threads"]["value"], rows["threads"]["source"]) == ("3", "environment")
    assert (rows["leaf_characters"]["value"], rows["leaf_characters"]["source"]) == (
        "5000",
        "sentree.toml",
    )
    assert (rows["max_depth"]["value"], rows["max_depth"]["source"]) == ("4", ".env")
    assert (rows["tenant"]["value"], rows["tenant"]["source"]) == ("acme", "flag")
    assert rows["executor"]["source"] == "default"


def test_a_wrong_setting_is_named_with_code_3(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SENTREE_THREADS", "many")
    assert run(["config", "show"]) == ExitCode.CONFIGURATION
    assert "threads" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_commands(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["completion", shell]) == ExitCode.DONE
    script = capsys.readouterr().out
    assert "timeline" in script
    assert "ingest" in script


def test_show_without_runs_says_how_to_make_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["show", "--home", str(tmp_path)]) == ExitCode.USAGE
    assert "sentree timeline" in capsys.readouterr().err


def test_ctrl_c_ends_a_load_in_one_line_and_keeps_nothing(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.log"
    os.mkfifo(pipe)
    # What starts the tests in the background has interrupts ignored, and children inherit that.
    listen = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-c", f"{listen}; from sentree.cli import main; main()"]
    with (
        subprocess.Popen(
            [*command, "ingest", str(pipe), "--home", str(tmp_path / "home")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        # Opening it waits for the reader, which then waits for us.
        pipe.open("w"),
    ):
        error = ""
        for _ in range(6):
            # One that comes between Python's look for signals and the read waits for the next.
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                _, error = process.communicate(timeout=10)
                break
    assert process.returncode == 130
    assert "stopped; nothing half-loaded was kept" in error
    assert "Traceback" not in error
