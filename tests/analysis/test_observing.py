"""Joined observations: SQL against a brute-force reading of STIX 2.1 §9.4 and §9.5."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise, permutations, product

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as checked
from hypothesis import strategies as st

from sentree.analysis.hunt.compile import Check, Inside, Join, Leaf, Plan, Span, Times
from sentree.analysis.hunt.match import join_matches
from sentree.lake.db import Lake
from sentree.lake.observing import Matcher
from sentree.settings import Settings

SECOND = 1_000_000
TESTS = tuple(Check("equal", "domain", (name,)) for name in "abc")
NUMBERS = {test: number for number, test in enumerate(TESTS)}

Event = tuple[str, int, frozenset[int]]
"""Its uid, the second in which it happened, and the tests that it meets."""

Binding = tuple[frozenset[str], int, int]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Lake.open(Settings(home=tmp_path_factory.mktemp("observing"))) as opened:
        yield opened


def brute(plan: Plan, events: list[Event]) -> set[Binding]:
    """Give every match: the events bound, the first and the last time."""
    if isinstance(plan, Leaf):
        assert isinstance(plan.condition, Check)
        wanted = NUMBERS[plan.condition]
        return {(frozenset({uid}), at, at) for uid, at, met in events if wanted in met}
    if isinstance(plan, Span):
        limit = plan.seconds
        return {one for one in brute(plan.part, events) if one[2] - one[1] <= limit}
    if isinstance(plan, Inside):
        start, stop = plan.start // SECOND, plan.stop // SECOND
        return {one for one in brute(plan.part, events) if start <= one[1] and one[2] < stop}
    if isinstance(plan, Times):
        chosen = combinations(brute(plan.part, events), plan.times)
        return {_union(some) for some in chosen if _apart(some)}
    parts = [brute(part, events) for part in plan.parts]
    if plan.operator == "OR":
        return set().union(*parts)
    found: set[Binding] = set()
    for some in product(*parts):
        ordered = all(a[2] <= b[1] for a, b in pairwise(some))
        if _apart(some) and (plan.operator == "AND" or ordered):
            found.add(_union(some))
    return found


def _apart(some: tuple[Binding, ...]) -> bool:
    return sum(len(one[0]) for one in some) == len(frozenset().union(*(one[0] for one in some)))


def _union(some: tuple[Binding, ...]) -> Binding:
    return (
        frozenset().union(*(one[0] for one in some)),
        min(one[1] for one in some),
        max(one[2] for one in some),
    )


def shortest(found: set[Binding]) -> list[tuple[str, int, int]]:
    spans = {(first, last) for _, first, last in found}
    return sorted(
        ("t", first * SECOND, last * SECOND)
        for first, last in spans
        if not any(
            other != (first, last) and first <= other[0] and other[1] <= last for other in spans
        )
    )


def run(lake: Lake, plan: Plan, events: list[Event]) -> list[tuple[str, int, int]]:
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE hunt_hits (test INTEGER, event_uid VARCHAR,"
        " tenant_uid VARCHAR, time TIMESTAMP, host VARCHAR, text VARCHAR)"
    )
    rows = [(number, uid, at) for uid, at, met in events for number in met]
    if rows:
        tests, uids, times = (list(column) for column in zip(*rows, strict=True))
        lake.execute(
            "INSERT INTO hunt_hits SELECT unnest(?), unnest(?), 't',"
            " make_timestamp(unnest(?)::BIGINT * 1000000), NULL, ''",
            [tests, uids, times],
        )
    matcher = Matcher(lake, disjoint=True)
    try:
        return matcher.spans(join_matches(matcher, plan, NUMBERS))
    finally:
        matcher.close()


LEAVES = st.sampled_from([Leaf(test) for test in TESTS])
SECONDS = st.integers(0, 12)


def _inside(part: Plan, start: int, length: int) -> Plan:
    return Inside(part, start * SECOND, (start + length + 1) * SECOND)


def _larger(part: st.SearchStrategy[Plan]) -> st.SearchStrategy[Plan]:
    return st.one_of(
        st.builds(
            Join,
            st.sampled_from(["AND", "OR", "FOLLOWEDBY"]),
            st.tuples(part, part),
        ),
        st.builds(Span, part, st.integers(1, 8).map(float)),
        st.builds(Times, part, st.integers(2, 3)),
        st.builds(_inside, part, SECONDS, SECONDS),
    )


PLANS = st.recursive(LEAVES, _larger, max_leaves=4)
MET = st.one_of(
    # Events that fit one part only take the fast way, the others the way of all combinations.
    st.lists(st.tuples(SECONDS, st.integers(0, 2).map(lambda n: frozenset({n}))), max_size=7),
    st.lists(
        st.tuples(SECONDS, st.frozensets(st.integers(0, 2), min_size=1)), min_size=1, max_size=6
    ),
)


@given(PLANS, MET)
@checked(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_joined_observations_match_what_brute_force_finds(
    lake: Lake, plan: Plan, met: list[tuple[int, frozenset[int]]]
) -> None:
    events = [(f"e{place}", at, tests) for place, (at, tests) in enumerate(met)]
    expected = shortest(brute(plan, events))
    assert run(lake, plan, events) == expected
    for other in list(permutations(events))[1:2]:
        assert run(lake, plan, list(other)) == expected


def test_many_repeats_of_one_observation_take_no_combinations(lake: Lake) -> None:
    events: list[Event] = [(f"e{n:04}", n % 500, frozenset({0})) for n in range(2000)]
    found = run(lake, Span(Times(Leaf(TESTS[0]), 200), 60.0), events)
    assert found and all(last - first <= 60 * SECOND for _, first, last in found)
    assert not run(lake, Span(Times(Leaf(TESTS[0]), 300), 60.0), events)
