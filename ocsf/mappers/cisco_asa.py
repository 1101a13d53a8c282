"""Cisco ASA and Firepower Threat Defense (PIX and FWSM too): `%ASA-6-302013: …` lines."""

from __future__ import annotations

from ocsf.layout import Layout, Pairs
from ocsf.mappers.audit_parts import PORT_MAXIMUM
from ocsf.mappers.syslog_parts import HEADER, LEVELS, MESSAGE, NULLS, SYSLOG_TIME, TEXT, product
from ocsf.mapping import (
    PRESENT,
    Basename,
    Cut,
    Expression,
    First,
    Integer,
    Ip,
    Join,
    Listing,
    Lookup,
    Lower,
    Mapper,
    Match,
    NotIp,
    Obj,
    Rule,
    Strip,
    Tree,
    c,
    f,
    num,
    under,
)

HEAD = r"^%(?P<device>[A-Z]{2,5})-(?:[A-Za-z_]+-)?(?P<level>\d)-(?P<id>\d{6}):? *"


def _end(name: str, *, port: str = r"/(?P<{0}_port>\d+)") -> str:
    """Give the pattern of `interface:address/port`, the interface and the user optional."""
    return rf"(?:(?P<{name}_if>[^\s:/]+):)?(?P<{name}>[^\s/()]+)" + port.format(name)


OPTIONAL = r"(?:/(?P<{0}_port>\d+))?"
NAT = r"(?: ?\([^)]*\))*"
SRC, DST = _end("src"), _end("dst")
SRC_OPTIONAL, DST_OPTIONAL = _end("src", port=OPTIONAL), _end("dst", port=OPTIONAL)
WHO = r"Group <?(?P<group>[^>]*?)>? User <?(?P<user>[^>]*?)>? IP <?(?P<src>[^\s>]+)>?"
WORD = r"(?P<proto>[A-Za-z0-9-]+)"

