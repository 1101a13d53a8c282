"""The compiler's own form of a Sigma correlation: what is counted, over what, and until when.

Nothing here knows pySigma or SQL.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Literal

CorrelationType = Literal[
    "event_count",
    "value_count",
    "value_sum",
    "value_avg",
    "value_percentile",
    "value_median",
    "temporal",
    "temporal_ordered",
]
NUMERIC: Collection[str] = ("value_sum", "value_avg", "value_percentile", "value_median")
TEMPORAL: Collection[str] = ("temporal", "temporal_ordered")
BoundOp = Literal["gt", "gte", "lt", "lte", "eq", "neq"]
_HOLDS: Mapping[BoundOp, Callable[[float, float], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "neq": operator.ne,
}
MAX_WAYS = 256


@dataclass(frozen=True, slots=True)
class Seen:
    """The rule of this name or id has a hit in the window."""

    rule: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """True when every item is."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when at least one item is."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """True when the item is not."""

    item: Expression


Expression = Seen | AllOf | AnyOf | NoneOf


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of the measured value; all must hold."""

    limits: tuple[tuple[BoundOp, float], ...]

    def hold(self, value: float) -> bool:
        """Tell whether a value lies within all limits."""
        return all(_HOLDS[op](value, limit) for op, limit in self.limits)

    @property
    def downward(self) -> bool:
        """Whether small values are what is looked for."""
        return all(op in ("lt", "lte") for op, _ in self.limits)


@dataclass(frozen=True, slots=True)
class Correlation:
    """What the `correlation` section of a rule says.

    `rules` are names or ids as written; `fields` are what is measured, none for counts of events
    and rules; `seconds` is the length of the window.
    """

    type: CorrelationType
    rules: tuple[str, ...]
    group_by: tuple[str, ...]
    seconds: int
    condition: Bounds | Expression
    fields: tuple[str, ...] = ()
    percentile: float | None = None
    aliases: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict[str, Mapping[str, str]], hash=False
    )
    generate: bool = False

    def resolved(self, name: str, rule: str) -> str:
        """Give the field of a rule's hits that a name of this correlation stands for."""
        return self.aliases.get(name, {}).get(rule, name)

    @property
    def positive(self) -> tuple[str, ...]:
        """The rules whose hits a match can rest on, in the order of `rules`."""
        if isinstance(self.condition, Bounds):
            return self.rules
        wanted = set(_wanted(self.condition, wanted=True))
        return tuple(rule for rule in self.rules if rule in wanted)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to meet an ordered correlation: hits of `seen` in this order, none of `unseen`."""

    seen: tuple[str, ...]
    unseen: tuple[str, ...] = ()


def ordered_ways(correlation: Correlation) -> tuple[Way, ...]:
    """Give the ways to meet a `temporal_ordered` correlation, any of which is enough.

    Raises:
        ValueError: the condition can't be told by sequences, with the reason.
    """
    rules, condition = correlation.rules, correlation.condition
    if isinstance(condition, Bounds):
        met = [count for count in range(len(rules) + 1) if condition.hold(count)]
        if not met or met[0] == 0 or met != list(range(met[0], len(rules) + 1)):
            raise ValueError(
                "an ordered correlation can only ask for a least number of its"
                f" {len(rules)} rules, which 'condition' does not"
            )
        _limited(1 if met[0] == len(rules) else _choose(len(rules), met[0]))
        return tuple(Way(seen) for seen in combinations(rules, met[0]))
    place = {rule: number for number, rule in enumerate(rules)}
    ways = [
        Way(
            tuple(sorted({name for name, wanted in terms if wanted}, key=place.__getitem__)),
            tuple(sorted({name for name, wanted in terms if not wanted}, key=place.__getitem__)),
        )
        for terms in _alternatives(condition, wanted=True)
    ]
    ways = [way for way in dict.fromkeys(ways) if not set(way.seen) & set(way.unseen)]
    if not ways or not all(way.seen for way in ways):
        raise ValueError("the condition can be met without a hit of any rule")
    return tuple(ways)


def _choose(count: int, chosen: int) -> int:
    ways = 1
    for number in range(chosen):
        ways = ways * (count - number) // (number + 1)
    return ways


def _limited(count: int) -> None:
    if count > MAX_WAYS:
        raise ValueError(f"the condition can be met in more than {MAX_WAYS} ways")


def _wanted(node: Expression, *, wanted: bool) -> Iterator[str]:
    match node:
        case Seen(rule):
            if wanted:
                yield rule
        case AllOf(items) | AnyOf(items):
            for item in items:
                yield from _wanted(item, wanted=wanted)
        case NoneOf(item):
            yield from _wanted(item, wanted=not wanted)


def _alternatives(node: Expression, *, wanted: bool) -> list[frozenset[tuple[str, bool]]]:
    """Write an expression as alternatives of terms that must all hold."""
    match node:
        case Seen(rule):
            return [frozenset({(rule, wanted)})]
        case NoneOf(item):
            return _alternatives(item, wanted=not wanted)
        case AllOf(items) | AnyOf(items):
            parts = [_alternatives(item, wanted=wanted) for item in items]
    if isinstance(node, AllOf) != wanted:
        found = [terms for part in parts for terms in part]
        _limited(len(found))
        return found
    total = 1
    for part in parts:
        total *= len(part)
        _limited(total)
    return [frozenset[tuple[str, bool]]().union(*chosen) for chosen in product(*parts)]
