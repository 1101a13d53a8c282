"""`bench/realdata.py`: one command for all figures on real data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.realdata import main


def test_a_missing_folder_or_scenario_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path / "none")]) == 2
    assert main(["--data", str(tmp_path), "--only", "bogus"]) == 2
    assert main(["--data", str(tmp_path), "--only", "intel"]) == 4
    out, err = capsys.readouterr()
    assert out == "" and "no such folder" in err and "no scenario 'bogus'" in err


def test_without_a_choice_what_has_no_data_is_left_out_aloud(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert out.strip() == "" and "left out ask: no " in err and "left out intel: no " in err


@pytest.mark.realdata
def test_real_data_gives_figures_with_interval_cases_and_command(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out_file = tmp_path / "rows.json"
    words = ["--data", str(shared_data), "--only", "intel", "--format", "json"]
    assert main([*words, "--out", str(out_file)]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows == json.loads(out_file.read_text("utf-8"))
    assert {row["command"] for row in rows} == {"python bench/realdata.py --only intel"}
    shares = [row for row in rows if row["low"] is not None]
    assert shares and all(row["low"] <= row["value"] <= row["high"] for row in shares)
