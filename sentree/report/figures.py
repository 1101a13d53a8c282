"""The figures that every format states: levels, shares, cost, and times as people read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from schemas.result import Result
from schemas.timeline import Timeline, TimelineEntry

LEVELS = ("informational", "low", "medium", "high", "critical")
_TONES = {
    "act": "bad",
    "failed": "bad",
    "not satisfied": "bad",
    "revoked": "bad",
    "attend": "warn",
    "partial": "warn",
    "to review": "warn",
    "partly satisfied": "warn",
    "contradiction": "warn",
    "satisfied": "good",
    "track": "quiet",
    "no evidence": "quiet",
}
_RANK = {level: rank for rank, level in enumerate(LEVELS)}


def level_rank(level: str | None) -> int:
    """Give 0 for informational up to 4 for critical; an unknown level counts as informational."""
    return _RANK.get((level or "").lower(), 0)


def tone(verdict: str) -> str:
    """Give the tone that colours a verdict: bad, warn, good, quiet, or none."""
    return _TONES.get(verdict.strip("*").lower(), "")


def count_levels(entries: Iterable[TimelineEntry]) -> dict[str, int]:
    """Count entries by level, worst first, only levels that occur."""
    counts = Counter(LEVELS[level_rank(entry.level)] for entry in entries)
    return {level: counts[level] for level in reversed(LEVELS) if counts[level]}


def most_telling(timeline: Timeline, limit: int) -> list[int]:
    """Choose at most `limit` rows, worst and highest-scored first, and give them in time order."""
    entries = timeline.entries
    ranked = sorted(
        range(len(entries)),
        key=lambda row: (-level_rank(entries[row].level), -entries[row].score, row),
    )
    return sorted(ranked[:limit])


def share(part: int, whole: int) -> str:
    """Give a percentage that says 100 % or 0 % only when that is exactly so."""
    if whole <= 0:
        return "nothing in scope"
    if part >= whole:
        return "100 %"
    percent = 100 * part / whole
    if percent > 99.9:
        return "> 99.9 %"
    if 0 < percent < 0.1:
        return "< 0.1 %"
    return f"{percent:.1f} %" if percent % 1 else f"{percent:.0f} %"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Give a count with its noun: `1 row`, `1,204 rows`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def clock(value: datetime) -> str:
    """Give the time of day in UTC, with milliseconds or finer only where the event has them."""
    text = f"{value:%H:%M:%S}"
    if value.microsecond == 0:
        return text
    return (
        f"{text}.{value.microsecond:06d}"
        if value.microsecond % 1000
        else (f"{text}.{value.microsecond // 1000:03d}")
    )


def minute(value: datetime) -> str:
    """Give an instant to the minute: `2026-01-02 14:05Z`."""
    return f"{value:%Y-%m-%d %H:%MZ}"


def length(value: timedelta) -> str:
    """Give a duration in its two largest units: `3 d 4 h`, `12 min 5 s`, `850 ms`."""
    seconds = value.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    left = int(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if left >= size:
            parts.append(f"{left // size} {unit}")
            left %= size
        elif parts:
            break
    return " ".join(parts[:2])


def milliseconds(value: float) -> str:
    """Give a node's running time."""
    return f"{value / 1000:,.1f} s" if value >= 10_000 else f"{value:,.0f} ms"


def hosts(result: Result) -> list[str]:
    """List hosts of the timeline's entries and gaps, by name."""
    if result.timeline is None:
        return []
    named = {entry.host for entry in result.timeline.entries if entry.host}
    return sorted(named | {gap.host for gap in result.timeline.gaps})


def cost(result: Result) -> str:
    """Say what the run used of a model."""
    spent_in = sum(node.input_tokens for node in result.trajectory)
    spent_out = sum(node.output_tokens for node in result.trajectory)
    usd = sum(node.usd for node in result.trajectory)
    if not (spent_in or spent_out or usd):
        return "no model calls, $0.00"
    return f"{spent_in:,} tokens in, {spent_out:,} out, ${usd:,.2f}"


def analyst_sentence(result: Result) -> str:
    """Say who read the leaves, and whether that is a language model."""
    analyst = result.analyst
    what = (
        "a language model"
        if analyst.is_language_model
        else "an embedded analyst (rules and statistics), not a language model"
    )
    return f"{analyst.name} {analyst.version}: {what}"


def warnings(result: Result) -> list[str]:
    """List what a reader must know before trusting the answer."""
    said: list[str] = []
    if result.simulated:
        said.append(
            "SIMULATED: the leaves were answered from a script, not by a model. "
            "Nothing here is a finding about real systems."
        )
    if hit := result.limit_hit:
        said.append(
            f"Partial answer: the run stopped at the limit {hit.limit} "
            f"(allowed {hit.allowed:,g}, spent {hit.spent:,g})."
        )
    coverage = result.coverage
    if coverage.partitions_failed:
        said.append(
            f"{coverage.partitions_failed:,} of {plural(coverage.partitions_total, 'partition')} "
            "could not be read; what they hold is not in this answer."
        )
    if not result.summary and result.verification.dropped:
        said.append("No claim survived verification: see dropped claims.")
    return said


def chain_of(tactics: Sequence[str]) -> str:
    """Join names into a chain."""
    return " → ".join(tactics)
