"""Error logs of Apache and nginx: faults with their request, refused users, ModSecurity."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers.http_parts import ACTIVITY, HTTP
from ocsf.mappers.syslog_parts import HEADER, MESSAGE, NULLS, SYSLOG_TIME, TEXT, product
from ocsf.mapping import (
    PRESENT,
    First,
    Integer,
    Ip,
    Lookup,
    Mapper,
    Match,
    NotIp,
    Rule,
    Strip,
    TimeField,
    c,
    f,
    num,
)

APACHE = (
    r"^\[(?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d{2}:\d{2}:\d{2}(?:\.\d+)? \d{4})\] (?:\[(?:(?P<module>\w*):)?(?P<level>\w+)\] )?"
    r"(?:\[pid (?P<pid>\d+)(?::tid (?P<tid>\w+))?\] )?(?:\[(?:remote|client) (?P<ip>[0-9a-fA-F:.]*?[0-9a-fA-F])(?::(?P<port>\d{2,5}))?\] )?"
)
CODE = r"(?:(?P<code>AH\d{5}): )?"
NGINX = r"^(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(?P<level>\w+)\] (?P<pid>\d+)#(?P<tid>\d+): (?:\*(?P<connection>\d+) )?"
NGINX_REQUEST = r', request: "(?P<method>[A-Z]+) (?P<target>[^"]*?)(?: HTTP/(?P<version>[\d.]+))?"'
PATTERNS: tuple[tuple[str, str], ...] = (
    ("modsecurity", APACHE + r".*?ModSecurity: (?P<text>.*?)(?: \[file .*?)?(?: \[id \"(?P<rule>[^\"]*)\"\]).*?(?: \[msg \"(?P<title>[^\"]*)\"\])(?:.*?\[severity \"(?P<severity>[^\"]*)\"\])?(?:.*?\[hostname \"(?P<vhost>[^\"]*)\"\])?(?:.*?\[uri \"(?P<target>[^\"]*)\"\])?"),
    ("logon_refused", APACHE + CODE + r"user (?P<user>.*?)(?:: (?P<text>authentication failure .*)| (?P<text2>not found): .*)$"),
    ("apache_request", APACHE + CODE + r"(?P<text>.*? in request (?P<method>[A-Z]+) (?P<target>\S+)(?: HTTP/(?P<version>[\d.]+))?.*?)(?:, referer: (?P<referrer>.*))?$"),
    ("apache", APACHE + CODE + r"(?P<text>.*?)(?:, referer: (?P<referrer>.*))?$"),
    ("logon_refused", NGINX + r'user "(?P<user>[^"]*)"(?: was not found in "[^"]*"|: (?P<text>password mismatch)), client: (?P<ip>[^,]+), server: (?P<vhost>[^,]*)' + NGINX_REQUEST),
    ("nginx_request", NGINX + r"(?P<text>.*), client: (?P<ip>[^,]+), server: (?P<vhost>[^,]*)" + NGINX_REQUEST + r'(?:, (?:sub)?request: "[^"]*")?(?:, upstream: "(?P<upstream>[^"]*)")?(?:, host: "(?P<host>[^"]*)")?(?:, referrer: "(?P<referrer>[^"]*)")?'),
    ("nginx", NGINX + r"(?P<text>.*?)(?:, client: (?P<ip>[^,]+))?(?:, server: (?P<vhost>.*))?$"),
)  # fmt: skip
LEVELS = {
    "emerg": 6, "alert": 5, "crit": 5, "error": 4, "err": 4, "warn": 3, "warning": 3, "notice": 1, "info": 1, "debug": 1,
    "critical": 5,
}  # fmt: skip
SEVERITY = Lookup(f("level"), LEVELS, default=1)
DETAIL = {
    **MESSAGE,
    "metadata.log_level": f("level"),
    "metadata.event_code": f("code"),
    "unmapped.module": f("module"),
    "unmapped.pid": num("pid"),
    "unmapped.upstream": f("upstream"),
    "unmapped.connection": f("connection"),
}
HOST = Strip(Match(f("host"), r"^(\[[^\]]*\]|[^:]+)"), "[]")
END = {
    "src_endpoint.ip": Ip(f("ip")),
    "src_endpoint.hostname": NotIp(f("ip")),
    "src_endpoint.port": num("port", maximum=65_535),
    "dst_endpoint.hostname": First((NotIp(HOST), NotIp(f("vhost")))),
    "dst_endpoint.ip": Ip(HOST),
    "dst_endpoint.port": Integer(Match(f("host"), r":(\d{1,5})$"), 65_535),
}

MAPPER = Mapper(
    name="web_error",
    title="Apache and nginx error log",
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="error",
            mark=r"^(?:\[[A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d{2}:\d{2}:\d{2}(?:\.\d+)? \d{4}\] |\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\] \d+#\d+: )",
            patterns=PATTERNS,
        ),
    ),
    times=(
        TimeField("time", unit="%a %b %d %H:%M:%S.%n %Y|%a %b %d %H:%M:%S %Y|%Y/%m/%d %H:%M:%S"),
        SYSLOG_TIME,
    ),
    nulls=NULLS | {"_"},
    defaults={**product("Web server", "Unknown"), **HEADER},
    rules=(
        Rule(
            name="ModSecurity",
            class_uid=2004,
            activity_id=1,
            severity_id=Lookup(f("severity"), {"emergency": 6, "alert": 5, "critical": 5, "error": 4, "warning": 3, "notice": 1, "info": 1}, default=3),
            when=(("rule", PRESENT), ("title", PRESENT)),
            tree={
                **DETAIL,
                "finding_info.title": f("title"),
                "finding_info.uid": f("rule"),
                "finding_info.desc": f("text"),
                "unmapped.src_ip": f("ip"),
                "unmapped.url": f("target"),
                "unmapped.hostname": f("vhost"),
            },
        ),
        Rule(
            name="logon refused",
            class_uid=3002,
            activity_id=1,
            severity_id=2,
            when=(("event", frozenset({"logon_refused"})), ("user", PRESENT)),
            tree={
                **DETAIL,
                **END,
                "user.name": f("user"),
                "service.name": c("http"),
                "auth_protocol_id": c(11),
                "is_remote": c(True),
                "status_id": c(2),
                "status_detail": First((f("text", "text2"), Lookup(f("body"), {}, other="user not found"))),
                "unmapped.url": f("target"),
            },
        ),
        Rule(
            name="fault with its request",
            class_uid=4002,
            activity_id=ACTIVITY,
            severity_id=SEVERITY,
            when=(("target", PRESENT),),
            tree={**HTTP, **DETAIL, **END, "status_id": c(2), "status_detail": f("text")},
        ),
        Rule(
            name="fault",
            class_uid=6008,
            activity_id=1,
            severity_id=SEVERITY,
            when=(("level", frozenset({"emerg", "alert", "crit", "error", "warn", "err", "critical", "warning"})),),
            tree={**DETAIL, "unmapped.src_ip": Ip(f("ip")), "unmapped.referrer": f("referrer")},
        ),
        Rule(name="note", class_uid=0, severity_id=SEVERITY, tree={**DETAIL, "unmapped.src_ip": Ip(f("ip"))}),
    ),
)  # fmt: skip
