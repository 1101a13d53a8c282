"""What a STIX pattern (STIX 2.1 §9) says, as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Operator = Literal[
    "=", "!=", "<", "<=", ">", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET", "EXISTS"
]
Constant: TypeAlias = str | int | float | bool | bytes | datetime
Step: TypeAlias = str | int
"""A property name, a list index, or `*` for any index (as the index -1)."""

ANY_INDEX = -1


@dataclass(frozen=True, slots=True)
class ObjectPath:
    """A place in an object: its type, then property names and list indices."""

    type: str
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        text = ""
        for step in self.steps:
            if isinstance(step, int):
                text += "[*]" if step == ANY_INDEX else f"[{step}]"
            else:
                text += ("." if text else "") + step
        return f"{self.type}:{text}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A test of one place; `negated` where NOT stands before the operator."""

    path: ObjectPath
    operator: Operator
    values: tuple[Constant, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Both:
    """Comparisons that must all hold of one observation."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Comparisons one of which must hold."""

    parts: tuple[Expression, ...]


Expression: TypeAlias = Comparison | Both | Either


@dataclass(frozen=True, slots=True)
class Observation:
    """One observation, `[…]`: here one event."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Joined:
    """Observations joined: all of them, any of them, or each after the one before."""

    operator: Literal["AND", "OR", "FOLLOWEDBY"]
    parts: tuple[Observed, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """A match that lies within so many seconds."""

    part: Observed
    seconds: float


@dataclass(frozen=True, slots=True)
class Repeats:
    """So many matches, no event in two of them."""

    part: Observed
    times: int


@dataclass(frozen=True, slots=True)
class StartStop:
    """A match that lies in `start <= t < stop`."""

    part: Observed
    start: datetime
    stop: datetime


Observed: TypeAlias = Observation | Joined | Within | Repeats | StartStop


def comparisons(node: Observed | Expression) -> list[Comparison]:
    """List the comparisons of a pattern from left to right."""
    if isinstance(node, Comparison):
        return [node]
    if isinstance(node, Observation):
        return comparisons(node.expression)
    if isinstance(node, Within | Repeats | StartStop):
        return comparisons(node.part)
    return [one for part in node.parts for one in comparisons(part)]


def observations(node: Observed) -> list[Observation]:
    """List the observations of a pattern from left to right."""
    if isinstance(node, Observation):
        return [node]
    if isinstance(node, Joined):
        return [one for part in node.parts for one in observations(part)]
    return observations(node.part)
