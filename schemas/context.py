"""One run's slice of the lake, pinned: what is in it, and what of the tenant is not."""

from __future__ import annotations

from schemas.base import Frozen
from schemas.coverage import SliceCoverage
from schemas.window import Window


class ContextInfo(Frozen):
    """An exported context file. `content_hash` is equal for equal events and detections.

    `by_source` is named by path, `by_class` by uid and caption (`1007 Process Activity`); nothing
    was looked at yet. `notes` has one plain sentence per thing that could not be taken in.
    """

    path: str
    snapshot_id: int
    window: Window
    events: int
    characters: int
    events_outside_window: int = 0
    events_without_time: int = 0
    by_source: tuple[SliceCoverage, ...] = ()
    by_class: tuple[SliceCoverage, ...] = ()
    content_hash: str
    notes: tuple[str, ...] = ()
