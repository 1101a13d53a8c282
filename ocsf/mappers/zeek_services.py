"""Zeek's logs of services that hand out addresses, move files and mail, and let users in."""

from __future__ import annotations

from ocsf.mappers.zeek_parts import CONNECTION, ENDPOINTS, MESSAGE_LENGTH
from ocsf.mapping import (
    Basename,
    Cut,
    EachAs,
    Expression,
    First,
    Ip,
    Join,
    Listing,
    Lookup,
    Match,
    Obj,
    Raw,
    Scaled,
    Tree,
    c,
    f,
    num,
)

DHCP = {
    "discover": 1,
    "offer": 2,
    "request": 3,
    "decline": 4,
    "ack": 5,
    "nak": 6,
    "release": 7,
    "inform": 8,
}
FTP = {
    **dict.fromkeys(("stor", "stou", "appe"), 1),
    "retr": 2,
    "dele": 4,
    **dict.fromkeys(("rnfr", "rnto"), 5),
    **dict.fromkeys(("list", "nlst", "mlsd"), 6),
}
INDICATOR = f('"seen.indicator"', "seen_indicator", "seen.indicator")
INDICATOR_TYPE = f('"seen.indicator_type"', "seen_indicator_type", "seen.indicator_type")
ADDRESS = r"<?([^<>\s]+@[^<>\s]+)>?"

SERVICES: dict[str, tuple[int, Expression | int, Tree, tuple[str, ...]]] = {
    "intel": (
        2004,
        1,
        {
            "finding_info.title": Join((f("matched[0]"), INDICATOR), " "),
            "finding_info.uid": First((Join((INDICATOR, f("uid", "fuid")), "/"), INDICATOR)),
            "finding_info.types": Listing((INDICATOR_TYPE,)),
            "message": Cut(INDICATOR, MESSAGE_LENGTH),
            "evidences": Listing((Obj(ENDPOINTS),)),
            "unmapped.indicator": INDICATOR,
            "unmapped.where": f('"seen.where"', "seen_where", "seen.where"),
            "unmapped.sources": Raw("sources", "array"),
            "unmapped.file_mime_type": f("file_mime_type"),
            "unmapped.uid": f("uid"),
        },
        ("matched", "sources"),
    ),
    "dhcp": (
        4004,
        Lookup(f("msg_types[3]", "msg_types[2]", "msg_types[1]", "msg_types[0]"), DHCP, other=99),
        {
            "src_endpoint.ip": Ip(f("client_addr", "requested_addr", "assigned_addr")),
            "src_endpoint.mac": f("mac"),
            "src_endpoint.hostname": f("host_name", "client_fqdn"),
            "src_endpoint.domain": f("domain"),
            "dst_endpoint.ip": Ip(f("server_addr")),
            "dst_endpoint.port": num("server_port"),
            "lease_dur": num("lease_time"),
            "transaction_uid": f("uids[0]"),
            "is_renewal": Lookup(f("msg_types[0]"), {"request": True, "discover": False}),
            "unmapped.assigned": f("assigned_addr"),
            "unmapped.messages": Raw("msg_types", "array"),
            "unmapped.client_message": f("client_message"),
        },
        ("msg_types",),
    ),
    "ftp": (
        4008,
        Lookup(f("command"), FTP, other=99, default=0),
        {
            **CONNECTION,
            "command": f("command"),
            "codes": Listing((num("reply_code"),)),
            "file": Obj(
                {
                    "name": First((Basename(f("arg")), f("fuid"))),
                    "path": f("arg"),
                    "size": num("file_size"),
                    "mime_type": f("mime_type"),
                    "type_id": c(0),
                },
                needs=("path",),
            ),
            "unmapped.user": f("user"),
            "unmapped.reply": f("reply_msg"),
        },
        ("command", "reply_code"),
    ),
    "smtp": (
        4009,
        1,
        {
            **ENDPOINTS,
            "email.from": First((Match(f("mailfrom"), ADDRESS), Match(f("from"), ADDRESS))),
            "email.to": First((EachAs("rcptto"), EachAs("to"))),
            "email.subject": f("subject"),
            "email.message_uid": f("msg_id"),
            "email.reply_to": f("reply_to"),
            "email.uid": f("uid"),
            "direction_id": c(0),
            "smtp_hello": f("helo"),
            "status_code": Match(f("last_reply"), r"^(\d{3})"),
            "status_detail": f("last_reply"),
            "unmapped.user_agent": f("user_agent"),
            "unmapped.x_originating_ip": f("x_originating_ip"),
            "unmapped.tls": f("tls"),
            "unmapped.uid": f("uid"),
        },
        ("helo", "mailfrom"),
    ),
    "radius": (
        3002,
        1,
        {
            **ENDPOINTS,
            "user.name": f("username"),
            "src_endpoint.mac": f("mac"),
            "auth_protocol": c("RADIUS"),
            "auth_protocol_id": c(10),
            "status_id": Lookup(f("result"), {"success": 1, "failed": 2}, other=99, default=0),
            "status_detail": f("reply_msg"),
            "duration": Scaled(f("ttl"), 1000),
            "unmapped.uid": f("uid"),
        },
        ("username", "result"),
    ),
}
"""For each log: class, activity, tree, and the fields by which a record without a log name is
known to be of it."""
