"""How well a correlation agrees with what is true of generated tenants. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.campaign_truth import CampaignTruth
from schemas.correlate import CampaignIndicator, CorrelateReport
from sentree.evals.metrics import SetScore, compare_sets


def score_correlation(report: CorrelateReport, truth: CampaignTruth) -> dict[str, SetScore]:
    """Compare pairs of tenant and indicator, those that several tenants share, and the members.

    Of several campaigns that were found, the one with most true members stands for the true one;
    what else was found counts as wrong. Facets of one value count once: an address inside a URL is
    another value, a hash of the same file too.
    """
    neutral = {value.lower() for value in truth.neutral}
    wanted = {(one.tenant, one.value.lower()) for one in truth.indicators}
    shared = {(one.tenant, one.value.lower()) for one in truth.indicators if one.shared}
    listed = [one for each in report.campaigns for one in each.indicators]
    found = {(one.tenant, one.key) for one in listed}
    of_shared = {(one.tenant, one.key) for one in listed if one.shared}
    aside = {(tenant, value) for tenant in truth.tenants for value in neutral}
    return {
        "indicators": compare_sets(wanted, found, aside),
        "shared indicators": compare_sets(shared, of_shared, aside | wanted),
        "members": compare_sets(truth.members, _members(report)),
        "pairs of members": compare_sets(_pairs([truth.members]), _pairs(_groups(report))),
    }


def leaks(texts: Iterable[str], canaries: Iterable[str]) -> list[str]:
    """Give the marks of other tenants that stand in a tenant's outputs, whatever their case."""
    lowered = [text.lower() for text in texts]
    return [each for each in canaries if any(each.lower() in text for text in lowered)]


def uncited(report: CorrelateReport) -> int:
    """Count the lines of a report that cite no event."""
    lines: list[CampaignIndicator] = [one for each in report.campaigns for one in each.indicators]
    return sum(not one.evidence for one in lines)


def _groups(report: CorrelateReport) -> list[tuple[str, ...]]:
    return [tuple(member.tenant for member in each.members) for each in report.campaigns]


def _members(report: CorrelateReport) -> set[str]:
    return {name for group in _groups(report) for name in group}


def _pairs(groups: Iterable[Iterable[str]]) -> set[tuple[str, str]]:
    return {(one, other) for group in groups for one in group for other in group if one < other}
