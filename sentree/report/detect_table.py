"""Plain text of a detection run: what a person on duty looks for first, then the account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from schemas.detection import DetectReport, RuleNote, Tally
from sentree.intel.attack import tactic_title
from sentree.report.correlations import SHOWN, correlation_rows
from sentree.report.escape import terminal
from sentree.report.figures import plural
from sentree.report.tables import table

NAMED = 12


def detect_table(report: DetectReport) -> str:
    """Give totals, the rules that hit, tactics, hosts, and what became of every other rule."""
    levels = ", ".join(f"{count:,} {level}" for level, count in report.by_level)
    states = [
        f"{report.rules_loaded:,} loaded",
        f"{report.rules_run:,} run",
        f"{len(report.without_data):,} without data",
        f"{len(report.failed):,} failed",
        f"{len(report.not_runnable):,} not runnable",
    ]
    if report.left_out:
        states.append(f"{len(report.left_out):,} left out ({_reasons(report.left_out)})")
    lines = [
        f"rules: {', '.join(states)}",
        f"events: {report.events:,}; detections: {report.detections:,} "
        f"({report.detections_new:,} new since the last run){f': {levels}' if levels else ''}",
    ]
    if report.hits:
        lines += ["", *_hits(report)]
        lines += _correlations(report)
        lines += ["", *_tallies("tactic", report.by_tactic)]
        lines += ["", *_tallies("host", report.by_host)]
    notes = [
        *(f"failed: {note.title}: {note.reason}" for note in report.failed[:NAMED]),
        *(f"not run: {note.title}: {note.reason}" for note in report.not_runnable[:NAMED]),
    ]
    more = len(report.not_runnable) - NAMED
    if more > 0:
        notes.append(f"not run: {more:,} more (sentree rules list)")
    without = Counter(note.reason for note in report.without_data).most_common()
    notes += [f"no data: {plural(count, 'rule')}: {reason}" for reason, count in without[:NAMED]]
    rest = sum(count for _, count in without[NAMED:])
    if rest:
        notes.append(f"no data: {plural(rest, 'more rule')}, for {len(without) - NAMED:,} reasons")
    return "\n".join(terminal(line) for line in [*lines, *([""] if notes else []), *notes])


def _hits(report: DetectReport) -> list[str]:
    rows = [
        (
            hit.level or "-",
            f"{hit.events:,}",
            f"{hit.new:,}",
            _listed(hit.hosts),
            _instant(hit.first),
            _instant(hit.last),
            hit.title,
            hit.author or "-",
        )
        for hit in report.hits
    ]
    head = ("level", "events", "new", "hosts", "first seen", "last seen", "rule", "author")
    return table(head, rows)


def _correlations(report: DetectReport) -> list[str]:
    lines: list[str] = []
    if report.correlations:
        head = ("level", "correlation", "value", "events", "first seen", "last seen", "group")
        lines += ["", *table(head, list(correlation_rows(report.correlations)))]
    if len(report.correlations) > SHOWN:
        lines.append(f"and {len(report.correlations) - SHOWN:,} more matches (--format json)")
    if report.silenced:
        lines.append(f"{report.silenced:,} rules were run for correlations only (generate: false)")
    return lines


def _tallies(head: str, tallies: Sequence[Tally]) -> list[str]:
    rows = [
        (
            tactic_title(one.name) if head == "tactic" else one.name,
            f"{one.detections:,}",
            f"{one.rules:,}",
            _instant(one.first),
            _instant(one.last),
        )
        for one in tallies[:NAMED]
    ]
    lines = table((head, "detections", "rules", "first seen", "last seen"), rows)
    more = len(tallies) - NAMED
    return [*lines, f"and {more:,} more"] if more > 0 else lines


def _listed(hosts: Sequence[str]) -> str:
    if len(hosts) <= 2:
        return ", ".join(hosts) or "-"
    return f"{hosts[0]} and {len(hosts) - 1:,} more"


def _reasons(notes: Iterable[RuleNote]) -> str:
    counts = Counter(note.reason for note in notes).most_common(4)
    return ", ".join(f"{reason}: {count:,}" for reason, count in counts)


def _instant(time: datetime | None) -> str:
    return "-" if time is None else f"{time:%Y-%m-%d %H:%M:%S}"
