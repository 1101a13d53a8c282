"""The first page of an answer: a few sentences computed from the timeline, each with evidence."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.claim import Claim, Evidence
from schemas.clocks import ClockEstimate
from schemas.timeline import Timeline, TimelineEntry
from sentree.intel.attack import TACTICS, tactic_title

ATTENTION = ((65, "high"), (40, "medium"))
WORST = 3
CITED = 12


def summarise(timeline: Timeline) -> tuple[Claim, ...]:
    """Say what happened in a handful of sentences; none without evidence."""
    claims: list[Claim] = []
    floor, level = next(
        ((floor, level) for floor, level in ATTENTION if _above(timeline, floor)), ATTENTION[-1]
    )
    worthy = _above(timeline, floor)
    if worthy:
        claims.append(_extent(worthy, level))
        claims += [_worst(rank, entry) for rank, entry in enumerate(_severest(worthy), 1)]
    if len(timeline.chain) > 1:
        claims.append(_chain(timeline))
    if timeline.gaps:
        longest = max(timeline.gaps, key=lambda gap: gap.end - gap.start)
        claims.append(
            Claim(
                claim_uid="gap",
                text=longest.statement,
                evidence=(
                    Evidence(event_uid=longest.before_uid),
                    Evidence(event_uid=longest.after_uid),
                ),
            )
        )
    if wrong := [clock for clock in timeline.clocks if clock.applied]:
        claims.append(_clocks(wrong))
    return tuple(claims)


def ruled_out(timeline: Timeline, events: int) -> tuple[str, ...]:
    """Name the tactics that nothing pointed to. Absence of a finding is not proof of absence."""
    seen = {tactic for entry in timeline.entries for tactic in entry.tactics}
    return tuple(
        f"{tactic_title(tactic)}: no finding in the {events:,} events looked at."
        for tactic in TACTICS
        if tactic not in seen
    )


def _above(timeline: Timeline, floor: int) -> list[TimelineEntry]:
    return [entry for entry in timeline.entries if entry.score >= floor]


def _extent(worthy: Sequence[TimelineEntry], level: str) -> Claim:
    hosts = sorted({entry.host for entry in worthy if entry.host})
    users = sorted({entry.user for entry in worthy if entry.user})
    first, last = worthy[0], worthy[-1]
    of_users = f", {len(users)} account{'s' if len(users) != 1 else ''}" if users else ""
    text = (
        f"{len(worthy)} facts of {level} level or above on {len(hosts)} "
        f"host{'s' if len(hosts) != 1 else ''}{of_users}, from {first.time:%Y-%m-%d %H:%M:%S} "
        f"to {last.last_time:%Y-%m-%d %H:%M:%S} UTC; the first: {first.statement}"
    )
    evidence = dict.fromkeys((*first.evidence[:1], *last.evidence[:1]))
    return Claim(
        claim_uid="extent", text=text, evidence=tuple(evidence), techniques=first.techniques
    )


def _severest(worthy: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """Pick the severest entries, one per tactic first, so that the page shows breadth."""
    ranked = sorted(worthy, key=lambda entry: (-entry.score, entry.time, entry.entry_uid))
    picked: list[TimelineEntry] = []
    tactics: set[str] = set()
    for entry in ranked:
        if not entry.tactics or not tactics.issuperset(entry.tactics):
            picked.append(entry)
            tactics.update(entry.tactics)
        if len(picked) == WORST:
            break
    return sorted(picked, key=lambda entry: (entry.time, entry.entry_uid))


def _worst(rank: int, entry: TimelineEntry) -> Claim:
    return Claim(
        claim_uid=f"severe-{rank}",
        text=f"{entry.time:%Y-%m-%d %H:%M:%S} UTC, {entry.level}: {entry.statement}",
        evidence=entry.evidence[:CITED],
        techniques=entry.techniques,
    )


def _clocks(wrong: Sequence[ClockEstimate]) -> Claim:
    worst = max(wrong, key=lambda clock: abs(clock.zone_s + clock.offset_s))
    names = ", ".join(clock.clock for clock in wrong[:CITED])
    more = f" and {len(wrong) - CITED} more" if len(wrong) > CITED else ""
    text = (
        f"{len(wrong)} clock{'s were' if len(wrong) != 1 else ' was'} wrong ({names}{more}); rows "
        f"show corrected times and what was recorded. The worst: {worst.statement}"
    )
    evidence = (*worst.evidence, *(ev for clock in wrong for ev in clock.evidence[:2]))
    return Claim(
        claim_uid="clocks", text=text, evidence=tuple(dict.fromkeys(evidence))[: 2 * CITED]
    )


def _chain(timeline: Timeline) -> Claim:
    steps = timeline.chain[:CITED]
    evidence_of = {entry.entry_uid: entry.evidence[0] for entry in timeline.entries}
    more = len(timeline.chain) - len(steps)
    tail = f" and {more} more" if more else ""
    names = " → ".join(f"{step.technique} {step.name}" for step in steps)
    return Claim(
        claim_uid="chain",
        text=f"Techniques in order of first sighting: {names}{tail}.",
        evidence=tuple(dict.fromkeys(evidence_of[step.entry_uid] for step in steps)),
    )