PATTERNS: tuple[tuple[str, str], ...] = (
    ("built", rf"Built inbound {WORD} connection (?P<conn>\d+) for {SRC}{NAT} to {DST}{NAT}"),
    ("built", rf"Built outbound {WORD} connection (?P<conn>\d+) for {DST}{NAT} to {SRC}{NAT}"),
    ("built", rf"Built {WORD} connection (?P<conn>\d+) for {SRC}{NAT} to {DST}{NAT}"),
    (
        "built",
        r"Built inbound (?P<proto>ICMP|ICMPv6) connection for faddr (?P<src>[^\s/]+)/\d+\S* "
        r"(?:gaddr \S+ )?laddr (?P<dst>[^\s/]+)/\d+",
    ),
    (
        "built",
        r"Built (?:outbound )?(?P<proto>ICMP|ICMPv6) connection for faddr (?P<dst>[^\s/]+)/\d+\S* "
        r"(?:\([^)]*\) )?(?:gaddr \S+ )?laddr (?P<src>[^\s/]+)/\d+",
    ),
    (
        "torn",
        rf"Teardown {WORD} connection (?P<conn>\d+) for {SRC}{NAT} to {DST}{NAT} "
        r"duration (?P<duration>[\d:]+) bytes (?P<bytes>\d+)(?: (?P<reason>[^()]+?))?"
        r"(?: from \S+)?(?: \((?P<user>[^()]+)\))?$",
    ),
    (
        "torn",
        r"Teardown (?P<proto>ICMP|ICMPv6) connection for faddr (?P<dst>[^\s/]+)/\d+\S* "
        r"(?:\([^)]*\) )?(?:gaddr \S+ )?laddr (?P<src>[^\s/]+)/\d+",
    ),
    (
        "translated",
        rf"(?P<verb>Built|Teardown) (?:\w+ )?(?P<proto>\w+) translation from "
        rf"{SRC_OPTIONAL}{NAT} to {DST_OPTIONAL}",
    ),
    (
        "denied",
        rf"Deny (?:protocol )?{WORD} src {SRC_OPTIONAL}(?:\([^)]*\))? dst "
        rf"{DST_OPTIONAL}(?:\([^)]*\))?"
        r'(?: \(type (?P<icmp_type>\d+), code \d+\))?(?: by access-group "(?P<rule>[^"]+)")?',
    ),
    (
        "listed",
        rf"access-list (?P<rule>\S+) (?P<verdict>permitted|denied|est-allowed) {WORD} "
        r"(?P<src_if>[^\s/]+)/(?P<src>[^\s(]+)\((?P<src_port>\d+)\)\S* -> "
        r"(?P<dst_if>[^\s/]+)/(?P<dst>[^\s(]+)\((?P<dst_port>\d+)\)",
    ),
    ("denied", rf"Inbound {WORD} connection denied from {SRC} to {DST}"),
    ("denied", rf"Deny inbound {WORD} from {SRC_OPTIONAL} to {DST_OPTIONAL}"),
    ("denied", rf"Deny inbound (?:protocol )?{WORD} src {SRC_OPTIONAL} dst {DST_OPTIONAL}"),
    ("denied", rf"Deny {WORD} \(no connection\) from {SRC_OPTIONAL} to {DST_OPTIONAL}"),
    (
        "denied",
        rf"Deny {WORD} (?:reverse path check|teardrop fragment\S*|spoof) from \(?"
        rf"{SRC_OPTIONAL}\)? to {DST_OPTIONAL}",
    ),
    (
        "denied",
        rf"Denied {WORD} type=(?P<icmp_type>\d+), (?:code=\d+,? )?from (?:laddr )"
        rf"?{SRC_OPTIONAL}(?: (?:on|to) (?:interface )?{DST_OPTIONAL})?",
    ),
    ("denied", rf"{WORD} access denied by ACL from {SRC} to {DST}"),
    ("denied", rf"{WORD} request discarded from {SRC} to {DST}"),
    ("denied", rf"Dropping {WORD} \S+ from {SRC_OPTIONAL} to {DST_OPTIONAL}"),
    (
        "denied",
        rf"(?:Failed to locate egress interface|No matching connection|Routing fa"
        rf"iled \S+ \S+ \S+ \S+) for {WORD} (?:\S+ )?from {SRC_OPTIONAL} to "
        rf"{DST_OPTIONAL}",
    ),
    ("permitted", rf"{WORD} access (?:permitted|requested) from {SRC} to {DST}"),
    ("ids", rf"IDS:(?P<signature>\d+) (?P<title>.+?) from {SRC_OPTIONAL} to {DST_OPTIONAL}"),
    (
        "ids",
        rf"(?P<title>Duplicate TCP SYN|Possible ARP attack|Land attack|SYN flood"
        rf"\S*) from {SRC_OPTIONAL} to {DST_OPTIONAL}",
    ),
    (
        "ids",
        r"(?P<title>(?:Threat|\[.+?\] drop rate|Shunned|Host .{1,80} is scanning"
        r"|Scanning)\b.*)$",
    ),
    (
        "login",
        r"AAA user (?:authentication|authorization) (?P<verdict>Successful|Rejected|Locked out) ?: "
        r"(?:reason = (?P<reason>[^:]+?) : )?(?:server = +(?P<server>\S+)|local "
        r"database) : user = (?P<user>\S*)"
        r"(?: : user IP = (?P<src>\S+))?",
    ),
    (
        "login",
        rf"Login (?P<verdict>permitted|denied) from {SRC} to "
        rf"{_end('dst', port=r'/(?P<service>[A-Za-z]+|[0-9]+)')}"
        r' for user "(?P<user>[^"]*)"',
    ),
    (
        "login",
        r"User authentication (?P<verdict>succeeded|failed): "
        r"(?:IP (?i:address): (?P<src>[^\s,]+), )?"
        r"Uname: (?P<user>\S+)",
    ),
    (
        "login",
        rf"Authentication (?P<verdict>succeeded|failed|permitted|denied) for user"
        rf" '(?P<user>[^']*)' from {SRC_OPTIONAL} to {DST_OPTIONAL}",
    ),
    (
        "login",
        rf"{WHO} Authentication: (?P<verdict>successful|rejected)(?:, Session Typ"
        rf"e: (?P<service>[^.]+))?",
    ),
    ("logout", r"User logged out: Uname: (?P<user>\S+)"),
    (
        "vpn_closed",
        r"Group = (?P<group>[^,]*), Username = (?P<user>[^,]*), IP = (?P<src>[^,"
        r"]+), Session disconnected\. "
        r"Session Type: (?P<service>[^,]+), Duration: (?P<duration>[^,]+), Bytes"
        r" xmt: (?P<sent>\d+), "
        r"Bytes rcv: (?P<received>\d+), Reason: (?P<reason>.+)$",
    ),
    (
        "vpn_closed",
        rf"{WHO} (?P<service>WebVPN|AnyConnect|SVC|TCP|UDP|DTLS|TLS|IPsec)[A-Za-z -]* "
        r"(?:terminated|closed|ended)\S*(?: (?P<reason>.+))?$",
    ),
    (
        "vpn_opened",
        rf"{WHO} (?P<service>WebVPN|AnyConnect|SVC|TCP|UDP|DTLS|TLS|IPsec)[A-Za-z -]* "
        r"(?:started|established)",
    ),
    (
        "vpn_opened",
        rf"{WHO} (?:IPv4 )?Address <(?P<assigned>[^>]*)>.* assigned to session",
    ),
    (
        "vpn_opened",
        r"Group = (?P<group>[^,]*), (?:Username = (?P<user>[^,]*), )?IP = (?P<src>[^,]+), "
        r"PHASE (?P<phase>\d) COMPLETED",
    ),
    (
        "command",
        r"User '(?P<user>[^']*)'(?:, running '(?P<service>[^']*)' from IP (?P<src>[^\s,]+))?,? "
        r"executed (?:the |cmd: )?'(?P<command>.*?)'(?: command\.?)?$",
    ),
    (
        "privilege",
        r"User priv level changed: Uname: (?P<user>\S+) From: (?P<from>\d+) To: "
        r"(?P<to>\d+)",
    ),
    (
        "url",
        r"(?P<src>[^\s@]+(?:@[^\s]+)?) [Aa]ccessed (?P<proto>[A-Z]+ )?URL (?P<ds"
        r"t>[^\s:]+):(?P<url>\S+)",
    ),
    ("other", r"(?P<text>.*)$"),
)

