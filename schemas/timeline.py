"""An incident timeline: ordered entries, gaps in telemetry, episodes, the ATT&CK chain."""

from __future__ import annotations

from schemas.base import Frozen, UtcTime
from schemas.claim import Evidence
from schemas.clocks import ClockEstimate
from schemas.finding import FindingKind, RuleRef


class TimelineEntry(Frozen):
    """One row: one fact at one instant, with everything several sensors said of it.

    `statement` is the lead sentence; `details` are further sentences on the same fact, each
    resting on the same evidence. `level` is informational, low, medium, high or critical.
    `evidence` begins with the event whose time the row has; of a fact that recurs it holds the
    earliest 40 of `occurrences` events. `technique_shares` says how much of the row's weight
    each of its leading techniques has, most first, at most four, summing to 1 or less; `routine`
    marks what recurs as administration does, and was weighed less for it. `recorded_time` is what
    the first record states where `time` was corrected for a wrong clock.
    """

    entry_uid: str
    time: UtcTime
    last_time: UtcTime
    host: str | None = None
    user: str | None = None
    statement: str
    details: tuple[str, ...] = ()
    kinds: tuple[FindingKind, ...]
    level: str
    score: int
    techniques: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    rules: tuple[RuleRef, ...] = ()
    evidence: tuple[Evidence, ...]
    occurrences: int = 1
    sensors: tuple[str, ...] = ()
    episode: int | None = None
    technique_shares: tuple[tuple[str, float], ...] = ()
    routine: bool = False
    recorded_time: UtcTime | None = None


class Gap(Frozen):
    """A stretch in which a host that usually reports said nothing."""

    host: str
    start: UtcTime
    end: UtcTime
    usual_interval_s: float
    before_uid: str
    after_uid: str
    statement: str


class Episode(Frozen):
    """A run of entries close in time: `number` counts from 1 in time order."""

    number: int
    start: UtcTime
    end: UtcTime
    hosts: tuple[str, ...]
    users: tuple[str, ...]
    tactics: tuple[str, ...]
    entries: int
    top_level: str
    statement: str
    evidence: tuple[Evidence, ...]


class ChainStep(Frozen):
    """The first time a technique is seen on a host, in time order: one link of the chain.

    `probability` is the technique's share of what the row's findings say.
    """

    technique: str
    name: str
    tactics: tuple[str, ...]
    time: UtcTime
    host: str | None
    entry_uid: str
    probability: float = 1.0


class Transition(Frozen):
    """Technique `source` was followed by `target`, judging by first sightings in time.

    `probability` is 0 to 1; `entry_uids` are the two rows it rests on; `count` says how often the
    two stood next to each other.
    """

    source: str
    target: str
    count: int
    probability: float = 1.0
    entry_uids: tuple[str, ...] = ()


class Timeline(Frozen):
    """The whole timeline of one window, in event-time order (UTC, microseconds).

    `clocks` are the clocks that could be compared; times are corrected by those that were applied.
    """

    entries: tuple[TimelineEntry, ...]
    gaps: tuple[Gap, ...] = ()
    episodes: tuple[Episode, ...] = ()
    chain: tuple[ChainStep, ...] = ()
    transitions: tuple[Transition, ...] = ()
    clocks: tuple[ClockEstimate, ...] = ()
