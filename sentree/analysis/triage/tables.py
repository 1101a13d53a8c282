"""The tables of a triage: the ranking, the points with their reasons, the assets, what was read."""

from __future__ import annotations

from textwrap import shorten

from schemas.section import Row, Table
from schemas.triage import DecisionPoint, RankedVulnerability, TriageReport
from sentree.analysis.intel.rows import names, table

MAX_REASONED = 500
MAX_HOSTS = 4
MAX_PRODUCT = 48


def ranking(report: TriageReport) -> Table:
    """Give every ranked CVE with its score, decision, points and the foremost reason."""
    rows = [
        Row(
            cells=(
                one.rank,
                one.cve,
                one.score,
                one.decision,
                shorten(one.product or one.title, MAX_PRODUCT, placeholder=" …"),
                ", ".join(_short(point) for point in one.points[: 4 if report.has_assets else 3]),
                _epss(one),
                one.cvss,
                names(one.assets, MAX_HOSTS) if one.assets else None,
                _why(one),
            ),
            evidence=one.evidence,
        )
        for one in report.ranked
    ]
    return table(
        "ranking",
        "Ranking",
        "rank# CVE score# decision! product points EPSS CVSS# assets why",
        rows,
        "Score: expected urgency of the path through CISA's tree, 0 to 100. Points: exploitation, "
        "automatable, technical impact (and mission, with assets). ~ marks what is estimated and "
        "not measured; an estimated EPSS is ours, not FIRST's. The decision takes the likeliest "
        "value of each point, the score weighs all of them.",
        limit=max(len(rows), 1),
    )


def points(report: TriageReport) -> Table:
    """Give the decision points of the first CVEs, each with source and reasons."""
    rows = [
        Row(
            cells=(
                one.rank,
                one.cve,
                point.point,
                point.value,
                point.basis,
                None if point.basis == "assumed" else round(point.probability, 2),
                _adds(one, point),
                "; ".join(point.reasons),
            ),
            evidence=point.evidence or one.evidence[:1],
        )
        for one in report.ranked[:MAX_REASONED]
        for point in one.points
        if report.has_assets or point is not one.points[3]
    ]
    return table(
        "points",
        "Decision points and reasons",
        "rank# CVE point value source probability% adds# reasons",
        rows,
        "In brackets: how far a signal moves the estimate, in log-odds (+0.7 doubles the odds). "
        "“adds” says how many points of the score hang on it.",
        limit=4 * MAX_REASONED,
    )


def assets(report: TriageReport) -> Table:
    """Give the assets that may be affected, the one with the gravest CVE first."""
    rows = [
        Row(
            cells=(
                one.host,
                one.exposure,
                one.mission,
                one.owner or None,
                one.score,
                ", ".join(f"{number} {name}" for name, number in one.decisions.items()),
                ", ".join(one.worst),
            ),
            evidence=(one.record_uid,),
        )
        for one in report.assets
    ]
    return table(
        "assets",
        "Assets that may be affected",
        "host exposure mission owner highest_score# decisions first_CVEs",
        rows,
        "By product name or a scanner's finding; versions are not compared.",
    )


def missing(report: TriageReport) -> Table:
    """Count what the records lack, so that a reader knows what rests on estimates."""
    lacking: dict[str, int] = {}
    for one in report.ranked:
        for what in one.missing:
            lacking[what] = lacking.get(what, 0) + 1
    rows = [
        Row(cells=(what, count))
        for what, count in sorted(lacking.items(), key=lambda item: -item[1])
    ]
    return table("missing", "What is missing", "missing CVEs#", rows)


def rejected(report: TriageReport) -> Table:
    """Give what could not be used, with its place and reason."""
    rows = [
        Row(cells=(one.file, one.line or None, one.record_uid or None, one.reason))
        for one in report.rejected
    ]
    return table("rejected", "Set aside", "file line# record reason", rows)


def _short(point: DecisionPoint) -> str:
    known = point.basis in ("measured", "stated", "assets")
    return point.value if known else f"~{point.value}"


def _epss(one: RankedVulnerability) -> str | None:
    if one.epss is not None:
        return f"{one.epss:.5f}".rstrip("0").rstrip(".")
    return None if one.epss_estimate is None else f"~{one.epss_estimate:.2g}"


def _why(one: RankedVulnerability) -> str:
    """Give the foremost reason of the exploitation point, without its weight."""
    reason = one.points[0].reasons[0]
    return reason.rpartition(" [")[0] or reason


def _adds(one: RankedVulnerability, point: DecisionPoint) -> float | None:
    return one.adds.get(point.point)
