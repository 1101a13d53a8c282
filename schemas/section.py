"""The parts of a scenario's answer beside its summary: claims and tables that cite records."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen
from schemas.claim import Claim
from schemas.matrix import Matrix

Kind = Literal["text", "number", "share", "time", "id", "level", "technique", "verdict"]
"""How a cell reads: `share` is 0 to 1, `time` ISO 8601 UTC, `level` a Sigma level."""

Scalar = str | int | float | bool | None


class Column(Frozen):
    """One column of a table. `note` explains the figure to somebody who reads it first."""

    name: str
    kind: Kind = "text"
    note: str = ""


class Row(Frozen):
    """One row: a value per column, the uids of the records it rests on, and its weight if any."""

    cells: tuple[Scalar, ...]
    evidence: tuple[str, ...] = ()
    level: str | None = None


class Table(Frozen):
    """Rows in the order a reader should meet them. `key` is unique in the result."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""


class Section(Frozen):
    """One part of the answer, e.g. the techniques of an intelligence report."""

    key: str
    title: str
    claims: tuple[Claim, ...] = ()
    tables: tuple[Table, ...] = ()
    matrix: Matrix | None = None
    notes: tuple[str, ...] = ()


class InputFile(Frozen):
    """A file that was read for the answer; its hash pins the run as a snapshot pins a lake."""

    path: str
    sha256: str
    format: str
    records: int
    rejected: int = 0
    note: str = ""


class TechniqueScore(Frozen):
    """A technique an answer names, with its score (any scale, larger is surer) and evidence."""

    technique: str
    score: float
    evidence: tuple[str, ...] = ()
    comment: str = ""
