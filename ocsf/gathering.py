"""The language in which a mapper says that a source writes one event as several records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Named:
    """A member that a document gets: a name that stands in it, or that a table has for numbers.

    Args:
        member: the member's name.
        given: the path where the name itself may stand.
        numbers: paths whose values, a blank between them, are a key of the table; without an
            entry the last of them stands for the name.
        table: keys in lower case, and names.
    """

    member: str
    given: str
    numbers: tuple[str, ...]
    table: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Gathering:
    """Records of one event: which belong together, and which of them tells it.

    Every record stays an event of its own. Ahead of all other members, so that no text in a
    record can stand for them, a document gets `gathered`: `lead`, `part` of a lead that is there,
    or `alone`; a lead's also `parts`, an object with a list of documents for each kind in upper
    case, in the source's order (`parts.PATH_DELETE[0].name`). Records of one source that are mapped
    in one go are gathered; a lead or part whose others may stand beyond the beginning or the end
    has the issue `event_incomplete`.

    Args:
        key: paths whose values name the event together.
        kind: the path of the record's kind; it is compared in lower case.
        leads: the kinds of the record that tells the event.
        parts: the kinds of records that only complete it.
        also: paths whose values follow the kind in the name of a list: `PATH` becomes
            `PATH_DELETE` with that value.
        counts: the kind of parts whose number the lead gives, and the path of that number.
        names: other spellings of kinds, in lower case.
        named: a member that every document gets besides.
    """

    key: tuple[str, ...]
    kind: str
    leads: frozenset[str]
    parts: frozenset[str]
    also: tuple[str, ...] = ()
    counts: tuple[str, str] | None = None
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    named: Named | None = None
