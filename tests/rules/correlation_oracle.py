"""What correlations match, told by trying everything: slow, and nothing shared with the product.

Only the form of a parsed correlation is taken from the product, as the question that both answer.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product

from sentree.rules.correlation import AllOf, AnyOf, Bounds, Correlation, Expression, NoneOf, Seen

Values = Callable[[str], str | None]


@dataclass(frozen=True)
class Hit:
    """A hit of a rule at a second; `item` is what counts once, `events` what it rests on."""

    rule: str
    time: int
    item: object
    events: frozenset[str]
    get: Values


@dataclass(frozen=True)
class Met:
    """A moment at which the condition held, the hits it rests on, and what was measured."""

    group: tuple[str, ...]
    time: int
    hits: frozenset[Hit]
    value: Fraction


@dataclass(frozen=True)
class Match:
    """All moments of one group that hang together."""

    group: tuple[str, ...]
    events: frozenset[str]
    value: float
    first: int
    last: int


def find_matches(top: str, rules: Mapping[str, Correlation], base: Sequence[Hit]) -> set[Match]:
    """Give the matches of the correlation `top` over the hits of plain rules."""
    correlation = rules[top]
    little = isinstance(correlation.condition, Bounds) and all(
        op in ("lt", "lte") for op, _ in correlation.condition.limits
    )
    found: set[Match] = set()
    for island in islands(moments(top, rules, base), correlation.seconds):
        values = [met.value for met in island]
        found.add(
            Match(
                island[0].group,
                frozenset(uid for met in island for hit in met.hits for uid in hit.events),
                float(min(values) if little else max(values)),
                min(met.time for met in island),
                max(met.time for met in island),
            )
        )
    return found


def islands(found: Sequence[Met], seconds: int) -> list[list[Met]]:
    """Put moments of a group together that lie no further apart than the timespan."""
    result: list[list[Met]] = []
    for met in sorted(found, key=lambda met: (met.group, met.time)):
        last = result[-1][-1] if result else None
        if last and last.group == met.group and met.time - last.time <= seconds:
            result[-1].append(met)
        else:
            result.append([met])
    return result


def moments(name: str, rules: Mapping[str, Correlation], base: Sequence[Hit]) -> list[Met]:
    """Give every moment at which a correlation's condition holds, group by group."""
    correlation = rules[name]
    groups: dict[tuple[str, ...], set[Hit]] = {}
    for called in correlation.rules:
        for hit in hits_of(called, rules, base):
            names = [correlation.resolved(one, called) for one in correlation.group_by]
            measured = [correlation.resolved(one, called) for one in correlation.fields]
            group = [hit.get(one) for one in names]
            numeric = correlation.type not in ("event_count", "value_count") and measured
            if numeric and not is_number(hit.get(measured[0]) or ""):
                continue
            if all(group) and all(hit.get(one) for one in measured):
                key = tuple(str(one).lower() for one in group)
                groups.setdefault(key, set()).add(hit)
    return [
        met
        for group, hits in groups.items()
        for time in {hit.time for hit in hits}
        for met in at(correlation, group, hits, time)
    ]


def hits_of(name: str, rules: Mapping[str, Correlation], base: Sequence[Hit]) -> list[Hit]:
    """Give the hits of a plain rule, or a correlation's moments as hits."""
    if name not in rules:
        return [hit for hit in base if hit.rule == name]
    correlation = rules[name]
    found: list[Hit] = []
    for number, island in enumerate(islands(moments(name, rules, base), correlation.seconds)):
        for met in island:
            events = frozenset(uid for hit in met.hits for uid in hit.events)
            for hit in met.hits:

                def get(field: str, met: Met = met, hit: Hit = hit) -> str | None:
                    if field in correlation.group_by:
                        return met.group[correlation.group_by.index(field)]
                    return hit.get(correlation.resolved(field, hit.rule))

                found.append(Hit(name, met.time, (name, met.group, number), events, get))
    return found


def at(
    correlation: Correlation, group: tuple[str, ...], hits: set[Hit], time: int
) -> Iterator[Met]:
    """Tell whether the condition holds in the window that ends at a time, and on what it rests."""
    window = [hit for hit in hits if time - correlation.seconds <= hit.time <= time]
    if correlation.type == "temporal_ordered":
        chained, value = chains(correlation, window, time)
        if chained:
            yield Met(group, time, frozenset(chained), Fraction(value))
        return
    wanted = positive(correlation)
    if not any(hit.rule in wanted and hit.time == time for hit in window):
        return
    value = measure(correlation, window)
    if isinstance(correlation.condition, Bounds):
        holds = within(correlation.condition, value)
    else:
        holds = true(correlation.condition, {hit.rule for hit in window})
    if holds:
        yield Met(group, time, frozenset(hit for hit in window if hit.rule in wanted), value)


