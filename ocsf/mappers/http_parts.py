"""Trees that web servers' logs share: request, response, both ends, by OCSF's HTTP Activity."""

from __future__ import annotations

from ocsf.mapping import (
    Cut,
    Expression,
    First,
    Integer,
    Ip,
    Lookup,
    Match,
    NotIp,
    Obj,
    Scaled,
    Tree,
    When,
    f,
    num,
)

METHODS = ("OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT", "PATCH")
ACTIVITIES = {
    "connect": 1, "delete": 2, "get": 3, "head": 4, "options": 5, "post": 6, "put": 7, "trace": 8, "patch": 9,
}  # fmt: skip
REQUEST_LINE = (
    r'(?:(?P<method>[A-Z][A-Z_-]{1,30}) (?P<target>(?:[^"\\]|\\.)*?)(?: HTTP/(?P<version>\d(?:\.\d)?))?'
    r'|(?P<bad>(?:[^"\\]|\\.)*))'
)
"""A request line between quotes; what is none (a TLS hello, an attack) is the group `bad`."""

METHOD: Expression = First(
    (f("method"), Match(f("request"), r"^\"?([A-Z]{2,20}) "))
)
TARGET: Expression = First((f("target"), Match(f("request"), r"^\"?[A-Z]{2,20} (.*?)(?: HTTP/[\d.]+)?\"?$")))
VERSION: Expression = First((f("version"), Match(f("request"), r" HTTP/([\d.]+)\"?$")))
ACTIVITY: Expression = Lookup(METHOD, ACTIVITIES, other=99, default=0)
STATUS: Expression = Lookup(
    Match(f("status"), r"^([1-5])\d\d$"), {"1": 1, "2": 1, "3": 1, "4": 2, "5": 2}, default=0
)

LATENCY: Expression = First((num("latency_ms"), Scaled(f("latency_s"), 1000)))
"""In milliseconds."""

URL: Expression = Obj(
    {
        "url_string": TARGET,
        "path": Match(TARGET, r"^(?:[a-z]+://[^/?#]*)?(/[^?#]*)"),
        "query_string": Match(TARGET, r"^[^?]*\?([^#]*)"),
        "hostname": First((Match(TARGET, r"^[a-z]+://\[?([^/:?#\]]+)"), f("vhost"))),
        "scheme": First((f("scheme"), Match(TARGET, r"^([a-z]+)://"))),
    },
    ("url_string",),
)
HTTP: Tree = {
    "http_request.http_method": Lookup(METHOD, {each.lower(): each for each in METHODS}),
    "http_request.url": URL,
    "http_request.user_agent": f("agent"),
    "http_request.referrer": f("referrer"),
    "http_request.version": VERSION,
    "http_request.length": num("request_bytes"),
    "http_response": Obj(
        {
            "code": Integer(Match(f("status"), r"^([1-5]\d\d)$")),
            "length": num("bytes"),
            "latency": LATENCY,
        },
        ("code",),
    ),
    "status_id": STATUS,
    "status_code": f("status"),
    "src_endpoint.ip": Ip(f("ip")),
    "src_endpoint.hostname": NotIp(f("ip")),
    "src_endpoint.port": num("port", maximum=65_535),
    "dst_endpoint.hostname": NotIp(f("vhost")),
    "dst_endpoint.ip": Ip(f("vhost", "dst_ip")),
    "dst_endpoint.port": num("dst_port", maximum=65_535),
    "actor.user.name": f("user"),
    "message": Cut(First((f("body"), f("request", "target"))), 4096),
    "unmapped.request": f("bad"),
    "unmapped.method": When(ACTIVITY, frozenset({"99"}), METHOD),
}
"""By the groups `ip port user method target version bad status bytes referrer agent vhost`."""

