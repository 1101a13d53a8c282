"""How well a ranking of CVEs agrees with SSVC, in both readings of that. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from models.triage import Estimate
from schemas.vulnerability import Mission, SsvcPoints
from sentree.analysis.triage.score import expected_urgency, spread
from sentree.evals.ranking import Agreement, agreement
from sentree.intel.ssvc import decide, decision_order, point_order

if TYPE_CHECKING:
    from sentree.evals.train_triage import Sample

MEDIUM: Mission = "medium"
"""What mission and well-being is taken to be where no assets are known."""


class Truth(NamedTuple):
    """The place that SSVC gives a CVE: by its points (0 to 11) and by its decision (0 to 3)."""

    points: int
    decision: int


def true_place(points: SsvcPoints) -> Truth | None:
    """Place a CVE by its assessed points; None where one is missing."""
    if not (points.exploitation and points.automatable and points.technical_impact):
        return None
    three = (points.exploitation, points.automatable, points.technical_impact)
    return Truth(point_order(*three), decision_order(decide(*three, MEDIUM)))


def compare(scores: Sequence[float], truth: Sequence[Truth]) -> Mapping[str, Agreement]:
    """Compare scores with both readings of the order that SSVC implies."""
    return {
        "order of points": agreement(scores, [one.points for one in truth]),
        "decision": agreement(scores, [one.decision for one in truth]),
    }


def compare_by_cve(
    scores: Mapping[str, float], truth: Mapping[str, SsvcPoints]
) -> Mapping[str, Agreement]:
    """Compare the CVEs that have both a score and a whole assessment."""
    placed = {cve: place for cve, points in truth.items() if (place := true_place(points))}
    shared = sorted(scores.keys() & placed.keys())
    return compare([scores[cve] for cve in shared], [placed[cve] for cve in shared])


def estimate_scores(estimates: Sequence[Estimate]) -> list[float]:
    """Score estimates as the scenario scores what it could not measure."""
    return [
        expected_urgency(*spread(one.active, one.poc, one.automatable, one.total), MEDIUM)
        for one in estimates
    ]


def score_estimates(samples: Sequence[Sample], estimates: Sequence[Estimate]) -> list[str]:
    """Give a line of figures for each reading, for the training command."""
    scores = estimate_scores(estimates)
    by_cve = {one.cve: score for one, score in zip(samples, scores, strict=True)}
    found = compare_by_cve(by_cve, {one.cve: one.truth for one in samples})
    return [
        f"{name}: tau-b {one.tau_b.value:.3f} [{one.tau_b.low:.3f}, {one.tau_b.high:.3f}], "
        f"rho {one.rho.value:.3f} [{one.rho.low:.3f}, {one.rho.high:.3f}], n={one.n}"
        for name, one in found.items()
    ]
