"""The reduce of leaf results: a union of findings and a sum of tallies.

Both are associative and commutative, so the reduced result does not depend on how the context
was partitioned or in which order parts arrive.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas.finding import Finding, LeafResult, Tally

SAMPLE_SIZE = 50


def merge_results(parts: Iterable[LeafResult]) -> LeafResult:
    """Merge leaf results; findings come out ordered by time and uid, tallies by key."""
    findings: dict[str, Finding] = {}
    tallies: dict[tuple[str, ...], Tally] = {}
    events = characters = 0
    for part in parts:
        events += part.events_read
        characters += part.chars_read
        for finding in part.findings:
            findings.setdefault(finding.finding_uid, finding)
        for tally in part.tallies:
            known = tallies.get(tally.key)
            tallies[tally.key] = tally if known is None else merge_tallies(known, tally)
    return LeafResult(
        findings=tuple(sorted(findings.values(), key=lambda one: (one.time, one.finding_uid))),
        tallies=tuple(tallies[key] for key in sorted(tallies)),
        events_read=events,
        chars_read=characters,
    )


def merge_tallies(left: Tally, right: Tally) -> Tally:
    """Add two tallies of one key; the sample keeps the earliest (time, uid) pairs."""
    return Tally(
        key=left.key,
        count=left.count + right.count,
        first=min(left.first, right.first),
        last=max(left.last, right.last),
        sample=tuple(sorted({*left.sample, *right.sample})[:SAMPLE_SIZE]),
    )
