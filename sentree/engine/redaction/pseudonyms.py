"""Stable names in the place of people's and machines' own, made and turned back.

A pseudonym is `user-3f2a9c1d`: a kind, and eight digits of a keyed hash of the value in lower
case. The case of the kind tells the case of the value, so that SQL's `lower()` and a model's eye
see what belongs together; any other spelling has a tag (`user.7e-3f2a9c1d`).
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from threading import Lock

LOOKS = re.compile(
    r"(?<![A-Za-z0-9_])(?:(?i:user|host|mail|ip|lanip|text|name)(?:\.[0-9a-f]{2,8})?-[0-9A-Fa-f]{8})"
    r"(?![A-Za-z0-9_])"
)
"""What has the shape of a pseudonym. In a text of ours it is one value more to be replaced."""

REVERSIBLE = re.compile(r"[\w.@$:+%/ -]{1,256}")
"""Values that mean themselves in SQL, in Python and in JSON; no other is ever put back there."""


class Pseudonyms:
    """Makes pseudonyms and turns back those it made. Any thread may use it."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._lock = Lock()
        self._made: dict[tuple[str, str], str] = {}
        self._back: dict[str, str] = {}

    def of(self, kind: str, value: str) -> str:
        """Give the pseudonym of a value: always the same, and no other value's."""
        known = self._made.get((kind, value))
        if known is not None:
            return known
        with self._lock:
            return self._made.setdefault((kind, value), self._new(kind, value))

    def back(self, text: str) -> str:
        """Put the values in the place of the pseudonyms that were made here."""
        return LOOKS.sub(lambda match: self._value(match[0]), text)

    def counts(self) -> dict[str, int]:
        """Count the distinct values by kind; spellings that differ in case are one."""
        with self._lock:
            found = {(kind, value.lower()) for kind, value in self._made if kind != "text"}
        kinds = [kind for kind, _ in found]
        return {kind: kinds.count(kind) for kind in sorted(set(kinds))}

    def tag(self, kind: str, value: str, digits: int = 8) -> str:
        """Give digits of a keyed hash of a value."""
        data = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, data, sha256).hexdigest()[:digits]

    def _new(self, kind: str, value: str) -> str:
        digits = self.tag(kind, value.lower())
        cased = _cased(kind, value) or f"{kind}.{self.tag('spelling', value, 2)}"
        name = f"{cased}-{digits}"
        size = 3
        while self._back.get(name, value) != value:
            name = f"{kind}.{self.tag('spelling', value, size)}-{digits}"
            size += 1
        self._back[name] = value
        return name

    def _value(self, name: str) -> str:
        found = self._back.get(name)
        if found is None:
            # Models change the case of what they repeat.
            kind, _, digits = name.rpartition("-")
            found = self._back.get(f"{kind}-{digits.lower()}")
            found = found or self._back.get(f"{kind.lower()}-{digits.lower()}")
        return name if found is None else found


def _cased(kind: str, value: str) -> str | None:
    """Give the kind in the case of the value, if the value can be told from that."""
    if value == value.lower():
        return kind
    if value == value.upper():
        return kind.upper()
    return kind.capitalize() if value == value.lower().capitalize() else None
