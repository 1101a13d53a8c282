"""How many: the number of events with its span, and whether there are any."""

from __future__ import annotations

from models.patterns.wording import plain
from schemas.questions import AnswerTable, EmbeddedAnswer
from sentree.analysis.questions.asked import EVENTS_LISTED, LISTED, SPOKEN, Asked
from sentree.analysis.questions.dimensions import DIMENSIONS
from sentree.analysis.questions.lookup import Totals
from sentree.analysis.questions.tables import event_table, group_table, on_host
from sentree.analysis.questions.wording import event_words


def answer_count(asked: Asked, totals: Totals) -> EmbeddedAnswer:
    """Say how many events there are, and of which types of record."""
    text = asked.found(totals)
    table, more = _breakdown(asked)
    return EmbeddedAnswer(
        answer=f"{text}{more}",
        claims=asked.claim(1, text, asked.lookup.sample(asked.where), asked.where),
        rows=table,
        interpreted_as=asked.interpreted(f"count of {asked.label}"),
        sql=totals.sql,
    )


def answer_exists(asked: Asked, totals: Totals) -> EmbeddedAnswer:
    """Say that there are such events, and which was the first."""
    text = asked.found(totals)
    first = asked.lookup.events(asked.where, "ASC", EVENTS_LISTED)[0]
    answer = f"Yes. {text} The first: {event_words(first[0])}{on_host(first[0])}."
    return EmbeddedAnswer(
        answer=answer,
        claims=asked.claim(1, text, asked.lookup.sample(asked.where), asked.where),
        rows=event_table(first, totals.n),
        interpreted_as=asked.interpreted(f"whether there are any {asked.label}"),
        sql=totals.sql,
    )


def _breakdown(asked: Asked) -> tuple[AnswerTable | None, str]:
    """Say which records the count is made of: one action may be recorded by several sensors."""
    name = "rule" if asked.reading.subject == "alert" else "record"
    rows, _ = asked.lookup.groups(asked.where, DIMENSIONS[name], "DESC", LISTED)
    if not rows:
        return None, ""
    more = ""
    if len(rows) > 1 and name == "record":
        kinds = [f"{plain(row['value'], 60)}: {row['n']:,}" for row in rows[:SPOKEN]]
        rest = rows[0]["groups"] - len(kinds)
        kinds += [f"and {rest} more"] if rest > 0 else []
        more = f" By type of record — {'; '.join(kinds)}."
    return group_table(rows, DIMENSIONS[name].one), more
