"""Runs the correlation: each tenant is read alone, code compares them, each gets its own result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from schemas.correlate import CorrelateReport, CorrelateRequest
from schemas.event import CitedEvent
from schemas.query import Query, Scenario
from schemas.result import Result
from schemas.section import TechniqueScore
from schemas.tenant_slice import TenantSlice
from schemas.window import Window
from sentree.analysis.correlate.campaigns import correlate
from sentree.analysis.correlate.fold import fold_tenants
from sentree.analysis.correlate.known import read_intel
from sentree.analysis.correlate.own import own_report
from sentree.analysis.correlate.summary import own_summary, summarise
from sentree.analysis.correlate.tables import own_sections, sections
from sentree.analysis.records import Account, cited_uids, record_result
from sentree.analysis.scope import new_run_dir
from sentree.errors import UsageError
from sentree.lake.db import Lake
from sentree.lake.rule_runs import has_run, remember_run, rule_run
from sentree.lake.tenants import Tenant, cited_events, list_tenants, read_slice
from sentree.rules.detect import detect
from sentree.rules.fingerprint import rules_fingerprint
from sentree.rules.load import load_rules
from sentree.rules.packs import OWN_RULES
from sentree.settings import Settings


class Plan(NamedTuple):
    """What a run looks at: the tenants, and the snapshot of the lake that all is read from."""

    tenants: tuple[Tenant, ...]
    snapshot: int


class Correlation(NamedTuple):
    """The result for whoever sees all tenants, and each tenant's own, by the name of its folder."""

    result: Result
    by_tenant: dict[str, Result]


def run(settings: Settings, request: CorrelateRequest) -> Result:
    """Compare tenants; give the result for whoever sees all of them."""
    return run_all(settings, request).result


def run_all(settings: Settings, request: CorrelateRequest) -> Correlation:
    """Compare tenants, and make the result of each tenant beside the common one.

    Raises:
        UsageError: fewer than two tenants have events in the window.
        NotFoundError: a named tenant has none.
    """
    with Lake.open(settings, create=False) as lake:
        found = plan(lake, request)
        slices = [read_slice(lake, each, found.snapshot, request.window) for each in found.tenants]
        run_dir = new_run_dir(settings, request, datetime.now(UTC))
        return conclude(lake, request, found, slices, run_dir)


def plan(lake: Lake, request: CorrelateRequest) -> Plan:
    """Find the tenants; run the product's own rules where no rule ever detected anything."""
    first = list_tenants(lake, lake.snapshot_id(), request.window, request.tenants)
    if len(first) < 2:
        there = ", ".join(each.name for each in first) or "none"
        raise UsageError(
            f"correlation needs at least two tenants with events in scope, here: {there}; "
            "load each with `sentree ingest --tenant NAME`, or OCSF that names metadata.tenant_uid"
        )
    known = {
        row["tenant_uid"] for row in lake.query("SELECT DISTINCT tenant_uid FROM lake.detections")
    }
    missing = sorted({each.tenant_uid for each in first} - known)
    if missing:
        _run_rules(lake, missing, request.window)
    return Plan(tuple(first), lake.snapshot_id())


def _run_rules(lake: Lake, tenants: Sequence[str], window: Window | None) -> None:
    """Run the product's rules, but for tenants over whose events they ran before."""
    folder = Path(OWN_RULES)
    fingerprint = rules_fingerprint(folder)
    runs = [rule_run(lake, fingerprint, tenant, window) for tenant in tenants]
    due = [each for each in runs if not has_run(lake, each)]
    if not due:
        return
    loaded = load_rules((str(folder),))
    for each in due:
        detect(lake, loaded, tenant=each.tenant_uid, window=window)
        remember_run(lake, each)


def read_tenant(
    settings: Settings, tenant: Tenant, request: CorrelateRequest, snapshot: int
) -> TenantSlice:
    """Read one tenant's slice through a connection of its own."""
    with Lake.open(settings, create=False) as lake:
        return read_slice(lake, tenant, snapshot, request.window)


def conclude(
    lake: Lake,
    request: CorrelateRequest,
    found: Plan,
    slices: Sequence[TenantSlice],
    run_dir: Path,
    created_at: datetime | None = None,
) -> Correlation:
    """Compare what was read and make the results, every citation checked against the lake."""
    created = created_at or datetime.now(UTC)
    tenants = {each.name: each for each in found.tenants}
    report = correlate(fold_tenants(slices), read_intel(request.intel))
    summary, parts = summarise(report), sections(report)
    events = _cited(lake, tenants, found.snapshot, report)
    result = record_result(
        run_dir,
        Scenario.CORRELATE,
        request.title or _title(report),
        request.query,
        summary=summary,
        sections=parts,
        texts=_texts(events.values()),
        records={
            uid: event.model_copy(update={"source": f"{name}: {event.source}"})
            for (name, uid), event in events.items()
        },
        account=_account(report, found.snapshot, request),
        techniques=_scores(report),
        ruled_out=_ruled_out(report),
        notes=_notes(request, report),
        data=report,
        created_at=created,
    )
    own = {
        folder: _own_result(
            run_dir / "tenants" / folder,
            name,
            request,
            report,
            {uid: event for (holder, uid), event in events.items() if holder == name},
            found.snapshot,
            created,
        )
        for name, folder in folders(tenants).items()
    }
    return Correlation(result, own)


