"""What a digest did not look at, in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sentree.analysis.digest.campaigns import Campaigns
from sentree.lake.news import News

if TYPE_CHECKING:
    from sentree.analysis.digest.run import Detected


def omissions(
    busy: Mapping[str, str],
    detected: Sequence[Detected],
    news: Sequence[News],
    campaigns: Campaigns,
) -> tuple[str, ...]:
    """Say what was left out, and why."""
    said = [
        f"Tenant {tenant} is not in it: run {holder} is telling it now."
        for tenant, holder in sorted(busy.items())
    ]
    said += [one.failed for one in detected if one.failed]
    reports = [one.report for one in detected if one.report is not None]
    if reports:
        # The rules are the same for all tenants; what met no data may differ.
        loaded, errors = reports[0].rules_loaded, len(reports[0].load_errors)
        idle = set.intersection(*({note.rule_uid for note in one.without_data} for one in reports))
        broken = {note.rule_uid for one in reports for note in one.not_runnable}
        said.append(
            f"{loaded:,} rules ran over the new events alone; older events were searched when "
            "they were new, by the rules of that time."
        )
        if idle:
            said.append(f"{len(idle):,} of them met no event of their log source.")
        if broken:
            said.append(f"{len(broken):,} of them can't be run.")
        if errors:
            said.append(f"{errors:,} rule files could not be read.")
    timeless = sum(one.without_time for one in news)
    if timeless:
        said.append(f"{timeless:,} new events have no time: they are in the counts, not in order.")
    rejected = sum(each.records for one in news for each in one.rejects)
    if rejected:
        said.append(f"{rejected:,} records could not be read; they are in quarantine.")
    if campaigns.note:
        said.append(campaigns.note)
    return tuple(said)
