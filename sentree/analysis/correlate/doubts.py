"""What speaks against a campaign: benign readings of what its tenants share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from schemas.correlate import CampaignIndicator, Link
from schemas.tenant_slice import TenantSlice
from sentree.analysis.correlate.shared import Key, Shared


def doubts(
    names: Sequence[str],
    links: Sequence[Link],
    indicators: Sequence[CampaignIndicator],
    values: Mapping[Key, Shared],
    slices: Mapping[str, TenantSlice],
) -> tuple[list[str], list[str]]:
    """Say what speaks against a campaign, and give the events that show it."""
    said: list[str] = []
    cited: dict[str, None] = {}
    public = [one for one in indicators if one.note and one.shared]
    if public:
        listed = ", ".join(sorted({one.value for one in public})[:4])
        said.append(
            f"Anybody may have {listed}: these tie the tenants only together with the rest."
        )
        cited.update(dict.fromkeys(uid for one in public[:4] for uid in one.evidence[:1]))
    elsewhere = sorted(
        {
            (one.value, len(values[one.kind, one.key].quiet))
            for one in indicators
            if one.shared and values[one.kind, one.key].quiet
        }
    )
    for value, quiet in elsewhere[:3]:
        noun = "tenant has" if quiet == 1 else "tenants have"
        said.append(f"{quiet} {noun} {value} without any other sign of an attack.")
        cited.update(
            dict.fromkeys(
                one.evidence[0] for one in indicators if one.value == value and one.evidence
            )
        )
    silent = [name for name in names if not slices[name].hot_events]
    if silent:
        said.append(
            f"No rule or finding speaks of an attack in {', '.join(silent[:5])}: rarity alone, and "
            "what comes together with it, places them here."
        )
    if all(not link.objects for link in links):
        said.append(
            "The tenants share no infrastructure: the order of techniques alone joins them, and "
            "attackers who follow one manual look alike."
        )
    starts = [min(one.first for one in own) for own in _by_tenant(indicators) if own]
    if len(starts) > 1 and max(starts) - min(starts) > timedelta(days=14):
        said.append("More than 14 days lie between the first and the last tenant that was reached.")
    return said, list(cited)


def _by_tenant(indicators: Iterable[CampaignIndicator]) -> list[list[CampaignIndicator]]:
    found: dict[str, list[CampaignIndicator]] = {}
    for one in indicators:
        if one.shared:
            found.setdefault(one.tenant, []).append(one)
    return list(found.values())
