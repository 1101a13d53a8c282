"""The typed output of a leaf of the recursive tree: findings, never prose."""

from __future__ import annotations

from enum import StrEnum

from schemas.base import Frozen, UtcTime
from schemas.claim import Evidence


class FindingKind(StrEnum):
    """What sort of observation a finding is."""

    RULE_HIT = "rule_hit"
    INDICATOR = "indicator"
    RARE_PROCESS = "rare_process"
    FIRST_SEEN = "first_seen"
    LOGON = "logon"
    PRIVILEGE = "privilege"
    PERSISTENCE = "persistence"
    LATERAL_MOVEMENT = "lateral_movement"
    EXECUTION = "execution"
    DISCOVERY = "discovery"
    CREDENTIAL_ACCESS = "credential_access"
    DEFENSE_EVASION = "defense_evasion"
    COMMAND_AND_CONTROL = "command_and_control"
    COLLECTION = "collection"
    EXFILTRATION = "exfiltration"
    IMPACT = "impact"
    INITIAL_ACCESS = "initial_access"


class RuleRef(Frozen):
    """The detection rule behind a finding; the author is named as the rule's licence asks."""

    rule_uid: str
    title: str
    author: str | None = None
    level: str | None = None


class Finding(Frozen):
    """One observation about one fact in the logs.

    `statement` is one sentence built from fields of the evidence events. `score` is 0..100,
    how much an analyst should care. `fact` identifies the physical fact (host, process, object)
    so that several sensors' records of it can be folded into one row. `recorded_time` is what the
    record states where `time` was corrected for a wrong clock.
    """

    finding_uid: str
    kind: FindingKind
    time: UtcTime
    host: str | None = None
    user: str | None = None
    statement: str
    evidence: tuple[Evidence, ...]
    techniques: tuple[str, ...] = ()
    score: int = 0
    rule: RuleRef | None = None
    fact: str
    sensor: str = ""
    recorded_time: UtcTime | None = None


class Tally(Frozen):
    """A count that grows across partitions, kept under an absolute key (never a partition's own).

    `sample` holds the lexicographically smallest evidence (time, uid) pairs, at most 50, so that
    merging tallies gives the same sample in any order.
    """

    key: tuple[str, ...]
    count: int
    first: UtcTime
    last: UtcTime
    sample: tuple[tuple[UtcTime, str], ...] = ()


class LeafResult(Frozen):
    """What a leaf, or a reduce over leaves, hands upward; merging is associative, commutative."""

    findings: tuple[Finding, ...] = ()
    tallies: tuple[Tally, ...] = ()
    events_read: int = 0
    chars_read: int = 0
