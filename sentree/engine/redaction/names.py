"""Finds names that are known (of users, hosts, ...) and values that have a shape (addresses)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address

from sentree.engine.redaction.spans import Span, ascii_lower

LEAST = 3
KEPT = frozenset(
    {
        "system", "root", "administrator", "admin", "guest", "nobody", "daemon", "anonymous",
        "everyone", "unknown", "none", "null", "users", "user", "host", "hosts", "test",
        "event", "events", "raw", "time", "message", "name", "local", "localhost", "service",
        "network", "krbtgt", "defaultaccount", "www-data", "sshd", "cron", "sudo", "syslog",
        "public", "default", "true", "false", "windows", "linux", "select", "from", "where",
        "and", "not", "order", "group", "count", "detections", "documents", "class", "answer",
        "object", "string", "array", "integer", "number", "boolean", "type", "properties",
        "required", "items", "enum", "description", "question",
    }
)  # fmt: skip
"""Accounts that every system has, and words that a query is made of: they are nobody's name."""

_WELL_KNOWN = frozenset(
    ("local service", "network service", "anonymous logon", "nt authority", "n/a")
)
_WORD = re.compile(r"\w+")
_EMAIL = re.compile(
    r"(?<![\w.+%-])[A-Za-z0-9_.+%-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}(?![\w-])"
)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:.])")


class KnownNames:
    """Values by kind; found whole, in any case, the longest first.

    One look at each word of a text, whatever the number of names.
    """

    def __init__(self, values: Mapping[str, Iterable[str]]) -> None:
        self._starting: dict[str, list[tuple[str, str]]] = {}
        for kind, names in values.items():
            for name in names:
                self._add(kind, name)
        for found in self._starting.values():
            found.sort(key=lambda pair: -len(pair[0]))

    def _add(self, kind: str, name: str) -> None:
        low = ascii_lower(name).strip().rstrip("$")
        # DOMAIN\name: the domain is nobody's name, and a backslash means something in code.
        low = low.rpartition("\\")[2]
        if kind == "host" and "." in low and not low.replace(".", "").isdigit():
            self._add(kind, low.partition(".")[0])
        if kind == "user" and "@" in low:
            self._add(kind, low.partition("@")[0])
        first = _WORD.match(low)
        if len(low) < LEAST or low in KEPT or low in _WELL_KNOWN or low.isdigit():
            return
        if low.startswith("s-1-"):
            return
        if first is not None and (low, kind) not in self._starting.get(first[0], ()):
            self._starting.setdefault(first[0], []).append((low, kind))

    def __bool__(self) -> bool:
        return bool(self._starting)

    def find(self, lower: str) -> Iterator[Span]:
        """Find the names in a text that is in lower case."""
        starting = self._starting
        end = 0
        for word in _WORD.finditer(lower):
            names = starting.get(word[0])
            if names is None or word.start() < end:
                continue
            for name, kind in names:
                stop = word.start() + len(name)
                if lower.startswith(name, word.start()) and not _goes_on(lower, stop, name):
                    yield Span(word.start(), stop, kind)
                    end = stop
                    break


def find_emails(text: str) -> Iterator[Span]:
    """Find mail addresses."""
    if "@" in text:
        for found in _EMAIL.finditer(text):
            yield Span(*found.span(), "mail")


def find_addresses(text: str) -> Iterator[Span]:
    """Find IP addresses; those that mean "this machine" or "any" are nobody's."""
    for pattern in (_IPV4, _IPV6):
        for found in pattern.finditer(text):
            try:
                address = ip_address(found[0])
            except ValueError:
                continue
            if address.is_loopback or address.is_unspecified or str(address) == "255.255.255.255":
                continue
            yield Span(*found.span(), "lanip" if address.is_private else "ip")


def _goes_on(text: str, stop: int, name: str) -> bool:
    """Tell whether a word goes on after a name that seemed to end."""
    following = text[stop : stop + 1]
    return bool(following) and (following.isalnum() or following == "_") and name[-1].isalnum()
