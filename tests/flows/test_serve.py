"""`sentree serve` as its user starts it: one process, a server of its own, and a run on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
SENTREE = "from sentree.cli import main; raise SystemExit(main())"


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The command, and what it said until it serves."""
    hidden = {name for name in os.environ if name.startswith(("PREFECT_", "SENTREE_"))}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    process = subprocess.Popen(
        [sys.executable, "-c", SENTREE, "serve", "--home", "lake", *words],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    said: list[str] = []
    try:
        for line in process.stderr:
            said.append(line)
            if line.startswith("serving"):
                break
        yield process, said
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.slow
def test_serve_starts_a_server_serves_the_deployments_and_ends_with_both(tmp_path: Path) -> None:
    with serving(tmp_path, "--port", "0", "--only", "digest") as (process, said):
        shown = "".join(said)
        assert process.poll() is None, shown
        [address] = [line.split()[2] for line in said if line.startswith("Prefect server: ")]
        assert "digest" in shown and "ingest" not in shown
        found: list[dict[str, Any]] = []
        while not found and process.poll() is None:
            found = _deployments(address)
        assert [(one["name"], one["paused"]) for one in found] == [("digest", False)]
        assert not any(each["active"] for each in found[0]["schedules"])
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    with pytest.raises(httpx.ConnectError):
        _deployments(address)


def _deployments(address: str) -> list[dict[str, Any]]:
    return httpx.post(f"{address}/deployments/filter", json={}, timeout=30).json()
