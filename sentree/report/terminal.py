"""Plain text for a terminal: the lines a run ends with, its timeline and tables.

Nothing here writes colours or moves the cursor, and no log text can: it passes `escape.terminal`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest

from schemas.claim import Evidence
from schemas.result import Result
from schemas.section import Scalar, Table
from schemas.timeline import TimelineEntry
from sentree.report.attack import in_attack_order, tactic_name, technique_uses
from sentree.report.citations import Citations, number_citations
from sentree.report.figures import (
    LEVELS,
    analyst_sentence,
    chain_of,
    clock,
    cost,
    count_levels,
    hosts,
    length,
    level_rank,
    minute,
    most_telling,
    plural,
    share,
    warnings,
)
from sentree.report.sections import cell_text, main_table
from sentree.report.terminal_text import WIDTH, marks_of, one_line

MAX_ROWS = 400
MAX_SUMMARY_ROWS = 15
MAX_TABLE_ROWS = 60
WHOLE = ("Match", "Value")


def summary_lines(result: Result) -> list[str]:
    """Give the five lines a reader wants: scope, timeline, ATT&CK, answer, check."""
    if result.sections and result.timeline is None:
        return _record_lines(result)
    coverage, check = result.coverage, result.verification
    window = coverage.window
    looked, scope = coverage.events_looked_at, coverage.events_in_scope
    span = f"{minute(window.start)} to {minute(window.end)}" if window else "all events"
    timeline = result.timeline
    entries = timeline.entries if timeline else ()
    levels = ", ".join(f"{count:,} {level}" for level, count in count_levels(entries).items())
    uses = technique_uses(result)
    tactics = in_attack_order(tactic for entry in entries for tactic in entry.tactics)
    citations = number_citations(result)
    first = result.summary[0] if result.summary else None
    answer = (
        f"{one_line(first.text, 300)} {marks_of(citations, first.evidence)}"
        if first
        else "no sentence could be supported by evidence"
    )
    doubts = ["SIMULATED"] if result.simulated else []
    doubts += ["PARTIAL, a limit was reached"] if result.limit_hit else []
    doubt = "".join(f"{text}: " for text in doubts)
    return [
        f"scope     {span}, {looked:,} of {scope:,} events looked at ({share(looked, scope)}), "
        f"{plural(len(coverage.by_source), 'source')}, snapshot {coverage.snapshot_id}",
        f"timeline  {plural(len(entries), 'row')} on {plural(len(hosts(result)), 'host')}"
        + (f": {levels}" if levels else "")
        + (
            f"; {plural(len(timeline.episodes), 'episode')}, {plural(len(timeline.gaps), 'gap')}"
            if timeline
            else ""
        ),
        f"att&ck    {plural(len(uses), 'technique')}"
        + (
            f": {one_line(chain_of([tactic_name(one) for one in tactics]), 300)}" if tactics else ""
        ),
        f"answer    {doubt}{answer}",
        f"checked   {check.kept:,} of {check.checked:,} statements hold; read by "
        f"{one_line(analyst_sentence(result), 120)}; {cost(result)}",
    ]


def _record_lines(result: Result) -> list[str]:
    """Give the lines of an answer from records: scope, every sentence, main table, check."""
    coverage, check = result.coverage, result.verification
    looked, scope = coverage.events_looked_at, coverage.events_in_scope
    rejected = sum(one.rejected for one in result.inputs)
    citations = number_citations(result)
    where = (
        f"records in {plural(len(result.inputs), 'file')}"
        if result.inputs
        else f"events, snapshot {coverage.snapshot_id}"
    )
    lines = [
        f"scope     {looked:,} of {scope:,} {where} looked at ({share(looked, scope)})"
        + (f"; {plural(rejected, 'record')} rejected" if rejected else "")
    ]
    for number, claim in enumerate(result.summary, start=1):
        lines += _wrapped(f"{number}. ", claim.text, claim.evidence, citations, WIDTH)
    if not result.summary:
        lines.append("answer    no sentence could be supported by evidence")
    if table := main_table(result.sections):
        lines += ["", *table_lines(table, MAX_SUMMARY_ROWS), ""]
    lines += [f"note      {one_line(note, 300)}" for note in result.notes]
    lines.append(
        f"checked   {check.kept:,} of {check.checked:,} statements hold; read by "
        f"{one_line(analyst_sentence(result), 120)}; {cost(result)}"
    )
    return lines


def table_lines(table: Table, limit: int, width: int = WIDTH) -> list[str]:
    """Show a table in columns, at most `limit` rows; the widest columns give way."""
    heads = [one_line(column.name, 40) for column in table.columns]
    kinds = [column.kind for column in table.columns]
    rows = [
        [one_line(_cell(value, kind), 160) for value, kind in zip(row.cells, kinds, strict=False)]
        for row in table.rows[:limit]
    ]
    widths = [max(len(text) for text in column) for column in zip(heads, *rows, strict=False)]
    while sum(widths) + 2 * len(widths) > width and max(widths) > 12:
        widths[widths.index(max(widths))] -= 1
    right = [kind in ("number", "share") for kind in kinds]
    lines = [one_line(table.title, width)]
    for cells in (heads, *rows):
        padded = [
            short.rjust(size) if number else short.ljust(size)
            for text, size, number in zip(cells, widths, right, strict=False)
            for short in (one_line(text, size),)
        ]
        lines.append("  ".join(padded).rstrip())
    if len(table.rows) > limit:
        lines.append(f"{len(table.rows) - limit:,} more rows; the reports have them")
    return lines


def _look_table(table: Table, limit: int, width: int) -> list[str]:
    """Show a table; what must not be cut to fit a column has a line of its own."""
    places = [place for place, one in enumerate(table.columns) if one.name in WHOLE]
    if not places:
        return table_lines(table, limit, width)
    place = places[0]
    short = table.model_copy(
        update={
            "columns": table.columns[:place],
            "rows": tuple(
                row.model_copy(update={"cells": row.cells[:place]}) for row in table.rows
            ),
        }
    )
    title, head, *rows = table_lines(short, limit, width)
    lines = [title, head]
    for row, text in zip_longest(table.rows[:limit], rows):
        lines.append(text)
        if row is not None:
            where = f"{row.cells[place + 1]}: " if len(row.cells) > place + 1 else ""
            lines.append(f"    {one_line(where + str(row.cells[place]), 2 * width)}")
    return lines


def _cell(value: Scalar, kind: str) -> str:
    """Write a cell; of a time the second is enough here."""
    text = cell_text(value, kind)
    return text[:19].replace("T", " ") if kind == "time" else text


def section_lines(result: Result, width: int = WIDTH) -> list[str]:
    """Show every section: its claims, and the first rows of its tables."""
    citations = number_citations(result)
    lines: list[str] = []
    for section in result.sections:
        lines += ["", one_line(section.title, width).upper()]
        for claim in section.claims:
            lines += _wrapped("- ", claim.text, claim.evidence, citations, width)
        for table in section.tables:
            lines += ["", *table_lines(table, MAX_TABLE_ROWS, width)]
        lines += [f"note: {one_line(note, 300)}" for note in section.notes]
    return lines


def look_lines(result: Result, limit: int, width: int = WIDTH) -> list[str]:
    """Show the answer of a quick look: its sentences, then its tables, `limit` rows of each."""
    lines = [one_line(one.text, 400) for one in result.summary]
    for section in result.sections:
        # A section of everything is there for a spreadsheet; its parts follow it.
        for table in section.tables if section.key != "all" else ():
            if table.rows:
                lines += ["", *_look_table(table, limit, width)]
        lines += [f"note: {one_line(note, 300)}" for note in section.notes]
    return lines + [f"note: {one_line(note, 300)}" for note in result.notes]


def run_view(result: Result, width: int = WIDTH) -> str:
    """Show a run: summary, warnings, every sentence of the answer, the timeline."""
    citations = number_citations(result)
    lines = [one_line(result.title, width), *summary_lines(result)]
    lines += [f"warning   {one_line(text, 300)}" for text in warnings(result)]
    if result.sections and result.timeline is None:
        return "\n".join([*lines, *section_lines(result, width)]) + "\n"
    if result.summary:
        lines.append("")
        for number, claim in enumerate(result.summary, start=1):
            lines += _wrapped(f"{number}. ", claim.text, claim.evidence, citations, width)
    return "\n".join([*lines, "", *timeline_lines(result, width)]) + "\n"


def timeline_lines(result: Result, width: int = WIDTH) -> list[str]:
    """Show the timeline as a table, gaps among the rows; of a long one the worst rows."""
    timeline = result.timeline
    if timeline is None or not (timeline.entries or timeline.gaps):
        return ["no timeline rows"]
    citations = number_citations(result)
    shown = most_telling(timeline, MAX_ROWS)
    named = max((len(one_line(timeline.entries[row].host or "-", 20)) for row in shown), default=4)
    host_width = min(max(named, 4), 20)
    items = [
        (
            timeline.entries[row].time,
            _entry_line(timeline.entries[row], citations, host_width, width),
        )
        for row in shown
    ]
    items += [
        (
            gap.start,
            f"{clock(gap.start).partition('.')[0]:<15} {'gap':<13} "
            f"{one_line(gap.host, 20):<{host_width}} {one_line(gap.statement, 300)}",
        )
        for gap in timeline.gaps[:MAX_ROWS]
    ]
    lines: list[str] = []
    date = ""
    for time, text in sorted(items, key=lambda item: item[0]):
        if f"{time:%Y-%m-%d}" != date:
            date = f"{time:%Y-%m-%d}"
            lines.append(f"{date} (UTC)")
        lines.append(text)
    if len(shown) < len(timeline.entries):
        hidden = len(timeline.entries) - len(shown)
        lines.append(f"{hidden:,} rows of lower level not shown; the reports have them")
    return lines


def _entry_line(entry: TimelineEntry, citations: Citations, host_width: int, width: int) -> str:
    """Write one row; a long sentence is cut so that techniques and marks stay on the line."""
    level = LEVELS[level_rank(entry.level)]
    lasted = entry.last_time - entry.time
    host = one_line(entry.host or "-", 20)
    head = f"{clock(entry.time):<15} {level:<13} {host:<{host_width}} "
    notes = [f"for {length(lasted)}"] if lasted else []
    notes += [one_line(technique, 20) for technique in entry.techniques[:3]]
    tail = f" {' '.join([*notes, marks_of(citations, entry.evidence)])}"
    return head + one_line(entry.statement, max(width - len(head) - len(tail), 40)) + tail


def _wrapped(
    start: str, text: str, evidence: Sequence[Evidence], citations: Citations, width: int
) -> list[str]:
    sentence = f"{one_line(text, 2_000)} {marks_of(citations, evidence)}"
    return textwrap.wrap(
        sentence, width, initial_indent=start, subsequent_indent=" " * len(start)
    ) or [start]
