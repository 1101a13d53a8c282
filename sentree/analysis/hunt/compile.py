"""Compiles a pattern into tests of values, and says what of it can't be searched.

An alternative that has no place in events is left out and told; where it stands beside others
that must hold as well, leaving it out would find too much, so all of that can't be searched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sentree.intel.pattern import (
    Both,
    Comparison,
    Either,
    Expression,
    Joined,
    Observation,
    Observed,
    Repeats,
    StartStop,
    Within,
)
from sentree.intel.searchable import ADDRESSES, Place, network_of, place_of, whole_hive, written

CheckKind = Literal["equal", "other", "like", "match", "order", "network", "outside", "exists"]


@dataclass(frozen=True, slots=True)
class Check:
    """A test of a value of a place: what many patterns test alike is tested once."""

    kind: CheckKind
    place: str
    values: tuple[str, ...] = ()
    sign: str = ""
    number: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Tests that must all hold of one event."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Tests one of which must hold."""

    parts: tuple[Condition, ...]


Condition: TypeAlias = Check | All | Any


@dataclass(frozen=True, slots=True)
class Leaf:
    """An observation: an event that meets a condition."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Join:
    """Observations joined, as in `Joined`."""

    operator: Literal["AND", "OR", "FOLLOWEDBY"]
    parts: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A match that lies within so many seconds."""

    part: Plan
    seconds: float


@dataclass(frozen=True, slots=True)
class Times:
    """So many matches without a common event."""

    part: Plan
    times: int


@dataclass(frozen=True, slots=True)
class Inside:
    """A match between two instants, in microseconds since 1970."""

    part: Plan
    start: int
    stop: int


Plan: TypeAlias = Leaf | Join | Span | Times | Inside


@dataclass(slots=True)
class Compiled:
    """What a pattern came to: nothing where it can't be searched; `reasons` says what can't."""

    plan: Plan | None
    reasons: list[str] = field(default_factory=list[str])


def compile_pattern(pattern: Observed) -> Compiled:
    """Compile a pattern that was parsed."""
    reasons: list[str] = []
    plan = _plan(pattern, reasons)
    return Compiled(plan, list(dict.fromkeys(reasons)))


def _plan(node: Observed, reasons: list[str]) -> Plan | None:
    if isinstance(node, Observation):
        condition = _condition(node.expression, reasons)
        return None if condition is None else Leaf(condition)
    if isinstance(node, Joined):
        parts = [_plan(part, reasons) for part in node.parts]
        kept = tuple(part for part in parts if part is not None)
        if not kept or (node.operator != "OR" and len(kept) < len(parts)):
            return None
        return kept[0] if len(kept) == 1 else Join(node.operator, kept)
    part = _plan(node.part, reasons)
    if part is None:
        return None
    if isinstance(node, Within):
        return Span(part, node.seconds)
    if isinstance(node, Repeats):
        return part if node.times == 1 else Times(part, node.times)
    assert isinstance(node, StartStop)
    start, stop = (int(time.timestamp() * 1_000_000) for time in (node.start, node.stop))
    return Inside(part, start, stop)


def _condition(node: Expression, reasons: list[str]) -> Condition | None:
    if isinstance(node, Comparison):
        made = _tests(node)
        if isinstance(made, str):
            reasons.append(made)
            return None
        return made
    parts = [_condition(part, reasons) for part in node.parts]
    kept = tuple(part for part in parts if part is not None)
    if not kept or (isinstance(node, Both) and len(kept) < len(parts)):
        return None
    if len(kept) == 1:
        return kept[0]
    return Any(kept) if isinstance(node, Either) else All(kept)


def _tests(one: Comparison) -> Condition | str:
    """Compile one comparison; a reason where it can't be searched."""
    place = place_of(one.path)
    if isinstance(place, str):
        return place
    if one.operator == "EXISTS":
        if one.negated:
            return f"NOT EXISTS {one.path}: what is absent from an event may just not be recorded"
        return Check("exists", place.name)
    if strange := [value for value in one.values if not isinstance(value, str | int | float)]:
        return f"{one.path} is compared with {type(strange[0]).__name__}, events have text"
    network = network_of(one, place.name)
    if network is not None:
        outside = one.negated != (one.operator == "!=")
        return Check("outside" if outside else "network", place.name, (network,))
    return _text_tests(one, place)


def _text_tests(one: Comparison, place: Place) -> Condition | str:
    values = tuple(written(str(value), place.name) for value in one.values)
    if one.operator in ("=", "!=", "IN"):
        if one.negated != (one.operator == "!="):
            return Check("other", place.name, tuple(sorted(set(values))), number=place.number)
        if not values:
            return f"{one.path} IN (): nothing is in an empty set"
        made = tuple(_equal(value, place) for value in dict.fromkeys(values))
        return made[0] if len(made) == 1 else Any(made)
    if one.operator == "LIKE":
        value = str(one.values[0])
        value = whole_hive(value) if place.name == "registry key" else value
        return Check("like", place.name, (like_pattern(value),), negated=one.negated)
    if one.operator == "MATCHES":
        return Check("match", place.name, (str(one.values[0]),), negated=one.negated)
    if one.operator in ("ISSUBSET", "ISSUPERSET"):
        if place.name not in ADDRESSES:
            return f"{one.operator} compares networks, and {one.path} is none"
        if one.operator == "ISSUBSET":
            return f"{one.values[0]} is no network"
        if "/" in values[0]:
            return "an event's address is a single one, never a network that holds others"
        return Check("other" if one.negated else "equal", place.name, values)
    return Check("order", place.name, values, one.operator, place.number, one.negated)


def _equal(value: str, place: Place) -> Check:
    if place.name in ADDRESSES and ":" in value:
        # IPv6 addresses are written in many ways.
        return Check("network", place.name, (f"{value}/128",))
    return Check("equal", place.name, (value,), number=place.number)


def like_pattern(text: str) -> str:
    """Write a pattern of LIKE as an RE2 pattern: `%` is any text, `_` any character."""
    parts = {"%": ".*", "_": "."}
    return "(?is)" + "".join(parts.get(char, _quoted(char)) for char in text)


def _quoted(char: str) -> str:
    return char if re.fullmatch(r"[A-Za-z0-9 ]", char) else f"\\x{{{ord(char):x}}}"


def tests_of(node: Plan | Condition) -> list[Check]:
    """List the tests of a plan."""
    if isinstance(node, Check):
        return [node]
    if isinstance(node, Leaf):
        return tests_of(node.condition)
    if isinstance(node, Span | Times | Inside):
        return tests_of(node.part)
    return [one for part in node.parts for one in tests_of(part)]


def leaves_of(node: Plan) -> list[Leaf]:
    """List the observations of a plan, each as often as it stands there."""
    if isinstance(node, Leaf):
        return [node]
    if isinstance(node, Join):
        return [one for part in node.parts for one in leaves_of(part)]
    return leaves_of(node.part)


def alternatives(node: Plan) -> tuple[Plan, ...]:
    """Give the patterns that are joined by OR at the root; they find each for itself."""
    if isinstance(node, Join) and node.operator == "OR":
        return tuple(one for part in node.parts for one in alternatives(part))
    return (node,)


def simple_tests(node: Plan) -> tuple[Check, ...] | None:
    """Give the tests any one of which is enough, where a plan is no more than that."""
    if not isinstance(node, Leaf):
        return None
    condition = node.condition
    if isinstance(condition, Check):
        return (condition,)
    if isinstance(condition, Any):
        found = [simple_tests(Leaf(part)) for part in condition.parts]
        if all(one is not None for one in found):
            return tuple(test for one in found for test in one or ())
    return None
