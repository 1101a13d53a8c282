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
    pack: str | None = None
    pack_version: str | None = None


class RuleNote(Frozen):
    """Something to know about a rule or a rule file: why it was not read, not run, or in vain."""

    path: str
    line: int
    reason: str
    rule_uid: str | None = None
    title: str | None = None


class CorrelationHit(Frozen):
    """What a correlation's detection says beyond its events.

    `value` is what was measured, at its most telling: the largest, or the smallest where little is
    looked for. `events` is how many events it rests on, between `first` and `last`.
    """

    detection_uid: str
    rule_uid: str
    title: str
    level: str | None = None
    group: tuple[tuple[str, str], ...] = ()
    value: float
    events: int
    first: UtcTime
    last: UtcTime


class RuleHits(Frozen):
    """A rule that matched: how many events (of a correlation: matches), how many new, where."""

    rule_uid: str
    title: str
    author: str | None = None
    level: str | None = None
    techniques: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    events: int
    new: int = 0
    hosts: tuple[str, ...] = ()
    first: UtcTime | None = None
    last: UtcTime | None = None


class Tally(Frozen):
    """What is counted of detections under one name, such as a host's or a tactic's."""

    name: str
    detections: int
    rules: int
    first: UtcTime | None = None
    last: UtcTime | None = None


class DetectReport(Frozen):
    """The account of one detection run; every loaded rule is in exactly one of the four groups.

    `rules_run` met events of their log source; `without_data` did not, or met none that has a
    field the rule names; `failed` went wrong while they ran; `not_runnable` could not be run at
    all. `left_out` were not asked for. `load_errors` are not rules. Of detections, those count
    that the rules have in scope, stored before or not.
    `silenced` are rules that were run only for correlations that refer to them.
    `events` are those in scope; `events_searched`, those that some rule had not seen before.
    """

    snapshot_id: int
    window: Window | None
    events: int
    events_searched: int = 0
    rules_loaded: int
    rules_run: int
    silenced: int = 0
    without_data: tuple[RuleNote, ...] = ()
    not_runnable: tuple[RuleNote, ...] = ()
    failed: tuple[RuleNote, ...] = ()
    left_out: tuple[RuleNote, ...] = ()
    load_errors: tuple[RuleNote, ...] = ()
    hits: tuple[RuleHits, ...] = ()
    correlations: tuple[CorrelationHit, ...] = ()
    detections: int = 0
    detections_new: int = 0
    by_level: tuple[tuple[str, int], ...] = ()
    by_tactic: tuple[Tally, ...] = ()
    by_host: tuple[Tally, ...] = ()


class Match(Frozen):
    """A selection of the rule that held, and the fields it looks at as the event has them."""

    selection: str
    fields: tuple[tuple[str, str], ...] = ()


class StoredFinding(Frozen):
    """A detection with all that a report of it needs: the rule, its pack, what matched, where."""

    detection: Detection
    description: str | None = None
    status: str | None = None
    rule_sha256: str | None = None
    pack: str | None = None
    pack_version: str | None = None
    matches: tuple[Match, ...] = ()
    host: str | None = None
    event_class: int | None = None
    event_original_uid: str | None = None
