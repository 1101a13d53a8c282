"""What an indicator's pattern looks for: the values it compares, whatever their order.

This reads STIX patterns (STIX 2.1 §9) well enough to list and compare indicators. It doesn't
evaluate them; a pattern in another language (Sigma, YARA, Snort) is named by its language.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

MAX_PATTERN = 20_000

_COMPARISON = re.compile(
    r"""(?P<type>[A-Za-z0-9_-]+)\s*:\s*(?P<path>[A-Za-z_][\w-]*(?:\.[\w-]+|\.'[^']*'|\['[^']*'\]|\[\d+\]|\[\*\])*)
    \s*(?:NOT\s+)?(?P<operator>=|!=|<>|LIKE|MATCHES|ISSUBSET|ISSUPERSET|IN|[<>]=?)\s*
    (?P<value>\((?:[^()']|'(?:\\.|[^'\\])*')*\)|'(?:\\.|[^'\\])*'|t'[^']*'|-?[\d.]+|true|false)""",
    re.VERBOSE | re.IGNORECASE,
)
_TEXT = re.compile(r"'((?:\\.|[^'\\])*)'|(-?\d[\d.]*|true|false)", re.IGNORECASE)
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
    """One comparison of a pattern: what kind of thing, and the value it is compared with."""

    kind: str
    path: str
    operator: str
    value: str


@lru_cache(maxsize=100_000)
def read_pattern(pattern: str) -> tuple[Looked, ...]:
    """List the comparisons of a pattern in order, each once."""
    found: dict[Looked, None] = {}
    for match in _COMPARISON.finditer(pattern[:MAX_PATTERN]):
        path = f"{match['type']}:{match['path']}"
        for text, number in _TEXT.findall(match["value"]):
            value = _ESCAPE.sub(r"\1", text) if text else number
            kind = kind_of(match["type"].lower(), match["path"])
            found[Looked(kind, path, match["operator"].upper(), value)] = None
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
