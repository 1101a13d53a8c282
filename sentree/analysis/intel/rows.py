"""Makes tables of rows that cite: what all tables of the report share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from schemas.intel import Cited
from schemas.section import Column, Kind, Row, Scalar, Table
from schemas.window import iso

MAX_ROWS = 500
MAX_EVIDENCE = 40
MAX_NAMES = 8


def table(
    key: str,
    title: str,
    columns: str,
    rows: Sequence[Row],
    note: str = "",
    *,
    limit: int = MAX_ROWS,
) -> Table:
    """Make a table; marks behind column names give their kind (`#` number, `@` time, …)."""
    more = len(rows) - limit
    cut = f"The first {limit:,} of {len(rows):,}; the JSON report has all under data."
    return Table(
        key=key,
        title=title,
        columns=tuple(_column(name) for name in columns.split()),
        rows=tuple(rows[:limit]),
        note=" ".join(filter(None, (note, cut if more > 0 else ""))),
    )


def row(one: Cited, *cells: Scalar) -> Row:
    """Make a row that rests on a line of the report."""
    return Row(cells=cells, evidence=evidence(one.evidence))


def evidence(uids: Iterable[str]) -> tuple[str, ...]:
    """Give the first `MAX_EVIDENCE` distinct ids."""
    return tuple(dict.fromkeys(uids))[:MAX_EVIDENCE]


def names(listed: Sequence[str], limit: int = MAX_NAMES) -> str:
    """Join names, and say how many more there are."""
    shown = ", ".join(listed[:limit])
    return f"{shown} and {len(listed) - limit} more" if len(listed) > limit else shown


def when(time: datetime | None) -> str | None:
    """Write a time as ISO 8601 in UTC."""
    return iso(time) if time else None


def status(revoked: bool, deprecated: bool) -> str:
    """Say whether something is out of force."""
    return "revoked" if revoked else "deprecated" if deprecated else ""


_KINDS: dict[str, Kind] = {
    "#": "number",
    "@": "time",
    "%": "share",
    "!": "verdict",
    "*": "technique",
    "^": "level",
}


def _column(name: str) -> Column:
    kind = _KINDS.get(name[-1])
    return Column(name=name.rstrip("#@%!*^").replace("_", " "), kind=kind or "text")
