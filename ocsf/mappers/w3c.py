"""W3C extended logs: IIS, CloudFront, and Windows' own firewall; the columns are as the file says."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Columns, Layout
from ocsf.mappers.http_parts import ACTIVITIES, HTTP, METHODS
from ocsf.mappers.syslog_parts import HEADER, MESSAGE, NULLS, TEXT, product
from ocsf.mapping import (
    PRESENT,
    First,
    Ip,
    Join,
    Listing,
    Lookup,
    Lower,
    Mapper,
    Match,
    NotIp,
    Obj,
    Replace,
    Rule,
    Shape,
    TimeField,
    When,
    c,
    f,
    num,
)

SKIPPED = r"^#(?:Software|Version|Date|Fields|Remark|Start-Date|End-Date|Time Format|GMT-Offset)\b"
DEFAULT = (
    "date", "time", "s-ip", "cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "cs-username", "c-ip",
    "cs(User-Agent)", "cs(Referer)", "sc-status", "sc-substatus", "sc-win32-status", "time-taken",
)  # fmt: skip
ROW = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ (?:GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT|PROPFIND|DEBUG) /\S* \S+ \d+ "

METHOD = f("cs-method")
TARGET = First((Join((f("cs-uri-stem"), f("cs-uri-query")), "?"), f("cs-uri-stem", "cs-uri")))
ALIASES = {
    "method": ("cs-method",),
    "status": ("sc-status",),
    "bytes": ("sc-bytes",),
    "request_bytes": ("cs-bytes",),
    "latency_ms": ("time-taken",),
    "ip": ("c-ip",),
    "port": ("c-port",),
    "user": ("cs-username",),
    "vhost": ("cs-host", "x-host-header", '"cs(Host)"', '"cs(host)"'),
    "dst_ip": ("s-ip",),
    "dst_port": ("s-port",),
    "scheme": ("cs-protocol",),
}

MAPPER = Mapper(
    name="w3c",
    title="W3C extended log (IIS, CloudFront, Windows firewall)",
    shapes=(Shape(name=TEXT.name, present=TEXT.present, aliases=ALIASES),),
    layouts=(
        Layout(
            name="cloudfront",
            columns=Columns(separator="\t", quoted=False, header=r"^#Fields:\s*(?P<names>.*\bx-edge-.*)$", skips=SKIPPED),
        ),
        Layout(
            name="web",
            columns=Columns(
                quoted=True,
                header=r"^#Fields:\s*(?P<names>.*\b(?:cs-method|cs-uri|cs-uri-stem|sc-status|c-ip)\b.*)$",
                skips=SKIPPED,
            ),
        ),
        Layout(
            name="firewall",
            columns=Columns(
                quoted=False, header=r"^#Fields:\s*(?P<names>.*\bsrc-ip\b.*)$", skips=SKIPPED
            ),
        ),
        Layout(name="web without header", mark=ROW, columns=Columns(names=DEFAULT)),
    ),
    times=(TimeField("date", also="time"), TimeField("x-timestamp", unit="any")),
    nulls=NULLS,
    defaults={**product("W3C log", "Unknown"), **HEADER},
    rules=(
        Rule(
            name="request",
            class_uid=4002,
            activity_id=Lookup(METHOD, ACTIVITIES, other=99, default=0),
            when=(("cs-method", PRESENT),),
            tree={
                **HTTP,
                "metadata.product.name": Lookup(f("event"), {"cloudfront": "CloudFront"}, default="IIS"),
                "metadata.product.vendor_name": Lookup(f("event"), {"cloudfront": "AWS"}, default="Microsoft"),
                "http_request.url": Obj(
                    {
                        "url_string": TARGET,
                        "path": f("cs-uri-stem"),
                        "query_string": f("cs-uri-query"),
                        "hostname": f("vhost"),
                        "scheme": Lower(f("cs-protocol")),
                    },
                    ("url_string",),
                ),
                "http_request.http_method": Lookup(METHOD, {each.lower(): each for each in METHODS}),
                "http_request.version": Match(f("cs-version", "cs-protocol-version"), r"([\d.]+)$"),
                "http_request.user_agent": Replace(f('"cs(User-Agent)"', '"cs(user-agent)"'), "+", " "),
                "http_request.referrer": f('"cs(Referer)"', '"cs(referer)"'),
                "device.name": f("s-computername"),
                "unmapped.method": When(Lookup(METHOD, ACTIVITIES, other=99), frozenset({"99"}), METHOD),
                "unmapped.substatus": f("sc-substatus"),
                "unmapped.win32_status": f("sc-win32-status"),
                "unmapped.site": f("s-sitename"),
                "unmapped.edge": f("x-edge-location"),
                "unmapped.edge_result": f("x-edge-result-type"),
                "unmapped.request": f("none"),
                "status_detail": f("s-reason"),
            },
        ),
        Rule(
            # HTTPERR: the connection ended before a request was read.
            name="connection without a request",
            class_uid=4001,
            activity_id=2,
            when=(("s-reason", PRESENT), ("ip", PRESENT)),
            tree={
                **MESSAGE,
                "metadata.product.name": Lookup(f("body"), {}, other="IIS"),
                "metadata.product.vendor_name": Lookup(f("body"), {}, other="Microsoft"),
                "src_endpoint.ip": f("ip"),
                "src_endpoint.port": num("port", maximum=65_535),
                "dst_endpoint.ip": f("dst_ip"),
                "dst_endpoint.port": num("dst_port", maximum=65_535),
                "connection_info.protocol_name": Lookup(f("body"), {}, other="tcp"),
                "connection_info.direction_id": Lookup(f("body"), {}, other=1),
                "status_detail": f("s-reason"),
                "unmapped.queue": f("s-queuename"),
                "unmapped.site": f("s-siteid"),
            },
        ),
        Rule(
            name="packet",
            class_uid=4001,
            activity_id=Lookup(f("action"), {"drop": 5, "allow": 1, "open": 1, "close": 2, "open-inbound": 1}, default=6),
            when=(("action", PRESENT), ("src-ip", PRESENT)),
            tree={
                **MESSAGE,
                "metadata.product.name": Lookup(f("body"), {}, other="Windows Firewall"),
                "metadata.product.vendor_name": Lookup(f("body"), {}, other="Microsoft"),
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "action_id": Lookup(f("action"), {"drop": 2, "allow": 1, "open": 1, "open-inbound": 1}, default=3),
                "disposition_id": Lookup(f("action"), {"drop": 6, "allow": 1, "open": 1, "open-inbound": 1}, default=17),
                "src_endpoint.ip": Ip(f("src-ip")),
                "src_endpoint.hostname": NotIp(f("src-ip")),
                "src_endpoint.port": num("src-port", maximum=65_535),
                "dst_endpoint.ip": Ip(f("dst-ip")),
                "dst_endpoint.port": num("dst-port", maximum=65_535),
                "connection_info.protocol_name": Lower(f("protocol")),
                "connection_info.direction_id": Lookup(f("path"), {"receive": 1, "send": 2, "forward": 99}, default=0),
                "traffic.bytes": num("size"),
            },
        ),
        Rule(name="other row", class_uid=0, tree=MESSAGE),
    ),
)  # fmt: skip
