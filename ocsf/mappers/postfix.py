"""Postfix in syslog: mail queued, delivered, refused; connections; SASL logons."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers.syslog_parts import (
    FAILURE,
    HERE,
    MESSAGE,
    PROGRAM,
    SUCCESS,
    fallback,
    on,
    program_log,
)
from ocsf.mapping import (
    PRESENT,
    First,
    Ip,
    Listing,
    Lookup,
    Match,
    NotIp,
    Rule,
    Tree,
    c,
    f,
    num,
)

QUEUE = r"(?P<queue>[0-9A-F]{5,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}|NOQUEUE)"
PEER = r"(?P<name>[^\s\[]+)\[(?P<ip>[^\]]+)\](?::(?P<port>\d+))?"
PATTERNS: tuple[tuple[str, str], ...] = (
    ("delivery", rf"^{QUEUE}: to=<(?P<to>[^>]*)>,(?: orig_to=<(?P<orig_to>[^>]*)>,)? relay=(?:{PEER}|(?P<relay>\S+?)),.*?(?:dsn=(?P<dsn>[\d.]+), )?status=(?P<status>\w+)(?: \((?P<detail>.*)\))?$"),
    ("queued", rf"^{QUEUE}: from=<(?P<from>[^>]*)>, size=(?P<size>\d+)(?:, nrcpt=(?P<nrcpt>\d+))?"),
    ("refused", rf"^{QUEUE}: (?P<what>reject|milter-reject|discard|hold|warn|redirect): (?P<stage>\S+) from {PEER}: (?P<detail>.*?);? from=<(?P<from>[^>]*)>(?: to=<(?P<to>[^>]*)>)?(?: proto=(?P<proto>\S+))?(?: helo=<(?P<helo>[^>]*)>)?"),
    ("client", rf"^{QUEUE}: client={PEER}(?:, sasl_method=(?P<method>[^,]+), sasl_username=(?P<user>\S+))?"),
    ("message", rf"^{QUEUE}: (?:resent-)?message-id=<?(?P<message_id>[^>]*)>?"),
    ("auth_failed", rf"^warning: {PEER}: SASL (?P<method>\S+) authentication failed:? ?(?P<detail>.*?)(?:, sasl_username=(?P<user>\S+))?$"),
    ("connect", rf"^connect from {PEER}"),
    ("disconnect", rf"^(?:disconnect|lost connection after \S+|timeout after \S+) from {PEER}"),
)  # fmt: skip

PEER_END: Tree = {
    "src_endpoint.ip": Ip(f("ip")),
    "src_endpoint.hostname": Match(f("name"), r"^([^\s]*[.][^\s]*)$"),
    "src_endpoint.port": num("port", maximum=65_535),
}
MAIL: Tree = {
    **MESSAGE,
    **PROGRAM,
    "email.from": f("from"),
    "email.to": Listing((f("to"),)),
    "email.uid": f("queue"),
    "email.size": num("size"),
    "message_trace_uid": f("queue"),
    "smtp_hello": f("helo"),
    "protocol_name": f("proto"),
    "status_detail": f("detail"),
    "status_code": f("dsn"),
}
INSIDE = {"local": 1, "lmtp": 1, "virtual": 1, "pipe": 1}

MAPPER = program_log(
    name="postfix",
    title="Postfix in syslog",
    made_by=("Postfix", "Postfix"),
    layouts=(
        Layout(
            name="postfix",
            apps=frozenset(
                f"postfix{part}/{program}"
                for part in ("", "/submission", "/smtps", "/submissions")
                for program in (
                    *("smtpd", "smtp", "qmgr", "cleanup", "local", "lmtp", "virtual", "pipe", "bounce", "error"),
                    *("pickup", "master", "anvil", "postscreen", "scache", "discard", "trivial-rewrite", "tlsmgr", "relay"),
                )
            ),
            patterns=PATTERNS,
        ),
    ),
    rules=(
        Rule(
            name="delivery",
            class_uid=4009,
            activity_id=1,
            when=(*on("delivery"), ("to", PRESENT)),
            tree={
                **MAIL,
                "direction_id": Lookup(Match(f("syslog.app"), r"/(\w+)$"), INSIDE, default=2),
                "status_id": Lookup(f("status"), {"sent": 1, "bounced": 2, "deferred": 2, "expired": 2, "undeliverable": 2, "deliverable": 1}, other=99),
                "dst_endpoint.ip": Ip(f("ip")),
                "dst_endpoint.hostname": First((f("name"), NotIp(f("relay")))),
                "dst_endpoint.port": num("port", maximum=65_535),
                "unmapped.status": f("status"),
                "unmapped.orig_to": f("orig_to"),
            },
        ),
        Rule(
            name="queued",
            class_uid=4009,
            activity_id=5,
            when=(*on("queued"), ("from", PRESENT)),
            tree={**MAIL, "direction_id": c(0), "unmapped.recipients": num("nrcpt")},
        ),
        Rule(
            name="refused",
            class_uid=4009,
            activity_id=2,
            severity_id=2,
            when=(*on("refused"), ("to", PRESENT)),
            tree={**MAIL, **PEER_END, **HERE, **FAILURE, "direction_id": c(1), "unmapped.stage": f("stage"), "unmapped.verdict": f("what")},
        ),
        Rule(
            name="logon refused",
            class_uid=3002,
            activity_id=1,
            severity_id=2,
            when=on("auth_failed"),
            tree={
                **MESSAGE, **PROGRAM, **PEER_END, **HERE, **FAILURE,
                "user.name": First((f("user"), Lookup(f("body"), {}, other="unknown"))),
                "service.name": c("smtp"),
                "auth_protocol_id": c(99),
                "auth_protocol": f("method"),
                "logon_type_id": c(3),
                "is_remote": c(True),
                "status_detail": f("detail"),
            },
        ),
        Rule(
            name="logon",
            class_uid=3002,
            activity_id=1,
            when=(*on("client"), ("user", PRESENT)),
            tree={
                **MESSAGE, **PROGRAM, **PEER_END, **HERE, **SUCCESS,
                "user.name": f("user"),
                "service.name": c("smtp"),
                "auth_protocol_id": c(99),
                "auth_protocol": f("method"),
                "logon_type_id": c(3),
                "is_remote": c(True),
                "unmapped.queue": f("queue"),
            },
        ),
        *(
            Rule(
                name=event,
                class_uid=4001,
                activity_id=activity,
                when=on(event),
                tree={**MESSAGE, **PROGRAM, **PEER_END, **HERE, "app_protocol_name": c("smtp"), "connection_info.direction_id": c(1), "connection_info.protocol_name": c("tcp"), "unmapped.queue": f("queue")},
            )
            for event, activity in (("connect", 1), ("client", 6), ("disconnect", 2))
        ),
        fallback({"unmapped.queue": f("queue"), "unmapped.message_id": f("message_id")}),
    ),
)  # fmt: skip
