"""Servers that a killed run left behind are ended by the next one; no other process is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.orphans import stop_orphans

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")

SLEEPER = "import sys, time; print('up', flush=True); time.sleep(120)"
PARENT = """
import os, subprocess, sys
child = subprocess.Popen(
    [sys.executable, '-c', sys.argv[1], 'prefect.server.api.server:create_app'],
    stdout=subprocess.PIPE, start_new_session=True)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.readline()
os._exit(9)
"""


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_only_servers_whose_run_is_gone_are_ended(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, SLEEPER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PREFECT_HOME": str(tmp_path)},
    )
    assert parent.stdin and parent.stdout
    server = int(parent.stdout.readline())
    try:
        assert stop_orphans(tmp_path) == []
        parent.stdin.write("\n")
        parent.stdin.flush()
        parent.wait(timeout=30)
        assert stop_orphans(tmp_path / "another home") == []
        if Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[1] != "1":
            pytest.skip("orphans are adopted by another process than init here")
        assert stop_orphans(tmp_path) == [server]
    finally:
        if is_alive(server):
            os.kill(server, 15)
