"""Markdown for a ticket or a chat: at most 100 KB, every mark explained in an evidence table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.claim import Evidence
from schemas.result import Result
from schemas.timeline import Gap, Timeline, TimelineEntry
from schemas.window import iso
from sentree.report.attack import TechniqueUse, matrix, tactic_name, technique_uses
from sentree.report.citations import Citations, LinkedMarks, number_citations
from sentree.report.escape import cut, markdown
from sentree.report.figures import (
    LEVELS,
    level_rank,
    most_telling,
    plural,
    share,
    warnings,
)
from sentree.report.page import facts, rule_views, technique_chips
from sentree.report.sections import section_views

MAX_BYTES = 100_000
MAX_CLAIMS = 25
MAX_LISTED = 20
MAX_MARKS = 6
MAX_CELL = 240
MAX_CLAIM = 600
MAX_GAPS = 40
MAX_TABLE_ROWS = 40
_RESERVE = 1_000


def render_markdown(result: Result) -> str:
    """Render the report; timeline rows that don't fit are the ones of the lowest level."""
    marks = LinkedMarks(number_citations(result))
    head = _head(result, marks)
    tail = _tail(result)
    room = MAX_BYTES - _RESERVE - _bytes([*head, *tail]) - _evidence_bytes(marks)
    middle = _timeline(result.timeline, marks, room) if result.timeline else []
    middle += _sections(result, marks)
    lines = [*head, *middle, *tail, *_evidence(marks)]
    return _bounded(lines)


def _head(result: Result, marks: LinkedMarks) -> list[str]:
    lines = [f"# {_text(result.title)}", ""]
    for warning in warnings(result):
        lines += [f"> **{markdown(warning)}**", ""]
    lines += [f"Question: {_text(result.query.text, MAX_CLAIM)}", "", "## Answer", ""]
    if not result.summary:
        lines.append("No sentence could be supported by evidence; see Coverage.")
    for number, claim in enumerate(result.summary[:MAX_CLAIMS], start=1):
        techniques = f" ({_joined(claim.techniques)})" if claim.techniques else ""
        sentence = f"{_text(claim.text, MAX_CLAIM)} {_marks(marks, claim.evidence)}{techniques}"
        lines.append(f"{number}. {sentence}")
        if claim.against:
            lines.append(f"   - Evidence against: {_marks(marks, claim.against)}")
    if len(result.summary) > MAX_CLAIMS:
        lines += ["", f"{len(result.summary) - MAX_CLAIMS:,} more sentences in the JSON report."]
    if result.ruled_out:
        lines += ["", "Ruled out:", ""]
        lines += [f"- {_text(text, MAX_CLAIM)}" for text in result.ruled_out[:MAX_LISTED]]
    lines += ["", "| Frame | |", "|---|---|"]
    for fact in facts(result):
        note = f" ({_text(fact.note)})" if fact.note else ""
        lines.append(f"| {_text(fact.name)} | {_text(fact.value)}{note} |")
    return [*lines, ""]


def _timeline(timeline: Timeline, marks: LinkedMarks, room: int) -> list[str]:
    """Give the rows that fit with their evidence, in time order, the gaps among them."""
    gaps = [(gap.start, _gap_row(gap, marks)) for gap in timeline.gaps[:MAX_GAPS]]
    room -= _bytes(row for _, row in gaps) + 200 * len(gaps)
    chosen: list[int] = []
    for row in _by_weight(timeline):
        entry = timeline.entries[row]
        # An evidence line per new mark comes on top of the row itself.
        room -= len(_entry_row(entry, marks.citations).encode(errors="replace")) + 1
        room -= 260 * min(len(entry.evidence), MAX_MARKS)
        if room < 0:
            break
        chosen.append(row)
    rows = [(timeline.entries[row].time, row) for row in sorted(chosen)]
    table = [(time, _entry_row(timeline.entries[row], marks.citations)) for time, row in rows]
    for _, row in rows:
        _marks(marks, timeline.entries[row].evidence)
    merged = sorted([*table, *gaps], key=lambda item: item[0])
    shown = "" if len(chosen) == len(timeline.entries) else f", the {len(chosen):,} worst shown"
    return [
        "## Timeline",
        "",
        f"{plural(len(timeline.entries), 'row')}{shown}, {plural(len(timeline.gaps), 'gap')} in "
        "telemetry. Times are UTC.",
        "",
        "| Time | Level | Host | User | What happened | ATT\\&CK | Evidence |",
        "|---|---|---|---|---|---|---|",
        *(row for _, row in merged),
        "",
    ]


