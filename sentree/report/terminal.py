"""Plain text for a terminal: the lines a run ends with, and the views of `sentree show`.

Nothing here writes colours or moves the cursor, and no log text can: it passes `escape.terminal`.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from schemas.claim import Claim, Evidence
from schemas.result import Result
from schemas.section import Scalar, Table
from schemas.timeline import TimelineEntry
from schemas.trajectory import NodeKind, NodeRecord
from schemas.window import iso
from sentree.errors import NotFoundError
from sentree.report.attack import in_attack_order, tactic_name, technique_uses
from sentree.report.citations import Citations, number_citations
from sentree.report.escape import cut, terminal, visible
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
    milliseconds,
    minute,
    most_telling,
    plural,
    share,
    warnings,
)
from sentree.report.sections import cell_text, main_table
from sentree.report.tree import TreeNode, build_tree

WIDTH = 120
MAX_ROWS = 400
MAX_NODES = 1_000
MAX_RAW = 12_000
MAX_MARKS = 4
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
        f"{_line(first.text, 300)} {_marks(citations, first.evidence)}"
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
        + (f": {_line(chain_of([tactic_name(one) for one in tactics]), 300)}" if tactics else ""),
        f"answer    {doubt}{answer}",
        f"checked   {check.kept:,} of {check.checked:,} statements hold; read by "
        f"{_line(analyst_sentence(result), 120)}; {cost(result)}",
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
    lines += [f"note      {_line(note, 300)}" for note in result.notes]
    lines.append(
        f"checked   {check.kept:,} of {check.checked:,} statements hold; read by "
        f"{_line(analyst_sentence(result), 120)}; {cost(result)}"
    )
    return lines


def table_lines(table: Table, limit: int, width: int = WIDTH) -> list[str]:
    """Show a table in columns, at most `limit` rows; the widest columns give way."""
    heads = [_line(column.name, 40) for column in table.columns]
    kinds = [column.kind for column in table.columns]
    rows = [
        [_line(_cell(value, kind), 160) for value, kind in zip(row.cells, kinds, strict=False)]
        for row in table.rows[:limit]
    ]
    widths = [max(len(text) for text in column) for column in zip(heads, *rows, strict=False)]
    while sum(widths) + 2 * len(widths) > width and max(widths) > 12:
        widths[widths.index(max(widths))] -= 1
    right = [kind in ("number", "share") for kind in kinds]
    lines = [_line(table.title, width)]
    for cells in (heads, *rows):
        padded = [
            short.rjust(size) if number else short.ljust(size)
            for text, size, number in zip(cells, widths, right, strict=False)
            for short in (_line(text, size),)
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
            lines.append(f"    {_line(where + str(row.cells[place]), 2 * width)}")
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
        lines += ["", _line(section.title, width).upper()]
        for claim in section.claims:
            lines += _wrapped("- ", claim.text, claim.evidence, citations, width)
        for table in section.tables:
            lines += ["", *table_lines(table, MAX_TABLE_ROWS, width)]
        lines += [f"note: {_line(note, 300)}" for note in section.notes]
    return lines


def look_lines(result: Result, limit: int, width: int = WIDTH) -> list[str]:
    """Show the answer of a quick look: its sentences, then its tables, `limit` rows of each."""
    lines = [_line(one.text, 400) for one in result.summary]
    for section in result.sections:
        # A section of everything is there for a spreadsheet; its parts follow it.
        for table in section.tables if section.key != "all" else ():
            if table.rows:
                lines += ["", *_look_table(table, limit, width)]
        lines += [f"note: {_line(note, 300)}" for note in section.notes]
    return lines + [f"note: {_line(note, 300)}" for note in result.notes]


def run_view(result: Result, width: int = WIDTH) -> str:
    """Show a run: summary, warnings, every sentence of the answer, the timeline."""
    citations = number_citations(result)
    lines = [_line(result.title, width), *summary_lines(result)]
    lines += [f"warning   {_line(text, 300)}" for text in warnings(result)]
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
    named = max((len(_line(timeline.entries[row].host or "-", 20)) for row in shown), default=4)
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
            f"{_line(gap.host, 20):<{host_width}} {_line(gap.statement, 300)}",
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


def claim_view(result: Result, claim: str, width: int = WIDTH) -> str:
    """Show one sentence or timeline entry with its evidence.

    `claim` is the number or uid of a sentence, or the uid (or its start) of a timeline entry.

    Raises:
        NotFoundError: there is none, or several.
    """
    citations = number_citations(result)
    numbered = {str(number): one for number, one in enumerate(result.summary, start=1)}
    entries = result.timeline.entries if result.timeline else ()
    found: Claim | TimelineEntry
    if claim in numbered:
        found = numbered[claim]
    else:
        by_uid: dict[str, Claim | TimelineEntry] = {one.claim_uid: one for one in result.summary}
        by_uid |= {entry.entry_uid: entry for entry in entries}
        known = f"claims 1 to {len(numbered)}" if numbered else "no claims"
        found = by_uid[_pick(claim, by_uid, "claim or timeline entry", known)]
    lines: list[str] = []
    if isinstance(found, Claim):
        lines += textwrap.wrap(_line(found.text, 4_000), width)
        against = found.against
    else:
        lines.append(f"{iso(found.time)}  {found.level}  {_line(found.host or 'no host', 80)}")
        for text in (found.statement, *found.details):
            lines += textwrap.wrap(_line(text, 4_000), width)
        lines += [f"rule      {_line(_rule(rule.title, rule.author), 300)}" for rule in found.rules]
        against = ()
    if found.techniques:
        lines.append(f"att&ck    {_line(', '.join(found.techniques), 300)}")
    lines += ["", "evidence", *_evidence_lines(found.evidence, citations)]
    if against:
        lines += ["", "evidence against", *_evidence_lines(against, citations)]
    lines += ["", "`sentree show RUN --event E1` shows a cited event's record."]
    return "\n".join(lines) + "\n"


def node_view(result: Result, node: str) -> str:
    """Show one node of the tree and what is below it; `tree` shows all of it.

    Raises:
        NotFoundError: no node has this uid.
    """
    roots = build_tree(result.trajectory)
    if not roots:
        raise NotFoundError("this run has no tree: it was answered on the direct path")
    if node != "tree":
        nodes = {one.record.node_uid: one for root in roots for one in root.walk()}
        # A node's uid is the start of its children's, so only the whole uid names it.
        if node not in nodes:
            raise NotFoundError(
                f"no node is called '{terminal(node)}': there are {len(nodes):,}, "
                f"from {terminal(next(iter(nodes)))} on (see --node tree)"
            )
        roots = [nodes[node]]
    lines = [f"{'node':<64} {'events':>10} {'subtree':>10} {'findings':>8} {'time':>9}  state"]
    base = roots[0].record.depth
    every = [one for root in roots for one in root.walk()]
    lines += [_node_line(one, base) for one in every[:MAX_NODES]]
    if len(every) > MAX_NODES:
        lines.append(f"{len(every) - MAX_NODES:,} more nodes; the JSON report has them")
    if node != "tree":
        lines += _node_lines(roots[0].record)
    return "\n".join(lines) + "\n"


def event_view(result: Result, event: str, width: int = WIDTH) -> str:
    """Show one cited event: where it stands, what cites it, the record, the normalised form.

    Raises:
        NotFoundError: no cited event has this uid, start of a uid, or mark.
    """
    citations = number_citations(result)
    known = f"{len(citations.events):,} cited events, E1 to E{len(citations.numbers)}"
    uid = citations.uid(event) or _pick(event, citations.events, "cited event", known)
    found = citations.events.get(uid)
    if found is None:
        raise NotFoundError(f"event {terminal(uid)} is cited, but the document does not carry it")
    cited = [str(n) for n, one in enumerate(result.summary, start=1) if _cites(one.evidence, uid)]
    rows = [
        entry
        for entry in (result.timeline.entries if result.timeline else ())
        if _cites(entry.evidence, uid)
    ]
    is_event = found.class_uid >= 0
    number = f" ({found.class_uid})" if is_event else ", a record that is no event"
    lines = [
        f"{citations.mark(uid)}  {iso(found.time) if found.time else 'no time'}  "
        f"{_line(found.class_name, 80)}{number}",
        f"uid       {_line(uid, 80)}",
        f"source    {_line(found.source, 400)}:{found.line}  mapper {_line(found.mapper, 60)}",
    ]
    if is_event:
        lines.append(
            f"host      {_line(found.host or '-', 200)}  user {_line(found.user or '-', 200)}"
        )
    for one in found.references[:8]:
        parts = [part for part in (one.source_name, one.external_id, one.url) if part]
        lines.append(f"see also  {_line(' '.join(parts), 400)}")
    if cited:
        lines.append(f"claims    {', '.join(cited)}")
    lines += [f"row       {_line(entry.statement, 300)}" for entry in rows[:5]]
    whole = "" if found.raw_length <= len(found.raw) else f" (of {found.raw_length:,} characters)"
    lines += ["", f"raw{whole}", *_block(found.raw, width)]
    if found.event.strip() not in ("", "{}", "null"):
        lines += ["", "normalised (OCSF)", *_block(_pretty(found.event), width)]
    return "\n".join(lines) + "\n"


def _entry_line(entry: TimelineEntry, citations: Citations, host_width: int, width: int) -> str:
    """Write one row; a long sentence is cut so that techniques and marks stay on the line."""
    level = LEVELS[level_rank(entry.level)]
    lasted = entry.last_time - entry.time
    host = _line(entry.host or "-", 20)
    head = f"{clock(entry.time):<15} {level:<13} {host:<{host_width}} "
    notes = [f"for {length(lasted)}"] if lasted else []
    notes += [_line(technique, 20) for technique in entry.techniques[:3]]
    tail = f" {' '.join([*notes, _marks(citations, entry.evidence)])}"
    return head + _line(entry.statement, max(width - len(head) - len(tail), 40)) + tail


def _node_line(node: TreeNode, base: int) -> str:
    record = node.record
    label = f"{'  ' * min(record.depth - base, 12)}{record.node_uid} {record.label}"
    own = f"{node.own_events:,}" if node.own_events else "-"
    line = (
        f"{_line(label, 63):<64} {own:>10} {node.subtree_events:>10,} {record.findings:>8,} "
        f"{milliseconds(record.milliseconds):>9}  {record.state}"
    )
    trouble = [f"limit {record.limit_hit}"] if record.limit_hit else []
    trouble += [record.error] if record.error else []
    return f"{line}  {_line('; '.join(trouble), 300)}" if trouble else line


def _node_lines(record: NodeRecord) -> list[str]:
    """Show what one node was asked or ran, and what came of it."""
    lines: list[str] = []
    if record.code:
        title = "question" if record.kind is NodeKind.SUBCALL else "code"
        lines += ["", title, *_block(record.code, WIDTH)]
    if record.output:
        lines += ["", "output", *_block(record.output, WIDTH)]
    facts = [
        f"tokens {record.input_tokens:,} in, {record.output_tokens:,} out" if record.usd else "",
        f"${record.usd:.4f}" if record.usd else "",
        f"{plural(record.evidence_seen, 'event')} shown so far" if record.evidence_seen else "",
        f"prompt {_line(record.prompt_hash, 16)}" if record.prompt_hash else "",
    ]
    told = "; ".join(fact for fact in facts if fact)
    return [*lines, "", told] if told else lines


def _evidence_lines(evidence: Sequence[Evidence], citations: Citations) -> list[str]:
    lines: list[str] = []
    for one in evidence[:100]:
        event = citations.events.get(one.event_uid)
        where = f"{event.source}:{event.line}" if event else "not in this document"
        quote = f'  quotes "{_line(one.quote, 160)}"' if one.quote else ""
        mark = f"[{citations.mark(one.event_uid)}]"
        lines.append(f"  {mark:<7} {_line(one.event_uid, 64)}  {_line(where, 200)}{quote}")
    if len(evidence) > 100:
        lines.append(f"  and {len(evidence) - 100:,} more")
    return lines


def _wrapped(
    start: str, text: str, evidence: Sequence[Evidence], citations: Citations, width: int
) -> list[str]:
    sentence = f"{_line(text, 2_000)} {_marks(citations, evidence)}"
    return textwrap.wrap(
        sentence, width, initial_indent=start, subsequent_indent=" " * len(start)
    ) or [start]


def _marks(citations: Citations, evidence: Sequence[Evidence]) -> str:
    marks = citations.marks(evidence)
    more = f" +{len(marks) - MAX_MARKS}" if len(marks) > MAX_MARKS else ""
    return " ".join(f"[{mark}]" for mark in marks[:MAX_MARKS]) + more


def _block(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for line in visible(cut(text, MAX_RAW)).splitlines() or [""]:
        plain = line.replace("\t", "    ")
        lines += [f"  {plain[at : at + width - 2]}" for at in range(0, len(plain) or 1, width - 2)]
    return lines


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _pick(text: str, known: Iterable[str], what: str, hint: str) -> str:
    """Find the one uid that is `text` or starts with it."""
    uids = list(known)
    if text in uids:
        return text
    matches = [uid for uid in uids if uid.startswith(text)] if len(text) >= 4 else []
    if len(matches) == 1:
        return matches[0]
    found = f"{len(matches)} start with" if matches else "none is called"
    raise NotFoundError(f"{what}: {found} '{terminal(text)}'; this run has {hint}")


def _cites(evidence: Sequence[Evidence], uid: str) -> bool:
    return any(one.event_uid == uid for one in evidence)


def _rule(title: str, author: str | None) -> str:
    return f"{title} (by {author})" if author else title


def _line(text: str, limit: int) -> str:
    escaped = terminal(text)
    return escaped if len(escaped) <= limit else f"{escaped[: limit - 1]}…"
