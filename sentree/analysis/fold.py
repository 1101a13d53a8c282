"""Folding of findings into timeline entries: one row per fact, whatever number of sensors saw it.

Findings join one row when they rest on the same single event, or when they name the same fact
within `FOLD_SECONDS` of each other (Security 4688 and Sysmon 1 of one process start). The result
depends on the set of findings only, not on their order or on the partitions they came from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import pairwise

from schemas.claim import Evidence
from schemas.finding import Finding, RuleRef
from schemas.timeline import TimelineEntry
from sentree.intel.attack import technique

FOLD_SECONDS = 2.0
DETAILS = 12
LEVELS = ((85, "critical"), (65, "high"), (40, "medium"), (20, "low"))


def level_of(score: int) -> str:
    """Give the level of a score of 0..100."""
    return next((level for floor, level in LEVELS if score >= floor), "informational")


def fold_findings(findings: Sequence[Finding]) -> tuple[TimelineEntry, ...]:
    """Fold findings into entries in strict order of event time, then uid."""
    ordered = sorted(findings, key=_order)
    groups = _Groups(len(ordered))
    by_event: dict[str, int] = {}
    by_fact: dict[str, list[int]] = defaultdict(list)
    for number, finding in enumerate(ordered):
        by_fact[finding.fact].append(number)
        if len(finding.evidence) == 1:
            first = by_event.setdefault(finding.evidence[0].event_uid, number)
            groups.join(first, number)
    for numbers in by_fact.values():
        for left, right in pairwise(numbers):
            apart = (ordered[right].time - ordered[left].time).total_seconds()
            if apart <= FOLD_SECONDS:
                groups.join(left, right)
    entries = [_entry([ordered[number] for number in group]) for group in groups.members()]
    return tuple(sorted(entries, key=lambda entry: (entry.time, entry.entry_uid)))


def _entry(findings: Sequence[Finding]) -> TimelineEntry:
    lead = min(findings, key=lambda one: (-one.score, *_order(one)))
    others = sorted({one.statement for one in findings} - {lead.statement})
    techniques = tuple(sorted({uid for one in findings for uid in one.techniques}))
    evidence = _evidence(findings)
    return TimelineEntry(
        entry_uid=_uid(evidence, techniques),
        time=min(one.time for one in findings),
        last_time=max(one.time for one in findings),
        host=lead.host or _first(one.host for one in findings),
        user=lead.user or _first(one.user for one in findings),
        statement=lead.statement,
        details=tuple(others[:DETAILS]),
        kinds=tuple(sorted({one.kind for one in findings})),
        level=level_of(lead.score),
        score=lead.score,
        techniques=techniques,
        tactics=tuple(dict.fromkeys(t for uid in techniques for t in technique(uid).tactics)),
        rules=_rules(findings),
        evidence=evidence,
        sensors=tuple(sorted({one.sensor for one in findings if one.sensor})),
    )


def _evidence(findings: Iterable[Finding]) -> tuple[Evidence, ...]:
    unique = {(ev.event_uid, ev.quote or ""): ev for one in findings for ev in one.evidence}
    return tuple(unique[key] for key in sorted(unique))


def _rules(findings: Iterable[Finding]) -> tuple[RuleRef, ...]:
    unique = {one.rule.rule_uid: one.rule for one in findings if one.rule is not None}
    return tuple(unique[uid] for uid in sorted(unique))


def _uid(evidence: Iterable[Evidence], techniques: Iterable[str]) -> str:
    parts = sorted({ev.event_uid for ev in evidence}) + sorted(techniques)
    return sha256("|".join(parts).encode()).hexdigest()[:16]


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)


def _order(finding: Finding) -> tuple[object, ...]:
    return finding.time, finding.finding_uid


class _Groups:
    """Union-find over 0..n-1; the smallest member names a group."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def find(self, one: int) -> int:
        while self._parent[one] != one:
            self._parent[one] = self._parent[self._parent[one]]
            one = self._parent[one]
        return one

    def join(self, left: int, right: int) -> None:
        low, high = sorted((self.find(left), self.find(right)))
        self._parent[high] = low

    def members(self) -> list[list[int]]:
        groups: dict[int, list[int]] = defaultdict(list)
        for one in range(len(self._parent)):
            groups[self.find(one)].append(one)
        return [groups[root] for root in sorted(groups)]