def _sections(result: Result, marks: LinkedMarks) -> list[str]:
    """Give the sections with the first rows of their tables."""
    lines: list[str] = []
    chips = technique_chips(technique_uses(result))
    for section in section_views(result, marks, chips, rows=MAX_TABLE_ROWS):
        lines += [f"## {_text(section.title)}", ""]
        for claim in section.claims:
            cited = " ".join(f"[{mark}]" for mark in claim.marks[:MAX_MARKS])
            lines.append(f"- {_text(claim.text, MAX_CLAIM)} {cited}".rstrip())
        lines += [""] if section.claims else []
        for table in section.tables:
            heads = [_text(column.name, 60) for column in table.columns]
            heads += ["Evidence"] if table.cites else []
            lines += [f"**{_text(table.title)}** ({table.total:,})", ""]
            lines += [_row(*heads), f"|{'---|' * len(heads)}"]
            for row in table.rows:
                cells = [_text(cell.text) for cell in row.cells]
                more = f" +{row.more_marks}" if row.more_marks else ""
                cells += [" ".join(f"[{mark}]" for mark in row.marks) + more] * table.cites
                lines.append(_row(*cells))
            if table.more:
                lines += ["", f"{table.more:,} more rows in the JSON report."]
            lines.append("")
        lines += [f"- {_text(note)}" for note in section.notes]
        lines += [""] if section.notes else []
    return lines


def _by_weight(timeline: Timeline) -> list[int]:
    entries = timeline.entries
    rows = most_telling(timeline, len(entries))
    return sorted(rows, key=lambda row: (-level_rank(entries[row].level), -entries[row].score, row))


def _entry_row(entry: TimelineEntry, citations: Citations) -> str:
    marks = [f"[{mark}]" for mark in citations.marks(entry.evidence)]
    more = f" +{len(marks) - MAX_MARKS}" if len(marks) > MAX_MARKS else ""
    level = LEVELS[level_rank(entry.level)]
    return _row(
        iso(entry.time)
        + (f" (recorded {iso(entry.recorded_time)})" if entry.recorded_time else ""),
        f"**{level}**" if level_rank(entry.level) >= 3 else level,
        _text(entry.host or "", 60),
        _text(entry.user or "", 60),
        _text(entry.statement),
        _joined(entry.techniques),
        " ".join(marks[:MAX_MARKS]) + more,
    )


def _gap_row(gap: Gap, marks: LinkedMarks) -> str:
    cited = " ".join(f"[{mark}]" for mark in marks.of_uids((gap.before_uid, gap.after_uid), 2))
    return _row(
        iso(gap.start), "gap", _text(gap.host, 60), "", f"*{_text(gap.statement)}*", "", cited
    )


def _tail(result: Result) -> list[str]:
    lines: list[str] = []
    uses = technique_uses(result)
    if uses:
        lines += ["## ATT\\&CK", ""]
        for tactic, techniques in matrix(uses):
            names = [_technique(use) for use in techniques[:MAX_LISTED]]
            lines.append(f"- {_text(tactic_name(tactic), 60)}: {', '.join(names)}")
        lines.append("")
    unlinked = LinkedMarks(Citations({}, {}))
    rules = rule_views(result.detections, unlinked, technique_chips(uses))
    if rules:
        lines += [
            "## Detections by rule",
            "",
            "| Level | Rule | Author | Hits |",
            "|---|---|---|---|",
        ]
        lines += [
            _row(rule.level, _text(rule.title, 120), _text(rule.author, 80), f"{rule.detections:,}")
            for rule in rules[:MAX_LISTED]
        ]
        if len(rules) > MAX_LISTED:
            lines += ["", f"{len(rules) - MAX_LISTED:,} more rules in the JSON report."]
        lines.append("")
    return [*lines, *_coverage(result)]


def _technique(use: TechniqueUse) -> str:
    named = " ".join(_text(part, 60) for part in (use.technique, use.name) if part)
    return f"{named} ({plural(len(use.event_uids), 'event')})"


