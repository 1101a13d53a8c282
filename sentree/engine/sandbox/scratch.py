"""A temporary folder that outlives a killed process only until the next one starts."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

PREFIX = "sentree-sandbox-"
LOCK = "lock"
UNLOCKED_SECONDS = 3_600.0


class Scratch:
    """A folder of this process; it holds a lock in it, so others see that it is in use."""

    def __init__(self) -> None:
        remove_stale(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._handle = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        _lock(self._handle)

    def close(self) -> None:
        """Remove the folder; once is enough."""
        if self._handle >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._handle)
            self._handle = -1


def remove_stale(folder: Path) -> int:
    """Remove what killed processes of this user left; gives how many folders that were."""
    if sys.platform == "win32":
        return 0
    removed = 0
    for path in sorted(folder.glob(f"{PREFIX}*")):
        try:
            stat = path.lstat()
            if path.is_symlink() or not path.is_dir() or stat.st_uid != os.getuid():
                continue
            if _in_use(path, stat.st_mtime):
                continue
        except OSError:
            continue
        shutil.rmtree(path, ignore_errors=True)
        removed += 1
    return removed


def _in_use(path: Path, changed: float) -> bool:
    """Tell whether a process holds the folder, or is perhaps just making it."""
    try:
        handle = os.open(path / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return time.time() - changed < UNLOCKED_SECONDS
    try:
        return not _lock(handle)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
