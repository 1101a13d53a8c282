"""Ranks what was read: judge every vulnerability, sort, count, and say what each asset needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.triage import (
    DECISIONS,
    AssetLine,
    RankedVulnerability,
    RejectedRecord,
    TriageCounts,
    TriageFinding,
    TriageReport,
    TriageRequest,
)
from schemas.vulnerability import Asset, Vulnerability
from sentree.analysis.triage.judge import Setting, hide, judge
from sentree.intel.assets import AssetIndex
from sentree.intel.cve_merge import CveHolding

MAX_REJECTED = 1_000
MAX_FLAWS = 200
MAX_WORST = 5


class Ranking(NamedTuple):
    """Every vulnerability in order, gravest first, and what they were ranked from."""

    ranked: list[RankedVulnerability]
    shown: list[Vulnerability]


def rank(
    vulnerabilities: Sequence[Vulnerability],
    request: TriageRequest,
    assets: Sequence[Asset] = (),
    *,
    has_kev: bool = False,
    opinions: Mapping[str, TriageFinding] | None = None,
) -> Ranking:
    """Rank vulnerabilities by score; equal ones by ransomware, exploitation, EPSS, CVSS and id."""
    shown = [hide(one, request) for one in vulnerabilities if not one.withdrawn]
    setting = Setting(
        index=AssetIndex(assets) if assets else None,
        has_kev=request.use_kev and (has_kev or any(one.kev for one in shown)),
        opinions=opinions or {},
    )
    judged = [judge(one, setting) for one in shown]
    judged.sort(key=_order)
    ranked = [
        one.model_copy(update={"rank": place, "score": round(one.score, 2)})
        for place, one in enumerate(judged, start=1)
    ]
    return Ranking(ranked, shown)


def make_report(holding: CveHolding, request: TriageRequest) -> TriageReport:
    """Make the whole report of what was read."""
    has_kev = any(one.place.kind == "kev" for file in holding.files for one in file.read)
    everything = list(holding.vulnerabilities.values())
    ranked, shown = rank(everything, request, holding.assets, has_kev=has_kev)
    withdrawn = [one for one in everything if one.withdrawn]
    decisions = Counter(one.decision for one in ranked)
    rejected = _rejected(holding, withdrawn)
    hidden = [
        name
        for name, used in (
            ("EPSS", request.use_epss),
            ("KEV", request.use_kev),
            ("SSVC", request.use_ssvc),
        )
        if not used
    ]
    return TriageReport(
        counts=TriageCounts(
            files=len(holding.files),
            records=sum(len(file.read) for file in holding.files),
            cves=len(ranked),
            copies=holding.copies,
            withdrawn=len(withdrawn),
            rejected=sum(len(f.rejected) + f.more_rejected for f in holding.files),
            assets=len(holding.assets),
            with_epss=sum(one.epss is not None for one in shown),
            with_kev=sum(one.kev is not None for one in shown),
            ransomware=sum(one.ransomware for one in ranked),
            with_ssvc=sum(one.ssvc is not None for one in shown),
            with_cvss=sum(one.cvss is not None for one in shown),
            affected=sum(one.assets_total > 0 for one in ranked),
            decisions={name: decisions.get(name, 0) for name in DECISIONS},
        ),
        ranked=tuple(ranked[: request.top]),
        assets=tuple(_asset_lines(holding.assets, ranked)),
        rejected=tuple(rejected[:MAX_REJECTED]),
        flaws=tuple(f"{uid}: {flaw}" for uid, flaw in holding.flaws[:MAX_FLAWS]),
        has_assets=bool(holding.assets),
        hidden=tuple(hidden),
    )


def _order(one: RankedVulnerability) -> tuple[float, bool, float, float, float, str]:
    epss = one.epss_estimate if one.epss is None else one.epss
    return (
        -one.score,
        not one.ransomware,
        -one.exploited,
        -(epss or 0.0),
        -(one.cvss or 0.0),
        one.cve,
    )


def _asset_lines(assets: Sequence[Asset], ranked: Sequence[RankedVulnerability]) -> list[AssetLine]:
    """Add up per asset; assets beyond the first `MAX_ASSETS` of a CVE are counted there only."""
    found: dict[str, list[RankedVulnerability]] = {}
    for one in ranked:
        for host in one.assets:
            found.setdefault(host, []).append(one)
    lines: list[AssetLine] = []
    for asset in assets:
        listed = found.get(asset.host, [])
        if not listed:
            continue
        counts = Counter(one.decision for one in listed)
        lines.append(
            AssetLine(
                host=asset.host,
                exposure=asset.exposure,
                mission=asset.mission,
                owner=asset.owner,
                record_uid=asset.record,
                decisions={name: counts[name] for name in DECISIONS if counts[name]},
                worst=tuple(one.cve for one in listed[:MAX_WORST]),
                score=listed[0].score,
            )
        )
    lines.sort(key=lambda line: (-line.score, -sum(line.decisions.values()), line.host))
    return lines


def _rejected(holding: CveHolding, withdrawn: Sequence[Vulnerability]) -> list[RejectedRecord]:
    listed = [
        RejectedRecord(file=file.path, line=one.line, record_uid=one.uid, reason=one.reason)
        for file in holding.files
        for one in file.rejected
    ]
    for one in withdrawn:
        uid = one.records[0]
        number, place = holding.places[uid]
        file = holding.files[number]
        reason = "is withdrawn (REJECTED) and not ranked"
        listed.append(
            RejectedRecord(
                file=file.path, line=file.line(place.start), record_uid=uid, reason=reason
            )
        )
    return listed
