"""Squid's native access log."""

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers.audit_parts import HTTP_METHODS, PORT_MAXIMUM
from ocsf.mappers.syslog_parts import HEADER, NULLS, SYSLOG_TIME, TEXT, product
from ocsf.mapping import (
    Expression,
    First,
    Integer,
    Ip,
    Listing,
    Lookup,
    Mapper,
    Match,
    NotIp,
    Obj,
    Rule,
    TimeField,
    c,
    f,
    num,
)

URL = f("url")
HOST: Expression = First(
    (Match(URL, r"^[a-z]+://(?:[^/@]*@)?\[?([^/:\]]+)"), Match(URL, r"^([^/:\s]+):\d+$"))
)

MAPPER = Mapper(
    name="squid",
    title="Squid access log",
    limits="The native format; a log in a web server's format is read as one.",
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="native",
            mark=r"^\d{9,10}\.\d{3} +-?\d+ \S+ [A-Z_]+(?:/[A-Z_]+)*/\d{3} \d+ [A-Z_]+ ",
            patterns=(
                (
                    "request",
                    r"^(?P<time>\d+\.\d+) +(?P<elapsed>-?\d+) (?P<client>\S+) (?P<result>[A-"
                    r"Z_/]+)/(?P<code>\d{3})"
                    r" (?P<size>\d+) (?P<method>\S+) (?P<url>\S+) (?P<user>\S+)"
                    r" (?P<hierarchy>[A-Z_]+)/(?P<peer>\S+)(?: (?P<type>\S+))?",
                ),
            ),
        ),
    ),
    times=(TimeField("time", unit="epoch"), SYSLOG_TIME),
    nulls=NULLS,
    defaults={**product("Squid", "Squid"), **HEADER, "metadata.event_code": f("result")},
    rules=(
        Rule(
            name="request",
            class_uid=4002,
            activity_id=Lookup(f("method"), HTTP_METHODS, other=99, default=0),
            tree={
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "src_endpoint.ip": Ip(f("client")),
                "src_endpoint.hostname": NotIp(f("client")),
                "dst_endpoint.ip": Ip(f("peer")),
                "dst_endpoint.hostname": HOST,
                "http_request.http_method": Lookup(
                    f("method"), {name: name.upper() for name in HTTP_METHODS}
                ),
                "http_request.url.url_string": First((URL, f("body"))),
                "http_request.url.hostname": HOST,
                "http_request.url.path": Match(URL, r"^[a-z]+://[^/]+(/[^?#]*)"),
                "http_request.url.query_string": Match(URL, r"\?([^#]+)"),
                "http_request.url.port": Integer(
                    Match(URL, r"^(?:[a-z]+://)?[^/:]+:(\d{1,5})(?:/|$)"), PORT_MAXIMUM
                ),
                "http_response": Obj(
                    {"code": num("code"), "length": num("size"), "content_type": f("type")},
                    needs=("code",),
                ),
                "actor.user.name": f("user"),
                "duration": num("elapsed"),
                "action_id": Lookup(
                    f("result"),
                    {"tcp_denied": 2, "tcp_denied_reply": 2, "udp_denied": 2},
                    other=1,
                    default=0,
                ),
                "disposition_id": Lookup(
                    f("result"), {"tcp_denied": 2, "tcp_denied_reply": 2}, other=1, default=0
                ),
                "unmapped.result": f("result"),
                "unmapped.hierarchy": f("hierarchy"),
            },
        ),
    ),
)
