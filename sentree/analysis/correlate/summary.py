"""The sentences an analyst of several tenants needs first, each citing events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.claim import Claim, Evidence
from schemas.correlate import Campaign, CampaignIndicator, CorrelateReport, OwnCampaign
from sentree.analysis.intel.rows import names
from sentree.analysis.records import claim

MAX_NAMED = 6


def summarise(report: CorrelateReport) -> list[Claim]:
    """Say of each campaign which tenants, who was first, what they share, what was done."""
    total = len(report.tenants)
    return [said for each in report.campaigns for said in _campaign(each, total)]


def own_summary(campaigns: Sequence[OwnCampaign]) -> list[Claim]:
    """Say to one tenant what of a campaign is in its own events."""
    said: list[Claim] = []
    for one in campaigns:
        shared = [each for each in one.indicators if each.shared]
        others = "1 other tenant" if one.others == 1 else f"{one.others} other tenants"
        said.append(
            claim(
                f"Campaign {one.number} ({one.confidence} confidence) reached this tenant and "
                f"{others}: {_listed(shared or one.indicators)} "
                f"{'seen' if shared else 'stand out'} here from {one.member.first:%Y-%m-%d %H:%M} "
                f"UTC on.",
                _evidence(shared or one.indicators) or one.member.evidence,
            )
        )
    return said


def _campaign(one: Campaign, total: int) -> list[Claim]:
    first = one.members[0]
    head = (
        f"Campaign {one.number} ({one.confidence} confidence) reached {len(one.members)} of "
        f"{total} tenants: {names([each.tenant for each in one.members], 8)}; {first.tenant} "
        f"first, {first.first:%Y-%m-%d %H:%M} UTC, {_after(one)}."
    )
    said = [claim(head, [uid for each in one.members for uid in each.evidence[:2]])]
    shared = [each for each in one.indicators if each.shared]
    if shared:
        said.append(
            claim(
                f"Campaign {one.number}: the tenants share {_listed(shared)}.",
                _evidence(shared),
            )
        )
    own = [each for each in one.indicators if not each.shared]
    if own:
        said.append(
            claim(
                f"Campaign {one.number}: seen in one tenant only, beside the shared ones: "
                f"{_listed(own)}.",
                _evidence(own),
            )
        )
    if len(one.techniques) > 1:
        chain = " → ".join(one.techniques[:12]) + (" …" if len(one.techniques) > 12 else "")
        said.append(
            claim(
                f"Campaign {one.number}: in the same order in its tenants: {chain}.",
                [
                    found
                    for uid in one.techniques[:12]
                    for each in one.members
                    for found in each.technique_evidence.get(uid, ())[:1]
                ],
                techniques=one.techniques,
            )
        )
    for each in one.elsewhere[:3]:
        said.append(
            claim(
                f"Campaign {one.number}: {each.tenant} has {each.value} too, {each.reason}.",
                [Evidence(event_uid=uid) for uid in each.evidence[:2]],
            )
        )
    return said


def _after(one: Campaign) -> str:
    hours = (one.members[-1].first - one.members[0].first).total_seconds() / 3600
    last = one.members[-1].tenant
    return (
        f"{last} last, {hours:.0f} hours later"
        if hours < 72
        else f"{last} last, {hours / 24:.0f} days later"
    )


def _listed(indicators: Sequence[CampaignIndicator]) -> str:
    values = list(dict.fromkeys(f"{each.kind} {each.value}" for each in indicators))
    return names(values, MAX_NAMED)


def _evidence(indicators: Iterable[CampaignIndicator]) -> list[Evidence]:
    """Cite one event of each named value with the value in it."""
    found: dict[tuple[str, str], Evidence] = {}
    seen: dict[str, None] = {}
    for each in indicators:
        seen[f"{each.kind} {each.value}"] = None
        if len(seen) > MAX_NAMED:
            break
        found.setdefault(
            (each.tenant, each.value), Evidence(event_uid=each.evidence[0], quote=_quote(each))
        )
    return list(found.values())


def _quote(each: CampaignIndicator) -> str | None:
    """Quote the value; a file name or a domain of a URL stands inside the longer text anyway."""
    return None if "\\" in each.value or '"' in each.value else each.value
