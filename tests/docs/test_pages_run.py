"""The commands on the pages for people of each kind run as they stand, one after the other."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from sentree.cli import run

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("soc", "incident-response", "compliance", "detection-engineering", "research", "rules")
BEGINNING = (
    "sentree generate incident logs --set benign_events=300",
    "sentree ingest logs",
    "sentree detect",
)
"""What several pages begin with, whole or but for the last: run once, and copied for each."""


def commands(page: str) -> list[str]:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.S | re.M)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def run_one(line: str, folder: Path) -> None:
    """Run a command in a folder; it ends well, and ours say something."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        if line.startswith("sentree "):
            code = run(shlex.split(line)[1:])
        else:
            code = subprocess.run(line, shell=True, timeout=30).returncode
    assert code == 0, f"{line}\n{err.getvalue()}"
    assert out.getvalue() or not line.startswith("sentree "), line


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], Path]:
    """The folders in which the beginning was run, by what was run in them."""
    loaded, whole = tmp_path_factory.mktemp("loaded"), tmp_path_factory.mktemp("whole")
    for line in BEGINNING[:-1]:
        run_one(line, loaded)
    shutil.copytree(loaded, whole, dirs_exist_ok=True)
    run_one(BEGINNING[-1], whole)
    return {BEGINNING[:-1]: loaded, BEGINNING: whole}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_runs(
    page: str, begun: dict[tuple[str, ...], Path], tmp_path: Path
) -> None:
    lines = commands(page)
    assert len(lines) >= 5
    while lines:
        done = [some for some in begun if tuple(lines[: len(some)]) == some]
        if done:
            longest = max(done, key=len)
            shutil.copytree(begun[longest], tmp_path, dirs_exist_ok=True)
            lines = lines[len(longest) :]
        else:
            run_one(lines.pop(0), tmp_path)
