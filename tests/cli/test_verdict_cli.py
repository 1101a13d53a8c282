"""`sentree eval report|decide|ab` as a user meets them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from planted_trials import flat, planted, rotting

from schemas.experiment import Trial
from sentree.cli import run
from sentree.errors import ExitCode

HOSTILE = '=cmd|"/c calc"!A1<script>alert(1)</script>\u202e\x1b[31m'


def write(path: Path, trials: Sequence[Trial], more: str = "") -> str:
    path.write_text("".join(one.model_dump_json() + "\n" for one in trials) + more)
    return str(path)


@pytest.fixture(scope="module")
def crossing(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("trials")
    return write(folder / "t.jsonl", planted(rotting(0.9, 0.1), flat(0.6), seeds=6))


def test_decide_prints_every_inequality_with_its_numbers(
    crossing: str, capsys: pytest.CaptureFixture[str]
):
    assert run(["eval", "decide", "--trials", crossing]) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert err == ""
    assert "[SIMULATED] rlm-planned against direct, simulated:planted: MONITOR" in out
    assert "SIMULATED: no real model answered" in out
    assert re.search(r"overtakes the baseline at about [\d,]+ tokens \(95 % interval", out)
    for line in ("tasks with an improvement > 20 %: at least 3", "cost ratio < 2", "within 300 s"):
        assert line in out
    assert re.search(r"H-RLM-CYBER-01: (SUPPORTED|UNDECIDED|FALSIFIED)", out)


def test_decide_as_json_is_the_whole_report(crossing: str, capsys: pytest.CaptureFixture[str]):
    assert run(["eval", "decide", "--trials", crossing, "--format", "json"]) == ExitCode.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["simulated"] is True
    assert found["comparisons"][0]["decision"] == "Monitor"


@pytest.mark.parametrize(
    ("simulated", "treated", "words", "code"),
    [
        (False, 0.75, ["--require", "adopt"], ExitCode.DONE),
        (False, 0.75, ["--require", "adopt", "--cost", "1.1"], ExitCode.FINDINGS),
        (False, 0.75, ["--require", "monitor", "--cost", "1.1"], ExitCode.DONE),
        (False, 0.30, ["--require", "monitor"], ExitCode.FINDINGS),
        (False, 0.30, [], ExitCode.DONE),
        (True, 0.75, ["--require", "adopt"], ExitCode.FINDINGS),
    ],
)
def test_the_exit_code_answers_only_what_was_required(
    simulated: bool, treated: float, words: list[str], code: int, tmp_path: Path
):
    trials = planted(flat(0.5), flat(treated), seeds=8, simulated=simulated)
    assert run(["eval", "decide", "--trials", write(tmp_path / "t.jsonl", trials), *words]) == code


def test_report_writes_one_page_and_tables(
    crossing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "out"
    words = ["--out", str(out), "--to", "html", "json", "csv", "parquet"]
    assert run(["eval", "report", "--trials", crossing, *words]) == ExitCode.DONE
    printed = capsys.readouterr().out.split()
    names = ("verdict.html", "verdict.json", "figures.csv", "figures.parquet", "trials.parquet")
    assert printed == [str(out / name) for name in names]
    rows = list(csv.DictReader((out / "figures.csv").open()))
    assert {row["stamp"] for row in rows} == {"SIMULATED"}
    (crossover,) = (
        row for row in rows if row["figure"] == "crossover" and row["task"] == "all tasks"
    )
    assert float(crossover["low"]) <= 4_096 * 8 <= float(crossover["high"])
    # What was written as Parquet is read again, to the same verdict.
    assert run(["eval", "decide", "--trials", crossing]) == ExitCode.DONE
    first = capsys.readouterr().out
    assert run(["eval", "decide", "--trials", str(out / "trials.parquet")]) == ExitCode.DONE
    assert capsys.readouterr().out == first


def test_lines_that_hold_no_trial_are_counted_by_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    trials = planted(flat(0.5), flat(0.6), seeds=5)
    bad = (
        'nonsense\n[1]\n{"a": 1}\n'
        + trials[0].model_dump_json().replace('"score":', '"score":7,"x":')
        + "\n"
        + re.sub(r'"seconds":[\d.]+', '"seconds":Infinity', trials[0].model_dump_json())
        + "\n"
        + "x" * 1_100_000
        + "\n"
    )
    assert run(["eval", "decide", "--trials", write(tmp_path / "t.jsonl", trials, bad)]) == 0
    out, err = capsys.readouterr()
    assert "1 lines rejected: not JSON" in out and "1 lines rejected: not a JSON object" in out
    assert "1 lines rejected: a line of more than 1,000,000 bytes" in out
    assert f"{len(trials):,} trials" in out
    assert err.count("rejected") == 6


def test_hostile_text_of_a_trial_stays_text(tmp_path: Path):
    trials = [
        one.model_copy(
            update={"task": HOSTILE, "failure": HOSTILE, "experiment": HOSTILE, "model": HOSTILE}
        )
        for one in planted(flat(0.5), flat(0.6), seeds=5, tasks=["one"])
    ]
    file = write(tmp_path / "t.jsonl", trials)
    assert run(["eval", "report", "--trials", file, "--out", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out" / "verdict.html").read_text()
    assert "<script" not in page and "\u202e" not in page and "\x1b" not in page
    assert all(
        not cell.startswith("=")
        for row in csv.reader((tmp_path / "out" / "figures.csv").open())
        for cell in row
    )


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["decide"], ExitCode.USAGE, "experiment"),
        (["decide", "--trials", "nowhere.jsonl"], ExitCode.NOTHING_READABLE, "nowhere.jsonl"),
        (["decide", "--trials", "{file}", "--cost", "0"], ExitCode.USAGE, "--cost"),
        (["decide", "--trials", "{file}", "--model", "x"], ExitCode.USAGE, "no trial of model"),
        (["decide", "--trials", "{file}", "--task", "x"], ExitCode.USAGE, "there are: chain"),
        (["decide", "other", "--trials", "{file}"], ExitCode.USAGE, "there are: planted"),
        (["decide", "--trials", "{file}", "--path", "retrieval"], 4, "nothing can be compared"),
        (["decide", "--trials", "{file}", "--above", "9999999"], 4, "9,999,999"),
        (["report", "--trials", "{file}", "--out", "/proc/x"], ExitCode.USAGE, "--out"),
    ],
)
def test_wrong_words_give_one_line_and_their_code(
    words: list[str],
    code: int,
    says: str,
    crossing: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    assert run(["eval", *(word.format(file=crossing) for word in words)]) == code
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("sentree: ") and says in err
    assert len(err.splitlines()) == 1


def test_blind_sheets_go_out_and_come_back_into_the_report(
    crossing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    answers = tmp_path / "answers.jsonl"
    answers.write_text(
        "".join(
            json.dumps(
                {
                    "case_uid": str(number),
                    "path": path,
                    "text": f"{HOSTILE} {path}",
                    "question": "Who?",
                }
            )
            + "\n"
            for number in range(8)
            for path in ("direct", "rlm-planned")
        )
    )
    folder, key = tmp_path / "raters", tmp_path / "secret" / "key.json"
    make = ["eval", "ab", "make", "--answers", str(answers), "--out", str(folder)]
    assert run([*make, "--key", str(folder / "key.json")]) == ExitCode.USAGE
    assert "in the folder that raters get" in capsys.readouterr().err
    assert run([*make, "--key", str(key)]) == ExitCode.DONE
    page, sheet, _ = (Path(line) for line in capsys.readouterr().out.split())
    assert sorted(one.name for one in folder.iterdir()) == sorted([page.name, sheet.name])
    text = page.read_text()
    assert text.count("<script>") == 1 and "<script>alert" not in text and "rlm" not in text
    rows = list(csv.DictReader(sheet.open(encoding="utf-8-sig")))
    assert len(rows) == 8 and all(not row["answer_a"].startswith("=") for row in rows)
    # The rater always takes the answer of the tree, which the key alone can tell.
    sides = {one["item"]: one["a"] for one in json.loads(key.read_text())["items"]}
    for row in rows:
        row["choice"] = "A" if sides[row["item"]] == "rlm-planned" else "B"
    filled = tmp_path / "anna.csv"
    with filled.open("w") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    rating = tmp_path / "rating.json"
    read = ["eval", "ab", "read", str(filled), "--key", str(key), "--out", str(rating)]
    assert run(read) == ExitCode.DONE
    assert "preferred in 100%" in capsys.readouterr().out
    words = ["--ratings", str(rating), "--out", str(tmp_path / "out"), "--to", "html"]
    assert run(["eval", "report", "--trials", crossing, *words]) == ExitCode.DONE
    assert "Blind ratings by people" in (tmp_path / "out" / "verdict.html").read_text()


def test_an_experiment_of_the_lake_is_judged_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    from sentree.lake.trials import TrialStore
    from sentree.settings import Settings

    home = tmp_path / "home"
    trials = planted(flat(0.8), flat(0.3), seeds=5, tasks=["needle"], sizes=[262_144])
    with TrialStore(Settings(home=home)) as store:
        for number, one in enumerate(trials):
            told = {"trial_uid": f"{number}", "answer": f"seen {number}"}
            store.store(one.model_copy(update=told))
    assert run(["eval", "decide", "planted", "--home", str(home)]) == ExitCode.DONE
    assert "simulated:planted: DEFER" in capsys.readouterr().out
    assert run(["eval", "decide", "other", "--home", str(home)]) == ExitCode.USAGE
    assert "there are: planted" in capsys.readouterr().err
    sheets = ["--out", str(tmp_path / "sheets"), "--key", str(tmp_path / "key.json")]
    assert run(["eval", "ab", "make", "planted", "--home", str(home), *sheets]) == ExitCode.DONE
    key = json.loads((tmp_path / "key.json").read_text())
    assert len(key["items"]) == len(trials) / 2
