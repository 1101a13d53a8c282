"""The sandbox's temporary folder: gone after use, and after a kill gone at the next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sentree.engine.sandbox.scratch import PREFIX, Scratch, remove_stale

HOLDING = (
    "from sentree.engine.sandbox.scratch import Scratch\nimport time\n"
    "print(Scratch().path, flush=True)\ntime.sleep(60)"
)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_in_use_stays_and_one_of_a_killed_process_is_removed(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDING],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert child.stdout is not None
    left = Path(child.stdout.readline().strip())
    assert left.is_dir() and left.parent == tmp_path
    assert remove_stale(tmp_path) == 0 and left.is_dir()
    child.send_signal(signal.SIGKILL)
    child.wait(30)
    child.stdout.close()
    mine = Scratch()
    assert mine.path.is_dir() and not left.exists()
    mine.close()
    mine.close()
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_a_folder_of_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / f"{PREFIX}file").write_text("x")
    (tmp_path / f"{PREFIX}being-made").mkdir()
    assert remove_stale(tmp_path) == 0
    os.utime(tmp_path / f"{PREFIX}being-made", (0, 0))
    assert remove_stale(tmp_path) == 1
    assert {path.name for path in tmp_path.iterdir()} == {
        "elsewhere", f"{PREFIX}link", f"{PREFIX}file",
    }  # fmt: skip