BY_LEVEL: Expression = Lookup(f("level"), LEVELS, default=1)
SOURCE: Tree = {
    "ip": Ip(f("src")),
    "hostname": NotIp(f("src")),
    "port": num("src_port", maximum=PORT_MAXIMUM),
    "interface_name": f("src_if"),
}
DESTINATION: Tree = {
    "ip": Ip(f("dst")),
    "hostname": NotIp(f("dst")),
    "port": num("dst_port", maximum=PORT_MAXIMUM),
    "interface_name": f("dst_if"),
}
ENDPOINTS: Tree = {**under("src_endpoint", SOURCE), **under("dst_endpoint", DESTINATION)}
CONNECTION: Tree = {
    **ENDPOINTS,
    "connection_info.uid": f("conn"),
    "connection_info.protocol_name": Lower(f("proto")),
    "connection_info.direction_id": c(0),
    "unmapped.reason": f("reason"),
    "unmapped.duration": f("duration"),
    "unmapped.user": f("user"),
    **MESSAGE,
}
SECURED: Tree = {
    "metadata.profiles": Listing((c("host"), c("security_control"))),
    "firewall_rule.name": f("rule"),
}
VERDICTS = {
    **dict.fromkeys(("successful", "permitted", "succeeded"), 1),
    **dict.fromkeys(("rejected", "denied", "failed", "locked out"), 2),
}
REASONS = {
    **dict.fromkeys(("tcp reset-i", "tcp reset-o", "tcp reset - appliance", "tcp reset"), 3),
    **dict.fromkeys(("syn timeout", "tcp syn timeout", "conn-timeout"), 4),
    "deny terminate": 5,
}
TUNNEL: Tree = {
    **under("src_endpoint", SOURCE),
    "user.name": f("user"),
    "user.groups": Listing((Obj({"name": f("group")}),)),
    "tunnel_type": f("service"),
    "session.uid": f("conn"),
    "traffic.bytes_out": num("sent"),
    "traffic.bytes_in": num("received"),
    "unmapped.assigned_ip": f("assigned"),
    "unmapped.reason": f("reason"),
    "unmapped.duration": f("duration"),
    **MESSAGE,
}


def told(name: str) -> Expression:
    """Give a value among `Name: value, Name: value`."""
    return Strip(f(name), ", ")


def _number(name: str) -> Expression:
    return Integer(told(name))


