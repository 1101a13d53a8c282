"""The small tables under an answer, and the nouns that go with its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.patterns.wording import plain
from schemas.questions import AnswerTable
from sentree.analysis.questions.dimensions import Dimension
from sentree.analysis.questions.wording import cell_time, event_words

WIDEST = 400
"""Most characters of a value in a table: paths and command lines are told apart at their ends."""

EVENT_COLUMNS = ("time", "host", "what", "event")


def group_table(rows: Sequence[dict[str, Any]], name: str) -> AnswerTable:
    """Make a table of values, most telling first."""
    return AnswerTable(
        columns=(name, "count", "first", "last"),
        rows=tuple(
            (plain(row["value"], WIDEST), row["n"], cell_time(row["first"]), cell_time(row["last"]))
            for row in rows
        ),
        total=rows[0]["groups"] if rows else 0,
        evidence=tuple(row["event_uid"] for row in rows),
    )


def event_table(rows: Sequence[dict[str, Any]], total: int) -> AnswerTable:
    """Make a table of events."""
    return AnswerTable(
        columns=EVENT_COLUMNS,
        rows=tuple(
            (
                cell_time(row["time"]),
                plain(row["host"], 64) if row["host"] else None,
                (f"{plain(row['rule_title'], 80)}: " if row.get("rule_title") else "")
                + event_words(row),
                row["event_uid"],
            )
            for row in rows
        ),
        total=total,
        evidence=tuple(row["event_uid"] for row in rows),
    )


def on_host(row: dict[str, Any]) -> str:
    """Name the host of an event."""
    return f" on {plain(row['host'], 64)}" if row["host"] else ""


def count_noun(label: str, number: int) -> str:
    """Give a plural label its singular where one word makes it."""
    if number != 1:
        return label
    if " and " in label:
        return label
    head, space, rest = label.partition(" ")
    if label.endswith(("ses", "ches")):
        return label[:-2]
    if label.endswith("ies"):
        return f"{label[:-3]}y"
    if label.endswith("s") and "(" not in label and "," not in label:
        return label[:-1]
    return f"{head.removesuffix('s')}{space}{rest}"


def noun_for(dimension: Dimension, number: int) -> str:
    """Give the noun of a dimension for a number of its values."""
    return dimension.one if number == 1 else dimension.many


def capital(text: str) -> str:
    """Begin a sentence."""
    return text[:1].upper() + text[1:]
