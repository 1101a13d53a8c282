"""Finds an entity in text: as a whole name, not as a piece of another's."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address
from typing import NamedTuple

from schemas.upkeep import Entity
from sentree.errors import UsageError

KINDS = ("user", "host", "ip", "text")
SHORTEST = 2
# A letter after a backslash may be the end of an escape of JSON: \n, \t.
ESCAPED = r"(?:^|[^\\])(?:\\\\)*\\[bfnrt]"


class Pattern(NamedTuple):
    """How an entity stands in text: writings of it, and a regex of DuckDB for all of them."""

    writings: tuple[str, ...]
    regex: str


def read_entity(text: str) -> Entity:
    """Read `KIND=VALUE`.

    Raises:
        UsageError: it is none, or the kind is unknown, or the value says too little.
    """
    kind, equals, value = text.partition("=")
    kind, value = kind.strip().lower(), value.strip()
    if not equals or kind not in KINDS:
        raise UsageError(f"--entity {text}: write KIND=VALUE, KIND one of {', '.join(KINDS)}")
    if len(value) < SHORTEST:
        raise UsageError(f"--entity {text}: a value of {SHORTEST} characters or more")
    if kind == "ip":
        try:
            ip_address(value)
        except ValueError:
            raise UsageError(f"--entity {text}: {value} is no IP address") from None
    return Entity(kind=kind, value=value)


def pattern_of(entity: Entity) -> Pattern:
    """Compile how an entity is found, upper or lower case.

    A user or host stands between characters that are of no name; a host also before its domain, a
    user before or after it. Text stands anywhere. JSON may write what is not ASCII as escapes.
    """
    writings = _writings(entity)
    words = "|".join(_escaped(word) for word in writings)
    if entity.kind == "ip":
        before, after = r"(?:^|[^0-9a-z.:]|[^0-9a-f]:)", r"(?:$|[^0-9a-z.:]|[.:](?:$|[^0-9a-f]))"
        if ":" not in entity.value:
            before, after = r"(?:^|[^0-9a-z.])", r"(?:$|[^0-9a-z.]|\.(?:$|[^0-9]))"
    elif entity.kind == "text":
        before = after = ""
    else:
        # A minus is part of a name: ws01-backup is another host than ws01.
        before, after = rf"(?:^|[^\pL\pN_-]|{ESCAPED})", r"(?:$|[^\pL\pN_-])"
    if entity.kind == "ip":
        before = before[:-1] + f"|{ESCAPED})"
    return Pattern(writings, f"(?is){before}(?:{words}){after}")


def _writings(entity: Entity) -> tuple[str, ...]:
    value = entity.value
    values = [value, value.lower(), value.upper()]
    if entity.kind == "ip":
        address = ip_address(value)
        values += [address.compressed, address.exploded]
    escaped = [json.dumps(each)[1:-1] for each in values]
    quoted = [json.dumps(each, ensure_ascii=False)[1:-1] for each in values]
    return tuple(dict.fromkeys([*values, *quoted, *escaped]))


def _escaped(word: str) -> str:
    # RE2 takes a backslash before ASCII punctuation only.
    return re.sub(r"([!-/:-@\[-^`{-~])", r"\\\1", word)
