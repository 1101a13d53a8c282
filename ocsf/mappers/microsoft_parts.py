"""What Microsoft's cloud audit logs share: addresses with ports, names in lists, verbs."""

from __future__ import annotations

from ocsf.mapping import Expression, Field, First, Integer, Ip, Lookup, Match, NotIp, Tree

PORT_MAXIMUM = 65535
PROFILES = ("cloud",)
VENDOR = "Microsoft"

VERBS = {
    **dict.fromkeys(("new", "add", "create", "register", "upload", "install", "import"), 1),
    **dict.fromkeys(("get", "list", "search", "view", "read", "export", "download", "preview"), 2),
    **dict.fromkeys(("set", "update", "modify", "enable", "disable", "change", "reset", "move"), 3),
    **dict.fromkeys(("copy", "send", "consent", "grant", "apply", "start", "stop", "restore"), 3),
    **dict.fromkeys(("remove", "delete", "revoke", "purge", "harddelete", "softdelete"), 4),
    **dict.fromkeys(("mailitemsaccessed", "messagebind", "folderbind"), 2),
    **dict.fromkeys(("sendas", "sendonbehalf", "movetodeleteditems", "updateinboxrules"), 3),
}
"""The first word of an operation, as an activity of API Activity."""


def verb(operation: Field) -> Expression:
    """Tell an operation's activity by its whole first word, then by the words it is made of."""
    return First(
        (
            Lookup(Match(operation, r"^(\w+)"), VERBS),
            Lookup(Match(operation, r"^([A-Z][a-z]+)"), VERBS, default=99),
        )
    )


def client(address: Field, service: Expression) -> Tree:
    """Give the source endpoint of `1.2.3.4`, `1.2.3.4:5`, `::1` or `[::1]:5`.

    Where there is no address, the service called itself.
    """
    ip = First(
        (
            Ip(address),
            Ip(Match(address, r"^\[([^\]]{2,60})\]")),
            Ip(Match(address, r"^([0-9.]{7,15}):\d{1,5}$")),
        )
    )
    return {
        "src_endpoint.ip": ip,
        "src_endpoint.port": Integer(
            Match(address, r"(?:\]|^[0-9.]{7,15}):(\d{1,5})$"), PORT_MAXIMUM
        ),
        "src_endpoint.svc_name": NotIp(First((ip, service))),
    }


def named(listing: Field, name: str) -> Expression:
    """Give the value of a named entry in a list of `{"Name": …, "Value": …}`."""
    return Match(listing, rf'"Name":"{name}","Value":"((?:[^"\\]|\\.)+)"')


def cloud(account: Expression, sign: Field) -> Tree:
    """Give the tenant an event belongs to; `sign` is a field that every record has."""
    return {
        "cloud.provider": Lookup(sign, {}, other="Microsoft 365"),
        "cloud.account.uid": account,
    }
