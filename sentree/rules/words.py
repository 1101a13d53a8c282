"""Writes a compiled condition, and the events of a log source, as people read them."""

from __future__ import annotations

from collections.abc import Iterator

from sentree.rules.ir import (
    Absent,
    And,
    Exists,
    Network,
    Node,
    Not,
    Number,
    Or,
    Pattern,
    SameAs,
    Text,
    TimePart,
)
from sentree.rules.taxonomy import Condition, Source


def condition_words(node: Node) -> str:
    """Write a condition on one line."""
    match node:
        case And(items):
            return "(" + " AND ".join(map(condition_words, items)) + ")"
        case Or(items):
            return "(" + " OR ".join(map(condition_words, items)) + ")"
        case Not(item):
            return f"NOT {condition_words(item)}"
        case Text(field, op, value, cased):
            return f"{field or 'the record'} {op} '{value}'{' (case counts)' if cased else ''}"
        case Pattern(field, regex):
            return f"{field or 'the record'} matches /{regex}/"
        case Number(field, op, value):
            return f"{field} {op} {value}"
        case Network(field, first, last):
            return f"{field} is an address from {_address(first)} to {_address(last)}"
        case Absent(field):
            return f"{field} is absent or empty"
        case Exists(field):
            return f"{field} is there"
        case SameAs(field, other, op):
            return f"{field} {op} the field {other}"
        case TimePart(field, part, value, op):
            return f"the {part} of {field} {op} {value}"


def _address(key: str) -> str:
    from ipaddress import IPv4Address, IPv6Address

    family, _, digits = key.partition(":")
    return str((IPv4Address if family == "4" else IPv6Address)(int(digits, 16)))


def source_words(source: Source) -> tuple[str, ...]:
    """Say which events belong to a log source: any of these lines."""
    return tuple("; ".join(_tests(condition)) for condition in source.any)


def _tests(condition: Condition) -> Iterator[str]:
    if condition.channel:
        yield f"channel {' or '.join(condition.channel)}"
    if condition.provider:
        also = "without a channel, " if condition.channel else ""
        yield f"{also}provider {' or '.join(condition.provider)}"
    if condition.event_id:
        yield f"event id {' or '.join(condition.event_id)}"
    if condition.mapper:
        yield f"read as {' or '.join(condition.mapper)}"
    if condition.class_uid:
        yield f"OCSF class {' or '.join(map(str, condition.class_uid))}"
    if condition.activity_id:
        yield f"activity {' or '.join(map(str, condition.activity_id))}"
    if condition.os:
        yield f"system {condition.os}"
    if condition.has:
        yield f"with the fields {', '.join(condition.has)}"
    if condition.category:
        yield f"category {' or '.join(condition.category)}"
    if condition.text:
        yield "a line of text"
    if condition.named:
        yield f"naming itself {condition.named}"
