"""The tables of a digest: findings, campaigns, silences, sources, events and rejects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from schemas.digest import LEVELS, DigestReport, NewFinding
from schemas.section import Row, Scalar, Section, Table, TechniqueScore
from sentree.analysis.digest.summary import pause, worst_level
from sentree.analysis.intel.rows import evidence, names, table

LEVEL_SCORES = dict(zip(LEVELS, (1.0, 2.0, 3.0, 4.0, 5.0), strict=True))


def sections(report: DigestReport) -> list[Section]:
    """Arrange the answer: what an analyst acts on first, what an operator mends after it."""
    made = [
        Section(
            key="findings",
            title="New findings",
            tables=_some(
                _findings(report),
                _by(report, "hosts", "By host", "Host", lambda one: [one.host] if one.host else []),
                _by(report, "tactics", "By tactic", "Tactic", lambda one: one.tactics),
            ),
        ),
        Section(key="campaigns", title="Campaigns over tenants", tables=_some(_campaigns(report))),
        Section(key="silent", title="Silent sources", tables=_some(_silences(report))),
        Section(
            key="loaded",
            title="What was loaded",
            tables=_some(_classes(report), _sources(report), _rejects(report)),
        ),
        Section(key="spans", title="What counts as new", tables=_some(_spans(report))),
    ]
    return [one for one in made if one.tables]


def technique_scores(report: DigestReport) -> list[TechniqueScore]:
    """Score techniques by the worst finding that shows them."""
    by_technique: dict[str, list[NewFinding]] = defaultdict(list)
    for one in report.findings:
        for name in one.techniques:
            by_technique[name].append(one)
    return [
        TechniqueScore(
            technique=name,
            score=max(LEVEL_SCORES[one.level] for one in found),
            evidence=evidence(uid for one in found for uid in one.evidence),
            comment=names(sorted({one.title for one in found}), 3),
        )
        for name, found in sorted(by_technique.items())
    ]


def _some(*tables: Table) -> tuple[Table, ...]:
    return tuple(one for one in tables if one.rows)


def _row(cited: Iterable[str], *cells: Scalar, level: str | None = None) -> Row:
    return Row(cells=cells, evidence=evidence(cited), level=level)


def _findings(report: DigestReport) -> Table:
    return table(
        "findings",
        "New findings",
        "Level^ Finding Host Tenant Known User Events# First@ Last@ Techniques*",
        [
            _row(
                one.evidence,
                one.level,
                one.title,
                one.host,
                _tenant(report, one.tenant),
                _known(one),
                one.user,
                one.events,
                when(one.first),
                when(one.last),
                ", ".join(one.techniques),
                level=one.level,
            )
            for one in report.findings
        ],
        "One row per rule (or finding that a record itself reports) and host. Known: its events on "
        "that host that earlier digests told.",
    )


def _known(one: NewFinding) -> str:
    if not one.before:
        return "new here"
    since = f" since {one.known_since:%Y-%m-%d}" if one.known_since else ""
    return f"{one.before:,} before{since}"


def _by(
    report: DigestReport,
    key: str,
    title: str,
    what: str,
    groups: Callable[[NewFinding], Sequence[str]],
) -> Table:
    found: dict[tuple[str, str], list[NewFinding]] = defaultdict(list)
    for one in report.findings:
        for name in groups(one):
            found[one.tenant if key == "hosts" else "", name].append(one)
    ranked = sorted(
        found.items(),
        key=lambda item: (
            -max(LEVEL_SCORES[one.level] for one in item[1]),
            -len(item[1]),
            item[0],
        ),
    )
    return table(
        key,
        title,
        f"{what} Tenant Worst^ Findings# New_here# Events# First@ Last@",
        [
            _row(
                (uid for one in group for uid in one.evidence[:2]),
                name,
                _tenant(report, tenant) if tenant else "",
                worst_level(group),
                len(group),
                sum(not one.before for one in group),
                sum(one.events for one in group),
                when(min((one.first for one in group if one.first), default=None)),
                when(max((one.last for one in group if one.last), default=None)),
                level=worst_level(group),
            )
            for (tenant, name), group in ranked
        ],
    )


def _campaigns(report: DigestReport) -> Table:
    return table(
        "campaigns",
        "Campaigns that reached several tenants",
        "Campaign# Told_before Confidence Tenants Share First@ Last@ Techniques*",
        [
            _row(
                one.evidence,
                one.number,
                one.status,
                one.confidence,
                names(one.tenants),
                names(one.indicators),
                when(one.first),
                when(one.last),
                ", ".join(one.techniques),
            )
            for one in report.campaigns
        ],
        "The command correlate tells each at length, and to each tenant its own.",
    )


def _silences(report: DigestReport) -> Table:
    return table(
        "silences",
        "Hosts and feeds that say nothing",
        "Name Tenant Kind Last_seen@ Silent_for Usual_pause Learned_from_days# Told",
        [
            _row(
                one.evidence,
                one.name,
                _tenant(report, one.tenant),
                one.kind,
                when(one.last_seen),
                pause(one.silent_s),
                pause(one.usual_s),
                one.days,
                "before" if one.known else "now",
            )
            for one in report.silences
        ],
        "A host is measured against others of the same deliveries, a feed against its own rhythm.",
    )


def _classes(report: DigestReport) -> Table:
    return table(
        "classes",
        "New events by class",
        "Class Tenant Events# First@ Last@",
        [
            _row(
                one.evidence,
                f"{one.name} ({one.class_uid})",
                _tenant(report, one.tenant),
                one.events,
                when(one.first),
                when(one.last),
            )
            for one in report.classes
        ],
    )


def _sources(report: DigestReport) -> Table:
    return table(
        "sources",
        "New sources",
        "Source Tenant Format Delivered# New_events# Duplicate# Rejected# Late# Loaded@ Note",
        [
            _row(
                one.evidence,
                one.path,
                _tenant(report, one.tenant),
                one.format,
                one.delivered,
                one.accepted,
                one.duplicate,
                one.rejected,
                one.late,
                when(one.loaded_at),
                one.note,
            )
            for one in report.sources
        ],
        "Delivered = new events + duplicate + rejected. Late: older than what was told before.",
    )


def _rejects(report: DigestReport) -> Table:
    return table(
        "rejects",
        "Records in quarantine",
        "Source Tenant Reason Records#",
        [
            _row([one.sample], one.path, _tenant(report, one.tenant), one.reason, one.records)
            for one in report.rejects
        ],
    )


def _spans(report: DigestReport) -> Table:
    return table(
        "spans",
        "From which to which snapshot of the lake",
        "Tenant Digest_before Events_after# Events_up_to# Detections_after# Detections_up_to#",
        [
            _row(
                (),
                one.tenant,
                one.last_run or ("a look back" if report.look_back else "none: all is new"),
                one.events_from,
                one.events_to,
                one.detections_from,
                one.detections_to,
            )
            for one in report.spans
        ],
        "New is what was loaded after one snapshot and up to another, however old its events are.",
    )


def when(time: datetime | None) -> str | None:
    """Write a time to the minute: a digest is read for the hour, the event has the rest."""
    return f"{time:%Y-%m-%dT%H:%MZ}" if time else None


def _tenant(report: DigestReport, tenant: str) -> str:
    """Name the tenant where there are several; a column of one name is left out."""
    return tenant if len(report.spans) > 1 else ""
