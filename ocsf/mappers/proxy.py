"""Web proxies' W3C logs (ProxySG, Edge SWG) and Zscaler's feeds, as pairs or JSON."""

from __future__ import annotations

from ocsf.layout import Columns, Layout, Pairs
from ocsf.mappers.audit_parts import HTTP_METHODS, PORT_MAXIMUM
from ocsf.mappers.syslog_parts import HEADER, NULLS, SYSLOG_TIME, TEXT
from ocsf.mapping import (
    Expression,
    First,
    Ip,
    Join,
    Listing,
    Lookup,
    Mapper,
    Match,
    NotIp,
    Obj,
    Rule,
    Shape,
    Split,
    TimeField,
    c,
    f,
    num,
    with_wrapped,
)

METHOD = f("cs-method", "requestmethod", "reqmethod")
HOST = f("cs-host", "cs-uri-host", "hostname", "host")
WHOLE = f("cs-uri", "c-uri", "url", "eurl")
PATH = f("cs-uri-path", "cs-uri-stem")
CLIENT = f("c-ip", "ClientIP", "clientip", "cip", "cintip")
SERVER = f("s-supplier-ip", "r-ip", "serverip", "sip")
ACTION = f("sc-filter-result", "action")
VERDICTS = {
    **dict.fromkeys(("observed", "allowed", "allow", "proxied", "permitted"), 1),
    **dict.fromkeys(("denied", "blocked", "block", "deny", "cautioned"), 2),
}
THREAT = f("threatname", "x-virus-id", "malwarecategory")
SCHEMED: Expression = Match(WHOLE, r"^([a-z]+://.+)$")

MAPPER = Mapper(
    name="proxy",
    title="Web proxies (Blue Coat ProxySG, Zscaler)",
    limits="ProxySG files need their `#Fields` line.",
    shapes=(
        TEXT,
        *with_wrapped(
            Shape(
                name="zscaler",
                present=(
                    frozenset({"ClientIP", "clientip", "cip", "clientpublicIP"}),
                    frozenset({"urlcategory", "urlcat", "urlsupercategory", "urlclass"}),
                    frozenset({"requestmethod", "reqmethod", "url", "eurl"}),
                ),
            ),
        ),
    ),
    layouts=(
        Layout(
            name="ProxySG",
            columns=Columns(
                header=r"^#Fields: (?P<names>.*\b(?:sc-filter-result|x-exception-id|cs-categories"
                r"|s-supplier-name|s-action|cs-auth-group|x-bluecoat-\S+)\b.*)$",
                skips=r"^#(?:Software|Version|Start-Date|Date|Remark|End-Date):",
            ),
        ),
        Layout(
            name="Zscaler",
            mark=r"\breason=.*\burlsupercategory=|\burlcategory=.*\bClientIP=|\bproduct=NSS\b",
            pairs=Pairs(spaced=True, separator="\t"),
        ),
    ),
    times=(
        TimeField("datetime", unit="iso"),
        TimeField("datetime", unit="%a %b %d %H:%M:%S %Y"),
        TimeField("time", unit="%a %b %d %H:%M:%S %Y"),
        TimeField("epochtime", unit="epoch"),
        TimeField("x-timestamp-unix", unit="epoch"),
        TimeField("body", pattern=r"^(\d{4}-\d\d-\d\d[ \t]\d\d:\d\d:\d\d)"),
        TimeField("gmttime", unit="iso"),
        SYSLOG_TIME,
    ),
    nulls=NULLS | {"None", "NA", "N/A", "none"},
    defaults={
        **HEADER,
        "metadata.product.name": First(
            (
                f("product"),
                Lookup(First((f("urlcategory"), f("urlclass"))), {}, other="NSS"),
                c("ProxySG"),
            )
        ),
        "metadata.product.vendor_name": First(
            (
                f("vendor"),
                Lookup(First((f("urlcategory"), f("urlclass"))), {}, other="Zscaler"),
                c("Symantec"),
            )
        ),
        "metadata.event_code": f("s-action", "event_id", "action"),
        "metadata.uid": f("recordid", "event_id", "x-bluecoat-transaction-uuid"),
    },
    rules=(
        Rule(
            name="request",
            class_uid=4002,
            activity_id=Lookup(METHOD, HTTP_METHODS, other=99, default=0),
            severity_id=Lookup(THREAT, {}, other=4, default=1),
            tree={
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "src_endpoint.ip": Ip(CLIENT),
                "src_endpoint.hostname": f("devicehostname", "c-dns"),
                "src_endpoint.port": num("c-port", "clientport", maximum=PORT_MAXIMUM),
                "dst_endpoint.ip": Ip(SERVER),
                "dst_endpoint.hostname": HOST,
                "dst_endpoint.port": num("cs-uri-port", "r-port", maximum=PORT_MAXIMUM),
                "http_request.http_method": Lookup(
                    METHOD, {name: name.upper() for name in HTTP_METHODS}
                ),
                "http_request.url.scheme": f("cs-uri-scheme"),
                "http_request.url.hostname": HOST,
                "http_request.url.path": First(
                    (PATH, Match(WHOLE, r"^(?:[a-z]+://)?[^/]+(/[^?#]*)"))
                ),
                "http_request.url.query_string": First(
                    (Match(f("cs-uri-query"), r"^\??(.+)$"), Match(WHOLE, r"\?([^#]+)"))
                ),
                "http_request.url.url_string": First(
                    (
                        SCHEMED,
                        WHOLE,
                        Join((f("cs-uri-scheme"), c("://"), HOST, PATH, f("cs-uri-query"))),
                        Join((f("cs-uri-scheme"), c("://"), HOST, PATH)),
                        Join((f("cs-uri-scheme"), c("://"), HOST)),
                        HOST,
                        f("body"),
                    )
                ),
                "http_request.url.categories": Split(
                    f(
                        "cs-categories",
                        "sc-filter-category",
                        "cs-category",
                        "urlcategory",
                        "urlcat",
                    ),
                    ";",
                ),
                "http_request.user_agent": f("cs(User-Agent)", "useragent", "ua"),
                "http_request.referrer": f("cs(Referer)", "refererURL", "referer", "ereferer"),
                "http_request.length": num("cs-bytes", "requestsize", "reqsize"),
                "http_response": Obj(
                    {
                        "code": num("sc-status", "status", "respcode"),
                        "length": num("sc-bytes", "responsesize", "respsize"),
                        "content_type": f("rs(Content-Type)", "contenttype"),
                    },
                    needs=("code",),
                ),
                "actor.user.name": f("cs-username", "cs-userdn", "user", "login", "elogin"),
                "actor.app_name": f("appname", "x-bluecoat-application-name"),
                "duration": num("time-taken"),
                "action": ACTION,
                "action_id": Lookup(ACTION, VERDICTS, other=99, default=0),
                "disposition_id": Lookup(ACTION, VERDICTS, other=99, default=0),
                "status_detail": f("x-exception-id", "reason"),
                "unmapped.result": f("s-action"),
                "unmapped.threat": THREAT,
                "unmapped.threat_category": f("threatcategory"),
                "unmapped.risk": f("pagerisk"),
                "unmapped.department": f("department", "dept", "location"),
                "unmapped.proxy": First((f("s-ip"), NotIp(f("s-computername")))),
            },
        ),
    ),
)
