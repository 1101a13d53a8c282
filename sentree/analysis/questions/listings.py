"""Which events: the first or last, or a list of them."""

from __future__ import annotations

from schemas.questions import EmbeddedAnswer
from sentree.analysis.questions.asked import EVENTS_LISTED, LISTED, Asked
from sentree.analysis.questions.lookup import Totals
from sentree.analysis.questions.tables import count_noun, event_table, on_host
from sentree.analysis.questions.wording import at, event_words


def answer_edge(asked: Asked, totals: Totals) -> EmbeddedAnswer:
    """Tell the first or last of the events."""
    first = asked.reading.family == "first"
    limit = asked.reading.limit or 1
    rows, sql = asked.lookup.events(asked.where, "ASC" if first else "DESC", limit)
    row, word = rows[0], "first" if first else "last"
    text = (
        f"The {word} of {totals.n:,} {count_noun(asked.label, totals.n)}{asked.filters}:"
        f" {at(row['time'])}{on_host(row)}, {event_words(row)}."
    )
    return EmbeddedAnswer(
        answer=text,
        claims=asked.claim(
            1, text, [each["event_uid"] for each in rows[:EVENTS_LISTED]], asked.where
        ),
        rows=event_table(rows, totals.n),
        interpreted_as=asked.interpreted(f"the {word} of {asked.label}"),
        sql=sql,
    )


def answer_events(asked: Asked, totals: Totals) -> EmbeddedAnswer:
    """List the events in order of time."""
    limit = asked.reading.limit or LISTED
    rows, sql = asked.lookup.events(asked.where, "ASC", limit)
    text = asked.found(totals)
    return EmbeddedAnswer(
        answer=f"{text} The first: {event_words(rows[0])}{on_host(rows[0])}.",
        claims=asked.claim(1, text, asked.lookup.sample(asked.where), asked.where),
        rows=event_table(rows, totals.n),
        interpreted_as=asked.interpreted(f"list of {asked.label}"),
        sql=sql,
    )
