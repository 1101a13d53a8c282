"""Scoring of a timeline against the generator's truth: what was found, and in which order."""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise

from schemas.base import Frozen
from schemas.result import Result
from schemas.scenario import IncidentTruth, RecordKey, TruthStep
from schemas.timeline import TimelineEntry
from sentree.evals.metrics import SetScore, compare_sets, compare_transitions, ordered_pairs

NOTICED = 20
"""The least score of a row that counts as the analyst having pointed at it (level low)."""


class IncidentScore(Frozen):
    """How a timeline does against the truth.

    A step counts as found when a row of at least low level cites one of its marked records.
    `precision` is over rows of at least medium level: the share that cites a marked or related
    record. `ordered_share` is over pairs of rows whose first record is labelled, by the times when
    they happened, whatever a clock wrote. `first_transitions` are those between neighbouring links
    of the chain, the first choice of each, `transitions` all that are printed. Shares are 0..1.
    """

    steps: int
    steps_found: int
    missed: tuple[str, ...]
    marked: SetScore
    precision: float
    rows: int
    ordered_share: float
    transitions: SetScore
    first_transitions: SetScore


def score_incident(result: Result, truth: IncidentTruth) -> IncidentScore:
    """Score a result's timeline; records are recognised by the hash of their raw text."""
    entries = result.timeline.entries if result.timeline else ()
    digest_of = {
        event.event_uid: sha256(event.raw.encode()).hexdigest() for event in result.cited_events
    }
    labelled = {
        key.sha256: key.time for step in truth.steps for key in (*step.records, *step.related)
    }
    cited = {
        digest
        for entry in entries
        if entry.score >= NOTICED
        for digest in _digests(entry, digest_of)
    }
    missed = [step for step in truth.steps if not cited & _texts(step.records)]
    medium = [entry for entry in entries if entry.score >= 2 * NOTICED]
    guilty = _texts([key for step in truth.steps for key in (*step.records, *step.related)])
    right = sum(bool(guilty & _digests(entry, digest_of)) for entry in medium)
    firsts = (digest_of.get(entry.evidence[0].event_uid, "") for entry in entries)
    times = [labelled[digest] for digest in firsts if digest in labelled]
    chain = result.timeline.chain if result.timeline else ()
    printed = result.timeline.transitions if result.timeline else ()
    wanted = [(one.source, one.target) for one in truth.transitions]
    return IncidentScore(
        steps=len(truth.steps),
        steps_found=len(truth.steps) - len(missed),
        missed=tuple(_spell(step) for step in missed),
        marked=compare_sets(_texts(truth.marked), cited & _texts(truth.marked)),
        precision=right / len(medium) if medium else 1.0,
        rows=len(entries),
        ordered_share=ordered_pairs(times).score,
        transitions=compare_transitions(
            wanted, [(one.source, one.target) for one in printed], parents=True
        ),
        first_transitions=compare_transitions(
            wanted,
            [(left.technique, right.technique) for left, right in pairwise(chain)],
            parents=True,
        ),
    )


def _digests(entry: TimelineEntry, digest_of: dict[str, str]) -> set[str]:
    return {digest_of[ev.event_uid] for ev in entry.evidence if ev.event_uid in digest_of}


def _texts(keys: list[RecordKey] | tuple[RecordKey, ...]) -> set[str]:
    return {key.sha256 for key in keys}


def _spell(step: TruthStep) -> str:
    return f"{step.number} {step.technique} {step.host}: {step.description}"
