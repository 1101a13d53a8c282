"""Ends Prefect servers that a killed run left behind: each run without a server starts its own.

Works where `/proc` tells of processes (Linux); elsewhere nothing is done.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SERVER = b"prefect.server.api.server:create_app"
INIT = 1


def stop_orphans(prefect_home: Path, proc: Path = Path("/proc")) -> list[int]:
    """End the servers of this Prefect home whose parent is gone; gives their process ids."""
    wanted = f"PREFECT_HOME={prefect_home}".encode()
    stopped: list[int] = []
    for folder in _processes(proc):
        with suppress(OSError, ValueError, IndexError):
            if SERVER not in (folder / "cmdline").read_bytes():
                continue
            if wanted not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == INIT or not (proc / str(parent)).exists():
                os.kill(int(folder.name), signal.SIGTERM)
                stopped.append(int(folder.name))
    return stopped


def _processes(proc: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from (folder for folder in proc.iterdir() if folder.name.isdigit())
