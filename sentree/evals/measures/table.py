"""How measured figures are shown: a Markdown table under its command, or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from sentree.evals.measures.measure import Measure


class Measured(NamedTuple):
    """The figures that one command gives."""

    command: str
    rows: Sequence[Measure]


def as_markdown(measured: Sequence[Measured]) -> str:
    """Write a table for each command."""
    return "\n\n".join(_table(one) for one in measured) + "\n"


def as_json(measured: Sequence[Measured]) -> str:
    """Write all figures as one list, unrounded, each with its command."""
    rows = [{**row._asdict(), "command": one.command} for one in measured for row in one.rows]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def number(value: float, *, whole: bool = False) -> str:
    """Write a figure: a share to three digits, what is `whole` (a count) without."""
    if whole and value == int(value):
        return f"{int(value):,}"
    return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"


def _table(measured: Measured) -> str:
    lines = [
        f"`{measured.command}`",
        "",
        "| task | metric | value | 95 % interval | n | notes |",
        "|---|---|---|---|---|---|",
    ]
    for row in measured.rows:
        interval = ""
        if row.low is not None and row.high is not None:
            interval = f"{number(row.low)} to {number(row.high)}"
        value = number(row.value, whole=not interval)
        cells = (row.task, row.metric, value, interval, f"{row.n:,}", row.note)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)
