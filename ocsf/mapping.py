"""The language in which a mapper says how a raw record becomes an OCSF event.

A mapper is data: rules that pick records, and for each rule a tree of OCSF attribute paths to
expressions over the raw record's fields. The lake compiles it to one set-based SQL statement, so
no Python runs per event. Nothing here knows SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Field:
    """The first of the named raw fields that holds a value, as text.

    A name is a JSON path below the mapper's roots (`Image`, `userIdentity.arn`). Empty text and
    the mapper's null marks (`-` in Windows logs) count as absent.
    """

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Const:
    """A constant: text, number or truth value."""

    value: str | int | bool


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number, decimal or `0x` hexadecimal; absent where the text is neither."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Basename:
    """What stands after the last `/` or `\\`."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Lower:
    """The text in lower case."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Lookup:
    """The table's value for the text; `default` (None: absent) where the table has none."""

    of: Expression
    table: Mapping[str, str | int]
    default: str | int | None = None


@dataclass(frozen=True, slots=True)
class First:
    """The first expression that gives a value."""

    of: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """The texts joined by a separator; absent if any part is absent."""

    of: tuple[Expression, ...]
    separator: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The first capture group of an RE2 pattern; absent without a match."""

    of: Expression
    pattern: str


@dataclass(frozen=True, slots=True)
class EpochMillis:
    """The record's time in epoch milliseconds (OCSF `timestamp_t`)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A JSON list of the texts that are present; absent when all are."""

    of: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Raw:
    """A raw field's JSON value as it stands (object, list, number), for `unmapped` and the like."""

    name: str


Expression = (
    Field
    | Const
    | Integer
    | Basename
    | Lower
    | Lookup
    | First
    | Join
    | Match
    | EpochMillis
    | Listing
    | Raw
)


def f(*names: str) -> Field:
    """Write `f("Image")` for `Field(("Image",))`."""
    return Field(names)


@dataclass(frozen=True, slots=True)
class Rule:
    """Which records it takes (every condition holds: field's text is one of the values), and the tree.

    `tree` maps OCSF attribute paths (`process.file.path`) to expressions. The compiler adds
    `class_uid`, `category_uid`, `type_uid = class_uid * 100 + activity_id`, `time`, and
    `metadata.version`; `activity_id` and `severity_id` default to 0 and 1.
    """

    name: str
    class_uid: int
    tree: Mapping[str, Expression]
    when: tuple[tuple[str, frozenset[str]], ...] = ()
    activity_id: Expression | int = 0
    severity_id: Expression | int = 1


@dataclass(frozen=True, slots=True)
class TimeField:
    """One way to find the record's time; ways are tried in order.

    `unit` is `iso` (ISO 8601, or `YYYY-MM-DD hh:mm:ss[.f]`; a text without zone is UTC),
    `epoch` (seconds, milliseconds, microseconds or nanoseconds, told apart by magnitude).
    `zone_from` names a field with the same instant in UTC at a later step (collector's receipt):
    the zone of a local text is their difference rounded to a quarter of an hour.
    `refine_by` names a UTC text field that supplies the fraction when it lies in the same second.
    """

    name: str
    unit: str = "iso"
    zone_from: str | None = None
    refine_by: str | None = None


@dataclass(frozen=True, slots=True)
class Mapper:
    """A source format: how to know it, where its time is, and its rules, tried in order.

    `guard` lists conditions on raw fields that tell this format from others: each item is a set of
    field names of which at least one must be present. `roots` are JSON paths under which
    field names are looked up, in order (`$.Event.EventData`, then `$`). `defaults` is a tree that every
    rule gets; a rule's own entry wins. The last rule should have no conditions.
    """

    name: str
    title: str
    guard: tuple[frozenset[str], ...]
    times: tuple[TimeField, ...]
    rules: tuple[Rule, ...]
    roots: tuple[str, ...] = ("$",)
    nulls: frozenset[str] = frozenset({"", "-"})
    defaults: Mapping[str, Expression] = field(default_factory=dict[str, Expression])
    explode: str | None = None
