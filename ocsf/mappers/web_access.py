"""Web servers' access logs: common and combined, with virtual host, and as JSON."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers.http_parts import ACTIVITY, HTTP, LINE_ACTIVITY, LINE_HTTP, REQUEST_LINE
from ocsf.mappers.syslog_parts import HEADER, NULLS, SYSLOG_TIME, TEXT, fallback, product
from ocsf.mapping import (
    PRESENT,
    First,
    Mapper,
    Match,
    Rule,
    Shape,
    Split,
    Strip,
    TimeField,
    f,
    num,
    with_wrapped,
)

CLF_TIME = r"\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?: [+-]\d{4})?"
CLIENT = r"(?:(?P<vhost>[A-Za-z0-9_.*-]+)(?::(?P<dst_port>\d+))? )?(?P<ip>[^\s,\"-][^\s,\"]*)(?:, ?(?P<via>[^\[\"]*?))?"
USER = r"(?P<ident>[^\s\"]+) (?P<user>\"[^\"]*\"|[^\s\"]+)"
SPACED_USER = r"(?P<ip>\S+) (?P<ident>\S+) (?P<user>[^\[\"]{1,256}?)"
REQUEST = rf" \[(?P<time>{CLF_TIME})\] \"{REQUEST_LINE}\" (?P<status>\d{{3}}|-)"
SIZE = r" (?P<bytes>\d+|-)"
AGENT = (
    r" \"(?P<referrer>(?:[^\"\\]|\\.)*)\" \"(?P<agent>(?:[^\"\\]|\\.)*)\""
    r"(?: \"?(?P<xff>(?:\d+\.\d+\.\d+\.\d+|[0-9a-fA-F]*:[0-9a-fA-F:.]+)(?:, [0-9a-fA-F:.]+)*)\"?)?(?P<more> .*)?$"
)
END = r"(?: (?P<bytes>\d+|-))?(?P<more> .*)?$"

PATTERNS: tuple[tuple[str, str], ...] = (
    ("combined", rf"^{CLIENT} {USER}{REQUEST}{SIZE}{AGENT}"),
    ("common", rf"^{CLIENT} {USER}{REQUEST}{END}"),
    ("common", rf"^{SPACED_USER}{REQUEST}{END}"),
    ("tls", rf"^\[(?P<time>{CLF_TIME})\] (?P<ip>\S+) (?P<tls>\S+) (?P<cipher>\S+) \"{REQUEST_LINE}\"(?: (?P<bytes>\d+|-))?"),
    ("cut", rf"^{CLIENT} {USER} \[(?P<time>{CLF_TIME})\] \"(?P<method>[A-Z]{{2,20}}) (?P<target>\S+)(?P<bad>.*)$"),
)  # fmt: skip

ALIASES = {
    "ip": ("remote_addr", "remote_ip", "clientip", "client_ip", "client", "remote_host", "remoteip", "remoteIP", "remoteAddr", "src_ip", "host_ip"),
    "user": ("remote_user", "user", "auth", "user_id"),
    "method": ("request_method", "method", "verb", "requestMethod"),
    "target": ("request_uri", "uri", "requestUri", "url", "path", "request_url"),
    "version": ("httpversion", "http_version"),
    "request": ("request", "request_line"),
    "status": ("status", "response", "status_code", "response_code"),
    "bytes": ("body_bytes_sent", "bytes_sent", "bytes", "size", "response_size", "body_bytes"),
    "request_bytes": ("request_length",),
    "referrer": ("http_referer", "http_referrer", "referer", "referrer"),
    "agent": ("http_user_agent", "user_agent", "agent", "useragent"),
    "vhost": ("http_host", "host", "server_name", "vhost"),
    "dst_ip": ("server_addr",),
    "dst_port": ("server_port",),
    "port": ("remote_port",),
    "xff": ("http_x_forwarded_for", "x_forwarded_for"),
    "latency_s": ("request_time",),
    "scheme": ("scheme",),
    "time": ("time_iso8601", "time_local", "@timestamp", "timestamp", "time", "msec", "ts"),
    "body": ("msg",),
}  # fmt: skip
NGINX = Shape(
    name="nginx or Apache JSON",
    present=(
        frozenset({"remote_addr", "remote_ip", "clientip", "client_ip", "remote_host", "remoteip", "remoteIP", "remoteAddr"}),
        frozenset({"status", "response", "status_code", "response_code"}),
        frozenset({"request", "request_uri", "uri", "request_method", "requestUri", "verb", "request_line", "method"}),
    ),
    aliases=ALIASES,
)  # fmt: skip
CADDY = Shape(
    name="Caddy JSON",
    present=(frozenset({"request.method"}), frozenset({"request.uri"}), frozenset({"status"})),
    aliases={
        "ip": ("request.client_ip", "request.remote_ip", "request.remote_addr"),
        "port": ("request.remote_port",),
        "user": ("user_id",),
        "method": ("request.method",),
        "target": ("request.uri",),
        "proto": ("request.proto",),
        "request": ("request.none",),
        "status": ("status",),
        "bytes": ("size",),
        "request_bytes": ("bytes_read",),
        "agent": ("request.headers.User-Agent[0]",),
        "referrer": ("request.headers.Referer[0]",),
        "vhost": ("request.host",),
        "latency_s": ("duration",),
        "time": ("ts",),
        "body": ("msg",),
        "xff": ("request.headers.X-Forwarded-For[0]",),
    },
)
TRAEFIK = Shape(
    name="Traefik JSON",
    present=(frozenset({"RequestMethod"}), frozenset({"RequestPath", "RequestAddr"})),
    aliases={
        "ip": ("ClientHost", "ClientAddr"),
        "port": ("ClientPort",),
        "user": ("ClientUsername",),
        "method": ("RequestMethod",),
        "target": ("RequestPath",),
        "proto": ("RequestProtocol",),
        "status": ("DownstreamStatus", "OriginStatus"),
        "bytes": ("DownstreamContentSize", "OriginContentSize"),
        "agent": ("request_User-Agent", "request.User-Agent"),
        "referrer": ("request_Referer",),
        "vhost": ("RequestHost",),
        "scheme": ("RequestScheme",),
        "latency_ns": ("Duration",),
        "time": ("StartUTC", "time"),
        "body": ("msg",),
    },
)

REST = {
    "http_request.x_forwarded_for": Split(f("xff"), r",\s*"),
    "actor.user.name": Strip(f("user"), '"-'),
    "unmapped.via": f("via"),
    "unmapped.more": Strip(f("more"), ' "-'),
    "unmapped.ident": f("ident"),
    "unmapped.tls": f("tls"),
    "unmapped.cipher": f("cipher"),
    "unmapped.duration_ns": num("latency_ns"),
    "metadata.log_name": f("logger"),
}
TREE = {**HTTP, **REST}
PROTOCOL = {
    "http_request.version": First(
        (f("version"), Match(f("proto", "server_protocol"), r"HTTP/([\d.]+)"))
    )
}

MAPPER = Mapper(
    name="web_access",
    title="web access log (common, combined, JSON)",
    shapes=(TEXT, *with_wrapped(CADDY, TRAEFIK, NGINX)),
    layouts=(
        Layout(
            # What Apache's `ssl_request_log` holds.
            name="tls requests",
            mark=rf"^\[{CLF_TIME}\] \S+ (?:TLSv[\d.]+|SSLv[\d.]+|-) \S+ \"",
            patterns=PATTERNS,
        ),
        Layout(name="clf", mark=rf"^.{{1,400}}? ?\[{CLF_TIME}\] \"", patterns=PATTERNS),
    ),
    times=(
        TimeField("time", unit="clf"),
        TimeField("time", unit="%d/%b/%Y:%H:%M:%S.%n %z|%d/%b/%Y:%H:%M:%S|%d/%b/%Y:%H:%M:%S.%n"),
        TimeField("time", unit="any"),
        SYSLOG_TIME,
    ),
    nulls=NULLS,
    defaults={**product("Web server", "Unknown"), **HEADER},
    rules=(
        Rule(
            name="request",
            class_uid=4002,
            activity_id=ACTIVITY,
            when=(("event", PRESENT), ("status", PRESENT)),
            tree=TREE,
        ),
        Rule(
            name="request cut off",
            class_uid=4002,
            activity_id=ACTIVITY,
            when=(("event", PRESENT), ("ip", PRESENT), ("target", PRESENT)),
            tree=TREE,
        ),
        Rule(
            name="request in parts",
            class_uid=4002,
            activity_id=ACTIVITY,
            when=(("method", PRESENT), ("target", PRESENT)),
            tree={**TREE, **PROTOCOL},
        ),
        Rule(
            name="request line",
            class_uid=4002,
            activity_id=LINE_ACTIVITY,
            when=(("status", PRESENT),),
            tree={**LINE_HTTP, **REST},
        ),
        fallback(),
    ),
)  # fmt: skip
