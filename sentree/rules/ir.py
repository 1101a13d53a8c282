"""The compiler's own form of a Sigma condition: and, or, not, and the atoms that look at a field.

Nothing here knows pySigma or SQL. A `field` of None means the whole record (a Sigma keyword).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

TextOp = Literal["equals", "contains", "startswith", "endswith", "like"]
NumberOp = Literal["=", "<", "<=", ">", ">="]
DatePart = Literal["minute", "hour", "day", "week", "month", "year"]


@dataclass(frozen=True, slots=True)
class And:
    """True when every item is."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True when at least one item is."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when the item is not; an atom over an absent field is not true."""

    item: Node


@dataclass(frozen=True, slots=True)
class Text:
    """A comparison of text, blind to case unless `cased`.

    For `like`, the value is an SQL LIKE pattern whose escape character is the backslash.
    """

    field: str | None
    op: TextOp
    value: str
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression in RE2's syntax that must be found in the text, original case."""

    field: str | None
    regex: str


@dataclass(frozen=True, slots=True)
class Number:
    """A comparison with a number; equality also holds for the same text."""

    field: str
    op: NumberOp
    value: int | float


@dataclass(frozen=True, slots=True)
class Network:
    """The address lies in the network, whose first and last address are given as sortable keys."""

    field: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The field is absent or its text is empty."""

    field: str


@dataclass(frozen=True, slots=True)
class Exists:
    """The field is there, though it may be empty."""

    field: str


@dataclass(frozen=True, slots=True)
class SameAs:
    """The field's text against another field's text, blind to case."""

    field: str
    other: str
    op: TextOp = "equals"


@dataclass(frozen=True, slots=True)
class TimePart:
    """A comparison with a part of the instant, in UTC, that the field holds."""

    field: str
    part: DatePart
    value: int
    op: NumberOp = "="


Atom = Text | Pattern | Number | Network | Absent | Exists | SameAs | TimePart
Node = And | Or | Not | Atom


def atoms(node: Node) -> Iterator[Atom]:
    """Give every atom below a node, left to right."""
    stack: list[Node] = [node]
    while stack:
        current = stack.pop()
        match current:
            case And(items) | Or(items):
                stack.extend(reversed(items))
            case Not(item):
                stack.append(item)
            case _:
                yield current


def fields(node: Node) -> frozenset[str]:
    """Give the names of the fields that a condition looks at."""
    names: set[str] = set()
    for atom in atoms(node):
        if atom.field is not None:
            names.add(atom.field)
        if isinstance(atom, SameAs):
            names.add(atom.other)
    return frozenset(names)
