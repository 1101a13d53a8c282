"""What one tenant may see of the campaigns that reached it: its own events, and a count of others.

This is the only door from the comparison of all tenants to a report of one. Nothing passes it
that the tenant's own events do not hold, but numbers.
"""

from __future__ import annotations

from schemas.correlate import Campaign, CorrelateReport, LookedAt, OwnCampaign, TenantReport

FOUND = "part of a campaign that reached other tenants too"
NOTHING = "no campaign of several tenants was found in these events"


def own_report(report: CorrelateReport, tenant: str) -> TenantReport:
    """Make the report of one tenant."""
    [looked] = [each for each in report.tenants if each.tenant == tenant]
    mine = [
        _own(each, tenant)
        for each in report.campaigns
        if any(member.tenant == tenant for member in each.members)
    ]
    return TenantReport(
        tenant=tenant, campaigns=tuple(mine), looked_at=_own_account(looked, bool(mine))
    )


def _own(one: Campaign, tenant: str) -> OwnCampaign:
    [member] = [each for each in one.members if each.tenant == tenant]
    return OwnCampaign(
        number=one.number,
        confidence=one.confidence,
        others=len(one.members) - 1,
        # The order among tenants would tell when others were reached.
        member=member.model_copy(update={"order": 1}),
        indicators=tuple(each for each in one.indicators if each.tenant == tenant),
    )


def _own_account(looked: LookedAt, found: bool) -> LookedAt:
    return looked.model_copy(update={"found": FOUND if found else NOTHING})
