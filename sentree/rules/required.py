"""Finds what an event must hold for a condition to be true: words in fields, cheap to look for.

The result is necessary, never sufficient: whatever can't be said with words is left out, which can
only let more events through. The condition itself is then tested on those that are left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sentree.rules.ir import And, Node, Number, Or, Text
from sentree.rules.predicate import EXACT_INTEGERS, Form

WordOp = Literal["equals", "contains", "startswith", "endswith"]
SHORTEST = 2
"""A shorter word is in nearly every text: looking for it costs more than it saves."""


@dataclass(frozen=True, slots=True)
class Word:
    """The field, in this form, must compare so with the value (for form "l", in any case)."""

    field: str
    form: Form
    op: WordOp
    value: str | float


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every item must hold."""

    items: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """At least one item must hold."""

    items: tuple[Need, ...]


Need = Word | AllOf | OneOf


def required(node: Node) -> Need | None:
    """Give what must hold wherever the condition is true; None where that can't be told."""
    match node:
        case And(items):
            known = [need for need in map(required, items) if need is not None]
            return _joined(AllOf, known)
        case Or(items):
            needs = list(map(required, items))
            known = [need for need in needs if need is not None]
            return _joined(OneOf, known) if len(known) == len(needs) else None
        case Text(field=str()):
            return _text(node)
        case Number(op="="):
            text = Word(node.field, "c", "equals", str(node.value))
            if abs(node.value) > EXACT_INTEGERS:
                return text
            return OneOf((text, Word(node.field, "n", "equals", float(node.value))))
        case _:
            return None


def words(need: Need) -> Iterator[Word]:
    """Give every word of a need."""
    stack: list[Need] = [need]
    while stack:
        match stack.pop():
            case Word() as word:
                yield word
            case AllOf(items) | OneOf(items):
                stack.extend(items)


def _joined(kind: type[AllOf | OneOf], known: list[Need]) -> Need | None:
    if not known:
        return None
    return known[0] if len(known) == 1 else kind(tuple(dict.fromkeys(known)))


def _text(atom: Text) -> Need | None:
    # Lower case holds letter by letter: a cased comparison is never true where the one of the
    # lower cases isn't.
    assert atom.field is not None
    if atom.op == "equals":
        return Word(atom.field, "l", "equals", atom.value)
    if atom.op == "like":
        piece = max(_pieces(atom.value), key=len)
        return Word(atom.field, "l", "contains", piece) if len(piece) >= SHORTEST else None
    if len(atom.value) < SHORTEST:
        return None
    return Word(atom.field, "l", atom.op, atom.value)


def _pieces(pattern: str) -> list[str]:
    """Give the texts between the wildcards of a LIKE pattern."""
    pieces, escaped = [""], False
    for letter in pattern:
        if escaped or letter not in "\\%_":
            pieces[-1] += letter
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            pieces.append("")
    return pieces
