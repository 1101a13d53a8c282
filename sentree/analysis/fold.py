"""Folding of findings into timeline entries: one row per fact, whatever number of sensors saw it.

Findings join one row when they rest on the same single event, or when they name the same fact
close in time: within `FOLD_SECONDS` of each other for a process start (Security 4688 and Sysmon 1
of one process; its id may be used again), within `REPEAT_SECONDS` for what recurs, such as the
connections of a beacon. The result depends on the set of findings only, not on their order or on
the partitions they came from.
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
REPEAT_SECONDS = 3600.0
ONCE = ("process|", "event|")
CITED = 40
DETAILS = 12
LEADING = 4
MEANS_WEIGHT = 0.5
FURTHER = 0.5
"""What a technique that a finding names weighs against the one named before it."""
VALID_WEIGHT = 0.7
"""What is done with a cloud account says more than that it was used."""
TOOL_WEIGHT = 0.2
"""That a tool was obtained (T1588.002) is never what it does on a host."""
MEANS = frozenset(
    (
        *("T1059", "T1059.001", "T1059.003", "T1059.004", "T1106", "T1204", "T1204.002", "T1078"),
        *("T1588.002", "T1112", "T1140", "T1027.010", "T1570", "T1569", "T1105", "T1041", "T1571"),
        *("T1071", "T1071.001", "T1047", "T1218", "T1027", "T1564.001", "T1620"),
    )
)
"""Techniques that nearly every deed of an intruder shows, as means to another."""
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
    for fact, numbers in by_fact.items():
        close = FOLD_SECONDS if fact.startswith(ONCE) else REPEAT_SECONDS
        for left, right in pairwise(numbers):
            if (ordered[right].time - ordered[left].time).total_seconds() <= close:
                groups.join(left, right)
    entries = [_entry([ordered[number] for number in group]) for group in groups.members()]
    return tuple(sorted(entries, key=lambda entry: (entry.time, entry.entry_uid)))


def _entry(findings: Sequence[Finding]) -> TimelineEntry:
    """Make the row of findings that are in order of time."""
    lead = min(findings, key=lambda one: (-one.score, *_order(one)))
    first, last = findings[0].time, max(one.time for one in findings)
    evidence = _evidence(findings)
    occurrences = len({ev.event_uid for ev in evidence})
    details = sorted({one.statement for one in findings} - {lead.statement})
    if (last - first).total_seconds() > FOLD_SECONDS:
        span = f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"
        details.insert(0, f"{occurrences:,} events, {span}.")
    recorded = findings[0].recorded_time
    if recorded is not None:
        ahead = (recorded - first).total_seconds()
        way = "ahead" if ahead > 0 else "behind"
        stated = recorded.replace(tzinfo=None).isoformat(" ", "milliseconds")
        details.insert(0, f"Recorded as {stated} UTC by a clock {abs(ahead):,.1f} s {way}.")
    techniques = tuple(sorted({uid for one in findings for uid in one.techniques}))
    return TimelineEntry(
        entry_uid=_uid(evidence, techniques),
        time=first,
        last_time=last,
        host=lead.host or _first(one.host for one in findings),
        user=lead.user or _first(one.user for one in findings),
        statement=lead.statement,
        details=tuple(details[:DETAILS]),
        kinds=tuple(sorted({one.kind for one in findings})),
        level=level_of(lead.score),
        score=lead.score,
        techniques=techniques,
        tactics=tuple(dict.fromkeys(t for uid in techniques for t in technique(uid).tactics)),
        rules=_rules(findings),
        evidence=evidence[:CITED],
        occurrences=occurrences,
        sensors=tuple(sorted({one.sensor for one in findings if one.sensor})),
        technique_shares=_shares(findings),
        recorded_time=recorded,
    )


def _shares(findings: Iterable[Finding]) -> tuple[tuple[str, float], ...]:
    """Weigh the techniques that the findings name, most first.

    Every finding shares its score among the techniques it names, most to the first, so that one
    which names a single technique says more. A parent's weight goes to the sub-techniques of it
    that are named as well.
    """
    votes: dict[str, float] = defaultdict(float)
    told: set[object] = set()
    for one in findings:
        # The records of one audit event are no two witnesses.
        if one.fact.startswith("audit|"):
            if (one.kind, one.techniques, one.score) in told:
                continue
            told.add((one.kind, one.techniques, one.score))
        # A Sigma rule's tags are a set; a pattern names first what it speaks of most.
        less = 1.0 if one.rule else FURTHER
        ranks = [less**place for place in range(len(one.techniques))]
        for uid, rank in zip(one.techniques, ranks, strict=True):
            weight = MEANS_WEIGHT if uid in MEANS else 1.0
            weight = VALID_WEIGHT if uid == "T1078.004" else weight
            weight = TOOL_WEIGHT if uid == "T1588.002" else weight
            votes[uid] += weight * one.score * rank / sum(ranks)
    for parent in [uid for uid in votes if "." not in uid]:
        children = [uid for uid in votes if uid.startswith(f"{parent}.")]
        for child in children:
            votes[child] += votes[parent] / len(children)
        if children:
            del votes[parent]
    total = sum(votes.values())
    ranked = sorted(votes, key=lambda uid: (-votes[uid], uid))[:LEADING]
    return tuple((uid, round(votes[uid] / total, 4)) for uid in ranked) if total else ()


def _evidence(findings: Iterable[Finding]) -> tuple[Evidence, ...]:
    """Give the citations, those of the earliest findings first, each once."""
    unique: dict[tuple[str, str], Evidence] = {}
    for one in findings:
        for evidence in one.evidence:
            unique.setdefault((evidence.event_uid, evidence.quote or ""), evidence)
    return tuple(unique.values())


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
