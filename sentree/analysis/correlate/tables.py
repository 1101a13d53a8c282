"""The tables of a correlation: for whoever sees all tenants, and for one tenant about itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from schemas.correlate import Campaign, CampaignIndicator, CorrelateReport, OwnCampaign
from schemas.section import Row, Section, Table
from sentree.analysis.intel.rows import names, table
from sentree.intel.attack import technique

MAX_EVIDENCE = 8


def sections(report: CorrelateReport) -> list[Section]:
    """Arrange the answer: a section a campaign, then who was looked at, then what says nothing."""
    made = [_campaign(each, len(report.tenants)) for each in report.campaigns]
    made.append(Section(key="tenants", title="Tenants looked at", tables=(_looked_at(report),)))
    if report.set_aside:
        made.append(Section(key="aside", title="Shared, but no sign", tables=(_set_aside(report),)))
    return made


def own_sections(campaigns: Sequence[OwnCampaign]) -> list[Section]:
    """Arrange one tenant's own answer."""
    made: list[Section] = []
    for each in campaigns:
        key = f"campaign{each.number}"
        tables = [_own_indicators(key, each), _own_techniques(key, each)]
        made.append(
            Section(
                key=key,
                title=f"Campaign {each.number}",
                tables=tuple(one for one in tables if one.rows),
                notes=(
                    f"Confidence: {each.confidence}. {_others(each.others)} of this campaign too; "
                    "nothing of theirs stands in this report.",
                ),
            )
        )
    return made


def _campaign(one: Campaign, total: int) -> Section:
    key = f"campaign{one.number}"
    tables = [
        _members(key, one),
        _by_indicator(key, one),
        _indicators(key, one),
        _techniques(key, one),
        _links(key, one),
        _elsewhere(key, one),
    ]
    notes = [f"Confidence: {one.confidence}. {len(one.members)} of {total} tenants."]
    notes += [f"Against: {text}" for text in one.against]
    return Section(
        key=key,
        title=f"Campaign {one.number}: {names([each.tenant for each in one.members], 6)}",
        tables=tuple(each for each in tables if each.rows),
        notes=tuple(notes),
    )


def _members(key: str, one: Campaign) -> Table:
    return table(
        f"{key}_tenants",
        "Tenants in order of time",
        "Order# Tenant First_seen@ Last_seen@ Indicators# Shared# Machines Techniques#",
        [
            _row(
                each.evidence,
                each.order,
                each.tenant,
                when(each.first),
                when(each.last),
                each.indicators,
                each.shared,
                names(each.entities, 6),
                len(each.techniques),
            )
            for each in one.members
        ],
        "First seen is the first sighting of an indicator that tenants share.",
    )


def _by_indicator(key: str, one: Campaign) -> Table:
    groups: dict[tuple[str, str], list[CampaignIndicator]] = {}
    for each in one.indicators:
        if each.shared:
            groups.setdefault((each.kind, each.key), []).append(each)
    rows: list[Row] = []
    for (kind, _), members in groups.items():
        ordered = sorted(members, key=lambda each: (each.first, each.tenant))
        rows.append(
            _row(
                [uid for each in ordered for uid in each.evidence[:2]],
                kind,
                ordered[0].value,
                len(ordered),
                names([each.tenant for each in ordered], 6),
                when(ordered[0].first),
                round(max(each.weight for each in ordered), 2),
                "; ".join(filter(None, (ordered[0].note, names(ordered[0].intel, 3)))),
            )
        )
    return table(
        f"{key}_shared",
        "Indicators that tenants share",
        "Kind Value Tenants# Seen_in,_first_to_last First_seen@ Weight% Note",
        rows,
        "Weight is how much it says that these tenants share the value: rarity, nearness in time "
        "and what speaks of an attack beside it.",
    )


