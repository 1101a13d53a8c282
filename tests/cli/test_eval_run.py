"""`sentree eval run` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.experiment import EvalPath, Trial
from schemas.experiment_plan import Conditions
from sentree.cli import run
from sentree.cli.eval_run import read_size
from sentree.errors import ExitCode, UsageError

SURE = "simulated:top=1,floor=1"
ONE = ["eval", "run", "--cases", "needle", "--sizes", "3k", "--seeds", "1", "--models", SURE]


def test_the_table_is_stamped_the_experiment_goes_on_and_caps_have_an_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*ONE, "--paths", "direct,rlm-planned", "--home", str(tmp_path), "--name", "one"]
    assert run([*command, "--max-calls", "1"]) == ExitCode.LIMIT_REACHED
    out, err = capsys.readouterr()
    assert out.startswith("SIMULATED: no language model answered")
    assert f"| needle | 3,000 | direct | {SURE} (SIMULATED) | 1 | 1.000 |" in out
    assert "rlm-planned |" not in out
    assert "stopped at a cap: 1 of 2 trials are made" in err
    trials = tmp_path / "trials.jsonl"
    assert run([*command, "--format", "json", "--out", str(trials)]) == ExitCode.DONE
    stored = [Trial.model_validate_json(line) for line in trials.read_text("utf-8").splitlines()]
    assert [one.path for one in stored] == [EvalPath.DIRECT, EvalPath.RLM_PLANNED]
    out, err = capsys.readouterr()
    assert [(row["path"], row["simulated"]) for row in json.loads(out)] == [
        ("direct", True),
        ("rlm-planned", True),
    ]
    assert "1/2" not in err and "2/2 needle-3000-0 rlm-planned" in err
    assert run([*command, "--leaf-tokens", "9k"]) == ExitCode.USAGE
    assert "choose another --name" in capsys.readouterr().err


def test_a_dry_run_lists_the_trials_and_what_cannot_be_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--paths", "direct,rlm-agent", "--dry-run", "--home", str(tmp_path / "home")]
    models = ["--models", f"embedded,{SURE}"]
    assert run([*ONE[:-2], *models, *words]) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "needle 3k #0 direct embedded",
        f"needle 3k #0 direct {SURE}",
        f"needle 3k #0 rlm-agent {SURE}",
    ]
    assert "not asked of embedded: needle on rlm-agent" in err and "3 trials" in err
    assert not (tmp_path / "home").exists()


def test_cases_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval", "run", "--cases", "list"]) == ExitCode.DONE
    assert capsys.readouterr().out.startswith("needle       a fact that is there once\n")


@pytest.mark.parametrize(
    "words",
    [
        ["--sizes", "3x"],
        ["--sizes", "0k"],
        ["--cases", "haystack"],
        ["--paths", "sideways"],
        ["--seeds", "0"],
        ["--name", "../away"],
        ["--models", "embedded", "--paths", "rlm-agent"],
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = ONE[:-2] if "--models" in words else ONE
    assert run([*start, "--home", str(tmp_path / "home"), *words]) == ExitCode.USAGE
    assert capsys.readouterr().err.count("\n") <= 2 and not (tmp_path / "home").exists()


def test_sizes_are_read_as_people_write_them() -> None:
    sizes = [read_size(text) for text in ("8k", "1M", "0.5M", "12000")]
    assert sizes == [8_000, 1_000_000, 500_000, 12_000]
    with pytest.raises(UsageError):
        read_size("-1k")
    assert Conditions().leaf_tokens == read_size("25k") and EvalPath("direct")
