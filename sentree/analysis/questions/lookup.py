"""The queries behind the answers: counts, samples, groups and events, each with its SQL as run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from string import Template
from typing import Any, NamedTuple

from schemas.ports import ContextReader
from sentree.analysis.questions.conditions import Binder, Where, with_endpoints
from sentree.analysis.questions.dimensions import DIMENSIONS, Dimension
from sentree.analysis.questions.entities import Entity
from sentree.analysis.questions.wording import shown_sql
from sentree.analysis.sql_texts import sql_text

_MARK = re.compile(r"\$(p\d+)\b")


class Totals(NamedTuple):
    """How many there are, from when to when, and the SQL that says so."""

    n: int
    first: datetime | None
    last: datetime | None
    sql: str


class Lookup:
    """Reads a context under the conditions of a question about `entities`."""

    def __init__(self, context: ContextReader, entities: Sequence[Entity]) -> None:
        self._context = context
        self._entities = entities

    def totals(self, where: Where) -> Totals:
        """Count, and give the first and the last time."""
        [row], sql = self._run("question_totals", where)
        return Totals(row["n"], row["first"], row["last"], sql)

    def sample(self, where: Where) -> list[str]:
        """Give uids of some of the events, enough to cite."""
        rows, _ = self._run("question_sample", where)
        return [row["event_uid"] for row in rows]

    def groups(
        self, where: Where, dimension: Dimension, order: str, limit: int
    ) -> tuple[list[dict[str, Any]], str]:
        """Count by the values of a dimension, `limit` of them; `order` is ASC or DESC."""
        alerts = where.measure != "count(*)"
        binder = Binder(dict(where.values))
        mark = binder.bind(limit)
        hidden = ""
        if dimension is DIMENSIONS["peer"]:
            own = binder.bind([entity.value.lower() for entity in self._entities])
            hidden = (
                f" AND NOT list_contains({own}::VARCHAR[], value) AND value NOT IN"
                f" (SELECT name FROM names WHERE list_contains({own}::VARCHAR[], ip))"
            )
        names = f"WITH names AS (\n{with_endpoints('question_names')})\n" if dimension.named else ""
        return self._run_bound(
            "question_groups",
            where,
            binder.values,
            names=names,
            value=dimension.sql,
            extra=", detection_uid" if alerts else "",
            hidden=hidden,
            order=order,
            limit=mark,
        )

    def events(self, where: Where, order: str, limit: int) -> tuple[list[dict[str, Any]], str]:
        """Give the first (ASC) or last (DESC) events, at most `limit`."""
        binder = Binder(dict(where.values))
        mark = binder.bind(limit)
        extra = ", rule_title" if where.relation != "events" else ""
        return self._run_bound(
            "question_events", where, binder.values, extra=extra, order=order, limit=mark
        )

    def pairs(
        self, where: Where, value: Dimension, place: Dimension, within: timedelta, limit: int
    ) -> tuple[list[dict[str, Any]], str]:
        """Give the pairs of values that were at one place at most `within` apart."""
        binder = Binder(dict(where.values))
        gap, mark = binder.bind(within // timedelta(microseconds=1)), binder.bind(limit)
        names = "WITH "
        if value.named or place.named:
            names = f"WITH names AS (\n{with_endpoints('question_names')}),\n"
        return self._run_bound(
            "question_pairs",
            where,
            binder.values,
            names=names,
            value=value.sql,
            place=place.sql,
            within=gap,
            limit=mark,
        )

    def _run(self, name: str, where: Where, **parts: str) -> tuple[list[dict[str, Any]], str]:
        return self._run_bound(name, where, where.values, **parts)

    def _run_bound(
        self, name: str, where: Where, values: dict[str, Any], **parts: str
    ) -> tuple[list[dict[str, Any]], str]:
        sql = Template(sql_text(name)).substitute(
            relation=where.relation, where=where.sql, measure=where.measure, **parts
        )
        used = {name: values[name] for name in sorted(set(_MARK.findall(sql)))}
        return self._context.query(sql, used), shown_sql(sql, used)
