"""A detection: one rule that matched one or more events of the lake."""

from __future__ import annotations

from schemas.base import Frozen, UtcTime


class Detection(Frozen):
    """A Sigma rule's hit. `event_uids` are the matched events (one, unless it correlates)."""

    detection_uid: str
    rule_uid: str
    rule_title: str
    rule_author: str | None = None
    level: str | None = None
    techniques: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    time: UtcTime
    event_uids: tuple[str, ...]
