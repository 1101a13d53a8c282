"""Runs compiled patterns: those of single events in one join, the others one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from schemas.hunt import Indicator
from sentree.analysis.hunt.compile import (
    All,
    Check,
    Condition,
    Inside,
    Join,
    Leaf,
    Plan,
    Span,
    Times,
    alternatives,
    leaves_of,
    simple_tests,
    tests_of,
)
from sentree.analysis.hunt.compile import (
    Any as AnyOf,
)
from sentree.lake.db import Lake
from sentree.lake.hunt import SimpleIndicator, ValueTest, describe, find_hits, simple_sightings
from sentree.lake.look import LookScope
from sentree.lake.observing import MOST_COMBINATIONS, Matcher, Relation

SHOWN_MATCHES = 20
SHOWN_EVENTS = 40


class Match(NamedTuple):
    """What an indicator found in one tenant."""

    place: int
    tenant: str
    matches: int
    events: int
    values: list[str]
    hosts: list[str]
    first: datetime | None
    last: datetime | None
    event_uids: list[str]


class Outcome(NamedTuple):
    """All matches, and by the indicators' places what could not be run, or not whole."""

    matches: list[Match]
    failed: dict[int, str]
    cut: dict[int, str]


def run_plans(
    lake: Lake,
    scope: LookScope,
    plans: Mapping[int, Plan],
    indicators: Sequence[Indicator],
    *,
    within_validity: bool,
) -> Outcome:
    """Run plans, by the places of their indicators in the list, over a scope."""
    numbers: dict[Check, int] = {}
    for plan in plans.values():
        for test in tests_of(plan):
            numbers.setdefault(test, len(numbers))
    broken = find_hits(
        lake,
        scope,
        [
            ValueTest(number, one.kind, one.place, one.values, one.sign, one.number, one.negated)
            for one, number in numbers.items()
        ],
    )
    failed = {
        place: reasons[0]
        for place, plan in plans.items()
        if (reasons := [broken[n] for t in tests_of(plan) if (n := numbers[t]) in broken])
    }
    simple: list[SimpleIndicator] = []
    joined: list[tuple[int, Plan]] = []
    for place, plan in plans.items():
        tests = simple_tests(plan)
        if place in failed:
            continue
        if tests is None:
            joined.append((place, plan))
            continue
        valid = (_naive(indicators[place].valid_from), _naive(indicators[place].valid_until))
        simple += [SimpleIndicator(place, numbers[test], *valid) for test in tests]
    found = [
        Match(
            row["indicator"],
            row["tenant"],
            row["events"],
            row["events"],
            row["values"],
            row["hosts"] or [],
            _aware(row["first"]),
            _aware(row["last"]),
            [uid for uid in row["event_uids"] if uid],
        )
        for row in simple_sightings(lake, simple, within_validity=within_validity)
    ]
    cut: dict[int, str] = {}
    for place, plan in joined:
        one = indicators[place] if within_validity else None
        matches, was_cut = _run_joined(lake, place, plan, numbers, one)
        found += matches
        if was_cut:
            cut[place] = (
                f"events fit several parts of it in more than {MOST_COMBINATIONS:,} ways,"
                " not all were tried"
            )
    found.sort(key=lambda one: (one.place, one.tenant))
    return Outcome(found, failed, cut)


def _run_joined(
    lake: Lake, place: int, plan: Plan, numbers: Mapping[Check, int], valid: Indicator | None
) -> tuple[list[Match], bool]:
    by_tenant: dict[str, list[Match]] = {}
    cut = False
    for part in alternatives(plan):
        if isinstance(part, Leaf):
            listed = _single(lake, place, part, numbers, valid)
        else:
            listed, was_cut = _several(lake, place, part, numbers, valid)
            cut = cut or was_cut
        for one in listed:
            by_tenant.setdefault(one.tenant, []).append(one)
    return [_put_together(listed) for listed in by_tenant.values()], cut


def _single(
    lake: Lake, place: int, leaf: Leaf, numbers: Mapping[Check, int], valid: Indicator | None
) -> list[Match]:
    """Run an observation of several tests; events without a time count as well."""
    rows = lake.query(
        "SELECT tenant_uid AS tenant, count(DISTINCT event_uid) AS n, min(time) AS first,"
        " max(time) AS last, list(DISTINCT event_uid ORDER BY event_uid)[:40] AS uids"
        f" FROM ({condition_sql(leaf.condition, numbers, valid)}) GROUP BY tenant_uid"
    )
    return [
        Match(
            place,
            row["tenant"],
            row["n"],
            row["n"],
            first=_aware(row["first"]),
            last=_aware(row["last"]),
            event_uids=row["uids"],
            **describe(lake, row["uids"], [numbers[one] for one in tests_of(leaf)]),
        )
        for row in rows
    ]


