"""The sentences a busy reader needs first, each citing the records it rests on."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.claim import Claim, Evidence
from schemas.triage import RankedVulnerability, TriageReport
from sentree.analysis.records import claim

MAX_EVIDENCE = 200
MAX_NAMED = 5
_PLACES = ("First", "Second", "Third")


def summarise(report: TriageReport) -> list[Claim]:
    """Say how many need what, which come first and why, what is exploited, and who is affected."""
    sentences = (_counts, _first, _exploited, _assets, _estimated)
    return [said for one in sentences for said in one(report)]


def _counts(report: TriageReport) -> Iterator[Claim]:
    counts = report.counts
    if not report.ranked:
        return
    parts = [f"{number:,} {name}" for name, number in counts.decisions.items() if number]
    urgent = [one for one in report.ranked if one.decision in ("Act", "Attend")]
    cited = (urgent or list(report.ranked))[:MAX_EVIDENCE]
    mission = (
        "with the mission of the listed assets" if report.has_assets else "with medium mission"
    )
    yield claim(
        f"Of {counts.cves:,} CVEs the SSVC decisions are: {', '.join(parts)} ({mission}).",
        [_quoted(one) for one in cited],
    )


def _first(report: TriageReport) -> Iterator[Claim]:
    for place, one in zip(_PLACES, report.ranked, strict=False):
        exploitation, automatable, impact, mission = one.points
        what = f" ({one.product})" if one.product else ""
        text = (
            f"{place} is {one.cve}{what}, score {one.score:.0f}, {one.decision}: exploitation "
            f"{_told(exploitation.value, exploitation.basis)}, because "
            f"{_bare(exploitation.reasons[0])}; automatable "
            f"{_told(automatable.value, automatable.basis)}, impact "
            f"{_told(impact.value, impact.basis)}"
        )
        if mission.basis == "assets":
            text += f"; {mission.reasons[0]}"
        yield claim(f"{text}.", [_quoted(one), *one.evidence[1:12]])


def _exploited(report: TriageReport) -> Iterator[Claim]:
    listed = [one for one in report.ranked if one.kev_added]
    if not listed:
        return
    total, crime = report.counts.with_kev, report.counts.ransomware
    also = f", {crime:,} of them by ransomware" if crime else ""
    uids = [uid for one in listed[:MAX_EVIDENCE] for uid in one.points[0].evidence]
    shown = [one.cve for one in listed[:MAX_NAMED]]
    first = f"{', '.join(shown)} and {total - len(shown):,} more" if total > len(shown) else ""
    are = "is" if total == 1 else "are"
    yield claim(
        f"{total:,} {are} known to be exploited (KEV){also}: {first or ', '.join(shown)}.", uids
    )


def _assets(report: TriageReport) -> Iterator[Claim]:
    if not report.has_assets:
        return
    if not report.assets:
        return
    counts, worst = report.counts, report.assets[0]
    decisions = ", ".join(f"{number:,} {name}" for name, number in worst.decisions.items())
    yield claim(
        f"{counts.affected:,} CVEs may affect {len(report.assets):,} of {counts.assets:,} assets; "
        f"the first is {worst.host} ({worst.exposure}, mission {worst.mission or 'not stated'}): "
        f"{decisions}.",
        [one.record_uid for one in report.assets[:MAX_EVIDENCE]],
    )


def _estimated(report: TriageReport) -> Iterator[Claim]:
    guessed = [one for one in report.ranked if one.epss_estimate is not None]
    if not guessed:
        return
    why = " (hidden)" if "EPSS" in report.hidden else ""
    total = report.counts.cves - report.counts.with_epss
    yield claim(
        f"{total:,} CVEs have no EPSS score{why}: an estimate from product, text and vector stands "
        "in its place and is marked as one.",
        [uid for one in guessed[:MAX_EVIDENCE] for uid in one.evidence[:1]],
    )


def _quoted(one: RankedVulnerability) -> Evidence:
    return Evidence(event_uid=one.evidence[0], quote=one.cve)


def _told(value: str, basis: str) -> str:
    return value if basis == "measured" else f"{value} ({basis})"


def _bare(reason: str) -> str:
    return reason.rpartition(" [")[0] or reason
