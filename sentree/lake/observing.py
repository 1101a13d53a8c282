"""Joins hits to matches of several events: AND, FOLLOWEDBY, REPEATS, WITHIN, START and STOP.

A match is a row `(tenant, events, t0, t1)`. Where no event can stand for two parts of a pattern,
only matches that hold no shorter one are kept (any answer rests on those), which takes time in
proportion to the hits. Else all combinations are made, up to a limit.
"""

from __future__ import annotations

from typing import NamedTuple

from sentree.lake.db import Lake

MOST_COMBINATIONS = 200_000
COLUMNS = "tenant, events, t0, t1"


class Relation(NamedTuple):
    """A temporary table of matches; `single` where each has one event, `cut` at the limit."""

    name: str
    single: bool
    cut: bool = False


class TenantMatches(NamedTuple):
    """The matches of one tenant: how many, of how many events, from when to when."""

    tenant: str
    matches: int
    events: int
    first: int
    last: int
    event_uids: list[str]


class Matcher:
    """Makes the relations of one pattern."""

    def __init__(self, lake: Lake, *, disjoint: bool) -> None:
        self._lake = lake
        self._disjoint = disjoint
        self._made: list[str] = []

    def leaf(self, condition: str) -> Relation:
        """Give the events that a condition holds of; those without a time are in no order.

        Args:
            condition: a SELECT of `tenant_uid, event_uid, time`.
        """
        return self._make(
            "SELECT DISTINCT tenant_uid AS tenant, [event_uid] AS events,"
            f" epoch_us(time) AS t0, epoch_us(time) AS t1 FROM ({condition})"
            " WHERE time IS NOT NULL",
            single=True,
        )

    def share_events(self, relations: list[Relation]) -> bool:
        """Tell whether an event is in two of the relations."""
        union = " UNION ALL ".join(
            f"SELECT tenant, events[1] AS uid FROM {one.name}" for one in relations
        )
        found = self._lake.query(
            f"SELECT 1 AS x FROM ({union}) GROUP BY tenant, uid HAVING count(*) > 1 LIMIT 1"
        )
        return bool(found)

    def allow_shared(self) -> None:
        """Make all combinations from now on: an event may fit two parts."""
        self._disjoint = False

    def both(self, a: Relation, b: Relation, seconds: float | None) -> Relation:
        """Join matches without a common event, in any order."""
        if self._disjoint:
            return self._shortest(
                "SELECT s.tenant, list_concat(a.events, b.events) AS events,"
                " least(a.t0, b.t0) AS t0, greatest(a.t1, b.t1) AS t1"
                f" FROM (SELECT tenant, t0 FROM {a.name} UNION SELECT tenant, t0 FROM {b.name}) s"
                f" ASOF JOIN {a.name} a ON s.tenant = a.tenant AND s.t0 <= a.t0"
                f" ASOF JOIN {b.name} b ON s.tenant = b.tenant AND s.t0 <= b.t0"
            )
        return self._pairs(a, b, "true", seconds)

    def then(self, a: Relation, b: Relation, seconds: float | None) -> Relation:
        """Join matches where the second begins when the first has ended, or later."""
        if self._disjoint:
            return self._shortest(
                "SELECT a.tenant, list_concat(a.events, b.events) AS events, a.t0, b.t1"
                f" FROM {a.name} a ASOF JOIN {b.name} b"
                " ON a.tenant = b.tenant AND a.t1 <= b.t0"
            )
        return self._pairs(a, b, "a.t1 <= b.t0", seconds)

    def either(self, relations: list[Relation]) -> Relation:
        """Put matches together."""
        single = all(one.single for one in relations)
        union = " UNION ".join(f"SELECT {COLUMNS} FROM {one.name}" for one in relations)
        cut = any(one.cut for one in relations)
        if single or not self._disjoint:
            return self._make(union, single=single, cut=cut)
        return self._shortest(union)

    def times(self, a: Relation, number: int, seconds: float | None) -> Relation:
        """Give so many matches without a common event."""
        if a.single:
            # Of single events those in a row make the shortest matches.
            frame = (
                f"OVER (PARTITION BY tenant ORDER BY t0, events ROWS BETWEEN CURRENT ROW"
                f" AND {number - 1} FOLLOWING)"
            )
            if self._disjoint or number > 4:
                made = self._shortest(
                    f"SELECT tenant, flatten(list(events) {frame}) AS events, t0,"
                    f" max(t1) {frame} AS t1, count(*) {frame} AS n FROM {a.name}"
                    f" QUALIFY n = {number:d}"
                )
                return made._replace(cut=a.cut or not self._disjoint)
        rows = self._make(
            f"SELECT *, row_number() OVER (ORDER BY tenant, t0, t1, events) AS place FROM {a.name}",
            single=False,
            columns=f"{COLUMNS}, place",
        )
        made = rows
        for _ in range(number - 1):
            span = _span(seconds)
            made = self._make(
                "SELECT a.tenant, list_concat(a.events, b.events) AS events,"
                " least(a.t0, b.t0) AS t0, greatest(a.t1, b.t1) AS t1, b.place"
                f" FROM {made.name} a JOIN {rows.name} b ON a.tenant = b.tenant"
                f" AND a.place < b.place AND NOT list_has_any(a.events, b.events){span}",
                single=False,
                columns=f"{COLUMNS}, place",
                cut=made.cut or a.cut,
            )
        return made

    def within(self, a: Relation, seconds: float) -> Relation:
        """Keep matches that lie within so many seconds."""
        limit = int(seconds * 1_000_000)
        sql = f"SELECT {COLUMNS} FROM {a.name} WHERE t1 - t0 <= {limit:d}"
        return self._make(sql, single=a.single, cut=a.cut)

    def inside(self, a: Relation, start: int, stop: int) -> Relation:
        """Keep matches of `start <= t < stop`."""
        sql = f"SELECT {COLUMNS} FROM {a.name} WHERE t0 >= {start:d} AND t1 < {stop:d}"
        return self._make(sql, single=a.single, cut=a.cut)

    def matches(self, a: Relation, limit: int) -> list[TenantMatches]:
        """Count the shortest matches by tenant, and give the events of the first of them."""
        final = a if a.single else self._shortest(f"SELECT {COLUMNS} FROM {a.name}")
        found = self._lake.query(
            "SELECT tenant, count(*) AS matches, len(list_distinct(flatten(list(events)))) AS n,"
            " min(t0) AS t0, max(t1) AS t1,"
            f" list_distinct(flatten(list(events ORDER BY t0, t1, events)[:{limit:d}])) AS uids"
            f" FROM {final.name} GROUP BY tenant ORDER BY tenant"
        )
        return [
            TenantMatches(r["tenant"], r["matches"], r["n"], r["t0"], r["t1"], sorted(r["uids"]))
            for r in found
        ]

    def spans(self, a: Relation) -> list[tuple[str, int, int]]:
        """Give tenant, begin and end of the shortest matches, in microseconds since 1970."""
        final = self._shortest(f"SELECT {COLUMNS} FROM {a.name}")
        rows = self._lake.query(f"SELECT tenant, t0, t1 FROM {final.name} ORDER BY ALL")
        return [(row["tenant"], row["t0"], row["t1"]) for row in rows]

    def close(self) -> None:
        """Drop what was made."""
        for name in self._made:
            self._lake.execute(f"DROP TABLE IF EXISTS temp.{name}")
        self._made = []

    def _pairs(self, a: Relation, b: Relation, order: str, seconds: float | None) -> Relation:
        return self._make(
            "SELECT a.tenant, list_concat(a.events, b.events) AS events,"
            " least(a.t0, b.t0) AS t0, greatest(a.t1, b.t1) AS t1"
            f" FROM {a.name} a JOIN {b.name} b ON a.tenant = b.tenant AND {order}"
            f" AND NOT list_has_any(a.events, b.events){_span(seconds)}",
            single=False,
            cut=a.cut or b.cut,
        )

    def _shortest(self, sql: str) -> Relation:
        """Keep matches that hold no other: of each beginning the first end, if none is inside."""
        return self._make(
            f"SELECT {COLUMNS} FROM (SELECT *, min(t1) OVER (PARTITION BY tenant"
            " ORDER BY t0 DESC, t1, events ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
            f" AS later FROM ({sql})) WHERE later IS NULL OR t1 < later",
            single=False,
        )

    def _make(
        self, sql: str, *, single: bool, columns: str = COLUMNS, cut: bool = False
    ) -> Relation:
        name = f"hunt_part_{len(self._made)}"
        limit = "" if single or self._disjoint else f" LIMIT {MOST_COMBINATIONS + 1}"
        self._lake.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {columns} FROM ({sql}){limit}"
        )
        self._made.append(name)
        if limit:
            [count] = self._lake.query(f"SELECT count(*) AS n FROM {name}")
            cut = cut or count["n"] > MOST_COMBINATIONS
        return Relation(name, single, cut)


def _span(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f" AND greatest(a.t1, b.t1) - least(a.t0, b.t0) <= {int(seconds * 1_000_000):d}"
