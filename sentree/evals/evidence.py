"""How well a mapping of evidence to controls agrees with the truth. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from schemas.evidence import EvidenceReport
from schemas.evidence_truth import ComplianceTruth
from sentree.evals.metrics import SetScore, compare_sets


class ControlScore(NamedTuple):
    """One control: whether it has evidence in truth, is mapped rightly, and its pairs."""

    has_evidence: bool
    mapped: bool
    pairs: SetScore

    @property
    def invented(self) -> bool:
        """Whether evidence is claimed for a control that has none."""
        return not self.has_evidence and self.pairs.wrong > 0


def score_mapping(
    truth: Mapping[str, Collection[str]], found: Mapping[str, Collection[str]]
) -> list[ControlScore]:
    """Score every control of the truth.

    A control with evidence is mapped when at least one check claimed for it is right; one without
    is when none is claimed.
    """
    scored: list[ControlScore] = []
    for control, checks in truth.items():
        pairs = compare_sets(checks, found.get(control, ()))
        right = pairs.hits > 0 if checks else pairs.wrong == 0
        scored.append(ControlScore(bool(checks), right, pairs))
    return scored


def within(found: Mapping[str, Sequence[str]], most: int) -> dict[str, list[str]]:
    """Keep the first `most` checks that were claimed for each control."""
    return {control: list(checks[:most]) for control, checks in found.items()}


def mapped_share(scored: Iterable[ControlScore]) -> float:
    """Give the share of controls that are mapped rightly, 0 to 1."""
    listed = [one.mapped for one in scored]
    return sum(listed) / len(listed) if listed else 0.0


def found_checks(report: EvidenceReport) -> dict[str, list[str]]:
    """Give the checks that a report claims for each control, the likeliest first."""
    return {
        one.control.control_uid: [
            link.check for link in sorted(one.links, key=lambda link: (-link.score, link.check))
        ]
        for one in report.verdicts
    }


def wrong_statuses(report: EvidenceReport, truth: ComplianceTruth) -> list[str]:
    """List the controls whose status is not the true one; ids are compared without case."""
    true = {one.control_uid.casefold(): one.status for one in truth.controls}
    return [
        one.control.control_uid
        for one in report.verdicts
        if true.get(one.control.control_uid.casefold()) != one.status
    ]
