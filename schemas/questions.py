"""A question answered without a language model: what is said, what it rests on, what was run."""

from __future__ import annotations

from schemas.base import Frozen
from schemas.claim import Claim

Cell = str | int | None


class AnswerTable(Frozen):
    """A small table for display. `total` is how many rows there are, shown or not.

    `evidence` has, for each row, the uid of an event that stands behind it.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    evidence: tuple[str, ...] = ()


class EmbeddedAnswer(Frozen):
    """The answer to one question, from SQL alone.

    Attributes:
        answer: one to three sentences; empty when the question was declined.
        claims: the sentences that rest on events, each with events that hold what is quoted.
            "None were found" cites nothing and is told by `answer` and `ruled_out`.
        ruled_out: what was looked for and is not there, with what was searched.
        rows: the values or events behind the answer, most telling first.
        declined: one line that says why there is no answer and names what to configure.
        interpreted_as: how the question was understood, in plain words.
        sql: the SELECT the answer rests on, its bound values written in, for display only.
    """

    answer: str = ""
    claims: tuple[Claim, ...] = ()
    ruled_out: tuple[str, ...] = ()
    rows: AnswerTable | None = None
    declined: str | None = None
    interpreted_as: str = ""
    sql: str | None = None
