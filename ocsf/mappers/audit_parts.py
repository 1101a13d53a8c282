"""What audit logs of services share: constants that need a sign, lists of typed things, verbs."""

from __future__ import annotations

from ocsf.mapping import (
    Const,
    Expression,
    Field,
    First,
    Integer,
    Ip,
    Listing,
    Lookup,
    Match,
    NotIp,
    Obj,
    Tree,
    When,
    c,
    f,
)

PLACES = 4
PORT_MAXIMUM = 65535
MESSAGE_LENGTH = 4096

VERBS = {
    **dict.fromkeys(("create", "add", "insert", "new", "register", "import", "upload"), 1),
    **dict.fromkeys(("allocate", "generate", "issue", "publish", "run", "fork", "invite"), 1),
    **dict.fromkeys(("get", "list", "read", "view", "search", "describe", "watch", "export"), 2),
    **dict.fromkeys(("download", "query", "check", "access", "test", "lookup", "clone"), 2),
    **dict.fromkeys(("fetch", "aggregated", "head", "show", "verify", "open", "count"), 2),
    **dict.fromkeys(("update", "set", "patch", "modify", "change", "edit", "enable"), 3),
    **dict.fromkeys(("disable", "rename", "move", "reset", "replace", "rotate", "transfer"), 3),
    **dict.fromkeys(("grant", "revoke", "attach", "detach", "start", "stop", "activate"), 3),
    **dict.fromkeys(("deactivate", "suspend", "unsuspend", "archive", "unarchive", "approve"), 3),
    **dict.fromkeys(("write", "assign", "unassign", "restore", "undelete", "configure"), 3),
    **dict.fromkeys(("block", "unblock", "lock", "unlock", "push", "merge", "put", "action"), 3),
    **dict.fromkeys(("delete", "remove", "destroy", "purge", "terminate", "deletecollection"), 4),
}
"""Words of operations, as an activity of API Activity."""

SEVERITIES = {
    **dict.fromkeys(("debug", "trace", "info", "informational", "notice", "unknown", "none"), 1),
    **dict.fromkeys(("low", "minor", "verbose"), 2),
    **dict.fromkeys(("medium", "moderate", "warn", "warning"), 3),
    **dict.fromkeys(("high", "error", "err", "major", "important"), 4),
    **dict.fromkeys(("critical", "crit", "alert"), 5),
    **dict.fromkeys(("fatal", "emergency", "emerg"), 6),
}
"""Words of a severity, as OCSF's number."""

SUCCESS = {
    **dict.fromkeys(("success", "succeeded", "successful", "succeed", "allow", "allowed"), 1),
    **dict.fromkeys(("true", "ok", "pass", "passed", "granted", "completed"), 1),
    **dict.fromkeys(("failure", "fail", "failed", "deny", "denied", "error", "false"), 2),
    **dict.fromkeys(("blocked", "rejected", "fraud", "invalid", "unauthorized"), 2),
}
"""Words of an outcome, as OCSF's status."""

HASHES = {"md5": ("MD5", 1), "sha1": ("SHA-1", 2), "sha256": ("SHA-256", 3)}
HTTP_METHODS = {
    name: number
    for number, name in enumerate(
        ("connect", "delete", "get", "head", "options", "post", "put", "trace", "patch"), start=1
    )
}
"""Methods in lower case, as an activity of HTTP Activity."""


def said(value: str | int | bool, *signs: str) -> Expression:
    """Give a constant where the record has one of the signs, so that it may stand alone."""
    return Lookup(f(*signs), {}, other=value)


def product(name: str, vendor: str, *profiles: str) -> Tree:
    """Give the metadata of a product's events."""
    tree: dict[str, Expression] = {
        "metadata.product.name": c(name),
        "metadata.product.vendor_name": c(vendor),
    }
    if profiles:
        tree["metadata.profiles"] = Listing(tuple(c(each) for each in profiles))
    return tree


def typed(
    listing: str,
    types: frozenset[str],
    leaves: tuple[str, ...],
    *,
    key: str = "type",
    places: int = PLACES,
) -> Expression:
    """Give the first leaf of the first entry of a list that is of one of the types."""
    return First(
        tuple(
            When(
                f(f"{listing}[{place}].{key}"),
                types,
                f(*(f"{listing}[{place}].{leaf}" for leaf in leaves)),
            )
            for place in range(places)
        )
    )


def parameter(listing: Field, name: str) -> Expression:
    """Give the value of a named entry in a list of `{"name": …, "value": …}`, in either order.

    Google's names of the value (`value`, `boolValue`, `intValue`, `multiValue`) are known.
    """
    value = r'(?:value|boolValue|intValue|multiValue)":\[?"?((?:[^"\\\]}]|\\.)+)"?\]?'
    return First(
        (
            Match(listing, rf'"name":"{name}","{value}'),
            Match(listing, rf'"{value},"name":"{name}"'),
        )
    )


def verb(operation: Expression, pattern: str = r"^([A-Za-z][a-z]+)") -> Expression:
    """Tell the activity of API Activity by the word the pattern finds."""
    return Lookup(Match(operation, pattern), VERBS, default=99)


def endpoint(address: Expression, fallback: Expression | None = None) -> Tree:
    """Give the members of an endpoint by its address, with or without port; else its name."""
    ip = First(
        (
            Ip(address),
            Ip(Match(address, r"^\[([^\]]{2,60})\]")),
            Ip(Match(address, r"^([0-9.]{7,15}):\d{1,5}$")),
        )
    )
    tree: dict[str, Expression] = {
        "ip": ip,
        "port": Integer(Match(address, r"(?:\]|^[0-9.]{7,15}):(\d{1,5})$"), PORT_MAXIMUM),
    }
    if fallback is not None:
        tree["svc_name"] = NotIp(First((ip, fallback)))
    return tree


def place(city: Expression, region: Expression, country: Expression) -> Tree:
    """Give the members of a location."""
    return {
        "city": city,
        "region": region,
        "country": Match(country, r"^([A-Z]{2})$"),
    }


def activities(operation: Expression, table: dict[str, int], default: int = 99) -> Expression:
    """Give the activity of an operation by a table with keys in lower case."""
    return Lookup(operation, table, default=default)


def hashes(**names: tuple[str, ...]) -> Expression:
    """Give the list of a file's hashes: `hashes(md5=("MD5",), sha256=("SHA256",))`."""
    return Listing(
        tuple(
            Obj(
                {
                    "algorithm": Const(HASHES[name][0]),
                    "algorithm_id": Const(HASHES[name][1]),
                    "value": f(*fields),
                }
            )
            for name, fields in names.items()
        )
    )
