"""One measured figure, as the accuracy tables show it."""

from __future__ import annotations

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
