"""The summary of the compliance scenario: a few sentences, each with the records it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from schemas.claim import Claim
from schemas.evidence import ControlVerdict, EvidenceReport
from schemas.window import iso
from sentree.analysis.records import claim

MAX_CITED = 30
MAX_NAMED = 6


def summarise(report: EvidenceReport) -> list[Claim]:
    """Give sentences that records support; what has no record is in the notes and the gaps."""
    said: list[Claim] = []
    by_status: dict[str, list[ControlVerdict]] = {}
    for one in report.verdicts:
        by_status.setdefault(one.status, []).append(one)
    total = len(report.verdicts)
    for status, proposed, verbs, why in (
        ("failed", False, ("fails", "fail"), "at least one check on it fails"),
        ("satisfied", False, ("is satisfied", "are satisfied"), "every check with a result passes"),
        ("failed", True, ("may fail", "may fail"), "a check fails that is only proposed for it"),
        (
            "satisfied",
            True,
            ("may be satisfied", "may be satisfied"),
            "the checks that are only proposed pass",
        ),
        (
            "to review",
            None,
            ("needs review", "need review"),
            "there is evidence, but none that says pass or fail",
        ),
    ):
        listed = [one for one in by_status.get(status, []) if proposed in (None, one.proposed)]
        if listed:
            said.append(
                claim(
                    f"{len(listed):,} of {total:,} controls {verbs[len(listed) > 1]}: {why} "
                    f"({_names(listed)}).",
                    _cited(listed),
                )
            )
    worst = _worst(report)
    if worst:
        said.append(worst)
    stamped = [one for one in report.records if one.time is not None]
    if stamped:
        oldest = min(stamped, key=lambda one: (one.time or 0, one.record_uid))
        newest = max(stamped, key=lambda one: (one.time or 0, one.record_uid))
        assert oldest.time is not None and newest.time is not None
        said.append(
            claim(
                f"The evidence in scope was collected between {iso(oldest.time)[:16]} and "
                f"{iso(newest.time)[:16]} UTC.",
                dict.fromkeys((oldest.record_uid, newest.record_uid)),
            )
        )
    return said


def _worst(report: EvidenceReport) -> Claim | None:
    """Name the check whose failing costs the most controls."""
    counted: Counter[str] = Counter()
    records: dict[str, tuple[str, ...]] = {}
    for one in report.verdicts:
        for link in one.links:
            if link.outcome == "fail":
                counted[link.check] += 1
                records[link.check] = link.records[: min(link.failed, MAX_CITED)]
    if not counted:
        return None
    check = min(counted, key=lambda name: (-counted[name], name))
    return claim(
        f"The failing check that touches most controls is {check} ({counted[check]:,} controls).",
        records[check],
    )


def _cited(listed: Sequence[ControlVerdict]) -> tuple[str, ...]:
    """Cite one record of every control in turn, so that no control takes all the room."""
    firsts = [one.records[0] for one in listed if one.records]
    return tuple(dict.fromkeys(firsts))[:MAX_CITED]


def _names(listed: Sequence[ControlVerdict]) -> str:
    shown = ", ".join(one.control.control_uid for one in listed[:MAX_NAMED])
    more = len(listed) - MAX_NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown
