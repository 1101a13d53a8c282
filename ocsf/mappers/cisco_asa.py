"""Cisco ASA and Firepower Threat Defense (PIX and FWSM too): `%ASA-6-302013: …` lines."""

from __future__ import annotations

from ocsf.layout import Layout, Pairs
from ocsf.mappers.audit_parts import PORT_MAXIMUM
from ocsf.mappers.cisco_asa_parts import HEAD, PATTERNS, RELAYED
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
WHOSE = First((Match(f("src_user", "user"), r"^[^\\]+\\(.+)$"), f("src_user", "user")))
CONNECTION: Tree = {
    **ENDPOINTS,
    "connection_info.uid": f("conn"),
    "connection_info.protocol_name": Lower(f("proto")),
    "connection_info.direction_id": c(0),
    "src_endpoint.owner.name": WHOSE,
    "unmapped.reason": f("reason"),
    "unmapped.duration": f("duration"),
    "unmapped.user": WHOSE,
    **MESSAGE,
}
SECURED: Tree = {
    "metadata.profiles": Listing((c("host"), c("security_control"))),
    "firewall_rule.name": f("rule"),
}
VERDICTS = {
    **dict.fromkeys(("successful", "permitted", "succeeded", "accept"), 1),
    **dict.fromkeys(("rejected", "denied", "failed", "locked out", "reject"), 2),
}
REASONS = {
    **dict.fromkeys(("tcp reset-i", "tcp reset-o", "tcp reset - appliance", "tcp reset"), 3),
    **dict.fromkeys(("syn timeout", "tcp syn timeout", "conn-timeout"), 4),
    "deny terminate": 5,
}
TUNNEL: Tree = {
    **ENDPOINTS,
    "user.name": f("user"),
    "user.groups": Listing((Obj({"name": f("group")}),)),
    "tunnel_type": f("service"),
    "session.uid": f("conn"),
    "traffic.bytes_out": num("sent"),
    "traffic.bytes_in": num("received"),
    "unmapped.assigned_ip": f("assigned"),
    "status_detail": f("reason"),
    "unmapped.duration": f("duration"),
    **MESSAGE,
}


def told(name: str) -> Expression:
    """Give a value among `Name: value, Name: value`."""
    return Strip(f(name), ", ")


def _number(name: str) -> Expression:
    return Integer(told(name))


# A name with colons in it would be read as a key.
THREAT = Match(f("pairs"), r"\bThreatName: ([^,]+)")

