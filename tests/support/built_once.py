"""Things that are dear to make and only read: made once for all processes that run tests."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from filelock import FileLock

Made = TypeVar("Made")


def built_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Made]) -> Made:
    """Make a thing in a folder that all processes of this run share, or give what one has made."""
    base = factory.getbasetemp()
    # pytest-xdist gives each process a folder of its own below the run's.
    folder = (base.parent if base.name.startswith("popen-") else base) / f"once-{name}"
    folder.mkdir(exist_ok=True)
    made = folder / "made.pickle"
    with FileLock(folder / "lock"):
        if not made.exists():
            made.write_bytes(pickle.dumps(make(folder)))
        return pickle.loads(made.read_bytes())
