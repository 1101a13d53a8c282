"""What was in scope, what was looked at, and what was not: the honest frame of every answer."""

from __future__ import annotations

from schemas.base import Frozen, UtcTime
from schemas.window import Window


class SliceCoverage(Frozen):
    """Events of one source or one class: in scope and looked at, and their first and last time."""

    name: str
    events_in_scope: int
    events_looked_at: int
    first: UtcTime | None = None
    last: UtcTime | None = None


class Coverage(Frozen):
    """The scope of an answer. `not_searched` has one plain sentence per thing left out."""

    snapshot_id: int
    window: Window | None
    events_in_scope: int
    events_looked_at: int
    events_outside_window: int = 0
    events_without_time: int = 0
    partitions_total: int = 0
    partitions_failed: int = 0
    by_source: tuple[SliceCoverage, ...] = ()
    by_class: tuple[SliceCoverage, ...] = ()
    not_searched: tuple[str, ...] = ()