FTD_ENDS: Tree = {
    "src_endpoint.ip": Ip(told("SrcIP")),
    "src_endpoint.port": _number("SrcPort"),
    "src_endpoint.interface_name": told("IngressInterface"),
    "dst_endpoint.ip": Ip(told("DstIP")),
    "dst_endpoint.port": _number("DstPort"),
    "dst_endpoint.interface_name": told("EgressInterface"),
}
FILE_ACTION: Expression = First(
    (
        Lookup(
            First((Match(told("FileAction"), r"(Block)"), told("InlineResult"))),
            {"block": 2, "blocked": 2, "dropped": 2, "would have dropped": 1},
        ),
        Lookup(told("FileAction"), {}, other=1, default=0),
    )
)
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
    event: str,
    uid: int,
    activity: Expression | int,
    tree: Tree,
    *needed: str,
    name: str = "",
    severity: Expression = BY_LEVEL,
) -> Rule:
    return Rule(
        name=name or event,
        class_uid=uid,
        activity_id=activity,
        severity_id=severity,
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
            mark=rf"^{RELAYED}%(?:FTD|NGIPS)-(?:[A-Za-z_]+-)?\d-4300\d\d",
            patterns=(("ftd", HEAD + r"(?P<pairs>.*)$"),),
            pairs=Pairs(of="pairs", spaced=True, assign=":"),
        ),
        Layout(
            name="asa",
            mark=rf"^{RELAYED}%(?:ASA|FTD|PIX|FWSM)-(?:[A-Za-z_]+-)?\d-\d{{6}}",
            patterns=tuple((event, HEAD + pattern) for event, pattern in PATTERNS),
        ),
    ),
    times=(SYSLOG_TIME,),
    nulls=NULLS | {"N/A", "unknown"},
    defaults={
        **product("Adaptive Security Appliance", "Cisco"),
        **HEADER,
        "metadata.event_code": f("id"),
        # With a colon after it the host looks like a program's name.
        "device.hostname": NotIp(f("syslog.host", "syslog.app")),
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
                "user.name": First((f("user"), Lookup(f("body"), {}, other="unknown"))),
                "user.groups": Listing((Obj({"name": f("group")}),)),
                "dst_endpoint.ip": Ip(f("dst")),
                "dst_endpoint.hostname": f("syslog.host"),
                "service.name": f("service", "server", "device"),
                "status_id": Lookup(f("verdict"), VERDICTS, default=0),
                "status_detail": f("reason"),
                "is_remote": c(True),
                **MESSAGE,
            },
        ),
        _rule(
            "logout",
            3002,
            2,
            {
                **under("src_endpoint", SOURCE),
                "user.name": First((f("user"), Lookup(f("body"), {}, other="unknown"))),
                "service.name": f("service", "device"),
                "status_id": c(1),
                "status_detail": f("reason"),
                **MESSAGE,
            },
        ),
        _rule("vpn_opened", 4014, 1, TUNNEL),
        _rule("vpn_closed", 4014, 2, TUNNEL),
        _rule("vpn_refused", 4014, 1, {**TUNNEL, "status_id": c(2)}),
        _rule(
            "vpn_replaced",
            4014,
            Lookup(f("verb"), {"new": 3, "resumed": 3}, default=99),
            TUNNEL,
        ),
        _rule("vpn_note", 4014, 99, TUNNEL),
        _rule(
            "handshake",
            4001,
            Lookup(f("verb"), {"starting": 1, "ssl session": 2}, default=6),
            {**CONNECTION, "app_protocol_name": f("service")},
        ),
        _rule(
            "stopped",
            4001,
            3,
            {**CONNECTION, **SECURED, "action_id": c(2), "disposition_id": c(2)},
        ),
        _rule(
            "ftp",
            4008,
            Lookup(f("verb"), {"stored": 1, "retrieved": 2}),
            {
                **CONNECTION,
                "connection_info.protocol_name": c("tcp"),
                "file.name": Basename(f("file")),
                "file.path": f("file"),
                "file.type_id": c(1),
            },
        ),
        _rule(
            "listed_host",
            2004,
            1,
            {
                **SECURED,
                "action_id": Lookup(f("verdict"), {"dropped": 2, "permitted": 1}, default=3),
                "disposition_id": Lookup(f("verdict"), {"dropped": 2, "permitted": 1}, default=17),
                "finding_info.uid": Join((f("id"), f("entry")), "/"),
                "finding_info.title": Join((c("Dynamic Filter: "), f("title"), c(" "), f("place"))),
                "finding_info.types": Listing((f("category"),)),
                "evidences": Listing((Obj(ENDPOINTS),)),
                "unmapped.list": f("list"),
                "unmapped.entry": f("entry"),
                **MESSAGE,
            },
            severity=First(
                (
                    Lookup(
                        f("threat"),
                        {"very-high": 5, "high": 4, "moderate": 3, "low": 2, "very-low": 2},
                    ),
                    BY_LEVEL,
                )
            ),
        ),
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
                **under("src_endpoint", SOURCE),
                **under("dst_endpoint", DESTINATION),
                "src_endpoint.owner.name": f("user"),
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "action_id": Lookup(f("verdict"), {"denied": 2, "granted": 1}, default=1),
                "disposition_id": Lookup(f("verdict"), {"denied": 2, "granted": 1}, default=1),
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
                "finding_info.title": First((told("Message"), THREAT, told("FileName"), f("id"))),
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
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "action_id": FILE_ACTION,
                "disposition_id": FILE_ACTION,
                "action": told("FileAction"),
                "unmapped.url": First(
                    (
                        Join((c("http:"), told("http"))),
                        Join((c("https:"), told("https"))),
                        told("URI"),
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
