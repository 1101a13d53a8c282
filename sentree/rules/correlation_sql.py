"""Writes the statements of one correlation. No text of a rule becomes part of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sentree.rules.chunks import sql_file
from sentree.rules.correlation import (
    NUMERIC,
    TEMPORAL,
    AllOf,
    AnyOf,
    BoundOp,
    Bounds,
    Expression,
    NoneOf,
    Seen,
    Way,
    ordered_ways,
)
from sentree.rules.correlation_facts import Facts
from sentree.rules.correlation_plan import Step

_OPS: dict[BoundOp, str] = {
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "eq": "=",
    "neq": "<>",
}
_BEFORE = "(PARTITION BY grp ORDER BY time RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
_AFTER = "(PARTITION BY grp ORDER BY time RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"


@dataclass(slots=True)
class Statement:
    """SQL with its bound values, in order."""

    sql: str
    parameters: list[object] = field(default_factory=list[object])


class Writer:
    """The statements of one step; `numbers` are those of the steps before it."""

    def __init__(self, step: Step, number: int, facts: Facts, numbers: dict[str, Step]) -> None:
        self._step = step
        self._correlation = step.correlation
        self._number = number
        self._facts = facts
        self._below = numbers
        self._places = {uid: place for place, uid in enumerate(numbers)}
        self._passed = [name for name in step.asked if name not in step.correlation.group_by]
        self.span = f"to_seconds({step.correlation.seconds:d})"

    def rows(self) -> Statement:
        """Gather the hits that the correlation looks at into `correlation_rows`."""
        correlation = self._correlation
        selects: list[str] = []
        parameters: list[object] = []
        for ref, (called, rule) in enumerate(zip(correlation.rules, self._step.refs, strict=True)):
            lists = {
                "shown": self._values(called, correlation.group_by),
                "vals": self._values(called, correlation.fields),
                "extra": self._values(called, self._passed),
            }
            if rule.correlation is None:
                source = self._facts.number(rule.rule_uid)
                sql = sql_file("correlation_hits_of_rule").format(ref=ref, source=source, **lists)
                parameters.append(rule.rule_uid)
            else:
                step = self._places[rule.rule_uid]
                sql = sql_file("correlation_hits_of_correlation").format(
                    ref=ref, step=step, **lists
                )
            selects.append(sql)
        numeric = correlation.type in NUMERIC
        once = "grp, item, time"
        if not numeric:
            # All that is told of one item is kept, and the item counted once.
            once = f"{once}, val, extra"
        if correlation.type in TEMPORAL:
            once = f"ref, {once}"
        number = "sigma_number(vals[1])" if numeric else "CAST(NULL AS DOUBLE)"
        return Statement(
            sql_file("correlation_rows").format(
                once=once,
                number=number,
                measurable=f"{number} IS NOT NULL" if numeric else "true",
                hits=" UNION ALL ".join(selects),
            ),
            parameters,
        )

    def _values(self, called: str, names: Sequence[str]) -> str:
        rule = self._step.refs[self._step.place(called)]
        below = self._below.get(rule.rule_uid)
        places: list[str] = []
        for name in names:
            resolved = self._correlation.resolved(name, called)
            if below is None:
                place = self._facts.place(rule.rule_uid, resolved)
            else:
                place = below.asked.index(resolved) + 1
            places.append(f"facts.vals[{place:d}]")
        return f"CAST([{', '.join(places)}] AS VARCHAR[])"

    def entries(self) -> list[Statement]:
        """Make `correlation_in_<number>`: the hits with the shortest match through each."""
        table = f"correlation_in_{self._number:d}"
        if self._correlation.type != "temporal_ordered":
            counts = self._listed(self._correlation.positive)
            return [
                Statement(
                    f"CREATE OR REPLACE TEMP TABLE {table} AS"
                    f" SELECT *, 0 AS way, ref IN ({counts}) AS counts FROM correlation_rows"
                )
            ]
        ways = ordered_ways(self._correlation)
        selects = " UNION ALL ".join(self._chain(number, way) for number, way in enumerate(ways))
        return [Statement(f"CREATE OR REPLACE TEMP TABLE {table} AS {selects}")]

    def _chain(self, number: int, way: Way) -> str:
        """Follow one sequence of rules forwards and backwards through each group.

        `s<j>` is the latest start of a sequence that ends with this hit as its step j, `e<j>` the
        earliest end of one that begins so.
        """
        steps = [self._step.place(rule) for rule in way.seen]
        last = len(steps)
        sql = f"SELECT * FROM correlation_rows WHERE ref IN ({self._listed(way.seen + way.unseen)})"
        sql = f"SELECT *, CASE WHEN ref = {steps[0]:d} THEN time END AS s1 FROM ({sql})"
        for place in range(2, last + 1):
            sql = (
                f"SELECT *, CASE WHEN ref = {steps[place - 1]:d}"
                f" THEN max(s{place - 1}) OVER {_BEFORE} END AS s{place} FROM ({sql})"
            )
        sql = f"SELECT *, CASE WHEN ref = {steps[-1]:d} THEN time END AS e{last} FROM ({sql})"
        for place in range(last - 1, 0, -1):
            sql = (
                f"SELECT *, CASE WHEN ref = {steps[place - 1]:d}"
                f" THEN min(e{place + 1}) OVER {_AFTER} END AS e{place} FROM ({sql})"
            )
        starts = ", ".join(f"s{place}" for place in range(1, last + 1))
        ends = ", ".join(f"e{place}" for place in range(1, last + 1))
        return (
            "SELECT ref, time, item, below, shown, extra, grp, val, num,"
            f" coalesce({starts}, NULL) AS lo, coalesce({ends}, NULL) AS hi,"
            f" {number:d} AS way, ref IN ({self._listed(way.seen)}) AS counts FROM ({sql})"
        )

    def met(self) -> Statement:
        """Make `correlation_met_<number>`: when the condition holds."""
        parameters: list[object] = []
        if self._correlation.type == "temporal_ordered":
            ways = ordered_ways(self._correlation)
            windows = " UNION ALL ".join(
                self._met_chain(number, way) for number, way in enumerate(ways)
            )
        else:
            windows = self._windows(parameters)
        sql = sql_file("correlation_met").format(step=self._number, span=self.span, windows=windows)
        return Statement(sql, parameters)

    def _met_chain(self, number: int, way: Way) -> str:
        spoiled = f"ref IN ({self._listed(way.unseen)})" if way.unseen else "false"
        return (
            f"SELECT grp, time, {number:d} AS way, CAST({len(way.seen):d} AS DOUBLE) AS value"
            f" FROM (SELECT *, bool_or({spoiled}) OVER (PARTITION BY grp ORDER BY time"
            f" RANGE BETWEEN {self.span} PRECEDING AND CURRENT ROW) AS spoiled"
            f" FROM correlation_in_{self._number:d} WHERE way = {number:d})"
            f" WHERE ref = {self._step.place(way.seen[-1]):d}"
            f" AND lo >= time - {self.span} AND NOT spoiled"
        )

    def _windows(self, parameters: list[object]) -> str:
        correlation = self._correlation
        seen = [f"bool_or(ref = {place:d}) OVER span" for place in range(len(correlation.rules))]
        columns = ""
        if correlation.type == "temporal":
            value = " + ".join(f"CAST({one} AS INTEGER)" for one in seen)
            columns = "".join(f", {one} AS seen{place}" for place, one in enumerate(seen))
        else:
            value = f"{self._measure()} OVER span"
        if isinstance(correlation.condition, Bounds):
            test = " AND ".join(f"value {_OPS[op]} ?" for op, _ in correlation.condition.limits)
            parameters += [limit for _, limit in correlation.condition.limits]
        else:
            test = self._test(correlation.condition)
        return sql_file("correlation_windows").format(
            step=self._number,
            span=self.span,
            value=value,
            seen=columns,
            anchored=f"ref IN ({self._listed(correlation.positive)})",
            test=test,
        )

    def _measure(self) -> str:
        match self._correlation.type:
            case "event_count":
                plain = all(ref.correlation is None for ref in self._step.refs)
                return "count(*)" if plain and not self._passed else "count(DISTINCT item)"
            case "value_count":
                return "count(DISTINCT val)"
            case "value_sum":
                return "sum(num)"
            case "value_avg":
                return "avg(num)"
            case "value_percentile":
                assert self._correlation.percentile is not None
                return f"quantile_cont(num, {self._correlation.percentile / 100!r})"
            case _:
                return "quantile_cont(num, 0.5)"

    def _test(self, node: Expression) -> str:
        match node:
            case Seen(rule):
                return f"seen{self._step.place(rule):d}"
            case AllOf(items):
                return "(" + " AND ".join(map(self._test, items)) + ")"
            case AnyOf(items):
                return "(" + " OR ".join(map(self._test, items)) + ")"
            case NoneOf(item):
                return f"(NOT {self._test(item)})"

    def _listed(self, rules: Sequence[str]) -> str:
        return ", ".join(f"{self._step.place(rule):d}" for rule in rules)

    def out(self) -> Statement:
        """Make `correlation_out_<number>`: what correlations above this one see of it."""
        group_by, passed = self._correlation.group_by, self._passed
        values = [
            f"hit.shown[{group_by.index(name) + 1:d}]"
            if name in group_by
            else f"hit.extra[{passed.index(name) + 1:d}]"
            for name in self._step.asked
        ]
        name = "correlation_out" if passed else "correlation_out_of_group"
        sql = sql_file(name).format(
            step=self._number,
            span=self.span,
            vals=f"CAST([{', '.join(values)}] AS VARCHAR[])",
        )
        return Statement(sql)

    def members(self) -> Statement:
        """Make `correlation_members_<number>`: what the touched moments rest on."""
        return Statement(sql_file("correlation_members").format(step=self._number, span=self.span))
