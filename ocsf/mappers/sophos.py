"""Sophos Firewall (XG, XGS, SFOS): `device="SFW" … log_type="Firewall" …` lines."""

# The tables are read better in long lines.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout, Pairs
from ocsf.mappers.http_parts import activity, url
from ocsf.mappers.syslog_parts import HEADER, LEVELS, NULLS, SYSLOG_TIME, TEXT, product
from ocsf.mapping import (
    PRESENT,
    Basename,
    Cut,
    Expression,
    First,
    Ip,
    Listing,
    Lookup,
    Lower,
    Mapper,
    Match,
    NotIp,
    Obj,
    Rule,
    Split,
    TimeField,
    Tree,
    c,
    f,
    num,
)

SEVERITIES = {
    "emergency": 6,
    "alert": 5,
    "critical": 5,
    "error": 4,
    "warning": 3,
    "notice": 1,
    "notification": 1,
    "information": 1,
    "debug": 1,
}
BY_WORD = Lookup(f("priority", "severity"), SEVERITIES, default=1)
USER = f("user_name", "user", "usr_name")
ENDS: Tree = {
    "src_endpoint.ip": Ip(f("src_ip", "source_ip", "sourceip")),
    "src_endpoint.port": num("src_port", maximum=65_535),
    "src_endpoint.interface_name": f("in_interface"),
    "src_endpoint.zone": f("src_zone", "srczone"),
    "dst_endpoint.ip": Ip(f("dst_ip", "destination_ip", "destinationip")),
    "dst_endpoint.port": num("dst_port", maximum=65_535),
    "dst_endpoint.interface_name": f("out_interface"),
    "dst_endpoint.zone": f("dst_zone", "dstzone"),
}
DECIDED = f("log_subtype", "status", "action")
ACTIONS = {
    "allowed": 1,
    "allow": 1,
    "accept": 1,
    "detect": 1,
    "denied": 2,
    "deny": 2,
    "drop": 2,
    "dropped": 2,
    "block": 2,
    "blocked": 2,
    "invalid traffic": 2,
    "virus": 2,
    "spam": 2,
    "probable spam": 2,
    "clean": 1,
    "pass": 1,
    "warn": 3,
    "outbound spam": 2,
}
MAIL_ACTIONS = {
    **dict.fromkeys(("accept", "queued", "prefix subject", "deliver"), 1),
    **dict.fromkeys(("reject", "drop", "tmpreject", "quarantine", "delete"), 2),
}
CONTROL: Tree = {
    "metadata.profiles": Listing((c("host"), c("security_control"))),
    "action": DECIDED,
    "action_id": Lookup(DECIDED, ACTIONS, other=99, default=0),
    "disposition_id": Lookup(DECIDED, ACTIONS, other=99, default=0),
}
COMMON: Tree = {
    "message": Cut(First((f("message"), f("body"))), 4096),
    "unmapped.component": f("log_component"),
    "unmapped.subtype": f("log_subtype"),
    "unmapped.rule": f("fw_rule_id"),
    "unmapped.app": f("app_name", "application"),
    "unmapped.user": USER,
}
FINDINGS = {
    "idp": "signature_msg", "ips": "signature_msg", "anti-virus": "virus", "atp": "threatname",
    "sandbox": "filename", "waf": "reason", "heartbeat": "log_component",
}  # fmt: skip

UTM_ENDS: Tree = {
    "src_endpoint.ip": Ip(f("srcip")),
    "src_endpoint.port": num("srcport", maximum=65_535),
    "src_endpoint.interface_name": f("initf"),
    "dst_endpoint.ip": Ip(f("dstip")),
    "dst_endpoint.port": num("dstport", maximum=65_535),
    "dst_endpoint.interface_name": f("outitf"),
}
UTM_COMMON: Tree = {
    **product("UTM", "Sophos"),
    "message": Cut(f("name", "message", "body"), 4096),
    "unmapped.name": f("name"),
    "unmapped.reason": f("reason"),
    "unmapped.user": f("user"),
    "unmapped.group": f("group"),
}
UTM_ACTION = f("action")
UTM_CONTROL: Tree = {
    "metadata.profiles": Listing((c("host"), c("security_control"))),
    "action": UTM_ACTION,
    "action_id": Lookup(UTM_ACTION, ACTIONS, other=99, default=0),
    "disposition_id": Lookup(UTM_ACTION, ACTIONS, other=99, default=0),
}


