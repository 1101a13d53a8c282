"""The timeline, or a scenario's main table, as CSV for a spreadsheet; no cell can be a formula."""

from __future__ import annotations

import csv
import io

from schemas.result import Result
from schemas.window import iso
from sentree.report.citations import number_citations
from sentree.report.escape import csv_cell
from sentree.report.sections import main_table

COLUMNS = (
    "time",
    "last_time",
    "type",
    "level",
    "score",
    "host",
    "user",
    "statement",
    "details",
    "tactics",
    "techniques",
    "rules",
    "sensors",
    "episode",
    "event_uids",
    "source",
)


def render_csv(result: Result) -> str:
    """Render one line per timeline row and gap, in time order, under one line of names.

    A result with sections gives its main table instead, whole, with the cited uids last.
    """
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    table = main_table(result.sections)
    if result.timeline is None and table is not None:
        writer.writerow([csv_cell(column.name) for column in table.columns] + ["evidence"])
        for row in table.rows:
            cells = ["" if cell is None else str(cell) for cell in row.cells]
            writer.writerow([csv_cell(cell) for cell in (*cells, " ".join(row.evidence))])
        return out.getvalue()
    writer.writerow(COLUMNS)
    for row in sorted(_rows(result), key=lambda row: row[0]):
        writer.writerow([csv_cell(cell) for cell in row])
    return out.getvalue()


def _rows(result: Result) -> list[list[str]]:
    timeline = result.timeline
    if timeline is None:
        return []
    events = number_citations(result).events
    rows: list[list[str]] = []
    for entry in timeline.entries:
        uids = list(dict.fromkeys(one.event_uid for one in entry.evidence))
        first = events.get(uids[0]) if uids else None
        rows.append(
            [
                iso(entry.time),
                iso(entry.last_time),
                "entry",
                entry.level,
                str(entry.score),
                entry.host or "",
                entry.user or "",
                entry.statement,
                " | ".join(entry.details),
                " ".join(entry.tactics),
                " ".join(entry.techniques),
                " | ".join(rule.title for rule in entry.rules),
                " ".join(entry.sensors),
                "" if entry.episode is None else str(entry.episode),
                " ".join(uids),
                f"{first.source}:{first.line}" if first else "",
            ]
        )
    for gap in timeline.gaps:
        uids = [uid for uid in (gap.before_uid, gap.after_uid) if uid]
        rows.append(
            [iso(gap.start), iso(gap.end), "gap", "", "", gap.host, "", gap.statement]
            + [""] * 6
            + [" ".join(uids), ""]
        )
    return rows