FTD_ENDS: Tree = {
    "src_endpoint.ip": Ip(told("SrcIP")),
    "src_endpoint.port": _number("SrcPort"),
    "src_endpoint.interface_name": told("IngressInterface"),
    "dst_endpoint.ip": Ip(told("DstIP")),
    "dst_endpoint.port": _number("DstPort"),
    "dst_endpoint.interface_name": told("EgressInterface"),
}
URL: Expression = First(
    (
        Join((c("http:"), told("http"))),
        Join((c("https:"), told("https"))),
        told("URL"),
    )
)
FTD_ACTION = told("AccessControlRuleAction")
FTD: Tree = {
    **FTD_ENDS,
    "connection_info.protocol_name": Lower(told("Protocol")),
    "connection_info.direction_id": c(0),
    "app_protocol_name": told("ApplicationProtocol"),
    "app_name": told("Client"),
    "traffic.bytes_out": _number("InitiatorBytes"),
    "traffic.bytes_in": _number("ResponderBytes"),
    "traffic.packets_out": _number("InitiatorPackets"),
    "traffic.packets_in": _number("ResponderPackets"),
    "metadata.profiles": Listing((c("host"), c("security_control"))),
    "firewall_rule.name": told("AccessControlRuleName"),
    "action_id": Lookup(
        FTD_ACTION,
        {"allow": 1, "trust": 1, "fastpath": 1, "monitor": 1, "block": 2, "block with reset": 2},
        other=99,
        default=0,
    ),
    "disposition_id": Lookup(
        FTD_ACTION, {"allow": 1, "trust": 1, "block": 2, "block with reset": 2}, default=0
    ),
    "unmapped.user": told("User"),
    "unmapped.url": URL,
    "unmapped.policy": told("ACPolicy"),
    "unmapped.ingress_zone": told("IngressZone"),
    "unmapped.egress_zone": told("EgressZone"),
    "unmapped.web_application": told("WebApplication"),
    "unmapped.connection_id": told("ConnectionID"),
    "unmapped.dns_query": told("DNSQuery"),
    **MESSAGE,
}


def _rule(
    event: str, uid: int, activity: Expression | int, tree: Tree, *needed: str, name: str = ""
) -> Rule:
    return Rule(
        name=name or event,
        class_uid=uid,
        activity_id=activity,
        severity_id=BY_LEVEL,
        tree=tree,
        when=(("event", frozenset({event})), *((each, PRESENT) for each in needed)),
    )


