"""Which values: what events name along one dimension, counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas.questions import AnswerTable, EmbeddedAnswer
from sentree.analysis.questions.asked import EVENTS_LISTED, LISTED, SPOKEN, TOP, Asked
from sentree.analysis.questions.dimensions import Dimension
from sentree.analysis.questions.lookup import Totals
from sentree.analysis.questions.tables import WIDEST, group_table, noun_for
from sentree.analysis.questions.wording import amount


def answer_groups(asked: Asked, totals: Totals, dimension: Dimension) -> EmbeddedAnswer:
    """List or rank the values of a dimension, or count them."""
    family = asked.reading.family
    limit = asked.reading.limit or (TOP if family in ("top", "bottom") else LISTED)
    order = "ASC" if family == "bottom" else "DESC"
    rows, sql = asked.lookup.groups(asked.where, dimension, order, limit)
    if not rows:
        return _unnamed(asked, totals, dimension)
    groups = rows[0]["groups"]
    shown = [f"{asked.value(dimension, row['value'])} ({row['n']:,})" for row in rows[:SPOKEN]]
    rest = f" and {groups - len(shown):,} more" if groups > len(shown) else ""
    of = asked.counted(totals)
    if family in ("top", "bottom"):
        word = "most" if family == "top" else "fewest"
        text = f"The {noun_for(dimension, groups)} with the {word} {asked.label}{asked.filters}:"
        text += f" {', '.join(shown)}; {groups:,} in all."
    else:
        text = f"{amount(groups, dimension.one, dimension.many)} in {of}:"
        text += f" {', '.join(shown)}{rest}."
    uids = [row["event_uid"] for row in rows[:EVENTS_LISTED]]
    verb = {"top": "top", "bottom": "rarest", "count": "number of"}.get(family, "list of")
    return EmbeddedAnswer(
        answer=text,
        claims=asked.claim(1, text, uids, asked.where),
        rows=_named_table(asked, rows, dimension),
        interpreted_as=asked.interpreted(f"{verb} {dimension.many} in {asked.label}"),
        sql=sql,
    )


def _unnamed(asked: Asked, totals: Totals, dimension: Dimension) -> EmbeddedAnswer:
    verb = "names" if totals.n == 1 else "name"
    text = f"{asked.counted(totals)} {verb} no {dimension.one}."
    return EmbeddedAnswer(
        answer=text,
        claims=asked.claim(1, text, asked.lookup.sample(asked.where), asked.where),
        interpreted_as=asked.interpreted(f"{dimension.many} in {asked.label}"),
        sql=totals.sql,
    )


def _named_table(asked: Asked, rows: Sequence[dict[str, Any]], dimension: Dimension) -> AnswerTable:
    shown = [{**row, "value": asked.value(dimension, row["value"], WIDEST)} for row in rows]
    return group_table(shown, dimension.one)
