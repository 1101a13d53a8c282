"""MikroTik RouterOS: `firewall,info …`, `system,info,account …` and other topics."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers.syslog_parts import (
    FAILURE,
    HEADER,
    HERE,
    MESSAGE,
    NULLS,
    SOURCE,
    SUCCESS,
    SYSLOG_TIME,
    TEXT,
    on,
    product,
)
from ocsf.mapping import Ip, Listing, Lookup, Lower, Mapper, Match, Obj, Rule, c, f, num

TOPICS = r"^(?:\S+: )?(?P<topics>[a-z0-9-]+(?:,[a-z!-]+)+):? +"
ENDS = (
    r"in:(?P<in>[^,]*?) out:(?P<out>[^,]*?),?(?: connection-state:(?P<state>[a-z,]+?))?,? (?:src-mac (?P<mac>[0-9a-fA-F:]{17}), )?"
    r"proto (?P<protocol>[\w-]+)(?: \((?P<flags>[^)]*)\))?, \[?(?P<src>[0-9a-fA-F.:]+?)\]?(?::(?P<sport>\d+))?->\[?(?P<dst>[0-9a-fA-F.:]+?)\]?(?::(?P<dport>\d+))?,.*?\blen (?P<length>\d+)"
)
CHAIN = r"(?:(?P<prefix>[^:,]{0,60}?):? )?(?P<chain>[\w.-]+): "
PACKET = TOPICS + CHAIN + ENDS
# As `bsd-syslog=yes` sends it: no topics, and the chain may pass for the program.
BARE = rf"^(?:{CHAIN})?{ENDS}"
WORD = Match(f("prefix"), r"(?i)(drop|deny|denied|block|reject|accept|allow|pass)")
BLOCKED: dict[str, int] = dict.fromkeys(("drop", "deny", "denied", "block", "reject"), 2)
ALLOWED: dict[str, int] = dict.fromkeys(("accept", "allow", "pass"), 1)
BY_TOPIC = Lookup(
    Match(f("topics"), r"(critical|error|warning)"),
    {"critical": 4, "error": 4, "warning": 3},
    default=1,
)

CHAIN_NAME = f("chain", "syslog.app")

MAPPER = Mapper(
    name="mikrotik",
    title="MikroTik RouterOS",
    limits="What a firewall rule did is told by its log prefix (`DROP`, `accept`); without one it is unknown.",
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="topics",
            mark=r"^(?:\S+: )?(?:account|backup|bgp|bridge|caps|certificate|dhcp|dns|dot1x|firewall|hotspot|interface|ipsec|ldp|l2tp|manager|ntp|ospf|ovpn|ppp|pppoe|pptp|radius|route|script|snmp|ssh|sstp|system|upnp|vrrp|web-proxy|wireguard|wireless)(?:,[a-z0-9!-]+)*,(?:info|error|critical|warning|debug|account)(?:,[a-z0-9-]+)*:? ",
            patterns=(
                ("packet", PACKET),
                (
                    "logon",
                    TOPICS
                    + r"user (?P<user>.+) logged in (?:from (?P<ip>[0-9A-Fa-f.:]+) )?via (?P<service>\S+)",
                ),
                (
                    "logoff",
                    TOPICS
                    + r"user (?P<user>.+) logged out (?:from (?P<ip>[0-9A-Fa-f.:]+) )?via (?P<service>\S+)",
                ),
                (
                    "refused",
                    TOPICS
                    + r"login failure for user (?P<user>.*?) (?:from (?P<ip>[0-9A-Fa-f.:]+) )?via (?P<service>\S+)",
                ),
                (
                    "vpn on",
                    TOPICS
                    + r"<(?P<service>[a-z0-9]+)-(?P<user>[^>]+)>: (?:authenticated|connected)",
                ),
                (
                    "vpn off",
                    TOPICS
                    + r"<(?P<service>[a-z0-9]+)-(?P<user>[^>]+)>: (?:terminating|disconnected)",
                ),
                (
                    "lease",
                    TOPICS
                    + r"(?P<server>\S+) (?P<deed>assigned|deassigned) (?P<address>[0-9.]+) (?:to|for|from) (?P<mac>[0-9A-Fa-f:]{17})(?: (?P<client>\S+))?",
                ),
                (
                    "changed",
                    TOPICS
                    + r"(?P<what>.*?) (?P<deed>added|changed|removed|moved) by (?P<user>\S+)",
                ),
                ("other", TOPICS + r"(?P<text>.*)$"),
            ),
        ),
        Layout(
            name="packet without topics",
            mark=r"^(?:[^:,]{0,60}?:? ?[\w.-]+: )?in:[^,]* out:[^,]*, ?[^>]*?proto [\w-]+(?: \([^)]*\))?, \S+->\S+, (?:NAT .{0,200}, )?len \d+",
            patterns=(("packet", BARE),),
        ),
    ),
    times=(SYSLOG_TIME,),
    nulls=NULLS | {"(unknown 0)", "(unknown 1)"},
    defaults={
        **product("RouterOS", "MikroTik"),
        **HEADER,
        "metadata.log_name": f("topics"),
        "metadata.event_code": f("event"),
    },
    rules=(
        Rule(
            name="packet",
            class_uid=4001,
            activity_id=Lookup(
                WORD, {**dict.fromkeys(BLOCKED, 5), **dict.fromkeys(ALLOWED, 1)}, default=6
            ),
            when=on("packet"),
            tree={
                **MESSAGE,
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "src_endpoint.ip": Ip(f("src")),
                "src_endpoint.port": num("sport", maximum=65_535),
                "src_endpoint.mac": f("mac"),
                "src_endpoint.interface_name": f("in"),
                "dst_endpoint.ip": Ip(f("dst")),
                "dst_endpoint.port": num("dport", maximum=65_535),
                "dst_endpoint.interface_name": f("out"),
                "connection_info.protocol_name": Lower(f("protocol")),
                "connection_info.direction_id": Lookup(
                    CHAIN_NAME, {"input": 1, "output": 2}, default=0
                ),
                "traffic.bytes": num("length"),
                "action_id": Lookup(WORD, {**BLOCKED, **ALLOWED}, default=3),
                "disposition_id": Lookup(WORD, {**BLOCKED, **ALLOWED}, default=17),
                "firewall_rule": Obj({"name": f("prefix")}, needs=("name",)),
                "unmapped.chain": CHAIN_NAME,
                "unmapped.state": f("state"),
                "unmapped.tcp_flags": f("flags"),
            },
        ),
        *(
            Rule(
                name=name,
                class_uid=3002,
                activity_id=activity,
                severity_id=severity,
                when=on(name),
                tree={
                    **MESSAGE,
                    "user.name": f("user"),
                    **SOURCE,
                    **HERE,
                    "service.name": f("service"),
                    **outcome,
                },
            )
            for name, activity, severity, outcome in (
                ("logon", 1, 1, SUCCESS),
                ("refused", 1, 2, FAILURE),
                ("logoff", 2, 1, SUCCESS),
                ("vpn on", 1, 1, SUCCESS),
                ("vpn off", 2, 1, SUCCESS),
            )
        ),
        Rule(
            name="lease",
            class_uid=4004,
            activity_id=Lookup(f("deed"), {"assigned": 5, "deassigned": 7}, default=99),
            when=on("lease"),
            tree={
                **MESSAGE,
                "src_endpoint.ip": Ip(f("address")),
                "src_endpoint.mac": f("mac"),
                "src_endpoint.hostname": f("client"),
                **HERE,
            },
        ),
        Rule(
            name="changed",
            class_uid=6003,
            activity_id=Lookup(
                f("deed"), {"added": 1, "changed": 3, "moved": 3, "removed": 4}, default=99
            ),
            when=on("changed"),
            tree={
                **MESSAGE,
                "actor.user.name": f("user"),
                "actor.app_name": Lookup(f("deed"), {}, other="RouterOS"),
                "api.operation": f("deed"),
                "api.service.name": Lookup(f("deed"), {}, other="RouterOS"),
                "src_endpoint.svc_name": Lookup(f("deed"), {}, other="RouterOS"),
                "resources": Listing((Obj({"name": f("what")}),)),
            },
        ),
        Rule(name="other", class_uid=0, severity_id=BY_TOPIC, tree=MESSAGE),
    ),
)
