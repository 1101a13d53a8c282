"""The ATT&CK matrix of a result: tactics in ATT&CK order, techniques with their rows and events."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.result import Result
from sentree.intel.attack import TACTICS, tactic, tactic_title, technique

NO_TACTIC = "no tactic given"

_TECHNIQUE_ID = re.compile(r"T\d{4}(?:\.\d{3})?")
_ORDER = {short: place for place, short in enumerate(TACTICS)}


@dataclass(frozen=True, slots=True)
class TechniqueUse:
    """One technique in a result: `rows` are places in the timeline, `event_uids` its evidence."""

    technique: str
    name: str
    tactics: tuple[str, ...]
    rows: tuple[int, ...]
    event_uids: tuple[str, ...]


def is_technique_id(text: str) -> bool:
    """Tell whether text is a technique id such as `T1059.001`."""
    return _TECHNIQUE_ID.fullmatch(text) is not None


def short_tactic(name: str) -> str:
    """Bring a tactic's name to its short form; one that ATT&CK doesn't know keeps its own."""
    return tactic(name) or "-".join(re.split(r"[\s_-]+", name.strip().lower()))


def tactic_name(name: str) -> str:
    """Give a tactic's display name; an unknown one is shown as it came."""
    short = short_tactic(name)
    return tactic_title(short) if short in TACTICS else name


def in_attack_order(names: Iterable[str]) -> list[str]:
    """Give short tactic names, each once, in ATT&CK order; unknown ones last, by name."""
    unique = {short_tactic(name) for name in names}
    return sorted(unique, key=lambda short: (_ORDER.get(short, len(_ORDER)), short))


def technique_uses(result: Result) -> list[TechniqueUse]:
    """Collect every technique of the timeline, detections and summary, ordered by id."""
    names: dict[str, str] = {}
    tactics: dict[str, set[str]] = {}
    rows: dict[str, list[int]] = {}
    events: dict[str, dict[str, None]] = {}

    def add(uid: str, uids: Iterable[str]) -> None:
        events.setdefault(uid, {}).update(dict.fromkeys(uids))

    timeline = result.timeline
    for step in timeline.chain if timeline else ():
        names.setdefault(step.technique, step.name)
        tactics.setdefault(step.technique, set()).update(step.tactics)
        add(step.technique, ())
    for place, entry in enumerate(timeline.entries if timeline else ()):
        for uid in entry.techniques:
            rows.setdefault(uid, []).append(place)
            add(uid, (one.event_uid for one in entry.evidence))
            if len(entry.techniques) == 1:
                tactics.setdefault(uid, set(entry.tactics))
    for detection in result.detections:
        for uid in detection.techniques:
            add(uid, detection.event_uids)
            if len(detection.techniques) == 1:
                tactics.setdefault(uid, set(detection.tactics))
    for claim in result.summary:
        for uid in claim.techniques:
            # Which of a sentence's events shows which technique is unknown, so its evidence
            # counts only for a technique that nothing else speaks of.
            if uid not in events:
                add(uid, (one.event_uid for one in claim.evidence))
    for one in result.techniques:
        add(one.technique, one.evidence)
    known = {uid: technique(uid) for uid in events if is_technique_id(uid)}
    for uid, entry in known.items():
        names.setdefault(uid, entry.name if entry.known else "")
        tactics[uid] = tactics.get(uid) or set(entry.tactics)
    return [
        TechniqueUse(
            technique=uid,
            name=names.get(uid, ""),
            tactics=tuple(in_attack_order(tactics.get(uid, ()))) or (NO_TACTIC,),
            rows=tuple(rows.get(uid, ())),
            event_uids=tuple(events[uid]),
        )
        for uid in sorted(events)
    ]


def matrix(uses: Iterable[TechniqueUse]) -> list[tuple[str, list[TechniqueUse]]]:
    """Arrange techniques by tactic in ATT&CK order; only tactics that have any."""
    columns: dict[str, list[TechniqueUse]] = {}
    for use in uses:
        for name in use.tactics:
            columns.setdefault(name, []).append(use)
    order = in_attack_order(name for name in columns if name != NO_TACTIC)
    if NO_TACTIC in columns:
        order.append(NO_TACTIC)
    return [(name, columns[name]) for name in order]