def _utm(
    name: str, uid: int, activity_id: Expression | int, subs: str, tree: Tree, **more: str
) -> Rule:
    """Give a rule for lines of a UTM's subsystem."""
    return Rule(
        name=f"UTM {name}",
        class_uid=uid,
        activity_id=activity_id,
        severity_id=Lookup(f("severity"), {**LEVELS, "debug": 1}, default=1),
        tree={**UTM_COMMON, **tree},
        when=(
            ("event", frozenset({"utm"})),
            ("sub", frozenset(subs.split())),
            *((field, PRESENT) for field in more.values()),
        ),
    )


UTM_RULES: tuple[Rule, ...] = (
    _utm(
        "web",
        4002,
        activity(f("method")),
        "http",
        {
            **UTM_ENDS,
            **UTM_CONTROL,
            "http_request.url": url(f("url")),
            "http_request.http_method": Match(
                f("method"), r"^(GET|HEAD|POST|PUT|DELETE|OPTIONS|CONNECT|TRACE|PATCH)$"
            ),
            "http_request.user_agent": f("ua"),
            "http_request.referrer": f("referer"),
            "http_response": Obj(
                {
                    "code": num("statuscode"),
                    "content_type": f("content-type"),
                    "length": num("size"),
                },
                needs=("code",),
            ),
            "actor.user.name": f("user"),
            "unmapped.category": f("categoryname"),
            "unmapped.app": f("application"),
        },
        needed="url",
    ),
    _utm(
        "packet",
        4001,
        Lookup(UTM_ACTION, {"drop": 5, "reject": 5, "accept": 1}, default=6),
        "packetfilter",
        {
            **UTM_ENDS,
            **UTM_CONTROL,
            "connection_info.protocol_num": num("proto"),
            "connection_info.direction_id": c(0),
            "traffic.bytes": num("length"),
            "firewall_rule": Obj({"uid": f("fwrule")}, needs=("uid",)),
            "unmapped.tcp_flags": f("tcpflags"),
        },
        needed="srcip",
    ),
    _utm(
        "intrusion",
        2004,
        1,
        "ips",
        {
            **UTM_CONTROL,
            "finding_info.uid": f("sid", "id"),
            "finding_info.title": f("reason", "name"),
            "finding_info.types": Listing((f("class"),)),
            "evidences": Listing((Obj(UTM_ENDS),)),
        },
        needed="srcip",
    ),
    _utm(
        "authentication",
        3002,
        1,
        "auth",
        {
            "user.name": First((f("user"), Lookup(f("body"), {}, other="unknown"))),
            "service.name": f("caller", "sys"),
            "src_endpoint.ip": Ip(f("srcip")),
            "dst_endpoint.hostname": First((f("node", "syslog.host"), f("sys"))),
            "auth_protocol": f("engine"),
            "status_id": Lookup(
                Match(f("name"), r"(?i)(success|fail|denied)"),
                {"success": 1, "successful": 1},
                other=2,
                default=0,
            ),
            "status_detail": f("reason"),
        },
        needed="caller",
    ),
)

