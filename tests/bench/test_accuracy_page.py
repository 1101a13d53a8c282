"""docs/accuracy.md holds what commands printed and nothing else; altering it is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.accuracy import (
    GENERATED_PART,
    PAGE,
    REAL_PART,
    block,
    blocks,
    main,
    problems,
    renewed,
    run_command,
    with_missing,
)
from sentree.errors import UsageError
from sentree.evals.measures.measure import Measure
from sentree.evals.measures.registry import Scenario

COMMAND = "sentree eval accuracy --scenario x"
TABLE = "`cmd`\n\n| task | value |\n|---|---|\n| t | 0.912 |\n"


def one(seeds: int = 2) -> list[Measure]:
    return [Measure("t", "m", 0.5, 0.4, 0.6, seeds)]


SCENARIOS = {"x": Scenario("x", one, lambda folder: one(7))}


def test_the_page_as_it_is_was_written_by_its_commands() -> None:
    page = PAGE.read_text("utf-8")
    assert problems(page) == []
    commands = [each.command for each in blocks(page)]
    assert len(commands) == len(set(commands)) >= 4


@pytest.mark.parametrize(
    ("old", "new"), [("0.912", "0.921"), ("| t |", "| u |"), ("scenario x -->", "scenario y -->")]
)
def test_a_figure_typed_by_hand_is_noticed(old: str, new: str) -> None:
    page = f"Words.\n\n{block(COMMAND, TABLE)}\nMore.\n"
    assert problems(page) == []
    assert problems(page.replace(old, new)) != []


def test_a_table_outside_a_block_or_an_open_block_is_noticed() -> None:
    assert problems("| t | 0.9 |\n") == [
        "a table stands outside the blocks: no figure is typed by hand"
    ]
    assert "a block has no end" in problems(f"<!-- begin: {COMMAND} -->\nno end\n")


def test_renewing_writes_the_output_and_leaves_the_rest_alone() -> None:
    page = f"Words.\n\n{block(COMMAND, TABLE)}\nMore.\n"
    text = renewed(page, lambda command: "new text" if command == COMMAND else None)
    assert text == f"Words.\n\n{block(COMMAND, 'new text')}\nMore.\n"
    assert renewed(page, lambda command: None) == page


def test_what_is_measured_and_not_shown_gets_a_block_once() -> None:
    page = f"# G\n{GENERATED_PART}\n# R\n{REAL_PART}\n"
    page = with_missing(page, list(SCENARIOS.values()))
    assert [each.command for each in blocks(page)] == [
        COMMAND,
        "python bench/realdata.py --only x",
    ]
    assert with_missing(page, list(SCENARIOS.values())) == page


def test_a_blocks_command_is_run_as_it_stands() -> None:
    assert "| t | m | 0.500 | 0.400 to 0.600 | 2 |" in str(run_command(COMMAND, SCENARIOS, None))
    assert "| 5 |  |" in str(run_command(f"{COMMAND} --seeds 5", SCENARIOS, None))
    real = "python bench/realdata.py --only x"
    assert run_command(real, SCENARIOS, None) is None
    assert "| 7 |  |" in str(run_command(real, SCENARIOS, Path()))


@pytest.mark.parametrize("command", ["rm -rf --only x", "sentree eval accuracy --scenario z"])
def test_any_other_command_is_refused(command: str) -> None:
    with pytest.raises(UsageError):
        run_command(command, SCENARIOS, None)


def test_check_fails_on_an_altered_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text(block(COMMAND, TABLE), "utf-8")
    assert main(["--check", "--page", str(page)]) == 0
    page.write_text(block(COMMAND, TABLE).replace("0.912", "0.999"), "utf-8")
    assert main(["--check", "--page", str(page)]) == 1
    assert "is not what the command printed" in capsys.readouterr().err
