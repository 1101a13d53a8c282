"""What an indicator's pattern looks for: the values it compares, whatever their order.

Patterns are read by the grammar of `sentree.intel.pattern_parse`. Of those that break it, the
comparisons that can be made out are listed all the same: a reader wants to see what is in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from sentree.intel.pattern import Comparison, Constant, comparisons
from sentree.intel.pattern_parse import PatternError, parse_pattern

MAX_PATTERN = 20_000

_COMPARISON = re.compile(
    r"""(?P<type>[A-Za-z0-9_-]+)\s*:\s*(?P<path>[A-Za-z_][\w-]*(?:\.[\w-]+|\.'[^']*'|\['[^']*'\]|\[\d+\]|\[\*\])*)
    \s*(?P<negated>NOT\s+)?(?P<operator>=|!=|<>|LIKE|MATCHES|ISSUBSET|ISSUPERSET|IN|[<>]=?)\s*
    (?P<value>\((?:[^()']|'(?:\\.|[^'\\])*')*\)|'(?:\\.|[^'\\])*'|t'[^']*'|-?[\d.]+|true|false)""",
    re.VERBOSE | re.IGNORECASE,
)
_VALUE = re.compile(r"'((?:\\.|[^'\\])*)'|(-?\d[\d.]*|true|false)", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(.)")

_KINDS = {
    "ipv4-addr": "ip",
    "ipv6-addr": "ip",
    "domain-name": "domain",
    "url": "url",
    "email-addr": "email",
    "email-message": "email",
    "windows-registry-key": "registry",
    "mutex": "mutex",
    "process": "process",
    "user-account": "account",
    "x509-certificate": "certificate",
    "autonomous-system": "as",
    "mac-addr": "mac",
    "directory": "directory",
    "software": "software",
}


class Looked(NamedTuple):
    """One comparison of a pattern: what kind of thing, and the value it is compared with.

    `operator` begins with `NOT ` where the comparison is negated.
    """

    kind: str
    path: str
    operator: str
    value: str


@lru_cache(maxsize=100_000)
def read_pattern(pattern: str) -> tuple[Looked, ...]:
    """List the comparisons of a pattern in order, each once."""
    try:
        parsed = parse_pattern(pattern)
    except PatternError:
        return _made_out(pattern)
    return tuple(dict.fromkeys(one for each in comparisons(parsed) for one in _looked(each)))


def _looked(one: Comparison) -> Iterator[Looked]:
    kind = kind_of(one.path.type.lower(), str(one.path).partition(":")[2])
    operator = f"NOT {one.operator}" if one.negated else one.operator
    for value in one.values:
        yield Looked(kind, str(one.path), operator, _text(value))


def _text(value: Constant) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _made_out(pattern: str) -> tuple[Looked, ...]:
    """List what can be made out of a pattern that the grammar does not take."""
    found: dict[Looked, None] = {}
    for match in _COMPARISON.finditer(pattern[:MAX_PATTERN]):
        path = f"{match['type']}:{match['path']}"
        operator = f"{'NOT ' if match['negated'] else ''}{match['operator'].upper()}"
        for text, number in _VALUE.findall(match["value"]):
            value = _ESCAPE.sub(r"\1", text) if text else number
            kind = kind_of(match["type"].lower(), match["path"])
            found[Looked(kind, path, operator, value)] = None
    return tuple(found)


def kind_of(sco: str, path: str) -> str:
    """Name the kind of an observable: ip, domain, url, hash, file, …; else its own type."""
    if sco == "file":
        return "hash" if "hashes" in path.lower() else "file"
    if sco == "network-traffic":
        return "network"
    if sco in ("ipv4-addr", "ipv6-addr") and "value" not in path:
        return "network"
    return _KINDS.get(sco, sco)
