"""A question as it was read: its conditions, what there is to search, the words of its answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.patterns.wording import plain
from ocsf.classes import class_name
from schemas.claim import Claim
from schemas.ports import ContextReader
from sentree.analysis.questions.conditions import (
    Where,
    build_where,
)
from sentree.analysis.questions.dimensions import (
    DIMENSIONS,
    OF_FINDINGS,
    OF_NETWORK,
    OF_RULES,
    Dimension,
)
from sentree.analysis.questions.entities import Entity
from sentree.analysis.questions.lookup import Lookup, Totals
from sentree.analysis.questions.parts import Reading
from sentree.analysis.questions.subjects import SUBJECTS
from sentree.analysis.questions.tables import (
    count_noun,
)
from sentree.analysis.questions.wording import (
    amount,
    at,
    cite,
    scope_words,
)
from sentree.intel import attack

LISTED = 50
TOP = 10
EVENTS_LISTED = 20
SPOKEN = 5


@dataclass(frozen=True, slots=True)
class Scope:
    """All that there is to search."""

    events: int
    first: datetime | None
    last: datetime | None

    @property
    def words(self) -> str:
        """Say what was searched."""
        span = f" ({at(self.first)} to {at(self.last)})" if self.first else ""
        return f"the {amount(self.events, 'event', 'events')} searched{span}"


class Asked:
    """One reading of a question over a context, and the words that answers to it are made of."""

    def __init__(self, context: ContextReader, scope: Scope, reading: Reading) -> None:
        self.context = context
        self.scope = scope
        self.reading = _with_defaults(reading)
        self.entities: Sequence[Entity] = self.reading.entities
        self.where = build_where(context, self.reading, self.entities)
        self.lookup = Lookup(context, self.entities)

    @property
    def label(self) -> str:
        """Name the sort of event, plural."""
        return SUBJECTS[self.reading.subject or "event"].label

    @property
    def filters(self) -> str:
        """Write the conditions after the noun."""
        return scope_words(self.reading, self.entities)

    def interpreted(self, lead: str) -> str:
        """Say how the question was understood."""
        notes = "".join(f"; {note}" for note in self.reading.notes)
        return f"{lead}{self.filters}{notes}"

    def claim(self, number: int, text: str, uids: Sequence[str], where: Where) -> tuple[Claim, ...]:
        """Make a sentence that cites events; nothing when there is none to cite."""
        evidence = cite(self.context, uids, (*self._dimension_columns(), *where.columns))
        techniques = tuple(entity.value for entity in self.entities if entity.kind == "technique")
        if not evidence:
            return ()
        return (
            Claim(
                claim_uid=f"answer-{number}", text=text, evidence=evidence, techniques=techniques
            ),
        )

    def _dimension_columns(self) -> tuple[str, ...]:
        dimension = DIMENSIONS.get(self.reading.dimension or "")
        return dimension.columns if dimension else ()

    def span(self, totals: Totals) -> str:
        """Say when."""
        if totals.n == 1 or totals.first == totals.last:
            return f"at {at(totals.first)}"
        return f"between {at(totals.first)} and {at(totals.last)}"

    def counted(self, totals: Totals) -> str:
        """Write how many of what."""
        return f"{totals.n:,} {count_noun(self.label, totals.n)}{self.filters}"

    def found(self, totals: Totals) -> str:
        """Write how many of what, and when."""
        return f"{self.counted(totals)}: {self.span(totals)}."

    def value(self, dimension: Dimension, value: str, limit: int = 80) -> str:
        """Name a value of a dimension as readers know it."""
        if dimension is DIMENSIONS["class"]:
            return class_name(int(value))
        if dimension is DIMENSIONS["technique"]:
            return (
                f"{value} {attack.technique(value).name}"
                if attack.technique(value).known
                else value
            )
        if dimension is DIMENSIONS["tactic"]:
            return attack.tactic_title(value)
        return plain(value, limit)


def _with_defaults(reading: Reading) -> Reading:
    """Give the question the sort of event that its dimension or names imply."""
    if reading.subject is None and reading.dimension in OF_FINDINGS:
        return replace(reading, subject="finding")
    if reading.subject == "finding" and reading.dimension == "level":
        return replace(reading, dimension="severity")
    if reading.dimension in OF_RULES and reading.subject != "alert":
        extra = [reading.subject] if reading.subject else []
        return replace(reading, subject="alert", extra_subjects=[*reading.extra_subjects, *extra])
    if reading.subject is None and reading.dimension == "logon type":
        return replace(reading, subject="logon attempt")
    if reading.subject in ("connection", "traffic") and any(
        entity.kind == "event_id" for entity in reading.entities
    ):
        # The record type that is named decides, e.g. the connections of Zeek's ssl log.
        return replace(reading, subject="record of traffic")
    if reading.subject is None and reading.dimension in OF_NETWORK:
        return replace(reading, subject="traffic")
    if reading.subject is None and reading.family in ("exists", "count", "list"):
        rules = [e for e in reading.entities if e.kind in ("technique", "tactic", "rule")]
        if rules and (reading.family != "list" or reading.dimension is None):
            dimension = "rule" if reading.family == "list" else reading.dimension
            return replace(reading, subject="alert", dimension=dimension)
    return reading
