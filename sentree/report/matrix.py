"""The coverage matrix of a section, laid out as plain values for the page."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.matrix import Matrix
from sentree.report.escape import cut
from sentree.report.figures import tone

MAX_ROWS = 100
MAX_CELLS = 3_000


@dataclass(frozen=True, slots=True)
class MatrixView:
    """A matrix as the page shows it; `more` cells stand in the JSON report only."""

    title: str
    legend: list[tuple[str, str, int]]
    rows: list[tuple[str, list[tuple[str, str, str]]]]
    more: int


def matrix_view(matrix: Matrix | None) -> MatrixView | None:
    """Lay out a matrix: the legend with counts, and per row cells of label, tone and note."""
    if matrix is None or not any(row.cells for row in matrix.rows):
        return None
    statuses = [cell.status for row in matrix.rows for cell in row.cells]
    rows: list[tuple[str, list[tuple[str, str, str]]]] = []
    left = MAX_CELLS
    for row in matrix.rows[:MAX_ROWS]:
        shown = row.cells[:left]
        left -= len(shown)
        cells = [
            (cut(f"{one.label}{one.mark}", 40), tone(one.status), cut(one.note, 300))
            for one in shown
        ]
        if cells:
            rows.append((cut(row.name, 120), cells))
    return MatrixView(
        title=cut(matrix.title, 200),
        legend=[(status, tone(status), statuses.count(status)) for status in matrix.legend],
        rows=rows,
        more=len(statuses) - sum(len(cells) for _, cells in rows),
    )