def join_matches(
    matcher: Matcher, plan: Plan, numbers: Mapping[Check, int], valid: Indicator | None = None
) -> Relation:
    """Make the matches of a plan out of the hits of its tests."""
    leaves = {
        leaf: matcher.leaf(condition_sql(leaf.condition, numbers, valid))
        for leaf in dict.fromkeys(leaves_of(plan))
    }
    relations = [leaves[leaf] for leaf in leaves_of(plan)]
    if _repeats_joined(plan) or (len(relations) > 1 and matcher.share_events(relations)):
        matcher.allow_shared()
    return _relation(matcher, plan, leaves, None)


def _several(
    lake: Lake, place: int, plan: Plan, numbers: Mapping[Check, int], valid: Indicator | None
) -> tuple[list[Match], bool]:
    matcher = Matcher(lake, disjoint=True)
    try:
        final = join_matches(matcher, plan, numbers, valid)
        matches = matcher.matches(final, SHOWN_MATCHES)
    finally:
        matcher.close()
    tests = [numbers[one] for one in tests_of(plan)]
    made = [
        Match(
            place,
            one.tenant,
            one.matches,
            one.events,
            first=_moment(one.first),
            last=_moment(one.last),
            event_uids=one.event_uids[:SHOWN_EVENTS],
            **describe(lake, one.event_uids, tests),
        )
        for one in matches
    ]
    return made, final.cut


def _relation(
    matcher: Matcher, plan: Plan, leaves: Mapping[Leaf, Relation], seconds: float | None
) -> Relation:
    """Make the matches of a plan; `seconds` is what a WITHIN around it leaves for it."""
    if isinstance(plan, Leaf):
        return leaves[plan]
    if isinstance(plan, Span):
        limit = plan.seconds if seconds is None else min(seconds, plan.seconds)
        return matcher.within(_relation(matcher, plan.part, leaves, limit), plan.seconds)
    if isinstance(plan, Times):
        part = _relation(matcher, plan.part, leaves, seconds)
        return matcher.times(part, plan.times, seconds)
    if isinstance(plan, Inside):
        part = _relation(matcher, plan.part, leaves, seconds)
        return matcher.inside(part, plan.start, plan.stop)
    parts = [_relation(matcher, part, leaves, seconds) for part in plan.parts]
    if plan.operator == "OR":
        return matcher.either(parts)
    made = parts[0]
    for part in parts[1:]:
        join = matcher.then if plan.operator == "FOLLOWEDBY" else matcher.both
        made = join(made, part, seconds)
    return made


def condition_sql(
    condition: Condition, numbers: Mapping[Check, int], valid: Indicator | None = None
) -> str:
    """Compile a condition to the SELECT of the events that meet it."""
    if isinstance(condition, Check):
        sql = (
            f"SELECT tenant_uid, event_uid, time FROM hunt_hits WHERE test = {numbers[condition]:d}"
        )
        for sign, moment in (
            (">=", valid.valid_from if valid else None),
            ("<", valid.valid_until if valid else None),
        ):
            if moment is not None:
                sql += f" AND coalesce(time {sign} make_timestamp({_micros(moment):d}), true)"
        return sql
    join = " INTERSECT " if isinstance(condition, All) else " UNION "
    assert isinstance(condition, All | AnyOf)
    return join.join(f"({condition_sql(part, numbers, valid)})" for part in condition.parts)


def _repeats_joined(plan: Plan) -> bool:
    """Tell whether REPEATS stands behind something that may have several events."""
    if isinstance(plan, Leaf):
        return False
    if isinstance(plan, Join):
        return any(_repeats_joined(part) for part in plan.parts)
    if isinstance(plan, Times):
        return not _is_single(plan.part)
    return _repeats_joined(plan.part)


def _is_single(plan: Plan) -> bool:
    if isinstance(plan, Leaf):
        return True
    if isinstance(plan, Join):
        return plan.operator == "OR" and all(_is_single(part) for part in plan.parts)
    return not isinstance(plan, Times) and _is_single(plan.part)


def _put_together(listed: Sequence[Match]) -> Match:
    """Add up what alternatives of one pattern found in one tenant."""
    if len(listed) == 1:
        return listed[0]
    uids = list(dict.fromkeys(uid for one in listed for uid in one.event_uids))
    return Match(
        listed[0].place,
        listed[0].tenant,
        sum(one.matches for one in listed),
        sum(one.events for one in listed),
        sorted({value for one in listed for value in one.values})[:5],
        sorted({host for one in listed for host in one.hosts})[:8],
        min((one.first for one in listed if one.first), default=None),
        max((one.last for one in listed if one.last), default=None),
        uids[:SHOWN_EVENTS],
    )


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1_000_000, UTC)


def _naive(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def _aware(moment: Any) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
