"""What a short stretch of time holds."""

from __future__ import annotations

from dataclasses import replace

from models.patterns.wording import plain
from ocsf.classes import class_name
from schemas.questions import EmbeddedAnswer
from sentree.analysis.questions.absence import answer_nothing
from sentree.analysis.questions.asked import LISTED, SPOKEN, Asked
from sentree.analysis.questions.conditions import build_where
from sentree.analysis.questions.dimensions import DIMENSIONS
from sentree.analysis.questions.parts import Unanswerable
from sentree.analysis.questions.tables import event_table
from sentree.analysis.questions.wording import amount

SMALL = 500


def answer_around(asked: Asked) -> EmbeddedAnswer:
    """Tell what a short stretch holds: classes of events, rule matches, then the events."""
    totals = asked.lookup.totals(asked.where)
    if not totals.n:
        return answer_nothing(asked, totals)
    if not asked.reading.time.given and totals.n > SMALL:
        raise Unanswerable(f"it covers {totals.n:,} events; name a time, or narrow it down")
    classes, _ = asked.lookup.groups(asked.where, DIMENSIONS["class"], "DESC", LISTED)
    kinds = ", ".join(f"{class_name(int(r['value']))} {r['n']:,}" for r in classes[:SPOKEN])
    alerts = build_where(asked.context, replace(asked.reading, subject="alert"), asked.entities)
    rules, _ = asked.lookup.groups(alerts, DIMENSIONS["rule"], "DESC", LISTED)
    text = f"{amount(totals.n, 'event', 'events')}{asked.filters}: {kinds}."
    claims = asked.claim(1, text, asked.lookup.sample(asked.where), asked.where)
    answer = text
    if rules:
        names = ", ".join(f"{plain(r['value'], 80)} ({r['n']:,})" for r in rules[:SPOKEN])
        more = f" and {len(rules) - SPOKEN} more" if len(rules) > SPOKEN else ""
        spoken = f"Rules that matched: {names}{more}."
        claims += asked.claim(2, spoken, [r["event_uid"] for r in rules], alerts)
        answer = f"{text} {spoken}"
    rows, sql = asked.lookup.events(asked.where, "ASC", LISTED)
    return EmbeddedAnswer(
        answer=answer if rules else f"{text} No rule matched.",
        claims=claims,
        ruled_out=() if rules else (f"rule matches{asked.filters}: none",),
        rows=event_table(rows, totals.n),
        interpreted_as=asked.interpreted("what happened: all events"),
        sql=sql,
    )
