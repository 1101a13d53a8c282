"""The answers, one family of questions each: a SELECT, a sentence, the events it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from models.patterns.wording import plain
from ocsf.classes import class_name
from schemas.claim import Claim
from schemas.ports import ContextReader
from schemas.questions import AnswerTable, Cell, EmbeddedAnswer
from sentree.analysis.questions.conditions import (
    Binder,
    Where,
    anywhere,
    build_where,
    times,
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
from sentree.analysis.questions.parts import Reading, Unanswerable
from sentree.analysis.questions.subjects import SUBJECTS
from sentree.analysis.questions.tables import (
    WIDEST,
    capital,
    count_noun,
    event_table,
    group_table,
    noun_for,
    on_host,
)
from sentree.analysis.questions.wording import (
    amount,
    at,
    cell_time,
    cite,
    event_words,
    named,
    scope_words,
)
from sentree.intel import attack

LISTED = 50
TOP = 10
EVENTS_LISTED = 20
SPOKEN = 5
SMALL = 500


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


class Answering:
    """Answers one reading of a question over a context."""

    def __init__(self, context: ContextReader, scope: Scope, reading: Reading) -> None:
        self.context = context
        self.scope = scope
        self.reading = _with_defaults(reading)
        self.entities: Sequence[Entity] = self.reading.entities
        self.where = build_where(context, self.reading, self.entities)
        self.lookup = Lookup(context, self.entities)

    def answer(self) -> EmbeddedAnswer:
        """Run what the question asks for and word it."""
        family = self.reading.family
        if family == "compare":
            return self._compare()
        if family == "around":
            return self._around()
        narrowed = self.reading.failed is not None or bool(self.reading.levels)
        if family == "exists" and self.reading.subject is None and self.entities and not narrowed:
            return self._seen()
        totals = self.lookup.totals(self.where)
        if not totals.n:
            return self._nothing(totals)
        dimension = DIMENSIONS.get(self.reading.dimension or "")
        if family in ("first", "last"):
            return self._edge(totals)
        if family == "exists":
            return self._exists(totals)
        if dimension is not None and family in ("list", "top", "bottom", "count"):
            return self._groups(totals, dimension)
        if family in ("list", "when", "top", "bottom"):
            return self._events(totals)
        return self._count(totals)

    # What the sentences are made of.

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

    def _span(self, totals: Totals) -> str:
        if totals.n == 1 or totals.first == totals.last:
            return f"at {at(totals.first)}"
        return f"between {at(totals.first)} and {at(totals.last)}"

    def _counted(self, totals: Totals) -> str:
        return f"{totals.n:,} {count_noun(self.label, totals.n)}{self.filters}"

    def _found(self, totals: Totals) -> str:
        return f"{self._counted(totals)}: {self._span(totals)}."

    def _value(self, dimension: Dimension, value: str, limit: int = 80) -> str:
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

    def _named_table(self, rows: Sequence[dict[str, Any]], dimension: Dimension) -> AnswerTable:
        shown = [{**row, "value": self._value(dimension, row["value"], WIDEST)} for row in rows]
        return group_table(shown, dimension.one)

    # The families.

    def _count(self, totals: Totals) -> EmbeddedAnswer:
        text = self._found(totals)
        table, more = self._breakdown()
        return EmbeddedAnswer(
            answer=f"{text}{more}",
            claims=self.claim(1, text, self.lookup.sample(self.where), self.where),
            rows=table,
            interpreted_as=self.interpreted(f"count of {self.label}"),
            sql=totals.sql,
        )

    def _breakdown(self) -> tuple[AnswerTable | None, str]:
        """Say which records the count is made of: one action may be recorded by several sensors."""
        name = "rule" if self.reading.subject == "alert" else "record"
        rows, _ = self.lookup.groups(self.where, DIMENSIONS[name], "DESC", LISTED)
        if not rows:
            return None, ""
        more = ""
        if len(rows) > 1 and name == "record":
            kinds = [f"{plain(row['value'], 60)}: {row['n']:,}" for row in rows[:SPOKEN]]
            rest = rows[0]["groups"] - len(kinds)
            kinds += [f"and {rest} more"] if rest > 0 else []
            more = f" By type of record — {'; '.join(kinds)}."
        return group_table(rows, DIMENSIONS[name].one), more

    def _exists(self, totals: Totals) -> EmbeddedAnswer:
        text = self._found(totals)
        first = self.lookup.events(self.where, "ASC", EVENTS_LISTED)[0]
        answer = f"Yes. {text} The first: {event_words(first[0])}{on_host(first[0])}."
        return EmbeddedAnswer(
            answer=answer,
            claims=self.claim(1, text, self.lookup.sample(self.where), self.where),
            rows=event_table(first, totals.n),
            interpreted_as=self.interpreted(f"whether there are any {self.label}"),
            sql=totals.sql,
        )

    def _edge(self, totals: Totals) -> EmbeddedAnswer:
        first = self.reading.family == "first"
        limit = self.reading.limit or 1
        rows, sql = self.lookup.events(self.where, "ASC" if first else "DESC", limit)
        row, word = rows[0], "first" if first else "last"
        text = (
            f"The {word} of {totals.n:,} {count_noun(self.label, totals.n)}{self.filters}:"
            f" {at(row['time'])}{on_host(row)}, {event_words(row)}."
        )
        return EmbeddedAnswer(
            answer=text,
            claims=self.claim(
                1, text, [each["event_uid"] for each in rows[:EVENTS_LISTED]], self.where
            ),
            rows=event_table(rows, totals.n),
            interpreted_as=self.interpreted(f"the {word} of {self.label}"),
            sql=sql,
        )

    def _events(self, totals: Totals) -> EmbeddedAnswer:
        limit = self.reading.limit or LISTED
        rows, sql = self.lookup.events(self.where, "ASC", limit)
        text = self._found(totals)
        return EmbeddedAnswer(
            answer=f"{text} The first: {event_words(rows[0])}{on_host(rows[0])}.",
            claims=self.claim(1, text, self.lookup.sample(self.where), self.where),
            rows=event_table(rows, totals.n),
            interpreted_as=self.interpreted(f"list of {self.label}"),
            sql=sql,
        )

    def _groups(self, totals: Totals, dimension: Dimension) -> EmbeddedAnswer:
        family = self.reading.family
        limit = self.reading.limit or (TOP if family in ("top", "bottom") else LISTED)
        order = "ASC" if family == "bottom" else "DESC"
        rows, sql = self.lookup.groups(self.where, dimension, order, limit)
        if not rows:
            return self._unnamed(totals, dimension)
        groups = rows[0]["groups"]
        shown = [f"{self._value(dimension, row['value'])} ({row['n']:,})" for row in rows[:SPOKEN]]
        rest = f" and {groups - len(shown):,} more" if groups > len(shown) else ""
        of = self._counted(totals)
        if family in ("top", "bottom"):
            word = "most" if family == "top" else "fewest"
            text = f"The {noun_for(dimension, groups)} with the {word} {self.label}{self.filters}:"
            text += f" {', '.join(shown)}; {groups:,} in all."
        else:
            text = f"{amount(groups, dimension.one, dimension.many)} in {of}:"
            text += f" {', '.join(shown)}{rest}."
        uids = [row["event_uid"] for row in rows[:EVENTS_LISTED]]
        verb = {"top": "top", "bottom": "rarest", "count": "number of"}.get(family, "list of")
        return EmbeddedAnswer(
            answer=text,
            claims=self.claim(1, text, uids, self.where),
            rows=self._named_table(rows, dimension),
            interpreted_as=self.interpreted(f"{verb} {dimension.many} in {self.label}"),
            sql=sql,
        )

    def _unnamed(self, totals: Totals, dimension: Dimension) -> EmbeddedAnswer:
        verb = "names" if totals.n == 1 else "name"
        text = f"{self._counted(totals)} {verb} no {dimension.one}."
        return EmbeddedAnswer(
            answer=text,
            claims=self.claim(1, text, self.lookup.sample(self.where), self.where),
            interpreted_as=self.interpreted(f"{dimension.many} in {self.label}"),
            sql=totals.sql,
        )

    def _seen(self) -> EmbeddedAnswer:
        """Look for a value wherever it may stand, promoted or not."""
        binder = Binder()
        clauses = [anywhere(entity, binder) for entity in self.entities]
        clauses += times(self.reading, binder)
        where = replace(
            self.where, sql=" AND ".join(clauses), values=binder.values, relation="events"
        )
        totals = self.lookup.totals(where)
        if not totals.n:
            return self._nothing(totals)
        what = " and ".join(named(entity) for entity in self.entities)
        when = f" {self.reading.time.words}" if self.reading.time.given else ""
        rows = self.lookup.events(where, "ASC", EVENTS_LISTED)[0]
        groups, _ = self.lookup.groups(where, DIMENSIONS["class"], "DESC", SPOKEN)
        kinds = ", ".join(f"{class_name(int(row['value']))} {row['n']:,}" for row in groups)
        text = (
            f"{capital(what)} appears in {amount(totals.n, 'event', 'events')}{when},"
            f" {self._span(totals)}."
        )
        return EmbeddedAnswer(
            answer=f"Yes. {text} By class: {kinds}." if kinds else f"Yes. {text}",
            claims=self.claim(1, text, self.lookup.sample(where), where),
            rows=event_table(rows, totals.n),
            interpreted_as=f"whether {what} appears anywhere, raw records included{when}"
            + "".join(f"; {note}" for note in self.reading.notes),
            sql=totals.sql,
        )

    def _nothing(self, totals: Totals) -> EmbeddedAnswer:
        """Say that nothing was found, what was searched, and which names are not there at all."""
        self._check_status()
        absent: list[Entity] = []
        present: list[str] = []
        for entity in self.entities:
            if entity.kind in ("technique", "tactic"):
                continue
            binder = Binder()
            where = replace(
                self.where,
                sql=anywhere(entity, binder),
                values=binder.values,
                relation="events",
                measure="count(*)",
            )
            count = self.lookup.totals(where).n
            if count:
                present.append(f"{named(entity)} appears in {amount(count, 'event', 'events')}")
            else:
                absent.append(entity)
        what = f"{self.label}{self.filters}"
        rules = any(e.kind in ("technique", "tactic") for e in self.entities)
        if absent:
            names = " and ".join(named(entity) for entity in absent)
            verb = "does" if len(absent) == 1 else "do"
            text = f"{capital(names)} {verb} not appear in {self.scope.words}."
        elif self.reading.subject == "alert" or rules:
            which = what.removeprefix("rule matches").removeprefix(", ")
            text = f"No rule matched{f' ({which})' if which else ''} in {self.scope.words}."
        else:
            text = f"None: no {what} in {self.scope.words}."
        if self.reading.family == "exists":
            text = text.removeprefix("None: ")
            text = f"No: {'n' + text[1:] if text.startswith('No ') else text}"
        if self.reading.family == "count":
            text = f"0. {text}" if absent else text.replace("None: no", "0", 1)
        if present:
            text += f" By itself, {' and '.join(present)}."
        return EmbeddedAnswer(
            answer=text,
            ruled_out=(f"{what}: none in {self.scope.words}",),
            interpreted_as=self.interpreted(f"{self.label}"),
            sql=totals.sql,
        )

    def _check_status(self) -> None:
        """Refuse to call it "none failed" where the records don't say what failed."""
        if self.reading.failed is None or self.reading.subject == "finding":
            return
        every = build_where(self.context, replace(self.reading, failed=None), self.entities)
        said = replace(every, sql=f"({every.sql}) AND status_id IN (1, 2)")
        if self.lookup.totals(every).n and not self.lookup.totals(said).n:
            raise Unanswerable(f"the {self.label} in scope don't record whether they failed")

    def _compare(self) -> EmbeddedAnswer:
        kinds = [entity.kind for entity in self.entities]
        compared = [e for e in self.entities if kinds.count(e.kind) > 1]
        if len(compared) < 2 or len({e.kind for e in compared}) != 1:
            raise Unanswerable("it does not name two things of one kind to compare")
        others = [e for e in self.entities if e not in compared]
        table: list[tuple[Cell, ...]] = []
        claims: list[Claim] = []
        said: list[str] = []
        sqls: list[str] = []
        for number, entity in enumerate(compared[:TOP], start=1):
            where = build_where(self.context, self.reading, [replace(entity, role=""), *others])
            totals = self.lookup.totals(where)
            label = named(entity)
            text = f"{label}: {totals.n:,} {count_noun(self.label, totals.n)}"
            said.append(text)
            sqls.append(totals.sql)
            table.append(
                (plain(entity.value), totals.n, cell_time(totals.first), cell_time(totals.last))
            )
            if totals.n:
                claims += self.claim(number, f"{text}.", self.lookup.sample(where), where)
        filters = scope_words(self.reading, others)
        return EmbeddedAnswer(
            answer=f"{capital('; '.join(said))}{filters}.",
            claims=tuple(claims),
            ruled_out=tuple(
                f"{row[0]}: no {self.label}{filters} in {self.scope.words}"
                for row in table
                if not row[1]
            ),
            rows=AnswerTable(
                columns=(compared[0].kind, "count", "first", "last"),
                rows=tuple(table),
                total=len(table),
            ),
            interpreted_as=self.interpreted(f"count of {self.label} for each"),
            sql="; ".join(sqls),
        )

    def _around(self) -> EmbeddedAnswer:
        """Tell what a short stretch holds: classes of events, rule matches, then the events."""
        totals = self.lookup.totals(self.where)
        if not totals.n:
            return self._nothing(totals)
        if not self.reading.time.given and totals.n > SMALL:
            raise Unanswerable(f"it covers {totals.n:,} events; name a time, or narrow it down")
        classes, _ = self.lookup.groups(self.where, DIMENSIONS["class"], "DESC", LISTED)
        kinds = ", ".join(f"{class_name(int(r['value']))} {r['n']:,}" for r in classes[:SPOKEN])
        alerts = build_where(self.context, replace(self.reading, subject="alert"), self.entities)
        rules, _ = self.lookup.groups(alerts, DIMENSIONS["rule"], "DESC", LISTED)
        text = f"{amount(totals.n, 'event', 'events')}{self.filters}: {kinds}."
        claims = self.claim(1, text, self.lookup.sample(self.where), self.where)
        answer = text
        if rules:
            names = ", ".join(f"{plain(r['value'], 80)} ({r['n']:,})" for r in rules[:SPOKEN])
            more = f" and {len(rules) - SPOKEN} more" if len(rules) > SPOKEN else ""
            spoken = f"Rules that matched: {names}{more}."
            claims += self.claim(2, spoken, [r["event_uid"] for r in rules], alerts)
            answer = f"{text} {spoken}"
        rows, sql = self.lookup.events(self.where, "ASC", LISTED)
        return EmbeddedAnswer(
            answer=answer if rules else f"{text} No rule matched.",
            claims=claims,
            ruled_out=() if rules else (f"rule matches{self.filters}: none",),
            rows=event_table(rows, totals.n),
            interpreted_as=self.interpreted("what happened: all events"),
            sql=sql,
        )


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