def _coverage(result: Result) -> list[str]:
    coverage = result.coverage
    looked, scope = coverage.events_looked_at, coverage.events_in_scope
    lines = [
        "## Coverage",
        "",
        f"{looked:,} of {scope:,} records in scope were looked at ({share(looked, scope)}), from "
        f"{plural(len(result.inputs), 'file')}."
        if result.inputs
        else f"{looked:,} of {scope:,} events in scope were looked at ({share(looked, scope)}), "
        f"snapshot {coverage.snapshot_id}. Outside the window: {coverage.events_outside_window:,}. "
        f"Without a time: {coverage.events_without_time:,}.",
        "",
    ]
    if coverage.not_searched:
        lines += ["Not searched:", ""]
        lines += [f"- {_text(text)}" for text in coverage.not_searched[:MAX_LISTED]] + [""]
    if result.inputs:
        lines += ["| File | Format | Records | Rejected |", "|---|---|---:|---:|"]
        lines += [
            _row(_text(one.path, 120), one.format, f"{one.records:,}", f"{one.rejected:,}")
            for one in result.inputs[:MAX_LISTED]
        ]
        lines.append("")
    if coverage.by_source:
        lines += ["| Source | In scope | Looked at | Share |", "|---|---:|---:|---:|"]
        lines += [
            _row(
                _text(one.name, 120),
                f"{one.events_in_scope:,}",
                f"{one.events_looked_at:,}",
                share(one.events_looked_at, one.events_in_scope),
            )
            for one in coverage.by_source[:MAX_LISTED]
        ]
        if len(coverage.by_source) > MAX_LISTED:
            lines.append(_row(f"{len(coverage.by_source) - MAX_LISTED:,} more", "", "", ""))
        lines.append("")
    dropped = result.verification.dropped
    if dropped:
        lines += [f"Dropped by verification ({len(dropped):,}):", ""]
        lines += [
            f"- {_text(one.claim.text)} ({_text(one.reason)})" for one in dropped[:MAX_LISTED]
        ]
        lines.append("")
    if result.notes:
        lines += ["Notes:", "", *(f"- {_text(note)}" for note in result.notes[:MAX_LISTED]), ""]
    return lines


def _evidence(marks: LinkedMarks) -> list[str]:
    if not marks.linked:
        return []
    lines = [
        "## Evidence",
        "",
        "| Mark | Time | Host | Source | Event uid |",
        "|---|---|---|---|---|",
    ]
    return [*lines, *(_evidence_row(uid, marks.citations) for uid in _sorted(marks))]


def _sorted(marks: LinkedMarks) -> list[str]:
    return sorted(marks.linked, key=lambda uid: marks.citations.numbers[uid])


def _evidence_row(uid: str, citations: Citations) -> str:
    event = citations.events.get(uid)
    if event is None:
        return _row(f"[{citations.mark(uid)}]", "", "", "not in this document", _text(uid, 64))
    return _row(
        f"[{citations.mark(uid)}]",
        iso(event.time) if event.time else "no time",
        _text(event.host or "", 60),
        f"{_text(event.source, 120)}:{event.line}" if event.line else _text(event.source, 120),
        _text(uid, 64),
    )


def _evidence_bytes(marks: LinkedMarks) -> int:
    return _bytes(_evidence(marks))


def _marks(marks: LinkedMarks, evidence: Sequence[Evidence]) -> str:
    return " ".join(f"[{mark}]" for mark in marks.of(evidence, MAX_MARKS))


def _joined(techniques: Sequence[str]) -> str:
    return ", ".join(_text(technique, 20) for technique in techniques[:MAX_LISTED])


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _text(text: str, limit: int = MAX_CELL) -> str:
    return markdown(cut(text, limit))


def _bytes(lines: Iterable[str]) -> int:
    return sum(len(line.encode(errors="replace")) + 1 for line in lines)


def _bounded(lines: list[str]) -> str:
    """Join the lines; cut at the end in the rare case that hostile text still overran."""
    total = 0
    for place, line in enumerate(lines):
        total += len(line.encode(errors="replace")) + 1
        if total > MAX_BYTES - 100:
            return "\n".join([*lines[:place], "", "Cut at 100 KB; see the JSON report.", ""])
    return "\n".join(lines).rstrip("\n") + "\n"
