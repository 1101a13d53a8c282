"""Ranks what was read: judge every vulnerability, sort, count, and say what each asset needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.triage import (
    DECISIONS,
    AssetLine,
    Decision,
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


class Line(NamedTuple):
    """What is counted of every vulnerability; its natural order is that of the ranking."""

    order: tuple[float, bool, float, float, float, str]
    score: float
    decision: Decision
    ransomware: bool
    assets: tuple[str, ...]
    place: int

    @property
    def cve(self) -> str:
        """The CVE id."""
        return self.order[-1]


class Ranking(NamedTuple):
    """A line per vulnerability in order, gravest first; the first ones judged in full."""

    lines: list[Line]
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
    # A judgement in full is large: beyond `top` only its line is kept.
    kept: dict[str, RankedVulnerability] = {}
    lines: list[Line] = []
    for place, one in enumerate(shown):
        judged = judge(one, setting)
        lines.append(_line(judged, place))
        if len(shown) <= request.top:
            kept[one.cve] = judged
    lines.sort()
    ranked: list[RankedVulnerability] = []
    for number, line in enumerate(lines[: request.top], start=1):
        judged = kept.get(line.cve) or judge(shown[line.place], setting)
        ranked.append(judged.model_copy(update={"rank": number, "score": round(line.score, 2)}))
    return Ranking(lines, ranked, shown)


def make_report(holding: CveHolding, request: TriageRequest) -> TriageReport:
    """Make the whole report of what was read."""
    has_kev = any(one.place.kind == "kev" for file in holding.files for one in file.read)
    everything = list(holding.vulnerabilities.values())
    lines, ranked, shown = rank(everything, request, holding.assets, has_kev=has_kev)
    withdrawn = [one for one in everything if one.withdrawn]
    decisions = Counter(one.decision for one in lines)
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
            cves=len(lines),
            copies=holding.copies,
            withdrawn=len(withdrawn),
            rejected=sum(len(f.rejected) + f.more_rejected for f in holding.files),
            assets=len(holding.assets),
            with_epss=sum(one.epss is not None for one in shown),
            with_kev=sum(one.kev is not None for one in shown),
            ransomware=sum(one.ransomware for one in lines),
            with_ssvc=sum(one.ssvc is not None for one in shown),
            with_cvss=sum(one.cvss is not None for one in shown),
            affected=sum(bool(one.assets) for one in lines),
            decisions={name: decisions.get(name, 0) for name in DECISIONS},
        ),
        ranked=tuple(ranked),
        assets=tuple(_asset_lines(holding.assets, lines)),
        rejected=tuple(rejected[:MAX_REJECTED]),
        flaws=tuple(f"{uid}: {flaw}" for uid, flaw in holding.flaws[:MAX_FLAWS]),
        has_assets=bool(holding.assets),
        hidden=tuple(hidden),
    )


def _line(one: RankedVulnerability, place: int) -> Line:
    epss = one.epss_estimate if one.epss is None else one.epss
    order = (
        -one.score,
        not one.ransomware,
        -one.exploited,
        -(epss or 0.0),
        -(one.cvss or 0.0),
        one.cve,
    )
    return Line(order, one.score, one.decision, one.ransomware, one.assets, place)


def _asset_lines(assets: Sequence[Asset], ranked: Sequence[Line]) -> list[AssetLine]:
    """Add up per asset; assets beyond the first `MAX_ASSETS` of a CVE are counted there only."""
    found: dict[str, list[Line]] = {}
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
                score=round(listed[0].score, 2),
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
