"""`sentree generate` makes each kind of labelled data, the same bytes for the same seed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sentree.cli import run
from sentree.cli.generate import Kind

SMALL = {
    "incident": ["benign_events=100", "days=1"],
    "campaign": ["tenants=2", "attacked=2", "events=50"],
    "intel": ["bundles=2"],
    "vulnerabilities": ["cves=20"],
    "steps": ["accounts=2"],
}


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_is_made_with_its_truth_beside_it(
    kind: Kind, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--seed", "3", *(["--set", *SMALL[kind]] if kind in SMALL else [])]
    for name in ("one", "two"):
        assert run(["generate", kind, str(tmp_path / name), *words]) == 0
    said = capsys.readouterr().out
    assert "sentree " in said and "OUT" not in said
    assert json.loads((tmp_path / "one.truth.json").read_text())
    made = sorted(path for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert made
    for path in made:
        same = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert same.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("word", "says"),
    [("dayz=3", "benign_events"), ("days", "NAME=VALUE"), ("days=0", "greater"), ("days=x", "int")],
)
def test_a_wrong_value_says_what_would_be_right(
    word: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["generate", "incident", str(tmp_path / "o"), "--set", word]) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_a_folder_that_cant_be_made_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert run(["generate", "intel", str(tmp_path / "file" / "x")]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1
