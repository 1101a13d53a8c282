"""Trees that web servers' logs share: request, response, both ends, by OCSF's HTTP Activity."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

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

LATENCY: Expression = First((num("latency_ms"), Scaled(f("latency_s"), 1000)))
"""In milliseconds."""

STATUS: Expression = Lookup(
    Cut(f("status"), 1), {"1": 1, "2": 1, "3": 1, "4": 2, "5": 2}, default=0
)


def activity(method: Expression) -> Expression:
    """Give OCSF's activity of a request's method."""
    return Lookup(method, ACTIVITIES, other=99, default=0)


def url(target: Expression) -> Expression:
    """Give the URL of a request's target, a path or a whole URL."""
    return Obj(
        {
            "url_string": target,
            "path": Match(target, r"^(?:[a-z]+://[^/?#]*)?(/[^?#]*)"),
            "query_string": Match(target, r"^[^?]*\?([^#]*)"),
            "hostname": First((Match(target, r"^[a-z]+://\[?([^/:?#\]]+)"), f("vhost"))),
            "scheme": First((f("scheme"), Match(target, r"^([a-z]+)://"))),
        },
        ("url_string",),
    )


def http(method: Expression, target: Expression, version: Expression) -> dict[str, Expression]:
    """Give request, response and both ends of a log line of a web server.

    Fields: `ip port user status bytes request_bytes latency_ms latency_s referrer agent vhost
    scheme dst_ip dst_port bad`.
    """
    return {
        "http_request.http_method": Lookup(method, {each.lower(): each for each in METHODS}),
        "http_request.url": url(target),
        "http_request.user_agent": f("agent"),
        "http_request.referrer": f("referrer"),
        "http_request.version": version,
        "http_request.length": num("request_bytes"),
        "http_response": Obj(
            {
                "code": Integer(f("status"), 599),
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
        "unmapped.method": When(activity(method), frozenset({"99"}), method),
    }


METHOD: Expression = f("method")
ACTIVITY: Expression = activity(METHOD)
HTTP: Tree = http(METHOD, f("target"), f("version"))
"""Of a line whose groups are `method`, `target`, `version`."""

LINE_METHOD: Expression = Match(f("request"), r"^\"?([A-Z]{2,20}) ")
LINE_ACTIVITY: Expression = activity(LINE_METHOD)
LINE_HTTP: Tree = http(
    LINE_METHOD,
    Match(f("request"), r"^\"?[A-Z]{2,20} (.*?)(?: HTTP/[\d.]+)?\"?$"),
    Match(f("request"), r" HTTP/([\d.]+)\"?$"),
)
"""Of a record that keeps the request's first line in `request`."""
