"""That there is nothing: what was searched, and which names are not there at all."""

from __future__ import annotations

from dataclasses import replace

from schemas.questions import EmbeddedAnswer
from sentree.analysis.questions.asked import Asked
from sentree.analysis.questions.conditions import Binder, anywhere, build_where
from sentree.analysis.questions.entities import Entity
from sentree.analysis.questions.lookup import Totals
from sentree.analysis.questions.parts import Unanswerable
from sentree.analysis.questions.tables import capital
from sentree.analysis.questions.wording import amount, named


def answer_nothing(asked: Asked, totals: Totals) -> EmbeddedAnswer:
    """Say that nothing was found, what was searched, and which names are not there at all."""
    _check_status(asked)
    absent: list[Entity] = []
    present: list[str] = []
    for entity in asked.entities:
        if entity.kind in ("technique", "tactic"):
            continue
        binder = Binder()
        where = replace(
            asked.where,
            sql=anywhere(entity, binder),
            values=binder.values,
            relation="events",
            measure="count(*)",
        )
        count = asked.lookup.totals(where).n
        if count:
            present.append(f"{named(entity)} appears in {amount(count, 'event', 'events')}")
        else:
            absent.append(entity)
    what = f"{asked.label}{asked.filters}"
    rules = any(e.kind in ("technique", "tactic") for e in asked.entities)
    if absent:
        names = " and ".join(named(entity) for entity in absent)
        verb = "does" if len(absent) == 1 else "do"
        text = f"{capital(names)} {verb} not appear in {asked.scope.words}."
    elif asked.reading.subject == "alert" or rules:
        which = what.removeprefix("rule matches").removeprefix(", ")
        text = f"No rule matched{f' ({which})' if which else ''} in {asked.scope.words}."
    else:
        text = f"None: no {what} in {asked.scope.words}."
    if asked.reading.family == "exists":
        text = text.removeprefix("None: ")
        text = f"No: {'n' + text[1:] if text.startswith('No ') else text}"
    if asked.reading.family == "count":
        text = f"0. {text}" if absent else text.replace("None: no", "0", 1)
    if present:
        text += f" By itself, {' and '.join(present)}."
    return EmbeddedAnswer(
        answer=text,
        ruled_out=(f"{what}: none in {asked.scope.words}",),
        interpreted_as=asked.interpreted(f"{asked.label}"),
        sql=totals.sql,
    )


def _check_status(asked: Asked) -> None:
    """Refuse to call it "none failed" where the records don't say what failed."""
    if asked.reading.failed is None or asked.reading.subject == "finding":
        return
    every = build_where(asked.context, replace(asked.reading, failed=None), asked.entities)
    said = replace(every, sql=f"({every.sql}) AND status_id IN (1, 2)")
    if asked.lookup.totals(every).n and not asked.lookup.totals(said).n:
        raise Unanswerable(f"the {asked.label} in scope don't record whether they failed")
