"""Juniper SRX: structured `RT_FLOW`, `RT_IDP`, `RT_UTM` messages and their plain text."""

from __future__ import annotations

from ocsf.layout import Layout, Pairs
from ocsf.mappers.audit_parts import PORT_MAXIMUM
from ocsf.mappers.syslog_parts import BY_LEVEL, HEADER, MESSAGE, NULLS, SYSLOG_TIME, TEXT, product
from ocsf.mapping import (
    PRESENT,
    Expression,
    First,
    Integer,
    Ip,
    Listing,
    Lookup,
    Lower,
    Mapper,
    Match,
    Obj,
    Rule,
    Scaled,
    Shape,
    Tree,
    c,
    f,
    num,
)

DATA = f("syslog.data")
PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "58": "ipv6-icmp"}
FLOWS = {
    "rt_flow_session_create": 1,
    "rt_flow_session_close": 2,
    "rt_flow_session_deny": 5,
    "apptrack_session_create": 1,
    "apptrack_session_close": 2,
    "apptrack_session_vol_update": 6,
}
FINDINGS = frozenset(
    {
        *("idp_attack_log_event", "rt_screen_tcp", "rt_screen_udp", "rt_screen_icmp"),
        *("rt_screen_ip", "rt_screen_session_limit", "av_virus_detected_mt", "aamw_action_log"),
        *("secintel_action_log", "av_virus_detected_mt_ls", "idp_appddos_app_attack_event"),
    }
)
EVENT = f("syslog.msgid", "message_id")


def data(*names: str) -> Expression:
    """Give a parameter of the structured data, else a pair of the message."""
    return First((*(Match(DATA, rf'[ \[]{name}="((?:[^"\\]|\\.)+)"') for name in names), f(*names)))


def number(name: str, maximum: int | None = None) -> Expression:
    """Give a whole number of the structured data."""
    return Integer(data(name), maximum)


