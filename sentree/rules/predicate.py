"""Writes a compiled condition as a DuckDB predicate over a bucket's columns.

Rule text never becomes part of the SQL: every value is a bound parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sentree.rules.ir import (
    Absent,
    And,
    Atom,
    Exists,
    Network,
    Node,
    Not,
    Number,
    Or,
    Pattern,
    SameAs,
    Text,
    TextOp,
    TimePart,
    atoms,
)

Form = Literal["c", "l", "n", "a"]
"""How a column holds a field: as it came, in lower case, as a number, as an address key."""

FORM_SQL: Mapping[Form, str] = {
    "c": "{}",
    "l": "lower({})",
    "n": "sigma_number({})",
    "a": "sigma_address({})",
}
EXACT_INTEGERS = 2**53


@dataclass(frozen=True, slots=True)
class Column:
    """A field's place in the bucket. A `many` column may hold lists; `v<n>` has their values."""

    number: int
    many: bool = False


@dataclass(slots=True)
class Predicate:
    """An SQL condition with its bound values, in order."""

    sql: str
    parameters: list[object] = field(default_factory=list[object])


def forms(node: Node) -> set[tuple[str | None, Form]]:
    """Give the columns, field and form, that a condition reads."""
    needed: set[tuple[str | None, Form]] = set()
    for atom in atoms(node):
        needed.add((atom.field, _form(atom)))
        if isinstance(atom, SameAs):
            needed.add((atom.other, "l"))
        if isinstance(atom, Number):
            needed.add((atom.field, "c"))
    return needed


def _form(atom: Atom) -> Form:
    match atom:
        case Text(cased=False) | SameAs():
            return "l"
        case Number():
            return "n"
        case Network():
            return "a"
        case _:
            return "c"


def predicate(node: Node, columns: Mapping[str | None, Column]) -> Predicate:
    """Write a condition. A field without a column is absent from every event."""
    parameters: list[object] = []
    return Predicate(_sql(node, columns, parameters), parameters)


def _sql(node: Node, columns: Mapping[str | None, Column], parameters: list[object]) -> str:
    match node:
        case And(items):
            return _joined(" AND ", items, columns, parameters)
        case Or(items):
            return _joined(" OR ", items, columns, parameters)
        case Not(item):
            return f"(NOT coalesce({_sql(item, columns, parameters)}, false))"
        case Absent():
            column = columns.get(node.field)
            return f"(coalesce(c{column.number}, '') IN ('', '[]'))" if column else "true"
        case Exists():
            column = columns.get(node.field)
            return f"(c{column.number} IS NOT NULL)" if column else "false"
        case SameAs():
            left, right = columns.get(node.field), columns.get(node.other)
            if not left or not right:
                return "false"
            return _same(node.op, left, right)
        case _:
            column = columns.get(node.field)
            if column is None:
                return "false"
            if column.many:
                test = _atom(node, _over_value, parameters)
                return f"(len(list_filter(v{column.number}, lambda x: {test})) > 0)"
            return _atom(node, {form: f"{form}{column.number}" for form in FORM_SQL}, parameters)


def _same(op: TextOp, left: Column, right: Column) -> str:
    """Compare two fields; of a list, any value will do."""
    test = _compared(
        op,
        "lower(x)" if left.many else f"l{left.number}",
        "lower(y)" if right.many else f"l{right.number}",
    )
    for letter, column in (("y", right), ("x", left)):
        if column.many:
            test = f"(len(list_filter(v{column.number}, lambda {letter}: {test})) > 0)"
    return test


_over_value: Mapping[Form, str] = {form: sql.format("x") for form, sql in FORM_SQL.items()}


def _joined(
    word: str,
    items: Sequence[Node],
    columns: Mapping[str | None, Column],
    parameters: list[object],
) -> str:
    return "(" + word.join(_sql(item, columns, parameters) for item in items) + ")"


def _atom(
    atom: Text | Pattern | Number | Network | TimePart,
    column: Mapping[Form, str],
    parameters: list[object],
) -> str:
    match atom:
        case Text():
            parameters.append(atom.value)
            if atom.cased:
                return _compared(atom.op, column["c"], "?")
            return _compared(atom.op, column["l"], "lower(?)")
        case Pattern():
            parameters.append(atom.regex)
            return f"regexp_matches({column['c']}, ?)"
        case Number():
            if atom.op != "=":
                parameters.append(float(atom.value))
                return f"({column['n']} {atom.op} ?)"
            parameters.append(str(atom.value))
            if abs(atom.value) > EXACT_INTEGERS:
                return f"({column['c']} = ?)"
            parameters.append(float(atom.value))
            return f"({column['c']} = ? OR {column['n']} = ?)"
        case Network():
            parameters += [atom.first, atom.last]
            return f"({column['a']} BETWEEN ? AND ?)"
        case TimePart():
            parameters.append(atom.value)
            return f"(date_part('{atom.part}', sigma_time({column['c']})) {atom.op} ?)"


def _compared(op: TextOp, left: str, right: str) -> str:
    match op:
        case "equals":
            return f"({left} = {right})"
        case "contains":
            return f"contains({left}, {right})"
        case "startswith":
            return f"starts_with({left}, {right})"
        case "endswith":
            return f"ends_with({left}, {right})"
        case "like":
            return f"({left} LIKE {right} ESCAPE '\\')"
