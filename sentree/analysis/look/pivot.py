"""Reads out of findings what to search for next: users, hosts, addresses, hashes and more."""

from __future__ import annotations

import ipaddress
from typing import Any, cast

from schemas.look import LEVELS, PIVOT_KINDS, Level, Pivot, PivotReport, PivotRequest
from schemas.query import Scenario
from schemas.result import Result
from schemas.section import Row, Section
from sentree.analysis.intel.rows import names, table, when
from sentree.analysis.look.answer import answer
from sentree.analysis.records import Account, claim
from sentree.lake.db import Lake
from sentree.lake.look import LookScope, look, look_scope
from sentree.settings import Settings

MAX_ROWS = 5_000
TITLES = {
    "user": "Users",
    "host": "Hosts",
    "address": "Addresses",
    "domain": "Domains",
    "url": "URLs",
    "hash": "Hashes",
    "process": "Processes",
    "command": "Command lines",
    "file": "Files",
}


def pivot(lake: Lake, settings: Settings, request: PivotRequest) -> Result:
    """Read the pivots of all findings at a level and above.

    Raises:
        NotFoundError: a tenant is not in the lake.
        LakeError: the lake can't be read.
    """
    scope = look_scope(lake, request.tenants, request.window)
    report = read_pivots(lake, scope, request)
    total = sum(row["events"] for row in look(lake, scope, "totals"))
    kinds = [kind for kind in PIVOT_KINDS if any(one.kind == kind for one in report.pivots)]
    summary = [
        claim(
            f"{report.events:,} events with findings of level {report.level} or higher name "
            + names([f"{_count(report, kind):,} {TITLES[kind].lower()}" for kind in kinds], 9)
            + ".",
            [uid for one in report.pivots[:20] for uid in one.samples],
        )
    ]
    notes = [] if report.pivots else [f"No finding of level {report.level} or higher in scope."]
    sections = [_section(report, "all", "Everything that findings name", report.pivots)]
    sections += [
        _section(report, kind, TITLES[kind], [one for one in report.pivots if one.kind == kind])
        for kind in kinds
    ]
    return answer(
        lake,
        settings,
        request,
        Scenario.PIVOT,
        scope,
        question=f"What do the findings of level {request.level} or higher name?",
        title="Pivots of the findings",
        summary=summary if report.pivots else [],
        sections=sections if report.pivots else [],
        account=Account(in_scope=total, looked_at=report.events),
        data=report,
        notes=notes,
    )


def read_pivots(lake: Lake, scope: LookScope, request: PivotRequest) -> PivotReport:
    """Run the query and sort out what is no pivot: an address that names nobody."""
    values = {"levels": list(LEVELS), "least": LEVELS.index(request.level) + 1}
    rows = look(lake, scope, "pivots", values)
    pivots = [_pivot(row) for row in rows if row["kind"] in request.kinds and _tells(row)]
    order = {kind: place for place, kind in enumerate(PIVOT_KINDS)}
    pivots.sort(key=lambda one: order[one.kind])
    return PivotReport(
        snapshot_id=scope.snapshot,
        window=scope.window,
        level=request.level,
        events=rows[0]["scope_events"] if rows else 0,
        pivots=tuple(pivots),
    )


def _pivot(row: dict[str, Any]) -> Pivot:
    findings = [{**one, "level": LEVELS[one["rank"] - 1]} for one in row["findings"]]
    return Pivot.model_validate(
        {
            **{
                key: value
                for key, value in row.items()
                if key not in ("rank", "scope_events", "findings")
            },
            "level": cast(Level, LEVELS[row["rank"] - 1]),
            "findings": [
                {key: value for key, value in one.items() if key != "rank"} for one in findings
            ],
            "internal": row["kind"] == "address" and not _is_global(row["value"]),
        }
    )


def _tells(row: dict[str, Any]) -> bool:
    if row["kind"] == "hash":
        # A file whose hash was not computed.
        return bool(row["value"].strip("0"))
    if row["kind"] != "address":
        return True
    try:
        address = ipaddress.ip_address(row["value"])
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


def _is_global(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False


def _count(report: PivotReport, kind: str) -> int:
    return sum(one.kind == kind for one in report.pivots)


def _section(report: PivotReport, key: str, title: str, listed: Any) -> Section:
    rows = [
        Row(
            cells=(
                one.level,
                *((one.kind,) if key == "all" else ()),
                one.events,
                len(one.findings),
                names([finding.title for finding in one.findings], 3),
                when(one.first),
                when(one.last),
                one.value,
            ),
            evidence=one.samples,
            level=one.level,
        )
        for one in listed
    ]
    kind = " Kind" if key == "all" else ""
    columns = f"Level^{kind} Events# Findings# From First@ Last@ Value"
    return Section(
        key=key, title=title, tables=(table(f"pivots-{key}", title, columns, rows, limit=MAX_ROWS),)
    )
