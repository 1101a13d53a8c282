"""HAProxy in syslog: HTTP and TCP log lines."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers.http_parts import ACTIVITY, HTTP, REQUEST_LINE
from ocsf.mappers.syslog_parts import HEADER, MESSAGE, NULLS, SYSLOG_TIME, TEXT, fallback, product
from ocsf.mapping import PRESENT, Listing, Lookup, Mapper, Rule, TimeField, c, f, num

START = r"^(?P<ip>[0-9a-fA-F:.]+):(?P<port>\d+) \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?:\.\d+)?)\] (?P<frontend>\S+?)~? "
PATTERNS: tuple[tuple[str, str], ...] = (
    (
        "http",
        START + r"(?P<backend>[^\s/]+)/(?P<server>\S+) (?P<timers>[-+\d/]+) (?P<status>-?\d+) \+?(?P<bytes>\d+) \S+ \S+ (?P<state>\S{4}) "
        r"(?P<connections>[\d/+]+) (?P<queues>[\d/]+) (?:(?P<captured>\{.*?\}(?: \{.*?\})?) )?"
        rf'"(?:{REQUEST_LINE})(?:"|$)',
    ),
    (
        "tcp",
        START + r"(?P<backend>[^\s/]+)/(?P<server>\S+) (?P<timers>[-+\d/]+) \+?(?P<bytes>\d+) (?P<state>\S{2}) (?P<connections>[\d/+]+) (?P<queues>[\d/]+)",
    ),
    ("connect", r"^Connect from (?P<ip>[0-9a-fA-F:.]+):(?P<port>\d+) to (?P<dst_ip>[0-9a-fA-F:.]+):(?P<dst_port>\d+) \((?P<frontend>[^/\s]+)/(?:HTTP|TCP)\)"),
    ("error", r"^(?P<ip>[0-9a-fA-F:.]+):(?P<port>\d+) \[(?P<time>[^\]]+)\] (?P<frontend>[^\s:]+): (?P<text>.*)$"),
)  # fmt: skip
PROXY = {
    "metadata.profiles": Listing((c("host"), c("load_balancer"))),
    "load_balancer.name": f("frontend"),
    "load_balancer.dst_endpoint.name": f("server"),
    "unmapped.backend": f("backend"),
    "unmapped.timers": f("timers"),
    "unmapped.termination_state": f("state"),
    "unmapped.captured": f("captured"),
}

MAPPER = Mapper(
    name="haproxy",
    title="HAProxy",
    shapes=(TEXT,),
    layouts=(
        Layout(name="program", apps=frozenset({"haproxy"}), patterns=PATTERNS),
        Layout(name="line", mark=r"^[0-9a-fA-F:.]+:\d+ \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\.\d+\] \S+ ", patterns=PATTERNS),
    ),
    times=(TimeField("time", unit="%d/%b/%Y:%H:%M:%S.%n|%d/%b/%Y:%H:%M:%S"), SYSLOG_TIME),
    nulls=NULLS | {"-1", "<NOSRV>"},
    defaults={**product("HAProxy", "HAProxy"), **HEADER},
    rules=(
        Rule(name="request", class_uid=4002, activity_id=ACTIVITY, when=(("status", PRESENT),), tree={**HTTP, **PROXY}),
        Rule(name="refused request", class_uid=4002, activity_id=ACTIVITY, when=(("target", PRESENT),), tree={**HTTP, **PROXY, "status_id": c(2)}),
        Rule(
            name="connection",
            class_uid=4001,
            activity_id=Lookup(f("event"), {"connect": 1}, default=2),
            when=(("ip", PRESENT),),
            tree={
                **MESSAGE,
                **PROXY,
                "src_endpoint.ip": f("ip"),
                "src_endpoint.port": num("port", maximum=65_535),
                "dst_endpoint.ip": f("dst_ip"),
                "dst_endpoint.port": num("dst_port", maximum=65_535),
                "traffic.bytes": num("bytes"),
                "connection_info.direction_id": c(1),
                "connection_info.protocol_name": c("tcp"),
                "status_detail": f("text"),
            },
        ),
        fallback(),
    ),
)  # fmt: skip
