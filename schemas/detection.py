"""A detection: one rule that matched one or more events of the lake; and a run's account of all."""

from __future__ import annotations

from schemas.base import Frozen, UtcTime
from schemas.window import Window


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


class RuleRecord(Frozen):
    """What the lake keeps of a rule; the author is kept as the rule's licence asks."""

    rule_uid: str
    title: str
    author: str | None = None
    level: str | None = None
    status: str | None = None
    description: str | None = None
    path: str
    content_sha256: str
    techniques: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()


class RuleNote(Frozen):
    """Something to know about a rule or a rule file: why it was not read, not run, or in vain."""

    path: str
    line: int
    reason: str
    rule_uid: str | None = None
    title: str | None = None


class RuleHits(Frozen):
    """A rule that matched, and how many events it did."""

    rule_uid: str
    title: str
    author: str | None = None
    level: str | None = None
    techniques: tuple[str, ...] = ()
    events: int


class DetectReport(Frozen):
    """The account of one detection run; every loaded rule is in exactly one of the three groups.

    `rules_run` met events of their log source; `without_data` did not, or met none that has a
    field the rule names; `not_runnable` could not be run at all. `load_errors` are not rules.
    `events` are those in scope; `events_searched`, those that some rule had not seen before.
    """

    snapshot_id: int
    window: Window | None
    events: int
    events_searched: int = 0
    rules_loaded: int
    rules_run: int
    without_data: tuple[RuleNote, ...] = ()
    not_runnable: tuple[RuleNote, ...] = ()
    load_errors: tuple[RuleNote, ...] = ()
    hits: tuple[RuleHits, ...] = ()
    detections: int = 0
    detections_new: int = 0
    by_level: tuple[tuple[str, int], ...] = ()
