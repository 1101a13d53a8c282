"""The language in which a mapper says how a raw record becomes an OCSF event.

A mapper is data: shapes that tell how a record is laid out, layouts that make records of text
lines (ocsf/layout.py), rules that pick records, and for each
rule a tree of OCSF attribute paths to expressions over the raw record's fields. The lake compiles
it to one set-based statement, so no Python runs per event. Nothing here knows SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass
from dataclasses import fields as dataclass_fields
from typing import cast

from ocsf.gathering import Gathering
from ocsf.layout import Layout

OCSF_VERSION = "1.8.0"
"""The OCSF version every mapper writes."""


@dataclass(frozen=True, slots=True)
class Field:
    """The first of the named raw fields that holds a value, as text.

    A name is a path of keys below the shape's roots: `Image`, `userIdentity.arn`, `Data[0]`; a
    key with a dot in it is quoted: `"id.orig_h"`. The name `$` is the whole record, a name after
    `/` starts at the record whatever the shape's roots. A shape may give a name other paths
    (`Shape.aliases`). The mapper's null marks (empty text, `-` in
    Windows logs) count as absent.
    """

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Const:
    """A constant: text, number or truth value."""

    value: str | int | bool


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number, decimal or `0x` hexadecimal; absent where the text is neither.

    With `maximum`, a number outside 0..maximum is absent too.
    """

    of: Expression
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Scaled:
    """A number times a factor, as a whole number: `Scaled(f("duration"), 1000)` for a time in s."""

    of: Expression
    factor: int


@dataclass(frozen=True, slots=True)
class Basename:
    r"""What stands after the last `/` or `\`."""

    of: Expression


@dataclass(frozen=True, slots=True)
class AfterLast:
    """What stands after the last `mark`; the whole text without one."""

    of: Expression
    mark: str


@dataclass(frozen=True, slots=True)
class BeforeLast:
    """What stands before the last `mark`; absent without one."""

    of: Expression
    mark: str


@dataclass(frozen=True, slots=True)
class Between:
    """What stands after the first `start` and before the next `end` (or the end of the text)."""

    of: Expression
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The text without these characters at its ends."""

    of: Expression
    characters: str


@dataclass(frozen=True, slots=True)
class Lower:
    """The text in lower case."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Replace:
    """The text with every `old` as `new`."""

    of: Expression
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Cut:
    """The first `length` characters of the text."""

    of: Expression
    length: int


@dataclass(frozen=True, slots=True)
class Lookup:
    """The table's value for the text; keys are lower case, the text's case does not matter.

    `other` stands for a text that is not in the table, `default` for that and for no text at all.
    """

    of: Expression
    table: Mapping[str, str | int | bool]
    other: str | int | bool | None = None
    default: str | int | bool | None = None


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
class Words:
    """The texts that are present, joined by a separator; absent when none is."""

    of: tuple[Expression, ...]
    separator: str = " "


@dataclass(frozen=True, slots=True)
class Unhexed:
    """The text that Linux's audit wrote as hexadecimal digits, else the text itself.

    Audit does so where a text holds blanks, quotes, control or non-ASCII characters; digits that
    stand for other text are text. Its zero bytes, which part arguments, become blanks.
    """

    of: Expression


@dataclass(frozen=True, slots=True)
class Arguments:
    """The command line in text of Linux's audit: `a0="ls" a1=2D6C …`, in the order given there.

    What stands in quotes is literal, the rest hexadecimal. The pieces of a long argument
    (`a1[0]=… a1[1]=…`) are put together; arguments are joined by blanks.
    """

    of: Expression


@dataclass(frozen=True, slots=True)
class Match:
    """The first capture group of an RE2 pattern; absent without a match."""

    of: Expression
    pattern: str


@dataclass(frozen=True, slots=True)
class Ip:
    """The text if it is an IP address (an IPv4 address mapped into IPv6 as IPv4), else absent."""

    of: Expression


@dataclass(frozen=True, slots=True)
class NotIp:
    """The text if it is no IP address, else absent."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Millis:
    """A time text (ISO 8601) or epoch number as epoch milliseconds; absent if it is neither."""

    of: Expression


@dataclass(frozen=True, slots=True)
class EpochMillis:
    """The record's time in epoch milliseconds (OCSF `timestamp_t`)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A JSON list of the values that are present; absent when none is."""

    of: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """The text's non-empty parts between separators (an RE2 pattern), at most 256 of them.

    With `key` they are a JSON list of objects `{key: part}`, else of texts.
    """

    of: Expression
    separator: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Obj:
    """A JSON object of a tree of its own; absent when none of its varying values is present.

    With `needs`, it is absent unless each of these leaves (keys of the tree) has a value.
    """

    tree: Mapping[str, Expression]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class When:
    """The expression where another one's text (in lower case) is one of the values, else absent."""

    test: Expression
    values: frozenset[str]
    then: Expression


@dataclass(frozen=True, slots=True)
class Raw:
    """A raw field's JSON value as it stands (object, list, number), nulls dropped.

    With `kind` (`object` or `array`), a value of another JSON type is absent.
    """

    name: str
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """A raw list's texts, joined by blanks."""

    name: str


@dataclass(frozen=True, slots=True)
class EachAs:
    """A raw list's texts as a list of objects `{key: text}`, at most 256 of them.

    With `key` None it is the list of texts itself.
    """

    name: str
    key: str | None = None


Expression = (
    Field
    | Const
    | Integer
    | Scaled
    | Basename
    | AfterLast
    | BeforeLast
    | Between
    | Strip
    | Lower
    | Replace
    | Cut
    | Lookup
    | First
    | Join
    | Words
    | Unhexed
    | Arguments
    | Match
    | Ip
    | NotIp
    | Millis
    | EpochMillis
    | Listing
    | Split
    | Obj
    | When
    | Raw
    | Texts
    | EachAs
)

