"""Every type of correlation, on DuckDB, against an oracle that tries everything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from examples import examples
from sentree.lake.db import Lake
from sentree.rules.chunks import sql_file
from sentree.rules.correlation import (
    AllOf,
    AnyOf,
    BoundOp,
    Bounds,
    Correlation,
    Expression,
    NoneOf,
    Seen,
    ordered_ways,
)
from sentree.rules.correlation_facts import Facts
from sentree.rules.correlation_plan import plan_correlations
from sentree.rules.correlation_run import correlate
from sentree.rules.ir import Exists
from sentree.rules.load import LogSource, Rule
from sentree.rules.taxonomy import load_taxonomy
from sentree.settings import Settings
from tests.rules.correlation_oracle import Hit, Match, find_matches

START = datetime(2026, 3, 1, 8)
BASE = ("a", "b", "c")
FIELDS = ("user", "host", "peer", "size")
OPS: tuple[BoundOp, ...] = ("gt", "gte", "gte", "lt", "lte", "eq", "neq")
SOURCE = LogSource("process_creation", "windows", None)
FEW = settings(
    max_examples=examples(3),
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Lake.open(Settings(home=tmp_path_factory.mktemp("home"))) as opened:
        opened.execute(sql_file("macros"))
        yield opened


def rule(name: str, correlation: Correlation | None = None) -> Rule:
    return Rule(
        rule_uid=f"uid-{name}", title=name, author=None, level=None, status=None,
        description=None, path="rules.yml", line=1, content_sha256="", techniques=(), tactics=(),
        logsource=SOURCE, condition=None if correlation else Exists("x"),
        name=name, correlation=correlation,
    )  # fmt: skip


def matched(
    lake: Lake, top: str, correlations: Mapping[str, Correlation], hits: Sequence[Hit]
) -> set[Match]:
    """Run correlations on DuckDB over given hits of plain rules; give the matches of one."""
    rules = [*map(rule, BASE), *(rule(name, one) for name, one in correlations.items())]
    plan = plan_correlations(rules, {})
    assert not plan.problems
    facts = Facts(load_taxonomy(), plan, rules)
    names: dict[int, str] = {}
    for name in BASE:
        for field in plan.base.get(f"uid-{name}", ()):
            names[facts.place(f"uid-{name}", field)] = field
    rows: list[dict[str, Any]] = []
    for hit in hits:
        [uid] = hit.events
        values = [hit.get(names[place]) for place in sorted(names)]
        time = str(START + timedelta(seconds=hit.time))
        rows.append({"rule": f"uid-{hit.rule}", "event": uid, "time": time, "vals": values})
    shape = '[{"rule": "VARCHAR", "event": "VARCHAR", "time": "TIMESTAMP", "vals": ["VARCHAR"]}]'
    given_rows = f"(SELECT unnest(from_json(?, '{shape}'), recursive := true))"
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE correlation_base AS SELECT DISTINCT rule AS rule_uid,"
        f" event AS event_uid, time FROM {given_rows}",
        [json.dumps(rows)],
    )
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE correlation_facts AS SELECT DISTINCT 0 AS source,"
        f" event AS event_uid, vals FROM {given_rows}",
        [json.dumps(rows)],
    )
    outcome = correlate(lake, plan, facts)
    assert not outcome.failed
    found = lake.query(
        "SELECT any_value(m.group_values) AS shown, any_value(m.value) AS value,"
        " list(DISTINCT e.event_uid) AS events, any_value(m.met_first) AS first,"
        " any_value(m.met_last) AS last FROM correlation_matches m"
        " JOIN correlation_events e USING (rule_uid, match) WHERE rule_uid = ? GROUP BY match",
        [f"uid-{top}"],
    )
    return {
        Match(
            tuple(value.lower() for value in row["shown"]),
            frozenset(row["events"]),
            row["value"],
            int((row["first"] - START).total_seconds()),
            int((row["last"] - START).total_seconds()),
        )
        for row in found
    }


@st.composite
def hit_lists(draw: st.DrawFn, most: int = 40) -> list[Hit]:
    """Hits of three rules: ties in time, events that several rules hit, fields that are not there.

    Many groups at once, for each is a case of its own.
    """
    events = st.tuples(
        st.integers(0, 25),
        st.sampled_from([*BASE, *BASE, "ab", "bc", "ca"]),
        st.sampled_from(["ann", "ANN", "bob", "cyd", "dan", "eve", "", None]),
        st.sampled_from(["h1", "h2"]),
        st.sampled_from(["ann", "bob", "cyd", None]),
        st.sampled_from(["0", "1", "2", "3.5", "8", "-4", "many", None]),
    )
    hits: list[Hit] = []
    for number, event in enumerate(draw(st.lists(events, min_size=most // 4, max_size=most))):
        time, names, *values = event
        fields: dict[str, str | None] = dict(zip(FIELDS, values, strict=True))
        for name in names:
            hits.append(Hit(name, time, f"e{number}", frozenset({f"e{number}"}), fields.get))
    return hits


limits = st.tuples(st.sampled_from(OPS), st.integers(0, 5).map(float))
bounds = st.lists(limits, min_size=1, max_size=2).map(lambda given: Bounds(tuple(given)))
groups = st.sampled_from([(), ("user",), ("user",), ("user", "host"), ("who",)])
spans = st.integers(1, 12)
ALIASES = {"who": {"a": "user", "b": "peer"}}


def correlations(kind: str, condition: st.SearchStrategy[Any] = bounds) -> Any:
    return st.builds(
        Correlation,
        type=st.just(kind),
        rules=st.permutations(BASE).flatmap(
            lambda order: st.integers(1, 3).map(lambda count: tuple(order[:count]))
        ),
        group_by=groups,
        seconds=spans,
        condition=condition,
        fields=st.just(())
        if kind in ("event_count", "temporal", "temporal_ordered")
        else st.sampled_from([("user",), ("host", "size")])
        if kind == "value_count"
        else st.just(("size",)),
        percentile=st.sampled_from([0.0, 25.0, 50.0, 75.0, 100.0])
        if kind == "value_percentile"
        else st.none(),
        aliases=st.just(ALIASES),
    )


def aliased(correlation: Correlation) -> Correlation:
    """The alias is for the rules a and b; c would have to hold a field of that name."""
    return replace(correlation, aliases={"who": {**ALIASES["who"], "c": "host"}})


@pytest.mark.parametrize(
    "kind",
    ["event_count", "value_count", "value_sum", "value_avg", "value_percentile", "value_median",
     "temporal"],
)  # fmt: skip
@FEW
@given(data=st.data())
def test_duckdb_finds_what_trying_everything_finds(kind: str, lake: Lake, data: Any) -> None:
    correlation = aliased(data.draw(correlations(kind)))
    hits = data.draw(hit_lists())
    rules = {"top": correlation}
    assert matched(lake, "top", rules, hits) == find_matches("top", rules, hits)


expressions: st.SearchStrategy[Expression] = st.recursive(
    st.sampled_from(BASE).map(Seen),
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3).map(lambda items: AllOf(tuple(items)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda items: AnyOf(tuple(items)))
        | inner.map(NoneOf)
    ),
    max_leaves=5,
)


def complete(correlation: Correlation, condition: Expression) -> Correlation:
    return replace(correlation, rules=BASE, condition=condition)


@FEW
@given(data=st.data())
def test_expressions_over_rules_are_true_of_the_same_windows(lake: Lake, data: Any) -> None:
    correlation = complete(aliased(data.draw(correlations("temporal"))), data.draw(expressions))
    hits = data.draw(hit_lists())
    rules = {"top": correlation}
    if correlation.positive:
        assert matched(lake, "top", rules, hits) == find_matches("top", rules, hits)


@settings(FEW, max_examples=examples(5))
@given(data=st.data())
def test_rules_are_seen_in_order_and_within_the_timespan(lake: Lake, data: Any) -> None:
    correlation = aliased(data.draw(correlations("temporal_ordered")))
    least = data.draw(st.integers(1, len(correlation.rules)))
    correlation = replace(correlation, condition=Bounds((("gte", float(least)),)))
    if data.draw(st.booleans()):
        correlation = complete(correlation, data.draw(expressions))
    hits = data.draw(hit_lists(20))
    rules = {"top": correlation}
    try:
        ordered_ways(correlation)
    except ValueError:
        return
    assert matched(lake, "top", rules, hits) == find_matches("top", rules, hits)


@settings(FEW, max_examples=examples(5))
@given(data=st.data())
def test_correlations_of_correlations_rest_on_the_events_of_both(lake: Lake, data: Any) -> None:
    kinds = ("event_count", "value_count", "temporal", "temporal_ordered")
    rules: dict[str, Correlation] = {}
    for name, refs in (("low", ("a", "b")), ("middle", ("low", "c")), ("top", ("middle", "a"))):
        kind = data.draw(st.sampled_from(kinds))
        correlation = aliased(data.draw(correlations(kind)))
        refs = data.draw(st.sampled_from([refs, refs[:1], refs[::-1]]))
        condition = Bounds((("gte", float(data.draw(st.integers(1, len(refs))))),))
        rules[name] = replace(correlation, rules=refs, condition=condition)
    hits = data.draw(hit_lists(20))
    assert matched(lake, "top", rules, hits) == find_matches("top", rules, hits)
