"""What an event must hold to be looked at by a rule: words in fields, and how they go together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sentree.rules.predicate import Form

WordOp = Literal["equals", "contains", "startswith", "endswith"]
SHORTEST = 2
"""A shorter word is in nearly every text: looking for it costs more than it saves."""
TELLING = 6
"""So long a word is rare enough that others which must be there as well add little."""


@dataclass(frozen=True, slots=True)
class Word:
    """The field, in this form, must compare so with the value (for form "l", in any case).

    A field of None is the whole record.
    """

    field: str | None
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


def words(need: Need) -> Iterator[Word]:
    """Give every word of a need."""
    stack: list[Need] = [need]
    while stack:
        match stack.pop():
            case Word() as word:
                yield word
            case AllOf(items) | OneOf(items):
                stack.extend(items)


def joined(kind: type[AllOf | OneOf], needs: Sequence[Need]) -> Need | None:
    """Put needs together; None where there are none."""
    different = tuple(dict.fromkeys(needs))
    if not different:
        return None
    return different[0] if len(different) == 1 else kind(different)


def telling(pieces: Sequence[str]) -> list[str]:
    """Of texts that must all be there, choose those worth looking for."""
    worth = [piece for piece in dict.fromkeys(pieces) if len(piece) >= SHORTEST]
    longest = max(worth, key=len, default="")
    return [longest] if len(longest) >= TELLING else worth
