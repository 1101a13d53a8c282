"""Fortinet FortiGate logs: `key=value` lines, with spaces or commas between, or as JSON."""

from __future__ import annotations

from ocsf.layout import Layout, Pairs
from ocsf.mappers.audit_parts import HTTP_METHODS, MESSAGE_LENGTH, PORT_MAXIMUM, hashes
from ocsf.mappers.firewall_parts import Rules, one_of
from ocsf.mappers.syslog_parts import HEADER, NULLS, SYSLOG_TIME, TEXT, product
from ocsf.mapping import (
    PRESENT,
    Basename,
    Cut,
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
    Scaled,
    Shape,
    Split,
    TimeField,
    Tree,
    Words,
    c,
    f,
    num,
    under,
    with_wrapped,
)

LEVELS = {
    **dict.fromkeys(("debug", "information", "notice", "notification"), 1),
    "warning": 3,
    "error": 4,
    **dict.fromkeys(("critical", "alert"), 5),
    "emergency": 6,
}
SEVERITY: Expression = Lookup(f("level", "pri"), LEVELS, default=1)
RISKS = {"info": 1, "low": 2, "medium": 3, "elevated": 3, "high": 4, "critical": 5}
PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "58": "ipv6-icmp"}
ACTIONS = {
    **dict.fromkeys(("accept", "close", "start", "timeout", "pass", "passthrough", "permit"), 1),
    **dict.fromkeys(("allow", "allowed", "monitored", "detected", "exempt", "log-only"), 1),
    **dict.fromkeys(("client-rst", "server-rst", "ip-conn", "dns", "analytics", "passed"), 1),
    **dict.fromkeys(("deny", "block", "blocked", "dropped", "drop", "reset", "quarantine"), 2),
    **dict.fromkeys(("clear_session", "reset_client", "reset_server", "redirect", "violation"), 2),
}
FLOWS = {
    **dict.fromkeys(("close", "timeout"), 2),
    **dict.fromkeys(("client-rst", "server-rst"), 3),
    **dict.fromkeys(("deny", "block", "blocked", "dropped"), 5),
    "ip-conn": 4,
    "start": 1,
}
USER = f("user", "unauthuser", "srcuser", "xauthuser", "login_user")
SOURCE: Tree = {
    "ip": Ip(f("srcip", "src", "src_ip", "remip")),
    "hostname": First((f("srcname", "srchost"), NotIp(f("srcip", "src")))),
    "port": num("srcport", "src_port", maximum=PORT_MAXIMUM),
    "interface_name": f("srcintf", "src_int"),
    "mac": Match(f("srcmac", "mastersrcmac"), r"^([0-9A-Fa-f:]{17})$"),
    "location.desc": f("srccountry"),
    "location.country": Match(f("srccountry"), r"^([A-Z]{2})$"),
    "owner.name": USER,
}
DESTINATION: Tree = {
    "ip": Ip(f("dstip", "dst", "dst_ip", "locip")),
    "hostname": First((f("dstname", "hostname", "dsthost"), NotIp(f("dstip", "dst")))),
    "port": num("dstport", "dst_port", maximum=PORT_MAXIMUM),
    "interface_name": f("dstintf", "dst_int"),
    "mac": Match(f("dstmac", "masterdstmac"), r"^([0-9A-Fa-f:]{17})$"),
}
CONNECTION: Tree = {
    **under("src_endpoint", {k: v for k, v in SOURCE.items() if not k.startswith("location.")}),
    **under("dst_endpoint", DESTINATION),
    "connection_info.uid": f("sessionid", "SN"),
    "connection_info.protocol_num": num("proto"),
    "connection_info.protocol_name": Lookup(f("proto"), PROTOCOLS),
    "connection_info.direction_id": Lookup(
        f("direction", "dir"),
        {"incoming": 1, "inbound": 1, "outgoing": 2, "outbound": 2},
        default=0,
    ),
}
SECURED: Tree = {
    "metadata.profiles": Listing((c("host"), c("security_control"))),
    "action": f("action", "utmaction", "status"),
    "action_id": Lookup(f("action", "utmaction", "status"), ACTIONS, other=99, default=0),
    "disposition_id": Lookup(f("action", "utmaction", "status"), ACTIONS, other=99, default=0),
    "firewall_rule": Obj(
        {"uid": f("policyid", "policy_id"), "name": f("policyname", "policy")}, needs=("uid",)
    ),
}
REST: Tree = {
    "message": Cut(f("msg", "logdesc", "attack"), MESSAGE_LENGTH),
    "unmapped.service": f("service"),
    "unmapped.app": f("app"),
    "unmapped.vd": f("vd"),
    "unmapped.src_country": f("srccountry"),
    "unmapped.dst_country": f("dstcountry"),
    "unmapped.nat_ip": f("transip", "tranip"),
    "unmapped.user": USER,
    "unmapped.group": f("group"),
    "unmapped.utm_action": f("utmaction"),
    "unmapped.log_id": f("logid", "log_id"),
}
PATH = f("url")
HOST = f("hostname", "dstname", "host")
SIGN_INS = {
    **dict.fromkeys(("login", "auth-logon", "authentication", "authenticate"), 1),
    **dict.fromkeys(("fsso-logon", "ssl-login-fail", "ssl-new-con-fail"), 1),
    **dict.fromkeys(("logout", "auth-logout", "fsso-logoff", "ssl-exit-fail"), 2),
}
OUTCOMES = {
    **dict.fromkeys(("success", "succeed", "logon", "accept", "logout", "success_sso"), 1),
    **dict.fromkeys(("negotiate_error", "esp_error", "invalid"), 2),
    **dict.fromkeys(("failed", "failure", "fail", "deny", "timed_out", "failed_login"), 2),
}
TUNNELS = {
    **dict.fromkeys(("tunnel-up", "ssl-new-con", "install_sa", "phase2-up"), 1),
    **dict.fromkeys(("tunnel-down", "phase2-down", "delete_ipsec_sa", "delete_phase1_sa"), 2),
    **dict.fromkeys(("tunnel-stats", "negotiate", "ssl-alert", "dpd"), 99),
}
CHANGES = {
    "add": 1,
    **dict.fromkeys(("edit", "move", "rename", "clone", "restore", "update"), 3),
    "delete": 4,
    **dict.fromkeys(("download", "backup", "view"), 2),
}
THREATS = frozenset(
    {"ips", "virus", "anomaly", "attack", "waf", "dlp", "emailfilter", "spam", "botnet", "sandbox"}
)
TITLE = f("attack", "virus", "attackname", "filename", "eventtype", "subtype")
OK_CODES = {"1": 1, "2": 1, "3": 1, "4": 2, "5": 2}
UI_ADDRESS = Match(f("ui"), r"\(([0-9a-fA-F.:]+)\)")