Tree = Mapping[str, Expression]

PRESENT: frozenset[str] = frozenset()
"""As the values of a rule's condition: the field holds any value."""


def f(*names: str) -> Field:
    """Write `f("Image")` for `Field(("Image",))`."""
    return Field(names)


def c(value: str | int | bool) -> Const:
    """Write `c(1)` for `Const(1)`."""
    return Const(value)


def num(*names: str, maximum: int | None = None) -> Integer:
    """Write `num("ProcessId")` for `Integer(Field(("ProcessId",)))`."""
    return Integer(Field(names), maximum)


def under(prefix: str, tree: Tree) -> dict[str, Expression]:
    """Put every path of a tree below a prefix."""
    return {f"{prefix}.{path}": expression for path, expression in tree.items()}


@dataclass(frozen=True, slots=True)
class Rule:
    """Which records it takes, and the tree of OCSF attribute paths to expressions.

    Every condition of `when` must hold: the field's text, in lower case, is one of the values
    (`PRESENT`: the field holds a value). The compiler adds `class_uid`, `category_uid`,
    `type_uid = class_uid * 100 + activity_id`, `time`, and `metadata.version`. An object whose
    leaves are all absent or constant is left out, so that constants (`file.type_id`) never
    stand alone.
    """

    name: str
    class_uid: int
    tree: Tree
    when: tuple[tuple[str, frozenset[str]], ...] = ()
    activity_id: Expression | int = 0
    severity_id: Expression | int = 1


@dataclass(frozen=True, slots=True)
class TimeField:
    """One way to find the record's time; ways are tried in order.

    `unit` is `iso` (ISO 8601, or `YYYY-MM-DD hh:mm:ss[.f]`; a text without zone is UTC),
    `epoch` (seconds, milliseconds, microseconds or nanoseconds, told apart by magnitude), `any`
    (either), `clf` (`10/Oct/2000:13:55:36 -0700`), or formats of strptime with `|` between them
    (`%a %b %d %H:%M:%S.%f %Y`; without zone it is UTC). `pattern` finds the text inside the field.
    `zone_from` names two fields that hold one instant, in UTC and in the record's local time: the
    zone of a local text is their difference rounded to a quarter of an hour.
    `also` names a field whose text follows after a blank: `TimeField("date", also="time")`.
    `refine_by` names a UTC text field that supplies the fraction when it lies in the same second.
    """

    name: str
    unit: str = "iso"
    pattern: str | None = None
    zone_from: tuple[str, str] | None = None
    refine_by: str | None = None
    also: str | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """One layout of a format's records.

    `present` tells it from others: of each set of document paths at least one must hold a value.
    Fields are looked up below the `roots` in order (`""` is the record itself), or, for the names
    in `aliases`, at those document paths.
    """

    name: str
    present: tuple[frozenset[str], ...] = ()
    roots: tuple[str, ...] = ("",)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


WRAPPERS = ("raw", "event", "_source")
"""Keys under which shippers and data sets put a whole record as an object."""


def with_wrapped(*shapes: Shape) -> tuple[Shape, ...]:
    """Give the shapes, and each once more for the record inside a wrapper's object."""
    return shapes + tuple(_below(wrapper, shape) for wrapper in WRAPPERS for shape in shapes)


def _below(wrapper: str, shape: Shape) -> Shape:
    def inside(path: str) -> str:
        return f"{wrapper}.{path}" if path else wrapper

    return Shape(
        name=f"{shape.name} in {wrapper}",
        present=tuple(frozenset(inside(path) for path in paths) for paths in shape.present),
        roots=tuple(inside(root) for root in shape.roots),
        aliases={
            name: tuple(inside(path) for path in paths) for name, paths in shape.aliases.items()
        },
    )


@dataclass(frozen=True, slots=True)
class Mapper:
    """A source format: its shapes, where its time is, and its rules, tried in order.

    `defaults` is a tree that every rule gets; a rule's own entry for the same path wins. The last
    rule has no conditions, so every record becomes an event. `explode` names the list of records
    that a document of the format may wrap. `keeps` marks the format that is OCSF already: the
    record stays as it is, without nulls. `differs` is a UTC time field and the issue an event gets
    where that field is more than 60 seconds away from the event's time. `layouts` say how text
    lines of the format become records; a format of JSON has none. `gathers` says which lines are
    one event's. `limits` says, for the page of sources, what the mapper does not do.
    """

    name: str
    title: str
    shapes: tuple[Shape, ...]
    times: tuple[TimeField, ...]
    rules: tuple[Rule, ...]
    nulls: frozenset[str] = frozenset({""})
    defaults: Tree = field(default_factory=dict[str, Expression])
    explode: str | None = None
    keeps: bool = False
    differs: tuple[str, str] | None = None
    layouts: tuple[Layout, ...] = ()
    gathers: Gathering | None = None
    limits: str = ""


def fields_of(part: object) -> frozenset[str]:
    """List the raw names a rule, tree or expression looks at, for a shape that respells them."""
    if isinstance(part, Field):
        return frozenset(part.names)
    if isinstance(part, Raw | EachAs):
        return frozenset({part.name})
    if isinstance(part, Mapping):
        inner = list(cast(Mapping[str, object], part).values())
    elif isinstance(part, tuple):
        inner = list(cast(tuple[object, ...], part))
    elif is_dataclass(part):
        inner = [getattr(part, each.name) for each in dataclass_fields(part)]
        if isinstance(part, Rule):
            inner.append(tuple(f(name) for name, _ in part.when))
    else:
        return frozenset()
    return frozenset[str]().union(*(fields_of(each) for each in inner))