ENDS: Tree = {
    "src_endpoint.ip": Ip(data("source-address")),
    "src_endpoint.port": number("source-port", PORT_MAXIMUM),
    "src_endpoint.zone": data("source-zone-name", "source-zone"),
    "src_endpoint.interface_name": data("packet-incoming-interface", "source-interface-name"),
    "dst_endpoint.ip": Ip(data("destination-address")),
    "dst_endpoint.port": number("destination-port", PORT_MAXIMUM),
    "dst_endpoint.zone": data("destination-zone-name", "destination-zone"),
}
MAPPER = Mapper(
    name="junos",
    title="Juniper SRX",
    limits="Structured messages and the plain ones of sessions; others are Base Events.",
    shapes=(TEXT, Shape(name="structured")),
    layouts=(
        Layout(
            name="structured",
            apps=frozenset({"rt_flow", "rt_idp", "rt_ids", "rt_utm", "rt_aamw", "rt_secintel"}),
            patterns=(
                (
                    "plain",
                    r"(?P<message_id>[A-Z_]{6,40}): (?P<verb>session (?:created|closed|denied))\b"
                    r".*?"
                    r"(?P<reason>[\w /-]{0,40}?)[: ]*"
                    r"(?P<source_address>[0-9a-fA-F.:]+)/(?P<source_port>\d+)->"
                    r"(?P<destination_address>[0-9a-fA-F.:]+)/(?P<destination_port>\d+)",
                ),
                ("structured", r"^(?P<message>.*)$"),
            ),
            pairs=Pairs(),
        ),
    ),
    times=(SYSLOG_TIME,),
    nulls=NULLS | {"N/A", "None", "UNKNOWN"},
    defaults={**product("Junos", "Juniper Networks"), **HEADER, "metadata.event_code": EVENT},
    rules=(
        *(
            Rule(
                name=f"session ({field})",
                class_uid=4001,
                activity_id=Lookup(EVENT, FLOWS, default=6),
                severity_id=BY_LEVEL,
                tree={
                    **ENDS,
                    "src_endpoint.ip": First((ENDS["src_endpoint.ip"], Ip(f("source_address")))),
                    "dst_endpoint.ip": First(
                        (ENDS["dst_endpoint.ip"], Ip(f("destination_address")))
                    ),
                    "src_endpoint.port": First(
                        (ENDS["src_endpoint.port"], num("source_port", maximum=PORT_MAXIMUM))
                    ),
                    "dst_endpoint.port": First(
                        (ENDS["dst_endpoint.port"], num("destination_port", maximum=PORT_MAXIMUM))
                    ),
                    "metadata.profiles": Listing((c("host"), c("security_control"))),
                    "connection_info.uid": data("session-id-32", "session-id"),
                    "connection_info.protocol_num": number("protocol-id"),
                    "connection_info.protocol_name": Lookup(data("protocol-id"), PROTOCOLS),
                    "connection_info.direction_id": c(0),
                    "app_name": data("application", "service-name"),
                    "duration": Scaled(data("elapsed-time"), 1000),
                    "traffic.bytes_out": number("bytes-from-client"),
                    "traffic.bytes_in": number("bytes-from-server"),
                    "traffic.packets_out": number("packets-from-client"),
                    "traffic.packets_in": number("packets-from-server"),
                    "action_id": Lookup(EVENT, {"rt_flow_session_deny": 2}, default=1),
                    "disposition_id": Lookup(EVENT, {"rt_flow_session_deny": 2}, default=1),
                    "firewall_rule.name": data("policy-name"),
                    "status_detail": data("reason"),
                    "unmapped.user": data("username"),
                    "unmapped.nat_source": data("nat-source-address"),
                    "unmapped.service": data("service-name"),
                    **MESSAGE,
                },
                when=((field, frozenset(FLOWS)),),
            )
            for field in ("syslog.msgid", "message_id")
        ),
        Rule(
            name="finding",
            class_uid=2004,
            activity_id=1,
            severity_id=Lookup(
                Lower(data("threat-severity", "severity", "verdict-number")),
                {
                    "info": 1,
                    "low": 2,
                    "minor": 2,
                    "medium": 3,
                    "high": 4,
                    "major": 4,
                    "critical": 5,
                },
                other=3,
                default=3,
            ),
            tree={
                "finding_info.uid": First((data("attack-name", "name"), EVENT)),
                "finding_info.title": First((data("attack-name", "name"), EVENT)),
                "finding_info.types": Listing((EVENT,)),
                "evidences": Listing(
                    (Obj({**ENDS, "url": Obj({"url_string": data("url")}, needs=("url_string",))}),)
                ),
                "unmapped.action": data("action"),
                "unmapped.data": DATA,
                **MESSAGE,
            },
            when=(("syslog.msgid", FINDINGS),),
        ),
        Rule(
            name="web filter",
            class_uid=4002,
            activity_id=0,
            severity_id=BY_LEVEL,
            tree={
                **ENDS,
                "http_request.url.hostname": data("url"),
                "http_request.url.url_string": First((data("url"), EVENT)),
                "http_request.url.path": data("obj"),
                "http_request.url.categories": Listing((data("category"),)),
                "unmapped.profile": data("profile"),
                "unmapped.reason": data("reason"),
                **MESSAGE,
            },
            when=(
                (
                    "syslog.msgid",
                    frozenset(
                        {
                            "webfilter_url_permitted",
                            "webfilter_url_blocked",
                            "webfilter_url_redirected",
                        }
                    ),
                ),
            ),
        ),
        Rule(
            name="other",
            class_uid=0,
            activity_id=99,
            severity_id=BY_LEVEL,
            tree={**MESSAGE, "unmapped.data": DATA},
            when=(("syslog", PRESENT),),
        ),
        Rule(name="no header", class_uid=0, activity_id=99, tree=MESSAGE),
    ),
)