MAPPER = Mapper(
    name="sophos",
    title="Sophos Firewall (SFOS) and UTM",
    limits=(
        "Letters of a time zone (`CEST`) are not read: times are UTC where the record has no offset. "
        "Wireless logs and the UTM's other programs are Base Events."
    ),
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="SFOS",
            mark=r"\bdevice(?:_name)?=\"?SFW\"?\b.*\blog_(?:id|type)=|\blog_type=\"[^\"]+\" log_component=\"[^\"]*\" log_subtype=",
            pairs=Pairs(),
        ),
        Layout(
            name="UTM",
            mark=r'^(?:\d{4}:\d\d:\d\d-\d\d:\d\d:\d\d \S+ [\w./-]+(?:\[\d+\])?: )?id="\d{4}" severity="\w+" sys="\w+" sub="',
            patterns=(
                (
                    "utm",
                    r"^(?:(?P<when>\d{4}:\d\d:\d\d-\d\d:\d\d:\d\d) (?P<node>\S+) (?P<program>[\w./-]+)(?:\[(?P<pid>\d+)\])?: )?(?P<rest>.*)$",
                ),
            ),
            pairs=Pairs(of="rest"),
        ),
    ),
    times=(
        TimeField("when", unit="%Y:%m:%d-%H:%M:%S"),
        TimeField("timestamp", unit="any"),
        TimeField("date", also="time"),
        SYSLOG_TIME,
    ),
    nulls=NULLS | {"N/A"},
    defaults={
        **product("Sophos Firewall", "Sophos"),
        **HEADER,
        "metadata.event_code": f("log_id", "id"),
        "metadata.log_name": f("log_type"),
        "device.hostname": First((NotIp(f("syslog.host")), f("node"))),
        "device.name": f("device_name", "device_model"),
        "device.uid": f("device_id", "device_serial_id"),
    },
    rules=(
        *UTM_RULES,
        Rule(
            name="mail",
            class_uid=4009,
            activity_id=0,
            severity_id=BY_WORD,
            when=(("log_type", frozenset({"anti-spam", "email"})),),
            tree={
                **COMMON,
                **ENDS,
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "action": f("spamaction", "log_subtype"),
                "action_id": Lookup(
                    f("spamaction", "log_subtype"), {**ACTIONS, **MAIL_ACTIONS}, other=99, default=0
                ),
                "disposition_id": Lookup(
                    f("spamaction", "log_subtype"), {**ACTIONS, **MAIL_ACTIONS}, other=99, default=0
                ),
                "direction_id": Lookup(
                    Match(f("log_subtype"), r"^(Outbound)"), {}, other=2, default=0
                ),
                "email.from": f("from_email_address", "sender"),
                "email.to": Split(f("to_email_address", "recipient"), r"[;,]\s*"),
                "email.subject": f("email_subject", "subject"),
                "email.message_uid": f("mailid"),
                "email.size": num("mailsize"),
                "status_detail": f("reason"),
                "unmapped.quarantine": f("quarantine_reason"),
                "unmapped.policy": f("av_policy_name"),
            },
        ),
        Rule(
            name="file passed",
            class_uid=4008,
            activity_id=Lookup(f("ftpcommand"), {"stor": 1, "retr": 2, "dele": 4}, default=0),
            when=(
                ("log_type", frozenset({"anti-virus"})),
                ("log_subtype", frozenset({"allowed", "clean"})),
                ("ftpcommand", PRESENT),
            ),
            tree={
                **COMMON,
                **ENDS,
                **CONTROL,
                "actor.user.name": USER,
                "command": f("ftpcommand"),
                "file.name": Basename(f("filename", "file_path")),
                "file.path": f("file_path", "filename"),
                "file.size": num("file_size"),
                "file.type_id": c(1),
            },
        ),
        Rule(
            name="finding",
            class_uid=2004,
            activity_id=1,
            severity_id=Lookup(
                f("priority", "severity"), {**SEVERITIES, "information": 3, "notice": 3}, default=3
            ),
            when=(("log_type", frozenset(FINDINGS)),),
            tree={
                **COMMON,
                "finding_info.uid": First(
                    (
                        f("signature_id", "sig_id", "virus", "threatname", "reason"),
                        f("log_id"),
                        f("log_type"),
                    )
                ),
                "finding_info.title": f(
                    "signature_msg",
                    "virus",
                    "threatname",
                    "reason",
                    "filename",
                    "log_subtype",
                    "log_type",
                ),
                "finding_info.types": Listing(
                    (f("classification"), f("category"), f("log_component"))
                ),
                "evidences": Listing(
                    (
                        Obj(
                            {
                                **{k: v for k, v in ENDS.items() if not k.endswith("zone")},
                                "url": Obj({"url_string": f("url", "URL")}, needs=("url_string",)),
                                "user.name": USER,
                            }
                        ),
                    )
                ),
                **CONTROL,
                "unmapped.action": DECIDED,
                "unmapped.target": f("target", "platform"),
            },
        ),
        Rule(
            name="web",
            class_uid=4002,
            activity_id=activity(f("http_method", "method", "con_direction")),
            when=(("log_type", frozenset({"content filtering", "web filter"})),),
            tree={
                **COMMON,
                **ENDS,
                **CONTROL,
                "http_request.url": url(First((f("url"), f("domain", "dst_domain", "body")))),
                "http_request.user_agent": f("user_agent", "httpuseragent"),
                "http_request.referrer": f("referer"),
                "http_response": Obj(
                    {
                        "code": num("status_code", "httpresponsecode", "http_status"),
                        "content_type": f("content_type", "contenttype"),
                        "length": num("recv_bytes", "bytes_received"),
                    },
                    needs=("code",),
                ),
                "dst_endpoint.hostname": NotIp(f("domain")),
                "actor.user.name": USER,
                "unmapped.category": f("category", "http_category"),
            },
        ),
        Rule(
            name="authentication",
            class_uid=3002,
            activity_id=Lookup(First((f("log_subtype"),)), {"logout": 2}, default=1),
            severity_id=Lookup(f("status"), {"failed": 2, "denied": 2}, default=1),
            when=(
                ("log_type", frozenset({"event"})),
                ("log_subtype", frozenset({"authentication", "admin", "login", "logout"})),
                ("status", PRESENT),
            ),
            tree={
                **COMMON,
                "user.name": First((USER, f("name", "auth_client"), f("log_component"))),
                "service.name": f("log_component", "log_type"),
                "src_endpoint.ip": Ip(f("src_ip")),
                "dst_endpoint.hostname": f("device_name", "device_id"),
                "auth_protocol": f("auth_mechanism"),
                "status_id": Lookup(
                    f("status"),
                    {"successful": 1, "success": 1, "failed": 2, "denied": 2},
                    default=0,
                ),
                "status_detail": f("reason", "message"),
                "is_remote": c(True),
            },
        ),
        Rule(
            name="traffic",
            class_uid=4001,
            activity_id=Lookup(
                DECIDED,
                {"allowed": 1, "allow": 1, "denied": 5, "deny": 5, "drop": 5, "invalid traffic": 5},
                default=6,
            ),
            when=(("src_ip", PRESENT),),
            tree={
                **COMMON,
                **ENDS,
                **CONTROL,
                "connection_info.protocol_name": Lower(f("protocol")),
                "connection_info.direction_id": Lookup(f("protocol"), {}, other=0),
                "traffic.bytes_out": num("sent_bytes", "bytes_sent"),
                "traffic.bytes_in": num("recv_bytes", "bytes_received"),
                "traffic.packets_out": num("sent_pkts", "packets_sent"),
                "traffic.packets_in": num("recv_pkts", "packets_received"),
                "firewall_rule": Obj(
                    {"uid": f("fw_rule_id"), "name": f("fw_rule_name")}, needs=("uid",)
                ),
                "actor.user.name": USER,
                "app_name": f("app_name", "application"),
                "unmapped.nat_src": f("tran_src_ip", "src_trans_ip"),
                "unmapped.nat_dst": f("tran_dst_ip", "dst_trans_ip"),
            },
        ),
        Rule(name="other", class_uid=0, severity_id=BY_WORD, tree=COMMON),
    ),
)
