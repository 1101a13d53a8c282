"""How well a ranking of CVEs agrees with SSVC, in both readings of that. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from models.triage import Estimate
from schemas.triage import TriageReport
from schemas.triage_truth import TriageTruth
from schemas.vulnerability import Mission, SsvcPoints
from sentree.analysis.triage.score import expected_urgency, spread
from sentree.evals.metrics import SetScore, compare_sets
from sentree.evals.ranking import Agreement, agreement
from sentree.intel.ssvc import decide, decision_order, point_order, urgency

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


def compare(
    scores: Sequence[float], truth: Sequence[Truth], *, rounds: int = 1_000
) -> Mapping[str, Agreement]:
    """Compare scores with both readings of the order that SSVC implies."""
    return {
        "order of points": agreement(scores, [one.points for one in truth], rounds=rounds),
        "decision": agreement(scores, [one.decision for one in truth], rounds=rounds),
    }


def compare_by_cve(
    scores: Mapping[str, float], truth: Mapping[str, SsvcPoints], *, rounds: int = 1_000
) -> Mapping[str, Agreement]:
    """Compare the CVEs that have both a score and a whole assessment."""
    placed = {cve: place for cve, points in truth.items() if (place := true_place(points))}
    shared = sorted(scores.keys() & placed.keys())
    return compare([scores[cve] for cve in shared], [placed[cve] for cve in shared], rounds=rounds)


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


POINTS = ("exploitation", "automatable", "technical_impact", "mission")


def score_report(report: TriageReport, truth: TriageTruth) -> dict[str, SetScore]:
    """Compare a report with the truth of generated records, part by part.

    A point or decision counts as missed and wrong where it differs; hosts count per CVE.
    """
    true = {one.cve: one for one in truth.vulnerabilities}
    ranked = {one.cve: one for one in report.ranked}
    parts: dict[str, tuple[Collection[Hashable], Collection[Hashable]]] = {
        "CVEs": (true.keys(), ranked.keys()),
        "decision": (
            {(cve, one.decision) for cve, one in true.items()},
            {(cve, one.decision) for cve, one in ranked.items()},
        ),
        "hosts": (
            {(cve, host) for cve, one in true.items() for host in one.hosts},
            {(cve, host) for cve, one in ranked.items() for host in one.assets},
        ),
        "known exploited": (
            {cve for cve, one in true.items() if one.in_kev},
            {cve for cve, one in ranked.items() if one.kev_added},
        ),
    }
    for place, name in enumerate(POINTS):
        parts[name] = (
            {(cve, getattr(one, name)) for cve, one in true.items()},
            {(cve, one.points[place].value) for cve, one in ranked.items()},
        )
    scored = {name: compare_sets(wanted, found) for name, (wanted, found) in parts.items()}
    set_aside = report.counts.rejected
    hits = min(truth.rejected, set_aside)
    scored["set aside"] = SetScore(hits, truth.rejected - hits, set_aside - hits)
    return scored


def compare_report(report: TriageReport, truth: TriageTruth, *, rounds: int = 200) -> Agreement:
    """Compare a report's order with the true urgency of generated CVEs, missions included."""
    true = {one.cve: one for one in truth.vulnerabilities}
    shared = [one for one in report.ranked if one.cve in true]
    urgencies = [
        urgency(
            true[one.cve].exploitation,
            true[one.cve].automatable,
            true[one.cve].technical_impact,
            true[one.cve].mission,
        )
        for one in shared
    ]
    return agreement([-one.rank for one in shared], urgencies, rounds=rounds)