_rule = Rules(REST, SEVERITY)

MAPPER = Mapper(
    name="fortigate",
    title="Fortinet FortiGate",
    limits="Without `eventtime`, date and time are read as UTC.",
    shapes=(
        TEXT,
        *with_wrapped(
            Shape(
                name="fortigate JSON",
                present=(
                    frozenset({"devid", "devname"}),
                    frozenset({"logid", "log_id"}),
                    frozenset({"type"}),
                    frozenset({"subtype", "vd", "level"}),
                ),
            ),
        ),
    ),
    layouts=(
        Layout(
            name="pairs",
            mark=r'\b(?:log_?id|devid)="?[0-9A-Z]{6,24}"?[ ,].*?\btype="?(?:traffic|utm|event|ips'
            r"|virus|webfilter|attack|anomaly|dns|app-ctrl|voip|dlp|emailfilter|spam|gtp|waf|ssl|ssh)\b",
            pairs=Pairs(separator=","),
        ),
    ),
    times=(
        TimeField("eventtime", unit="epoch"),
        TimeField(
            "body",
            unit="%Y-%m-%d time=%H:%M:%S|%Y-%m-%d.time=%H:%M:%S",
            pattern=r'\bdate="?(\d{4}-\d\d-\d\d[ ,]time=\d\d:\d\d:\d\d)',
        ),
        TimeField("itime", unit="epoch"),
        TimeField("timestamp", unit="any"),
        SYSLOG_TIME,
    ),
    nulls=NULLS | {"N/A", "n/a", "unknown", "undefined"},
    defaults={
        **product("FortiGate", "Fortinet"),
        **HEADER,
        "device.hostname": f("devname", "devid", "syslog.host"),
        "device.uid": f("devid", "device_id"),
        "metadata.event_code": f("logid", "log_id", "eventtype", "subtype"),
        "metadata.log_name": f("type"),
        "metadata.log_provider": f("subtype"),
    },
    rules=(
        _rule(
            "traffic",
            4001,
            Lookup(f("action", "status"), FLOWS, default=6),
            {
                **CONNECTION,
                **SECURED,
                "app_name": f("app", "service"),
                "duration": Scaled(f("duration"), 1000),
                "traffic.bytes_out": num("sentbyte", "sent"),
                "traffic.bytes_in": num("rcvdbyte", "rcvd"),
                "traffic.packets_out": num("sentpkt"),
                "traffic.packets_in": num("rcvdpkt"),
            },
            one_of("type", "traffic"),
        ),
        *(
            _rule(
                f"web ({field})",
                4002,
                Lookup(f("httpmethod"), HTTP_METHODS, other=99, default=0),
                {
                    **CONNECTION,
                    **SECURED,
                    "http_request.url.hostname": HOST,
                    "http_request.url.path": Match(PATH, r"^(?:[a-z]+://[^/]+)?(/[^?#]*)"),
                    "http_request.url.query_string": Match(PATH, r"\?([^#]+)"),
                    "http_request.url.url_string": First(
                        (
                            Match(PATH, r"^([a-z]+://.+)$"),
                            Join((c("https://"), HOST, PATH)),
                            PATH,
                            HOST,
                            f("subtype"),
                        )
                    ),
                    "http_request.url.categories": Listing((f("catdesc"),)),
                    "http_request.user_agent": f("agent", "useragent"),
                    "http_request.referrer": f("referralurl"),
                    "http_request.http_method": Lookup(
                        f("httpmethod"), {name: name.upper() for name in HTTP_METHODS}
                    ),
                    "traffic.bytes_out": num("sentbyte"),
                    "traffic.bytes_in": num("rcvdbyte"),
                    "unmapped.category": f("cat"),
                    "unmapped.crlevel": f("crlevel"),
                },
                one_of("type", "utm", "webfilter"),
                one_of(field, "webfilter"),
            )
            for field in ("subtype", "type")
        ),
        _rule(
            "DNS",
            4003,
            Lookup(f("eventtype"), {"dns-query": 1, "dns-response": 2}, default=0),
            {
                **CONNECTION,
                **SECURED,
                "query": Obj({"hostname": f("qname"), "type": f("qtype")}, needs=("hostname",)),
                "answers": Split(f("ipaddr"), r"[,;\s]+", "rdata"),
                "unmapped.category": f("catdesc"),
            },
            one_of("subtype", "dns"),
        ),
        *(
            _rule(
                f"threat ({field})",
                2004,
                1,
                {
                    **SECURED,
                    "finding_info.uid": First(
                        (
                            Join(
                                (f("eventtime", "sessionid"), f("attackid", "virusid", "logid")),
                                "/",
                            ),
                            f("logid", "log_id", "attackid"),
                            TITLE,
                        )
                    ),
                    "finding_info.title": TITLE,
                    "finding_info.desc": Cut(f("msg"), MESSAGE_LENGTH),
                    "finding_info.types": Listing((f("subtype", "type"),)),
                    "finding_info.analytic": Obj(
                        {"uid": f("attackid", "virusid"), "name": TITLE, "type_id": c(1)},
                        needs=("uid",),
                    ),
                    "finding_info.src_url": Match(f("ref"), r"^(https?://\S+)$"),
                    "actor.user.name": USER,
                    "evidences": Listing(
                        (
                            Obj(
                                {
                                    **CONNECTION,
                                    "file": Obj(
                                        {
                                            "name": Basename(f("filename")),
                                            "type_id": c(1),
                                            "hashes": hashes(
                                                sha256=("analyticscksum", "filehash"),
                                            ),
                                        },
                                        needs=("name",),
                                    ),
                                    "url": Obj(
                                        {"url_string": PATH, "hostname": HOST},
                                        needs=("url_string",),
                                    ),
                                }
                            ),
                        )
                    ),
                },
                one_of("type", "utm", *THREATS),
                (field, THREATS),
                severity=First((Lookup(f("severity", "crlevel"), RISKS), SEVERITY)),
            )
            for field in ("subtype", "type")
        ),
        _rule(
            "inspected traffic",
            4001,
            Lookup(f("action"), FLOWS, default=6),
            {
                **CONNECTION,
                **SECURED,
                "app_name": f("app", "service"),
                "unmapped.app_category": f("appcat"),
                "unmapped.app_risk": f("apprisk"),
                "unmapped.url": PATH,
                "unmapped.hostname": HOST,
            },
            one_of("type", "utm", "app-ctrl", "ssl", "ssh", "voip", "gtp"),
            ("srcip", PRESENT),
        ),
        _rule(
            "tunnel",
            4014,
            Lookup(f("action"), TUNNELS, default=0),
            {
                "src_endpoint.ip": Ip(f("remip")),
                "dst_endpoint.ip": Ip(f("locip")),
                "user.name": USER,
                "tunnel_type": f("tunneltype", "subtype"),
                "session.uid": f("tunnelid", "vpntunnel"),
                "traffic.bytes_out": num("sentbyte"),
                "traffic.bytes_in": num("rcvdbyte"),
                "status_id": First(
                    (
                        Lookup(f("status", "result"), OUTCOMES),
                        Lookup(f("action"), {"tunnel-up": 1, "phase2-up": 1}, default=0),
                    )
                ),
                "status_detail": f("reason", "error_reason"),
                "unmapped.tunnel_ip": f("tunnelip", "assignip"),
                "unmapped.tunnel": f("vpntunnel"),
            },
            one_of("type", "event"),
            ("action", frozenset(TUNNELS)),
        ),
        _rule(
            "sign-in",
            3002,
            Lookup(f("action"), SIGN_INS, default=0),
            {
                "user.name": USER,
                "user.groups": Listing((Obj({"name": f("group")}),)),
                "src_endpoint.ip": Ip(First((f("srcip", "remip", "src"), UI_ADDRESS))),
                "dst_endpoint.ip": Ip(f("dstip", "dst")),
                "dst_endpoint.hostname": f("devname", "devid"),
                "service.name": f("ui", "authproto", "server", "subtype", "type"),
                "auth_protocol": f("authproto", "method"),
                "is_remote": c(True),
                "status_id": First(
                    (
                        Lookup(f("action"), {"ssl-login-fail": 2, "ssl-new-con-fail": 2}),
                        Lookup(f("status", "result"), OUTCOMES, default=0),
                    )
                ),
                "status": f("status"),
                "status_detail": f("reason"),
            },
            one_of("type", "event"),
            ("action", frozenset(SIGN_INS)),
            ("user", PRESENT),
        ),
        _rule(
            "configuration change",
            6003,
            Lookup(f("action"), CHANGES, other=99, default=0),
            {
                "metadata.profiles": Listing((c("cloud"), c("host"))),
                "cloud.provider": c("Fortinet"),
                "actor.user.name": USER,
                "actor.app_name": f("ui", "type"),
                "src_endpoint.ip": Ip(First((f("srcip"), UI_ADDRESS))),
                "src_endpoint.svc_name": f("ui", "type"),
                "api.operation": f("action", "logdesc", "type"),
                "api.service.name": f("cfgpath"),
                "resources": Listing(
                    (Obj({"name": f("cfgobj"), "type": f("cfgpath")}, needs=("name",)),)
                ),
                "unmapped.attribute": f("cfgattr"),
                "unmapped.transaction": f("cfgtid"),
            },
            one_of("type", "event"),
            ("cfgpath", PRESENT),
        ),
        _rule(
            "REST request",
            6003,
            Lookup(f("method"), {"get": 2, "post": 1, "put": 3, "delete": 4}, other=99, default=0),
            {
                "metadata.profiles": Listing((c("cloud"), c("host"))),
                "cloud.provider": c("Fortinet"),
                "actor.user.name": USER,
                "actor.app_name": f("ui", "type"),
                "src_endpoint.ip": Ip(UI_ADDRESS),
                "src_endpoint.svc_name": f("ui", "type"),
                "api.operation": Words((f("method"), f("path", "url"))),
                "api.service.name": f("path"),
                "resources": Listing((Obj({"name": PATH}, needs=("name",)),)),
                "status_code": f("status"),
                "status_id": Lookup(Match(f("status"), r"^([1-5])\d\d$"), OK_CODES, default=0),
            },
            one_of("type", "event"),
            one_of("subtype", "rest-api"),
        ),
        _rule(
            "connection to a known bad place",
            2004,
            1,
            {
                "finding_info.uid": Join((f("eventtime", "session_id"), f("logid")), "/"),
                "finding_info.title": f("logdesc"),
                "evidences": Listing((Obj(CONNECTION),)),
            },
            one_of("type", "event"),
            one_of("logid", "0100020214"),
        ),
        _rule(
            "other",
            0,
            99,
            {
                "message": Cut(f("msg", "logdesc", "body"), MESSAGE_LENGTH),
                "unmapped.action": f("action"),
                "unmapped.status": f("status"),
                "unmapped.src_ip": f("srcip"),
                "unmapped.dst_ip": f("dstip"),
            },
        ),
    ),
)
