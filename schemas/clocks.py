"""How wrong a clock is, estimated from records of the same thing on two clocks."""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.base import Frozen, UtcTime
from schemas.claim import Evidence


class ClockEstimate(Frozen):
    """One clock against the reference: it shows the true time plus what `error_at` gives.

    `clock` is a host or `network sensor`. The error is `zone_s` (a local time written as UTC,
    told by what the host's own records say in UTC) plus `offset_s` at `since` plus the drift from
    there. `spread_s` is the median absolute deviation of `pairs` differences of the `kinds`.
    `evidence` holds pairs of records, flattened, or single records that contradict themselves.
    `confidence` is 0 to 1; `applied` says whether times were corrected by it.
    """

    clock: str
    reference: str
    since: UtcTime
    offset_s: float = 0.0
    drift_ppm: float = 0.0
    zone_s: float = 0.0
    spread_s: float = 0.0
    pairs: int = 0
    kinds: tuple[str, ...] = ()
    confidence: float = 0.0
    applied: bool = False
    statement: str
    evidence: tuple[Evidence, ...] = ()

    def error_at(self, recorded: datetime) -> timedelta:
        """Give by how much the clock was ahead when it wrote this time."""
        passed = (recorded - self.since).total_seconds() - self.zone_s
        seconds = self.zone_s + self.offset_s + passed * self.drift_ppm / 1e6
        return timedelta(microseconds=round(seconds * 1e6))
