"""The sections of a scenario's answer, laid out as plain values for every format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas.result import Result
from schemas.section import Column, Row, Scalar, Section, Table
from sentree.report.citations import LinkedMarks
from sentree.report.escape import cut
from sentree.report.figures import LEVELS, level_rank, share, tone
from sentree.report.matrix import MatrixView, matrix_view
from sentree.report.page import ClaimView, claim_views
from sentree.report.rows import Chip

MAX_SECTIONS = 60
MAX_ROWS = 300
MAX_CELL = 600
MAX_ROW_MARKS = 4
MAX_NOTES = 40
SHORT = 16
MIDDLE = 48


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell as text; `href` leads to a technique, `tone` colours a verdict or level.

    `width` is that of its column: `short`, `middle` or `long`.
    """

    text: str
    kind: str
    href: str = ""
    tone: str = ""
    width: str = ""


@dataclass(frozen=True, slots=True)
class RowView:
    """One row with its cells and evidence marks."""

    anchor: str
    cells: list[CellView]
    marks: list[str]
    more_marks: int


@dataclass(frozen=True, slots=True)
class TableView:
    """One table; `more` rows, and columns without a value, stand in the JSON report only."""

    title: str
    note: str
    columns: list[Column]
    rows: list[RowView]
    cites: bool
    total: int
    more: int


@dataclass(frozen=True, slots=True)
class SectionView:
    """One section with its claims, tables and notes."""

    anchor: str
    title: str
    claims: list[ClaimView]
    tables: list[TableView]
    matrix: MatrixView | None
    notes: list[str]


def section_views(
    result: Result, marks: LinkedMarks, chips: dict[str, Chip], *, rows: int = MAX_ROWS
) -> list[SectionView]:
    """Lay out the sections in the result's order, at most `rows` rows of each table."""
    return [
        SectionView(
            anchor=section_anchor(place),
            title=cut(section.title, 200),
            claims=claim_views(section.claims, marks, chips, {}),
            tables=[
                _table(table, f"{section_anchor(place)}-{number}", marks, chips, rows)
                for number, table in enumerate(section.tables)
            ],
            matrix=matrix_view(section.matrix),
            notes=[cut(note, 1_000) for note in section.notes[:MAX_NOTES]],
        )
        for place, section in enumerate(result.sections[:MAX_SECTIONS])
    ]


def section_anchor(place: int) -> str:
    """Give a section's anchor by its place; titles never become part of one."""
    return f"s-{place}"


def cell_text(value: Scalar, kind: str) -> str:
    """Write one value as a reader expects it; `None` is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return cut(value, MAX_CELL)
    if kind == "share":
        return share(round(value * 10_000), 10_000)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3g}"


def main_table(sections: Sequence[Section]) -> Table | None:
    """Give the table that a reader came for: the first one."""
    return next((table for section in sections for table in section.tables), None)


def _table(
    table: Table, anchor: str, marks: LinkedMarks, chips: dict[str, Chip], limit: int
) -> TableView:
    shown = table.rows[:limit]
    cells = [
        [_cell(row, place, table.columns, chips) for place in range(len(table.columns))]
        for row in shown
    ]
    longest = [
        max((len(row[place].text) for row in cells), default=1)
        for place in range(len(table.columns))
    ]
    kept = [place for place, length in enumerate(longest) if length]
    return TableView(
        title=cut(table.title, 200),
        note=cut(table.note, 1_000),
        columns=[table.columns[place] for place in kept],
        rows=[
            RowView(
                anchor=f"{anchor}-{number}",
                cells=[
                    replace(cells[number][place], width=_width(longest[place])) for place in kept
                ],
                marks=marks.of_uids(row.evidence, MAX_ROW_MARKS),
                more_marks=max(len(row.evidence) - MAX_ROW_MARKS, 0),
            )
            for number, row in enumerate(shown)
        ],
        cites=any(row.evidence for row in table.rows),
        total=len(table.rows),
        more=max(len(table.rows) - limit, 0),
    )


def _cell(row: Row, place: int, columns: Sequence[Column], chips: dict[str, Chip]) -> CellView:
    value = row.cells[place] if place < len(row.cells) else None
    kind = columns[place].kind
    text = cell_text(value, kind)
    if kind == "level":
        name = LEVELS[level_rank(text)]
        return CellView(name if text else "", kind, tone=name)
    if kind == "technique" and text in chips:
        return CellView(text, kind, href=chips[text].href)
    if kind == "verdict":
        return CellView(text, kind, tone=tone(text))
    return CellView(text, kind)


def _width(longest: int) -> str:
    return "short" if longest <= SHORT else "middle" if longest <= MIDDLE else "long"
