"""The sentences of a digest that somebody reads who has one minute; each cites what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from schemas.claim import Claim
from schemas.digest import LEVELS, DigestReport, Level, NewFinding, Silence
from sentree.analysis.intel.rows import names
from sentree.analysis.records import claim

MOST_EVIDENCE = 6
NAMED_FINDINGS = 3
NAMED_HOSTS = 3
MOST_NAMED = 8
NAMED_SILENCES = 4


def title_of(report: DigestReport) -> str:
    """Name the digest by what matters in it."""
    tenants = f" of {len(report.spans)} tenants" if len(report.spans) > 1 else ""
    found = level_counts(report.findings)
    return f"Digest{tenants}: {found or 'no findings'}, {report.events:,} new events"


def summarise(report: DigestReport) -> list[Claim]:
    """Say what is worst, what is new, who is silent, and what could not be read."""
    said: list[Claim] = []
    if report.findings:
        said += _findings(report)
    said += [
        claim(
            f"Campaign {one.number} ({one.confidence} confidence, {_status(one.status)}) reached "
            f"{len(one.tenants)} tenants: {names(one.tenants, 6)}; they share "
            f"{names(one.indicators, 5)}.",
            one.evidence,
        )
        for one in report.campaigns
    ]
    if silent := [one for one in report.silences if not one.known]:
        said.append(_silent(silent))
    if report.events:
        said.append(_volume(report))
    if report.rejects:
        total = sum(one.records for one in report.rejects)
        first = report.rejects[0]
        said.append(
            claim(
                f"{total:,} {_n(total, 'record')} could not be read, most of one kind in "
                f"{first.path}: {first.reason} ({first.records:,}).",
                [one.sample for one in report.rejects[:MOST_EVIDENCE]],
            )
        )
    return said


def level_counts(findings: Iterable[NewFinding]) -> str:
    """Count findings by level in words, the worst first; empty without any."""
    counts = Counter(one.level for one in findings)
    return ", ".join(f"{counts[level]:,} {level}" for level in reversed(LEVELS) if counts[level])


def worst_level(findings: Iterable[NewFinding]) -> Level | None:
    """Give the highest level of the findings."""
    levels = {one.level for one in findings}
    return next((level for level in reversed(LEVELS) if level in levels), None)


def pause(seconds: float) -> str:
    """Write a length of time as people say it."""
    minutes = round(timedelta(seconds=seconds).total_seconds() / 60)
    if minutes >= 48 * 60:
        return f"{minutes // (24 * 60)} d {minutes // 60 % 24} h"
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _findings(report: DigestReport) -> list[Claim]:
    findings = report.findings
    first_time = [one for one in findings if not one.before]
    known = len(findings) - len(first_time)
    hosts = len({(one.tenant, one.host) for one in findings if one.host})
    where = f" on {hosts:,} {_n(hosts, 'host')}" if hosts else ""
    told = any(span.last_run for span in report.spans)
    again = f", {known:,} known from earlier digests" if known else ", all new" if told else ""
    said = [
        claim(
            f"{len(findings):,} {_n(len(findings), 'finding')}{where}: "
            f"{level_counts(findings)}{again}.",
            _cite(findings),
        )
    ]
    said += [_host(group, told, len(report.spans) > 1) for group in _leading(findings)]
    return said


def _leading(findings: Sequence[NewFinding]) -> list[list[NewFinding]]:
    """Group findings by host, and choose the hosts that are worst off."""
    groups: dict[tuple[str, str], list[NewFinding]] = {}
    for one in findings:
        groups.setdefault((one.tenant, one.host), []).append(one)

    def weight(group: list[NewFinding]) -> tuple[int, ...]:
        new = Counter(one.level for one in group if not one.before)
        seen = Counter(one.level for one in group)
        return tuple(count[level] for level in reversed(LEVELS) for count in (new, seen))

    return sorted(groups.values(), key=weight, reverse=True)[:NAMED_HOSTS]


def _host(group: Sequence[NewFinding], told: bool, several: bool) -> Claim:
    first = group[0]
    where = first.host or "No host named"
    tenant = f" ({first.tenant})" if several else ""
    times = [time for one in group for time in (one.first, one.last) if time]
    span = f", {_between(min(times), max(times))}" if times else ""
    new = sum(not one.before for one in group)
    again = "" if not told else "; none of it new here" if not new else f"; {new:,} new here"
    titles = names(
        list(dict.fromkeys(" ".join(one.title.split()) for one in group)), NAMED_FINDINGS
    )
    return claim(
        f"{where}{tenant}: {level_counts(group)}{span}: {titles}{again}.",
        _cite(group),
        techniques=tuple(sorted({name for one in group for name in one.techniques}))[:MOST_NAMED],
    )


def _silent(silent: Sequence[Silence]) -> Claim:
    shown = "; ".join(
        f"{one.name} since {one.last_seen:%Y-%m-%d %H:%M} UTC ({pause(one.silent_s)}, usually at "
        f"most {pause(one.usual_s)})"
        for one in silent[:NAMED_SILENCES]
    )
    more = len(silent) - NAMED_SILENCES
    return claim(
        f"{len(silent):,} {_n(len(silent), 'source')} fell silent: {shown}"
        f"{f' and {more} more' if more > 0 else ''}.",
        [uid for one in silent for uid in one.evidence][:MOST_EVIDENCE],
    )


def _volume(report: DigestReport) -> Claim:
    late = sum(one.late for one in report.sources)
    first = min((one.first for one in report.classes if one.first), default=None)
    last = max((one.last for one in report.classes if one.last), default=None)
    span = f", {_between(first, last)}" if first and last else ""
    later = f"; {late:,} of them arrived late" if late else ""
    count = len(report.sources)
    return claim(
        f"{report.events:,} new {_n(report.events, 'event')} of {count:,} {_n(count, 'source')}"
        f"{span}{later}.",
        [uid for one in report.classes for uid in one.evidence][:MOST_EVIDENCE],
    )


def _between(first: datetime, last: datetime) -> str:
    start, end = f"{first:%Y-%m-%d %H:%M}", f"{last:%Y-%m-%d %H:%M}"
    return f"{start} UTC" if start == end else f"{start} to {end} UTC"


def _cite(findings: Iterable[NewFinding]) -> list[str]:
    return [one.evidence[0] for one in findings][:MOST_EVIDENCE]


def _status(status: str) -> str:
    return {"new": "new", "grown": "known, with more tenants now", "known": "known"}[status]


def _n(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"
