"""By which of its attributes an OCSF object may stand: without one of them it says nothing valid.

OCSF requires one of these (or the only one) of an object wherever it appears. The compiler leaves
an object out that has none, so that a port alone makes no endpoint.
"""

from __future__ import annotations

_ENDPOINT = frozenset(
    {
        *("ip", "uid", "name", "hostname", "svc_name", "instance_uid", "interface_uid"),
        *("interface_name", "domain"),
    }
)
_NAMED = frozenset({"name", "uid"})

IDENTIFIED_BY: dict[str, frozenset[str]] = {
    "src_endpoint": _ENDPOINT,
    "dst_endpoint": _ENDPOINT,
    "user": frozenset({"name", "uid", "account"}),
    "location": frozenset({"city", "country", "postal_code", "region"}),
    "url": frozenset({"url_string", "path"}),
    "firewall_rule": _NAMED,
    "group": _NAMED,
    "image": frozenset({"uid"}),
    "remediation": frozenset({"desc"}),
    "file": frozenset({"name"}),
}
"""Attribute name to the attributes of which one must be there."""
