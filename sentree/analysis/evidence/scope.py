"""What of the evidence is in scope: the window, and the newest result of each question."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from schemas.evidence import EvidenceRecord
from schemas.window import Window

_TIMELESS = ("check", "document")


class Scoped(NamedTuple):
    """Records in scope, and how many were left out for which reason."""

    records: list[EvidenceRecord]
    outside_window: int
    without_time: int
    superseded: int


def in_scope(records: Iterable[EvidenceRecord], window: Window | None) -> Scoped:
    """Keep what lies in the window, and of one check on one resource the newest result.

    A finding without a time can't be placed in a window and is left out when there is one; a
    description of a check and a document have no time by nature.
    """
    kept: list[EvidenceRecord] = []
    outside = timeless = 0
    for one in records:
        if window is None or one.kind in _TIMELESS:
            kept.append(one)
        elif one.time is None:
            timeless += 1
        elif window.start <= one.time < window.end:
            kept.append(one)
        else:
            outside += 1
    newest: dict[tuple[str, str], EvidenceRecord] = {}
    alone: list[EvidenceRecord] = []
    for one in kept:
        if one.kind != "finding" or not one.resource or one.time is None:
            alone.append(one)
            continue
        known = newest.get((one.check, one.resource))
        # Two results of one moment: the failing one stands, whatever the order of the file.
        if known is None or _rank(one) > _rank(known):
            newest[one.check, one.resource] = one
    left = [*alone, *newest.values()]
    return Scoped(left, outside, timeless, len(kept) - len(left))


def _rank(one: EvidenceRecord) -> tuple[float, bool, str]:
    return (one.time.timestamp() if one.time else 0.0, one.outcome == "fail", one.record_uid)
