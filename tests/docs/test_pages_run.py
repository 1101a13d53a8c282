"""The commands on the pages for people of each kind run as they stand, one after the other."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from sentree.cli import run

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("soc", "incident-response", "compliance", "detection-engineering", "research", "rules")


def commands(page: str) -> list[str]:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.S | re.M)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_runs(
    page: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = commands(page)
    assert len(lines) >= 5
    for line in lines:
        if line.startswith("sentree "):
            code = run(shlex.split(line)[1:])
        else:
            code = subprocess.run(line, shell=True, timeout=30).returncode
        said = capsys.readouterr()
        assert code == 0, f"{line}\n{said.err}"
        assert said.out or not line.startswith("sentree "), line
