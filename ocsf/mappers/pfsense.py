"""pfSense and OPNsense: packets of `filterlog`, logons to the web interface."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers.syslog_parts import (
    BY_LEVEL,
    FAILURE,
    HERE,
    MESSAGE,
    SOURCE,
    SUCCESS,
    on,
    program_log,
)
from ocsf.mapping import Ip, Listing, Lookup, Lower, Obj, Rule, c, f, num

HEAD = r"^(?P<rule>\d*),(?P<subrule>[^,]*),(?P<anchor>[^,]*),(?P<tracker>[^,]*),(?P<interface>[^,]*),(?P<reason>[^,]*),(?P<action>[a-z]+),(?P<direction>in|out)"
FOUR = r",4,[^,]*,[^,]*,(?P<ttl>\d*),[^,]*,[^,]*,[^,]*,(?P<number>\d+),(?P<protocol>[^,]*),(?P<length>\d+),(?P<src>[^,]+),(?P<dst>[^,]+)"
SIX = r",6,[^,]*,[^,]*,(?P<ttl>\d*),(?P<protocol>[^,]*),(?P<number>\d+),(?P<length>\d+),(?P<src>[^,]+),(?P<dst>[^,]+)"
PORTS = r",(?P<sport>\d+),(?P<dport>\d+),(?P<size>\d*)(?:,(?P<flags>[A-Z]*),.*)?$"
ACTIONS = {"pass": 1, "block": 2, "reject": 2}

MAPPER = program_log(
    name="pfsense",
    title="pfSense and OPNsense",
    made_by=("pfSense", "Netgate"),
    limits="Other programs of the firewall are read as syslog.",
    layouts=(
        Layout(
            name="filterlog",
            mark=r"^\d*,[^,]*,[^,]*,[^,]*,[^,]+,[a-z-]+,(?:pass|block|reject|rdr|nat|binat|scrub|match|unkn\(\d+\)),(?:in|out),[46],",
            patterns=(
                ("packet", HEAD + FOUR + PORTS),
                ("packet", HEAD + SIX + PORTS),
                ("packet", HEAD + FOUR + r"(?P<rest>.*)$"),
                ("packet", HEAD + SIX + r"(?P<rest>.*)$"),
            ),
        ),
        Layout(
            name="web interface",
            apps=frozenset({"php-fpm", "php", "webgui", "audit"}),
            mark=r"(?:Successful login for user|webConfigurator authentication error for|authentication error for|User logged out for user|Session timed out for user)",
            patterns=(
                (
                    "logon",
                    r"Successful login for user '(?P<user>[^']*)' from: ?(?P<ip>[0-9A-Fa-f.:]+)",
                ),
                (
                    "refused",
                    r"authentication error for (?:user )?'(?P<user>[^']*)' from: ?(?P<ip>[0-9A-Fa-f.:]+)",
                ),
                (
                    "logoff",
                    r"(?:User logged out|Session timed out) for user '(?P<user>[^']*)' from: ?(?P<ip>[0-9A-Fa-f.:]+)",
                ),
            ),
        ),
    ),
    rules=(
        Rule(
            name="packet",
            class_uid=4001,
            activity_id=Lookup(f("action"), {"pass": 1, "block": 5, "reject": 5}, default=6),
            when=on("packet"),
            tree={
                **MESSAGE,
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "src_endpoint.ip": Ip(f("src")),
                "src_endpoint.port": num("sport", maximum=65_535),
                "dst_endpoint.ip": Ip(f("dst")),
                "dst_endpoint.port": num("dport", maximum=65_535),
                "connection_info.protocol_name": Lower(f("protocol")),
                "connection_info.protocol_num": num("number"),
                "connection_info.direction_id": Lookup(
                    f("direction"), {"in": 1, "out": 2}, default=0
                ),
                "traffic.bytes": num("length"),
                "action": f("action"),
                "action_id": Lookup(f("action"), ACTIONS, default=3),
                "disposition_id": Lookup(f("action"), ACTIONS, default=17),
                "firewall_rule": Obj(
                    {"uid": f("tracker", "rule"), "name": f("rule")}, needs=("uid",)
                ),
                "unmapped.interface": f("interface"),
                "unmapped.reason": f("reason"),
                "unmapped.tcp_flags": f("flags"),
                "unmapped.ttl": num("ttl"),
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
                    "service.name": f("syslog.app"),
                    **outcome,
                },
            )
            for name, activity, severity, outcome in (
                ("logon", 1, 1, SUCCESS),
                ("refused", 1, 2, FAILURE),
                ("logoff", 2, 1, SUCCESS),
            )
        ),
        Rule(name="other", class_uid=0, severity_id=BY_LEVEL, tree=MESSAGE),
    ),
)