MAPPER = Mapper(
    name="cisco_asa",
    title="Cisco ASA and Firepower",
    limits=(
        "About fifty kinds of messages are read; others are Base Events with their text. A "
        "teardown does not say who began: the first-named side is the source. Times are UTC"
        " where the header names no zone."
    ),
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="firepower",
            mark=r"^%(?:FTD|NGIPS)-(?:[A-Za-z_]+-)?\d-4300\d\d",
            patterns=(("ftd", HEAD + r"(?P<pairs>.*)$"),),
            pairs=Pairs(of="pairs", spaced=True, assign=":"),
        ),
        Layout(
            name="asa",
            mark=r"^%(?:ASA|FTD|PIX|FWSM)-(?:[A-Za-z_]+-)?\d-\d{6}",
            patterns=tuple((event, HEAD + pattern) for event, pattern in PATTERNS),
        ),
    ),
    times=(SYSLOG_TIME,),
    nulls=NULLS | {"N/A", "unknown"},
    defaults={
        **product("Adaptive Security Appliance", "Cisco"),
        **HEADER,
        "metadata.event_code": f("id"),
    },
    rules=(
        _rule("built", 4001, 1, CONNECTION),
        _rule(
            "torn",
            4001,
            Lookup(f("reason"), REASONS, default=2),
            {**CONNECTION, "traffic.bytes": num("bytes")},
        ),
        _rule("translated", 4001, Lookup(f("verb"), {"built": 1, "teardown": 2}), CONNECTION),
        _rule(
            "denied",
            4001,
            5,
            {
                **CONNECTION,
                **SECURED,
                "action_id": c(2),
                "disposition_id": c(2),
                "unmapped.icmp_type": f("icmp_type"),
            },
        ),
        _rule(
            "listed",
            4001,
            Lookup(f("verdict"), {"denied": 5}, default=1),
            {
                **CONNECTION,
                **SECURED,
                "action_id": Lookup(f("verdict"), {"denied": 2}, default=1),
                "disposition_id": Lookup(f("verdict"), {"denied": 2}, default=1),
            },
        ),
        _rule("permitted", 4001, 1, CONNECTION),
        _rule(
            "ids",
            2004,
            1,
            {
                "finding_info.uid": First((f("signature"), f("id"))),
                "finding_info.title": f("title"),
                "evidences": Listing((Obj(ENDPOINTS),)),
                **MESSAGE,
            },
        ),
        _rule(
            "login",
            3002,
            1,
            {
                **under("src_endpoint", SOURCE),
                "user.name": f("user"),
                "user.groups": Listing((Obj({"name": f("group")}),)),
                "dst_endpoint.ip": Ip(f("dst")),
                "dst_endpoint.hostname": f("syslog.host"),
                "service.name": f("service", "server", "device"),
                "status_id": Lookup(f("verdict"), VERDICTS, default=0),
                "status_detail": f("reason"),
                "is_remote": c(True),
                **MESSAGE,
            },
            "user",
        ),
        _rule(
            "logout",
            3002,
            2,
            {"user.name": f("user"), "service.name": f("device"), "status_id": c(1), **MESSAGE},
        ),
        _rule("vpn_opened", 4014, 1, TUNNEL),
        _rule("vpn_closed", 4014, 2, TUNNEL),
        _rule(
            "command",
            6003,
            99,
            {
                "src_endpoint.ip": Ip(f("src")),
                "src_endpoint.hostname": f("syslog.host"),
                "src_endpoint.svc_name": f("device"),
                "actor.user.name": f("user"),
                "actor.app_name": f("service", "device"),
                "metadata.profiles": Listing((c("cloud"), c("host"))),
                "cloud.provider": c("Cisco"),
                "api.operation": Cut(f("command", "id"), 1024),
                "api.service.name": f("device"),
                **MESSAGE,
            },
        ),
        _rule(
            "privilege",
            3005,
            1,
            {
                "user.name": f("user"),
                "privileges": Listing((f("to"),)),
                "unmapped.from": f("from"),
                **MESSAGE,
            },
        ),
        _rule(
            "url",
            4002,
            0,
            {
                "src_endpoint.ip": Ip(First((Match(f("src"), r"@([^@]+)$"), f("src")))),
                "dst_endpoint.ip": Ip(f("dst")),
                "http_request.url.url_string": f("url"),
                "http_request.url.path": Match(f("url"), r"^(?:[a-z]+://[^/]+)?(/[^?]*)"),
                **MESSAGE,
            },
        ),
        Rule(
            name="intrusion",
            class_uid=2004,
            activity_id=1,
            severity_id=Lookup(
                told("EventPriority"), {"high": 4, "medium": 3, "low": 2}, default=3
            ),
            tree={
                "finding_info.uid": First((told("SID"), told("FileSHA256"), f("id"))),
                "finding_info.title": First(
                    (told("Message"), told("ThreatName"), told("FileName"), f("id"))
                ),
                "finding_info.types": Listing((told("Classification"),)),
                "evidences": Listing(
                    (
                        Obj(
                            {
                                **FTD_ENDS,
                                "file": Obj(
                                    {
                                        "name": Basename(told("FileName")),
                                        "type_id": c(1),
                                        "hashes": Listing(
                                            (
                                                Obj(
                                                    {
                                                        "algorithm_id": c(3),
                                                        "value": told("FileSHA256"),
                                                    }
                                                ),
                                            )
                                        ),
                                    },
                                    needs=("name",),
                                ),
                            }
                        ),
                    )
                ),
                "unmapped.inline_result": told("InlineResult"),
                "unmapped.user": told("User"),
                "unmapped.disposition": told("SHA_Disposition"),
                **MESSAGE,
            },
            when=(("event", frozenset({"ftd"})), ("id", frozenset({"430001", "430004", "430005"}))),
        ),
        _rule(
            "ftd",
            4001,
            First(
                (
                    Lookup(FTD_ACTION, {"block": 5, "block with reset": 5}),
                    Lookup(f("id"), {"430002": 1, "430003": 2}, default=6),
                )
            ),
            FTD,
            "SrcIP",
        ),
        Rule(
            name="other",
            class_uid=0,
            activity_id=99,
            severity_id=BY_LEVEL,
            tree={**MESSAGE, "unmapped.user": f("user")},
        ),
    ),
)
