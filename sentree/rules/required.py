"""Finds what an event must hold for a condition to be true: words in fields, cheap to look for.

The result is necessary, never sufficient: whatever can't be said with words is left out, which can
only let more events through. The condition itself is then tested on those that are left.
"""

from __future__ import annotations

from sentree.rules.ir import And, Node, Number, Or, Pattern, Text
from sentree.rules.need import SHORTEST, AllOf, Need, OneOf, Word, joined, telling
from sentree.rules.predicate import EXACT_INTEGERS
from sentree.rules.required_by_regex import required_by_regex


def required(node: Node) -> Need | None:
    """Give what must hold wherever the condition is true; None where that can't be told."""
    match node:
        case And(items):
            return joined(AllOf, [need for need in map(required, items) if need is not None])
        case Or(items):
            needs = list(map(required, items))
            known = [need for need in needs if need is not None]
            return joined(OneOf, known) if len(known) == len(needs) else None
        case Text():
            return _text(node)
        case Pattern(field, regex):
            return required_by_regex(field, regex)
        case Number(op="="):
            text = Word(node.field, "c", "equals", str(node.value))
            if abs(node.value) > EXACT_INTEGERS:
                return text
            return OneOf((text, Word(node.field, "n", "equals", float(node.value))))
        case _:
            return None


def _text(atom: Text) -> Need | None:
    # Lower case holds letter by letter: a cased comparison is never true where the one of the
    # lower cases isn't.
    if atom.op == "equals":
        return Word(atom.field, "l", "equals", atom.value)
    if atom.op == "like":
        pieces = telling(_pieces(atom.value))
        return joined(AllOf, [Word(atom.field, "l", "contains", piece) for piece in pieces])
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
