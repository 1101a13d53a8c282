"""Whether a value stands anywhere in the events, promoted or not."""

from __future__ import annotations

from dataclasses import replace

from ocsf.classes import class_name
from schemas.questions import EmbeddedAnswer
from sentree.analysis.questions.absence import answer_nothing
from sentree.analysis.questions.asked import EVENTS_LISTED, SPOKEN, Asked
from sentree.analysis.questions.conditions import Binder, anywhere, times
from sentree.analysis.questions.dimensions import DIMENSIONS
from sentree.analysis.questions.tables import capital, event_table
from sentree.analysis.questions.wording import amount, named


def answer_seen(asked: Asked) -> EmbeddedAnswer:
    """Look for a value wherever it may stand, promoted or not."""
    binder = Binder()
    clauses = [anywhere(entity, binder) for entity in asked.entities]
    clauses += times(asked.reading, binder)
    where = replace(asked.where, sql=" AND ".join(clauses), values=binder.values, relation="events")
    totals = asked.lookup.totals(where)
    if not totals.n:
        return answer_nothing(asked, totals)
    what = " and ".join(named(entity) for entity in asked.entities)
    when = f" {asked.reading.time.words}" if asked.reading.time.given else ""
    rows = asked.lookup.events(where, "ASC", EVENTS_LISTED)[0]
    groups, _ = asked.lookup.groups(where, DIMENSIONS["class"], "DESC", SPOKEN)
    kinds = ", ".join(f"{class_name(int(row['value']))} {row['n']:,}" for row in groups)
    text = (
        f"{capital(what)} appears in {amount(totals.n, 'event', 'events')}{when},"
        f" {asked.span(totals)}."
    )
    return EmbeddedAnswer(
        answer=f"Yes. {text} By class: {kinds}." if kinds else f"Yes. {text}",
        claims=asked.claim(1, text, asked.lookup.sample(where), where),
        rows=event_table(rows, totals.n),
        interpreted_as=f"whether {what} appears anywhere, raw records included{when}"
        + "".join(f"; {note}" for note in asked.reading.notes),
        sql=totals.sql,
    )
