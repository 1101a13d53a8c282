"""Observables of STIX 2.1 (§6) and of STIX 2.0's observed data as one value each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sentree.intel.stix import StixObject
from sentree.intel.stix_pattern import kind_of

TYPES = frozenset(
    (
        "artifact",
        "autonomous-system",
        "directory",
        "domain-name",
        "email-addr",
        "email-message",
        "file",
        "ipv4-addr",
        "ipv6-addr",
        "mac-addr",
        "mutex",
        "network-traffic",
        "process",
        "software",
        "url",
        "user-account",
        "windows-registry-key",
        "x509-certificate",
    )
)
_PLAIN = {
    "autonomous-system": "number",
    "directory": "path",
    "email-message": "subject",
    "mutex": "name",
    "process": "command_line",
    "software": "name",
    "user-account": "account_login",
    "windows-registry-key": "key",
    "x509-certificate": "serial_number",
}


class Observed(NamedTuple):
    """A value that was observed."""

    kind: str
    value: str


def is_observable(one: StixObject) -> bool:
    """Tell whether an object is a cyber observable or a set of observations."""
    return one.type in TYPES or one.type in ("observed-data", "x-misp-object", "x-misp-attribute")


def observed_values(one: StixObject) -> tuple[Observed, ...]:
    """List what an object observed: each hash of a file, each address, each name, once."""
    if one.type in TYPES:
        return tuple(dict.fromkeys(_values(one.type, one.body)))
    nested = one.body.get("objects")
    if one.type == "observed-data" and isinstance(nested, dict):
        found = (
            value
            for body in nested.values()
            if isinstance(body, dict) and isinstance(body.get("type"), str)
            for value in _values(body["type"], body)
        )
        return tuple(dict.fromkeys(found))
    if one.type.startswith("x-misp"):
        return tuple(dict.fromkeys(_misp(one.body)))
    return ()


def _values(kind: str, body: dict[str, Any]) -> Iterator[Observed]:
    hashes = body.get("hashes")
    for value in hashes.values() if isinstance(hashes, dict) else ():
        if isinstance(value, str):
            yield Observed("hash", value)
    key = _PLAIN.get(kind, "name" if kind == "file" else "value")
    value = body.get(key)
    if isinstance(value, str | int) and not isinstance(value, bool) and str(value):
        yield Observed(kind_of(kind, "value"), str(value))


def _misp(body: dict[str, Any]) -> Iterator[Observed]:
    value = body.get("x_misp_value")
    if isinstance(value, str):
        yield Observed(str(body.get("x_misp_type") or "misp"), value)
    listed = body.get("x_misp_attributes")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("value"), str):
            yield Observed(str(one.get("type") or "misp"), one["value"])