def within(bounds: Bounds, value: Fraction) -> bool:
    """Compare exactly."""
    tests: dict[str, Callable[[Fraction, Fraction], bool]] = {
        "gt": operator.gt,
        "gte": operator.ge,
        "lt": operator.lt,
        "lte": operator.le,
        "eq": operator.eq,
        "neq": operator.ne,
    }
    return all(tests[op](value, Fraction(limit)) for op, limit in bounds.limits)


def measure(correlation: Correlation, window: Sequence[Hit]) -> Fraction:
    """Measure a window: an item that several rules hit counts once, except among the rules."""
    if correlation.type == "event_count":
        return Fraction(len({hit.item for hit in window}))
    if correlation.type == "temporal":
        return Fraction(len({hit.rule for hit in window}))
    values: dict[object, set[tuple[str, ...]]] = {}
    for hit in window:
        names = [correlation.resolved(name, hit.rule) for name in correlation.fields]
        value = tuple(str(hit.get(name)).lower() for name in names)
        values.setdefault(hit.item, set()).add(value)
    if correlation.type == "value_count":
        return Fraction(len(set().union(*values.values())))
    numbers = sorted(Fraction(value) for [(value,)] in values.values())
    if correlation.type == "value_sum":
        return sum(numbers, Fraction())
    if correlation.type == "value_avg":
        return sum(numbers, Fraction()) / len(numbers)
    percentile = Fraction(50 if correlation.type == "value_median" else correlation.percentile or 0)
    place = (len(numbers) - 1) * percentile / 100
    low, high = numbers[int(place)], numbers[min(int(place) + 1, len(numbers) - 1)]
    return low + (high - low) * (place - int(place))


def is_number(text: str) -> bool:
    """Tell whether a text is a plain number."""
    return text.lstrip("-").replace(".", "", 1).isdigit()


def true(node: Expression, seen: set[str]) -> bool:
    """Evaluate an expression over the rules that have a hit."""
    match node:
        case Seen(rule):
            return rule in seen
        case AllOf(items):
            return all(true(item, seen) for item in items)
        case AnyOf(items):
            return any(true(item, seen) for item in items)
        case NoneOf(item):
            return not true(item, seen)


def positive(correlation: Correlation) -> set[str]:
    """The rules that must be seen somewhere in the condition, with an even number of `not`."""

    def walk(node: Expression, even: bool) -> Iterator[str]:
        match node:
            case Seen(rule):
                yield from [rule] if even else []
            case AllOf(items) | AnyOf(items):
                for item in items:
                    yield from walk(item, even)
            case NoneOf(item):
                yield from walk(item, not even)

    if isinstance(correlation.condition, Bounds):
        return set(correlation.rules)
    return set(walk(correlation.condition, even=True))


def wishes(node: Expression, even: bool = True) -> list[tuple[set[str], set[str]]]:
    """Give the alternatives of an expression: rules that must be seen, rules that must not."""
    match node:
        case Seen(rule):
            return [({rule}, set())] if even else [(set(), {rule})]
        case NoneOf(item):
            return wishes(item, not even)
        case AllOf(items) | AnyOf(items):
            parts = [wishes(item, even) for item in items]
            if isinstance(node, AllOf) is even:
                return [
                    (set().union(*(a for a, _ in one)), set().union(*(b for _, b in one)))
                    for one in product(*parts)
                ]
            return [wish for part in parts for wish in part]


def chains(correlation: Correlation, window: Sequence[Hit], time: int) -> tuple[set[Hit], int]:
    """Try every sequence of hits in the order of the rules; one of them must end at `time`."""
    rules = correlation.rules
    if isinstance(correlation.condition, Bounds):
        counts = [n for n in range(1, len(rules) + 1) if within(correlation.condition, Fraction(n))]
        alternatives = [(set(chosen), set[str]()) for chosen in combinations(rules, min(counts))]
    else:
        alternatives = wishes(correlation.condition)
    members: set[Hit] = set()
    longest = 0
    for seen, unseen in alternatives:
        if seen & unseen or unseen & {hit.rule for hit in window}:
            continue
        steps = [[hit for hit in window if hit.rule == rule] for rule in rules if rule in seen]
        ordered = [
            sequence
            for sequence in product(*steps)
            if [hit.time for hit in sequence] == sorted(hit.time for hit in sequence)
        ]
        if any(sequence[-1].time == time for sequence in ordered):
            members.update(hit for sequence in ordered for hit in sequence)
            longest = max(longest, len(steps))
    return members, longest
