"""The answer of a hunt: what was sighted, and what was not or could not be searched."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.claim import Claim
from schemas.hunt import HuntReport, IndicatorNote
from schemas.section import Row, Section, Table
from sentree.analysis.intel.rows import names, table, when
from sentree.analysis.records import claim

VALIDITY = {
    "within": "while valid",
    "before": "before it was valid",
    "after": "after it expired",
    "partly": "partly while valid",
    "unknown": "no time",
}


def summarise(report: HuntReport) -> list[Claim]:
    """Say how many indicators were sighted, and which one most."""
    if not report.sightings:
        return []
    worst = report.sightings[0]
    sighted = len({one.indicator_uid for one in report.sightings})
    hosts = {host for one in report.sightings for host in one.hosts}
    uids = dict.fromkeys(uid for one in report.sightings[:20] for uid in one.event_uids[:2])
    return [
        claim(
            f"{sighted:,} of {report.run:,} indicators that were run match events, on "
            f"{len(hosts):,} {'host' if len(hosts) == 1 else 'hosts'}.",
            uids,
        ),
        claim(
            f"{worst.name} ({worst.level}) matches {worst.events:,} events of tenant "
            f"{worst.tenant}: {names(worst.values, 3)}.",
            worst.event_uids[:4],
        ),
    ]


def sections(report: HuntReport) -> list[Section]:
    """Arrange the tables; the account of what was not searched comes last, and always."""
    rows = [
        Row(
            cells=(
                one.level,
                one.name,
                one.tenant,
                names(one.hosts, 3),
                one.matches,
                one.events,
                when(one.first),
                when(one.last),
                VALIDITY[one.validity],
                names(one.values, 3),
                one.indicator_uid,
            ),
            evidence=one.event_uids[:4],
            level=one.level,
        )
        for one in report.sightings
    ]
    found = table(
        "sightings",
        "Indicators sighted",
        "Level^ Indicator Tenant Hosts Matches# Events# First@ Last@ When Value Id",
        rows,
        "A match has several events where the pattern joins observations.",
        limit=2_000,
    )
    account = Section(
        key="account",
        title="What was not searched",
        tables=tuple(
            one
            for one in (
                _notes("unsearchable", "Can't be searched", report.unsearchable),
                _notes("partly", "Searched in part", report.partly),
                _notes("skipped", "Not run: out of force", report.skipped),
            )
            if one.rows
        ),
        notes=(
            f"{report.indicators:,} indicators: {report.run:,} run, "
            f"{len(report.unsearchable):,} can't be searched, {len(report.skipped):,} not run; "
            f"over {report.events:,} events, valid as of {when(report.as_of)}.",
        ),
    )
    return [Section(key="sightings", title="Sightings", tables=(found,)), account]


def _notes(key: str, title: str, listed: Sequence[IndicatorNote]) -> Table:
    rows = [Row(cells=(one.name, one.reason, one.indicator_uid)) for one in listed]
    return table(key, title, "Indicator Reason Id", rows)
