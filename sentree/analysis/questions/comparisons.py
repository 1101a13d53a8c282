"""Two or more things of one kind beside each other."""

from __future__ import annotations

from dataclasses import replace

from models.patterns.wording import plain
from schemas.claim import Claim
from schemas.questions import AnswerTable, Cell, EmbeddedAnswer
from sentree.analysis.questions.asked import TOP, Asked
from sentree.analysis.questions.conditions import build_where
from sentree.analysis.questions.parts import Unanswerable
from sentree.analysis.questions.tables import capital, count_noun
from sentree.analysis.questions.wording import cell_time, named, scope_words


def answer_compare(asked: Asked) -> EmbeddedAnswer:
    """Count each of two or more things of one kind that the question names."""
    kinds = [entity.kind for entity in asked.entities]
    compared = [e for e in asked.entities if kinds.count(e.kind) > 1]
    if len(compared) < 2 or len({e.kind for e in compared}) != 1:
        raise Unanswerable("it does not name two things of one kind to compare")
    others = [e for e in asked.entities if e not in compared]
    table: list[tuple[Cell, ...]] = []
    claims: list[Claim] = []
    said: list[str] = []
    sqls: list[str] = []
    for number, entity in enumerate(compared[:TOP], start=1):
        where = build_where(asked.context, asked.reading, [replace(entity, role=""), *others])
        totals = asked.lookup.totals(where)
        label = named(entity)
        text = f"{label}: {totals.n:,} {count_noun(asked.label, totals.n)}"
        said.append(text)
        sqls.append(totals.sql)
        table.append(
            (plain(entity.value), totals.n, cell_time(totals.first), cell_time(totals.last))
        )
        if totals.n:
            claims += asked.claim(number, f"{text}.", asked.lookup.sample(where), where)
    filters = scope_words(asked.reading, others)
    return EmbeddedAnswer(
        answer=f"{capital('; '.join(said))}{filters}.",
        claims=tuple(claims),
        ruled_out=tuple(
            f"{row[0]}: no {asked.label}{filters} in {asked.scope.words}"
            for row in table
            if not row[1]
        ),
        rows=AnswerTable(
            columns=(compared[0].kind, "count", "first", "last"),
            rows=tuple(table),
            total=len(table),
        ),
        interpreted_as=asked.interpreted(f"count of {asked.label} for each"),
        sql="; ".join(sqls),
    )
