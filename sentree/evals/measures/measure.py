"""One measured figure, as the accuracy tables show it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Measure(NamedTuple):
    """A figure with its 95 % interval (None where it is a count) and the number of cases."""

    task: str
    metric: str
    value: float
    low: float | None
    high: float | None
    n: int
    note: str = ""


def existing(path: Path) -> Path:
    """Give a path of real data back.

    Raises:
        FileNotFoundError: it is not there, so its scenario can't be measured.
    """
    if not path.exists():
        raise FileNotFoundError(2, "no such file", str(path))
    return path
