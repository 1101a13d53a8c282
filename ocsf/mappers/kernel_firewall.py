"""Packets that Linux's netfilter logs: iptables, nftables, ufw, firewalld, in syslog or dmesg."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout, Pairs
from ocsf.mappers.syslog_parts import (
    BY_LEVEL,
    HEADER,
    LINUX,
    MESSAGE,
    NULLS,
    SYSLOG_TIME,
    TEXT,
    product,
)
from ocsf.mapping import (
    PRESENT,
    Expression,
    First,
    Listing,
    Lookup,
    Lower,
    Mapper,
    Match,
    Rule,
    Strip,
    c,
    f,
    num,
)

PACKET = r"^(?:\[ *(?P<uptime>[\d.]+)\] ?)?(?P<prefix>.{0,80}?)\s*IN=(?P<in>\S*) OUT=(?P<out>\S*) (?P<packet>.*)$"
WORD = (
    r"(?i)(block|drop|deny|denied|reject|discard|refuse|bad|invalid|allow|accept|pass|audit|limit)"
)
# Ubiquiti and VyOS: `[WAN_IN-3001-D]`, the rule set, the rule, the action's first letter.
DECIDED: Expression = First(
    (Match(f("prefix"), r"^\[\S+-(?:\d+|default)-([ADR])\]$"), Match(f("prefix"), WORD))
)
BLOCKED = dict.fromkeys(
    ("block", "drop", "deny", "denied", "reject", "discard", "refuse", "bad", "invalid", "d", "r"),
    2,
)
ALLOWED = dict.fromkeys(("allow", "accept", "pass", "a"), 1)

MAPPER = Mapper(
    name="kernel_firewall",
    title="netfilter (iptables, nftables, ufw) packets",
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="packet",
            mark=r"(?:^|\s|\])IN=\S* OUT=\S* .*SRC=\S+ DST=\S+",
            patterns=(("packet", PACKET),),
            pairs=Pairs(of="packet"),
        ),
    ),
    times=(SYSLOG_TIME,),
    nulls=NULLS,
    defaults={
        **product("netfilter", "Linux"),
        **HEADER,
        **LINUX,
        "metadata.profiles": Listing((c("host"), c("security_control"))),
    },
    rules=(
        Rule(
            name="packet",
            class_uid=4001,
            activity_id=Lookup(DECIDED, {**dict.fromkeys(BLOCKED, 5), **dict.fromkeys(ALLOWED, 1)}, default=6),
            when=(("SRC", PRESENT),),
            severity_id=1,
            tree={
                **MESSAGE,
                "src_endpoint.ip": f("SRC"),
                "src_endpoint.port": num("SPT", maximum=65_535),
                "src_endpoint.interface_name": f("in"),
                "src_endpoint.mac": Match(f("MAC"), r"^(?:[0-9a-f]{2}:){6}((?:[0-9a-f]{2}:){5}[0-9a-f]{2})"),
                "dst_endpoint.ip": f("DST"),
                "dst_endpoint.port": num("DPT", maximum=65_535),
                "dst_endpoint.interface_name": f("out"),
                "connection_info.protocol_name": Lower(f("PROTO")),
                "connection_info.direction_id": First(
                    (Lookup(f("in"), {}, other=1), Lookup(f("out"), {}, other=2), c(0))
                ),
                "traffic.bytes": num("LEN"),
                "action_id": Lookup(DECIDED, {**BLOCKED, **ALLOWED}, default=3),
                "disposition_id": Lookup(DECIDED, {**BLOCKED, **ALLOWED}, default=17),
                "firewall_rule.name": Strip(f("prefix"), "[]: "),
                "unmapped.ttl": num("TTL"),
                "unmapped.icmp_type": num("TYPE"),
            },
        ),
        Rule(name="other", class_uid=0, severity_id=BY_LEVEL, tree=MESSAGE),
    ),
)  # fmt: skip
