"""Name servers' query logs as text: BIND, dnsmasq, unbound."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers.syslog_parts import (
    MESSAGE,
    PROGRAM,
    fallback,
    on,
    program_log,
)
from ocsf.mapping import (
    Ip,
    Listing,
    Lookup,
    Lower,
    NotIp,
    Obj,
    Rule,
    Split,
    Strip,
    TimeField,
    Tree,
    c,
    f,
    num,
)

BIND_TIME = r"(?:(?P<time>\d{2}-[A-Z][a-z]{2}-\d{4} \d{2}:\d{2}:\d{2}(?:\.\d+)?) )?(?:(?:queries|query-errors|security|client|rpz|default): )?(?:(?:info|debug \d+|warning|error|notice): )?"
CLIENT = r"client (?:@0x[0-9a-f]+ )?(?P<ip>[0-9a-fA-F.:%]+)#(?P<port>\d+)(?:/key \S+)?(?: \((?P<asked>[^)]*)\))?: (?:view (?P<view>[^:]+): )?"
PATTERNS: tuple[tuple[str, str], ...] = (
    ("query", rf"^{BIND_TIME}{CLIENT}query: (?P<name>\S+) (?P<class>\S+) (?P<type>\S+)(?: (?P<flags>[+-]\S*))?(?: \((?P<dst_ip>[^)]*)\))?"),
    ("denied", rf"^{BIND_TIME}{CLIENT}(?:query (?:\(cache\) )?|update |zone transfer )'(?P<name>[^/']+)/(?P<type>[^/']+)/(?P<class>[^']+)' denied"),
    ("query_failed", rf"^{BIND_TIME}{CLIENT}query failed \((?P<rcode>[^)]+)\) for (?P<name>[^/ ]+)/(?P<class>[^/]+)/(?P<type>\S+)"),
    ("answered", rf"^(?:infoblox-responses: )?{BIND_TIME}client (?:@0x[0-9a-f]+ )?(?P<ip>[0-9a-fA-F.:%]+)#(?P<port>\d+):? (?P<transport>UDP|TCP): query: (?P<name>\S+) (?P<class>\S+) (?P<type>\S+) response: (?P<rcode>[A-Z]+)(?: (?P<flags>[+-]\S*))?(?: (?P<answers>.*))?$"),
    ("rewritten", rf"^{BIND_TIME}{CLIENT}rpz (?P<trigger>\S+) (?P<policy>\S+) rewrite (?P<name>[^\s/]+)(?:/(?P<type>[^/\s]+)/(?P<class>\S+))? via (?P<rule>\S+)"),
    ("transfer", rf"^{BIND_TIME}{CLIENT}transfer of '(?P<name>[^/']+)/(?P<class>[^'/]+)': (?P<type>[AI]XFR)(?:-style IXFR)? started"),
    ("query", r"^(?:\d+ (?:\S+/\d+ )?)?query\[(?P<type>[^\]]+)\] (?P<name>\S+) from (?P<ip>\S+)"),
    ("answer", r"^(?:\d+ (?:\S+/\d+ )?)?(?P<how>reply|cached|config|cached-stale|/\S+|DHCP) (?P<name>\S+) is (?P<answer>.*)$"),
    ("forwarded", r"^(?:\d+ (?:\S+/\d+ )?)?forwarded (?P<name>\S+) to (?P<dst_ip>\S+)"),
    ("query", r"^(?:\[\d+:\d+\] )?(?:info|reply): (?P<ip>[0-9a-fA-F.:]+) (?P<name>\S+?)\.? (?P<type>[A-Z0-9]+) (?P<class>IN|CH|HS|ANY)(?: (?P<rcode>[A-Z]+))?"),
)  # fmt: skip
RCODES = {
    "noerror": 0, "formerr": 1, "servfail": 2, "nxdomain": 3, "notimp": 4, "refused": 5, "yxdomain": 6, "yxrrset": 7,
    "nxrrset": 8, "notauth": 9, "notzone": 10,
}  # fmt: skip

QUERY: Tree = {
    **MESSAGE,
    **PROGRAM,
    "query.hostname": Strip(f("name"), "'\""),
    "query.type": f("type"),
    "query.class": f("class"),
    "src_endpoint.ip": Ip(f("ip")),
    "src_endpoint.hostname": NotIp(f("ip")),
    "src_endpoint.port": num("port", maximum=65_535),
    "dst_endpoint.ip": Ip(f("dst_ip")),
    "dst_endpoint.hostname": NotIp(f("dst_ip")),
    "unmapped.flags": f("flags"),
    "unmapped.view": f("view"),
    "rcode_id": Lookup(f("rcode"), RCODES, other=99),
    "rcode": f("rcode"),
}
SERVER: Tree = {
    "dst_endpoint.ip": Ip(f("dst_ip", "syslog.host")),
    "dst_endpoint.hostname": NotIp(f("dst_ip", "syslog.host")),
}

MAPPER = program_log(
    name="dns_text",
    title="BIND, dnsmasq, unbound query log",
    made_by=("Name server", "Unknown"),
    layouts=(
        Layout(name="program", apps=frozenset({"named", "dnsmasq", "unbound", "pihole-ftl", "bind9"}), patterns=PATTERNS),
        Layout(name="BIND file", mark=rf"^\d{{2}}-[A-Z][a-z]{{2}}-\d{{4}} [\d:.]+ {BIND_TIME}(?:client |\S+: )", patterns=PATTERNS),
        Layout(name="query line", mark=r"^client (?:@0x[0-9a-f]+ )?[0-9a-fA-F.:]+#\d+", patterns=PATTERNS),
    ),
    times=(TimeField("time", unit="%d-%b-%Y %H:%M:%S.%n|%d-%b-%Y %H:%M:%S"),),
    rules=(
        Rule(
            name="query",
            class_uid=4003,
            activity_id=1,
            when=on("query"),
            tree={**QUERY, **SERVER, "connection_info.direction_id": c(1), "connection_info.protocol_name": c("udp")},
        ),
        Rule(
            name="refused",
            class_uid=4003,
            activity_id=2,
            severity_id=2,
            when=on("denied", "query_failed"),
            tree={
                **QUERY,
                **SERVER,
                "rcode_id": Lookup(f("rcode", "event"), {**RCODES, "denied": 5}, other=99),
                "status_id": c(2),
            },
        ),
        Rule(
            # Infoblox's `infoblox-responses`.
            name="answered",
            class_uid=4003,
            activity_id=2,
            when=on("answered"),
            tree={
                **QUERY,
                **SERVER,
                "answers": Split(f("answers"), r";\s*", key="rdata"),
                "connection_info.direction_id": c(1),
                "connection_info.protocol_name": Lower(f("transport")),
            },
        ),
        Rule(
            name="zone transfer",
            class_uid=4003,
            activity_id=1,
            when=on("transfer"),
            tree={**QUERY, **SERVER, "connection_info.direction_id": c(1), "connection_info.protocol_name": c("tcp")},
        ),
        Rule(
            name="rewritten",
            class_uid=4003,
            activity_id=2,
            severity_id=3,
            when=on("rewritten"),
            tree={
                **QUERY,
                **SERVER,
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "action_id": Lookup(f("policy"), {"passthru": 1}, other=2),
                "disposition_id": Lookup(f("policy"), {"passthru": 1, "drop": 6}, other=2),
                "firewall_rule.name": f("rule"),
                "rcode_id": Lookup(f("policy"), {"nxdomain": 3}),
                "unmapped.policy": f("policy"),
                "unmapped.trigger": f("trigger"),
            },
        ),
        Rule(
            name="answer",
            class_uid=4003,
            activity_id=2,
            when=on("answer"),
            tree={
                **QUERY,
                "answers": Listing((Obj({"rdata": f("answer")}),)),
                "src_endpoint.hostname": NotIp(f("syslog.host")),
                "src_endpoint.ip": Ip(f("syslog.host")),
                "src_endpoint.svc_name": f("syslog.app"),
                "rcode_id": Lookup(f("answer"), {"nxdomain": 3, "nodata": 0, "servfail": 2, "refused": 5}, default=0),
                "unmapped.how": f("how"),
            },
        ),
        Rule(
            name="forwarded",
            class_uid=4003,
            activity_id=6,
            when=on("forwarded"),
            tree={**QUERY, "src_endpoint.hostname": NotIp(f("syslog.host"))},
        ),
        fallback(),
    ),
)  # fmt: skip