def folders(names: Iterable[str]) -> dict[str, str]:
    """Give each tenant the name of its folder: its own name as far as a path may hold it."""
    taken: dict[str, str] = {}
    for name in sorted(names):
        kept = "".join(
            char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in name
        )
        base = kept.strip("-")[:60] or "tenant"
        used = {each.lower() for each in taken.values()}
        choice, number = base, 2
        while choice.lower() in used:
            choice, number = f"{base}-{number}", number + 1
        taken[name] = choice
    return taken


def _own_result(
    folder: Path,
    name: str,
    request: CorrelateRequest,
    report: CorrelateReport,
    events: Mapping[str, CitedEvent],
    snapshot: int,
    created: datetime,
) -> Result:
    own = own_report(report, name)
    looked = own.looked_at
    summary, parts = own_summary(own.campaigns), own_sections(own.campaigns)
    cited = set(cited_uids(summary, parts))
    return record_result(
        folder,
        Scenario.CORRELATE,
        f"Campaigns of several tenants: {name}",
        Query(
            text="Which campaigns that reached several tenants are in this tenant's events?",
            window=request.window,
            tenant_uid=name,
        ),
        summary=summary,
        sections=parts,
        texts=_texts(events.values()),
        records={uid: event for uid, event in events.items() if uid in cited},
        account=Account(looked.events, looked.events, (), snapshot),
        techniques=[
            TechniqueScore(
                technique=uid, score=1.0, evidence=each.member.technique_evidence.get(uid, ())
            )
            for each in own.campaigns
            for uid in each.member.techniques
        ],
        ruled_out=() if own.campaigns else (f"In this window {looked.found}.",),
        data=own,
        created_at=created,
    )


def _cited(
    lake: Lake, tenants: Mapping[str, Tenant], snapshot: int, report: CorrelateReport
) -> dict[tuple[str, str], CitedEvent]:
    """Read what is cited, tenant by tenant, so that an event is only ever found in its own."""
    wanted: dict[str, dict[str, None]] = {name: {} for name in tenants}
    for each in report.campaigns:
        for line in (*each.members, *each.indicators, *each.elsewhere):
            wanted[line.tenant].update(dict.fromkeys(line.evidence))
        for member in each.members:
            for uids in member.technique_evidence.values():
                wanted[member.tenant].update(dict.fromkeys(uids))
    return {
        (name, event.event_uid): event
        for name, uids in wanted.items()
        for event in cited_events(lake, tenants[name], snapshot, list(uids))
    }


def _texts(events: Iterable[CitedEvent]) -> dict[str, str]:
    return {each.event_uid: f"{each.event}\n{each.raw}" for each in events}


def _account(report: CorrelateReport, snapshot: int, request: CorrelateRequest) -> Account:
    total = sum(each.events for each in report.tenants)
    left = () if not request.tenants else ("Tenants that were not named were not looked at.",)
    return Account(total, total, left, snapshot)


def _scores(report: CorrelateReport) -> list[TechniqueScore]:
    uses: dict[str, list[str]] = {}
    evidence: dict[str, list[str]] = {}
    for each in report.campaigns:
        for member in each.members:
            for uid in member.techniques:
                uses.setdefault(uid, []).append(member.tenant)
                evidence.setdefault(uid, []).extend(member.technique_evidence.get(uid, ())[:1])
    return [
        TechniqueScore(
            technique=uid,
            score=len(set(uses[uid])),
            evidence=tuple(dict.fromkeys(evidence[uid])),
            comment=f"in {len(set(uses[uid]))} tenants",
        )
        for uid in sorted(uses)
    ]


def _ruled_out(report: CorrelateReport) -> list[str]:
    nothing = [each.tenant for each in report.tenants if not each.campaigns]
    said: list[str] = []
    if not report.campaigns:
        said.append(
            f"No campaign in several of the {len(report.tenants)} tenants was found: none share "
            "rare values that an attack explains, nor a long chain of techniques."
        )
    elif nothing:
        listed = ", ".join(nothing[:12]) + (" and more" if len(nothing) > 12 else "")
        said.append(f"Looked at without a campaign found: {listed}.")
    return said


def _notes(request: CorrelateRequest, report: CorrelateReport) -> list[str]:
    said = [
        "This report names all tenants: hand on the folder of each tenant instead, which has "
        "nothing of another.",
        "That something was not found in a tenant says nothing of what its sensors do not see.",
    ]
    if not any(each.hot_events for each in report.tenants):
        said.append(
            "No rule or finding speaks of an attack in any tenant: what is here rests on rarity "
            "and on what comes together."
        )
    if request.intel:
        said.append("Indicators of the named threat intelligence count as malicious.")
    return said


def _title(report: CorrelateReport) -> str:
    if not report.campaigns:
        return f"Correlation of {len(report.tenants)} tenants: no common campaign"
    members = {member.tenant for each in report.campaigns for member in each.members}
    number = len(report.campaigns)
    noun = "campaign" if number == 1 else "campaigns"
    return f"Correlation: {number} {noun} in {len(members)} of {len(report.tenants)} tenants"
