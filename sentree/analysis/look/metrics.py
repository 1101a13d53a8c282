"""Counts what the events of a scope are: event ids, computers, channels, logons."""

from __future__ import annotations

from schemas.claim import Claim
from schemas.look import (
    Channel,
    Computer,
    EventKind,
    Logons,
    LookRequest,
    MetricsReport,
    TenantTotal,
)
from schemas.query import Scenario
from schemas.result import Result
from schemas.section import Row, Scalar, Section
from sentree.analysis.intel.rows import table, when
from sentree.analysis.look.answer import answer
from sentree.analysis.look.event_names import event_name
from sentree.analysis.records import Account, claim
from sentree.errors import UsageError
from sentree.lake.db import Lake
from sentree.lake.look import LookScope, look, look_scope
from sentree.settings import Settings

LOGON_TYPES = {
    1: "system",
    2: "interactive",
    3: "network",
    4: "batch",
    5: "service",
    7: "unlock",
    8: "network, clear text",
    9: "new credentials",
    10: "remote desktop",
    11: "cached",
    12: "cached remote desktop",
    13: "cached unlock",
}
PARTS = ("events", "computers", "channels", "logons")


def metrics(
    lake: Lake, settings: Settings, request: LookRequest, parts: tuple[str, ...] = PARTS
) -> Result:
    """Count the events of a scope; `parts` says which tables, in which order.

    Raises:
        UsageError: there is no such part.
        NotFoundError: a tenant is not in the lake.
        LakeError: the lake can't be read.
    """
    if wrong := [part for part in parts if part not in PARTS]:
        raise UsageError(f"no metrics called '{wrong[0]}': choose from {', '.join(PARTS)}")
    scope = look_scope(lake, request.tenants, request.window)
    report = count(lake, scope)
    several = len(report.tenants) > 1
    made = {
        "events": _events(report, several),
        "computers": _computers(report, several),
        "channels": _channels(report, several),
        "logons": _logons(report, several),
    }
    total = sum(one.events for one in report.tenants)
    return answer(
        lake,
        settings,
        request,
        Scenario.METRICS,
        scope,
        question="What are the events of the lake?",
        title="Metrics of the events",
        summary=_summary(report),
        sections=[made[part] for part in parts],
        account=Account(in_scope=total, looked_at=total),
        data=report,
    )


def count(lake: Lake, scope: LookScope) -> MetricsReport:
    """Run the counts."""
    kinds = [
        EventKind.model_validate(
            {
                **row,
                "name": event_name(
                    row["provider"], row["channel"], row["event_id"], row["class_uid"]
                ),
                "class_uid": row["class_uid"] or 0,
            }
        )
        for row in look(lake, scope, "events")
    ]
    logons = [
        Logons.model_validate({**row, "samples": [one for one in row["samples"] if one]})
        for row in look(lake, scope, "logons")
    ]
    return MetricsReport(
        snapshot_id=scope.snapshot,
        window=scope.window,
        tenants=tuple(TenantTotal.model_validate(row) for row in look(lake, scope, "totals")),
        event_kinds=tuple(kinds),
        computers=tuple(Computer.model_validate(row) for row in look(lake, scope, "hosts")),
        channels=tuple(Channel.model_validate(row) for row in look(lake, scope, "channels")),
        logons=tuple(logons),
    )


def _summary(report: MetricsReport) -> list[Claim]:
    made: list[Claim] = []
    for one in report.tenants:
        span = f", from {when(one.first)} to {when(one.last)}" if one.first else ""
        kinds = sum(kind.tenant == one.tenant for kind in report.event_kinds)
        text = (
            f"Tenant {one.tenant} has {one.events:,} events of {kinds:,} kinds on {one.hosts:,} "
            f"hosts{span}."
        )
        made.append(claim(text, dict.fromkeys((one.first_uid, one.last_uid))))
    failed = [one for one in report.logons if one.failures]
    if failed:
        worst = failed[0]
        times = sum(one.failures for one in failed)
        made.append(
            claim(
                f"Logons and requests of tickets failed {times:,} times; most for "
                f"{worst.user or 'no named user'} at {worst.host or 'no named host'} from "
                f"{worst.source or 'no named source'}: {worst.failures:,} failures, "
                f"{worst.successes:,} successes.",
                worst.samples,
            )
        )
    return made


def _row(tenant: str, several: bool, evidence: tuple[str, ...], *cells: Scalar) -> Row:
    return Row(cells=((tenant, *cells) if several else cells), evidence=evidence)


def _columns(several: bool, names: str) -> str:
    return f"Tenant {names}" if several else names


def _events(report: MetricsReport, several: bool) -> Section:
    totals = {one.tenant: one.events for one in report.tenants}
    rows = [
        _row(
            one.tenant,
            several,
            (one.sample,),
            one.channel,
            one.event_id,
            one.name,
            one.events,
            one.events / totals[one.tenant],
            one.hosts,
            when(one.first),
            when(one.last),
        )
        for one in report.event_kinds
    ]
    columns = "Channel Event Name Events# Share% Hosts# First@ Last@"
    made = table("event-ids", "Event ids", _columns(several, columns), rows)
    return Section(key="events", title="Events", tables=(made,))


def _computers(report: MetricsReport, several: bool) -> Section:
    rows = [
        _row(
            one.tenant,
            several,
            (one.sample,),
            one.host,
            one.full_name,
            ", ".join(one.formats),
            one.channels,
            one.events,
            when(one.first),
            when(one.last),
        )
        for one in report.computers
    ]
    columns = "Host Full_name Formats Channels# Events# First@ Last@"
    made = table("computers", "Computers", _columns(several, columns), rows)
    return Section(key="computers", title="Computers", tables=(made,))


def _channels(report: MetricsReport, several: bool) -> Section:
    rows = [
        _row(
            one.tenant,
            several,
            (one.sample,),
            one.format,
            one.channel,
            one.files,
            one.hosts,
            one.event_ids,
            one.events,
            when(one.first),
            when(one.last),
        )
        for one in report.channels
    ]
    columns = "Format Channel Files# Hosts# Event_ids# Events# First@ Last@"
    made = table("channels", "Channels", _columns(several, columns), rows)
    return Section(key="channels", title="Channels and formats", tables=(made,))


def _logons(report: MetricsReport, several: bool) -> Section:
    def rows(kind: str) -> list[Row]:
        return [
            _row(
                one.tenant,
                several,
                one.samples,
                one.user,
                one.host,
                one.source,
                *((LOGON_TYPES.get(one.logon_type_id or 0, ""),) if kind == "logon" else ()),
                one.successes,
                one.failures,
                one.unsaid,
                when(one.first),
                when(one.last),
                when(one.last_failure),
            )
            for one in report.logons
            if one.kind == kind
        ]

    counts = "Successes# Failures# Unsaid# First@ Last@ Last_failure@"
    logons = table(
        "logons",
        "Logons",
        _columns(several, f"User Host Source Type {counts}"),
        rows("logon"),
        "Unsaid: the record does not tell whether it succeeded.",
    )
    tickets = table(
        "tickets",
        "Kerberos tickets asked for",
        _columns(several, f"User Host Source {counts}"),
        rows("ticket"),
    )
    return Section(
        key="logons",
        title="Logons",
        tables=tuple(one for one in (logons, tickets) if one.rows or one is logons),
        notes=() if logons.rows else ("No event in scope is a logon.",),
    )