def _indicators(key: str, one: Campaign) -> Table:
    return table(
        f"{key}_indicators",
        "Indicators by tenant",
        "Tenant Kind Value Shared First_seen@ Last_seen@ Events# Machines",
        [
            _row(
                each.evidence,
                each.tenant,
                each.kind,
                each.value,
                "yes" if each.shared else "only here",
                when(each.first),
                when(each.last),
                each.events,
                names(each.entities, 4),
            )
            for each in sorted(
                one.indicators, key=lambda each: (each.tenant, not each.shared, each.first)
            )
        ],
    )


def _techniques(key: str, one: Campaign) -> Table:
    return table(
        f"{key}_techniques",
        "Techniques in the order that the tenants have in common",
        "Step# Technique* Name Tenants#",
        [
            _row(
                [
                    found
                    for each in one.members
                    for found in each.technique_evidence.get(uid, ())[:1]
                ],
                step,
                uid,
                technique(uid).name,
                sum(uid in each.techniques for each in one.members),
            )
            for step, uid in enumerate(one.techniques, start=1)
        ],
    )


def _links(key: str, one: Campaign) -> Table:
    evidence = {each.tenant: each.evidence[:2] for each in one.members}
    return table(
        f"{key}_links",
        "What joins the tenants",
        "Tenant Other Why Shared_weight# Independent_things# Order_alike%",
        [
            _row(
                (*evidence[each.one], *evidence[each.other]),
                each.one,
                each.other,
                each.reason,
                round(each.indicators, 2),
                each.objects,
                each.order,
            )
            for each in one.links
        ],
    )


def _elsewhere(key: str, one: Campaign) -> Table:
    return table(
        f"{key}_elsewhere",
        "Tenants to look at: an indicator, but not enough for more",
        "Tenant Kind Value First_seen@ Why_not",
        [
            _row(each.evidence, each.tenant, each.kind, each.value, when(each.first), each.reason)
            for each in one.elsewhere
        ],
    )


def _looked_at(report: CorrelateReport) -> Table:
    return table(
        "tenants_all",
        "Every tenant and what came of it",
        "Tenant Events# From@ To@ Machines# Notable_events# Found",
        [
            Row(
                cells=(
                    each.tenant,
                    each.events,
                    when(each.first),
                    when(each.last),
                    each.entities,
                    each.hot_events,
                    each.found,
                )
            )
            for each in report.tenants
        ],
        "Notable events are hits of rules of level medium or higher, and findings of products.",
    )


def _set_aside(report: CorrelateReport) -> Table:
    left = report.set_aside_total - len(report.set_aside)
    return table(
        "aside_values",
        "Values of several tenants that were set aside",
        "Kind Value Tenants# Reason",
        [
            Row(cells=(each.kind, each.value, each.tenants, each.reason))
            for each in report.set_aside
        ],
        f"{left:,} more were set aside." if left else "",
    )


def _own_indicators(key: str, one: OwnCampaign) -> Table:
    return table(
        f"{key}_indicators",
        "Your indicators",
        "Kind Value Seen_by_others First_seen@ Last_seen@ Events# Machines",
        [
            _row(
                each.evidence,
                each.kind,
                each.value,
                "yes" if each.shared else "no",
                when(each.first),
                when(each.last),
                each.events,
                names(each.entities, 6),
            )
            for each in one.indicators
        ],
    )


def _own_techniques(key: str, one: OwnCampaign) -> Table:
    return table(
        f"{key}_techniques",
        "Your techniques in order of time",
        "Step# Technique* Name",
        [
            _row(one.member.technique_evidence.get(uid, ()), step, uid, technique(uid).name)
            for step, uid in enumerate(one.member.techniques, start=1)
        ],
    )


def _others(count: int) -> str:
    return "One other tenant is part" if count == 1 else f"{count} other tenants are part"


def when(time: datetime | None) -> str | None:
    """Write a time to the second, as far as people compare tenants by it."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}" if time else None


def _row(evidence: Iterable[str], *cells: str | int | float | None) -> Row:
    return Row(cells=cells, evidence=tuple(dict.fromkeys(evidence))[:MAX_EVIDENCE])
