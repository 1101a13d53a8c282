"""A matrix of coloured cells, e.g. the controls of a catalogue by family and status."""

from __future__ import annotations

from schemas.base import Frozen


class MatrixCell(Frozen):
    """One cell: what it stands for, its status (which colours it), and a note for the reader."""

    label: str
    status: str
    mark: str = ""
    note: str = ""


class MatrixRow(Frozen):
    """A named row of cells."""

    name: str
    cells: tuple[MatrixCell, ...]


class Matrix(Frozen):
    """Rows of cells, and the statuses in the order in which the legend tells them."""

    title: str
    rows: tuple[MatrixRow, ...]
    legend: tuple[str, ...]
