"""Palo Alto Networks PAN-OS logs as comma-separated syslog messages."""

from __future__ import annotations

from ocsf.layout import Columns, Layout
from ocsf.mappers.audit_parts import HTTP_METHODS, MESSAGE_LENGTH, PORT_MAXIMUM
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
    Lower,
    Mapper,
    Match,
    NotIp,
    Obj,
    Scaled,
    Strip,
    TimeField,
    Tree,
    When,
    Words,
    c,
    f,
    num,
    under,
)

START = ("", "receive_time", "serial", "type", "subtype", "", "generated_time")
SESSION = (
    *START,
    *("src", "dst", "natsrc", "natdst", "rule", "srcuser", "dstuser", "app", "vsys", "from", "to"),
    *("inbound_if", "outbound_if", "logset", "", "sessionid", "repeatcnt", "sport", "dport"),
    *("natsport", "natdport", "flags", "proto", "action"),
)
GROUPS = ("dg1", "dg2", "dg3", "dg4", "vsys_name", "device_name")
PEERS = ("",) * 16
"""Category, profile, model, vendor, system, version, host and MAC of the two sides."""
TRAFFIC = (
    *SESSION,
    *("bytes", "bytes_sent", "bytes_received", "packets", "start", "elapsed", "category", ""),
    *("seqno", "actionflags", "srcloc", "dstloc", "", "pkts_sent", "pkts_received"),
    *("session_end_reason", *GROUPS, "action_source", "src_uuid", "dst_uuid", *("",) * 18),
    *("dynusergroup", "xff", *PEERS, *("",) * 10, "high_res"),
)
THREAT = (
    *SESSION,
    *("misc", "threatid", "category", "severity", "direction", "seqno", "actionflags"),
    *("srcloc", "dstloc", "", "contenttype", "pcap_id", "filedigest", "cloud", "url_idx"),
    *("user_agent", "filetype", "xff", "referer", "sender", "subject", "recipient", "reportid"),
    *(*GROUPS, "", "src_uuid", "dst_uuid", "http_method", "tunnelid", "monitortag"),
    *("parent_session", "parent_start", "tunnel", "thr_category", "contentver", *("",) * 7),
    *("dynusergroup", "xff_ip", *PEERS, *("",) * 11, "high_res"),
)
SYSTEM = (
    *START,
    *("vsys", "eventid", "object", "", "", "module", "severity", "opaque", "seqno"),
    *("actionflags", *GROUPS, "", "", "high_res"),
)
CONFIG = (
    *(*START, "host", "vsys", "cmd", "admin", "client", "result", "path", "seqno", "actionflags"),
    *(*GROUPS, "", "", "", "high_res", "before", "after"),
)
# Tunnels, SCTP and GTP share the columns of a session; a decryption log tells of TLS besides.
DECRYPTION = (
    *(*SESSION, "tunnel", "", "", "src_uuid", "dst_uuid", "rule_uuid", "", "", "tls_version"),
    *("tls_keyxchg", "tls_enc", "tls_auth", *("",) * 6, "cert_serial", "fingerprint", "", ""),
    *(*("",) * 7, "cert_cn", "issuer_cn", "root_cn", "sni", "error", *("",) * 7, "high_res"),
)
CORRELATION = (
    *(*START, "src", "srcuser", "vsys", "category", "severity", *GROUPS, "", "objectname"),
    *("objectid", "evidence"),
)
GLOBALPROTECT = (
    *START,
    *("vsys", "eventid", "stage", "auth_method", "tunnel_type", "srcuser", "srcregion"),
    *("machinename", "public_ip", "public_ipv6", "private_ip", "private_ipv6", "hostid"),
    *("serialnumber", "client_ver", "client_os", "client_os_ver", "repeatcnt", "reason", "error"),
    *("opaque", "status", "location", "login_duration", "connect_method", "error_code", "portal"),
    *("seqno", "actionflags", "high_res", *("",) * 5, *GROUPS),
)
USERID = (
    *START,
    *("vsys", "ip", "user", "datasourcename", "eventid", "repeatcnt", "timeout", "beginport"),
    *("endport", "datasource", "datasourcetype", "seqno", "actionflags", *GROUPS, *("",) * 7),
    "high_res",
)
AUTHENTICATION = (
    *START,
    *("vsys", "ip", "user", "normalize_user", "object", "authpolicy", "repeatcnt", "authid"),
    *("vendor", "logset", "serverprofile", "desc", "clienttype", "eventid", "factorno", "seqno"),
    *("actionflags", *GROUPS, "", "auth_protocol", "", "high_res"),
)
HIPMATCH = (
    *(*START, "srcuser", "vsys", "machinename", "os", "src", "matchname", "repeatcnt"),
    *("matchtype", "", "", "seqno", "actionflags", *GROUPS, "", "", "hostid", "", "", "high_res"),
)

ACTIONS = {
    **dict.fromkeys(("allow", "alert", "continue", "wildcard-allow", "override"), 1),
    **dict.fromkeys(("deny", "drop", "drop-icmp", "drop-packet", "drop-all-packets", "block"), 2),
    **dict.fromkeys(
        ("reset-client", "reset-server", "reset-both", "reset client", "reset server"), 2
    ),
    **dict.fromkeys(("block-url", "block-continue", "block-override", "block-ip", "sinkhole"), 2),
    **dict.fromkeys(("random-drop", "syncookie-sent"), 2),
}
DISPOSITIONS = {
    **dict.fromkeys((each for each, one in ACTIONS.items() if one == 1), 1),
    **dict.fromkeys((each for each, one in ACTIONS.items() if one == 2), 2),
    **dict.fromkeys(("drop", "drop-icmp", "drop-packet", "drop-all-packets", "random-drop"), 6),
    **dict.fromkeys(("reset-client", "reset-server", "reset-both"), 21),
}
SEVERITIES = {
    **{str(each): each for each in range(1, 6)},
    "informational": 1,
    "low": 2,
    "medium": 3,
    "high": 4,
    "critical": 5,
}
SEVERITY: Expression = Lookup(f("severity"), SEVERITIES, default=1)

# A proxy's X-Forwarded-For may stand where the user does.
USER = Match(f("srcuser"), r"^((?:[^:]|:[^ ])*)$")
SOURCE: Tree = {
    "ip": Ip(f("src")),
    "hostname": NotIp(f("src")),
    "port": num("sport", maximum=PORT_MAXIMUM),
    "interface_name": f("inbound_if"),
    "zone": f("from"),
    "owner.name": USER,
}
DESTINATION: Tree = {
    "ip": Ip(f("dst")),
    "hostname": NotIp(f("dst")),
    "port": num("dport", maximum=PORT_MAXIMUM),
    "interface_name": f("outbound_if"),
    "zone": f("to"),
    "owner.name": f("dstuser"),
}
ENDPOINTS: Tree = {**under("src_endpoint", SOURCE), **under("dst_endpoint", DESTINATION)}
CONNECTION: Tree = {
    **ENDPOINTS,
    "connection_info.uid": f("sessionid"),
    "connection_info.protocol_name": Lower(f("proto")),
    "connection_info.direction_id": c(0),
}
SECURED: Tree = {
    "metadata.profiles": Listing((c("host"), c("security_control"))),
    "action_id": Lookup(f("action"), ACTIONS, other=99, default=0),
    "action": f("action"),
    "disposition_id": Lookup(f("action"), DISPOSITIONS, other=99, default=0),
    "firewall_rule.name": f("rule"),
}
REST: Tree = {
    "device.hostname": First((Match(f("device_name"), r"^(.*[A-Za-z].*)$"), f("syslog.host"))),
    "device.uid": f("serial"),
    "unmapped.vsys": f("vsys"),
    "unmapped.nat_src": f("natsrc"),
    "unmapped.nat_dst": f("natdst"),
    "unmapped.srcloc": f("srcloc"),
    "unmapped.dstloc": f("dstloc"),
    "unmapped.category": f("category"),
    "count": num("repeatcnt", "syslog.repeated"),
}
THREAT_NAME = First((Match(f("threatid"), r"^(.*)\(\d+\)$"), f("threatid")))
MISC = f("misc")
LOGON_EVENTS = {
    "auth-success": 1,
    "auth-fail": 2,
    "auth-server-up": 99,
    "globalprotectgateway-auth-succ": 1,
    "globalprotectgateway-auth-fail": 2,
    "globalprotectportal-auth-succ": 1,
    "globalprotectportal-auth-fail": 2,
    "general-auth-fail": 2,
}
GP_EVENTS = {
    "gateway-auth": 1,
    "portal-auth": 1,
    "gateway-prelogin": 6,
    "portal-prelogin": 6,
    "gateway-login": 1,
    "gateway-logout": 2,
    "portal-gen-cookie": 3,
    "gateway-register": 1,
}
TUNNELS = {
    **dict.fromkeys(("gateway-connected", "gateway-setup-ipsec", "gateway-setup-ssl"), 1),
    **dict.fromkeys(("gateway-config-release", "gateway-inactivity-timeout"), 2),
    **dict.fromkeys(("gateway-tunnel-latency", "gateway-switch-to-ssl", "gateway-agent-msg"), 99),
    **dict.fromkeys(("gateway-getconfig", "portal-getconfig", "gateway-hip-check"), 99),
    **dict.fromkeys(("gateway-hip-report", "gateway-framed-ip-retrieval-interval"), 99),
}
USER_TEXT = r"(?:for user|User name:|user) '?([^',\s]+)"
DESCRIBED = f("opaque")
WORDED = r"^([A-Za-z].*)$"
ADDRESS = r"[Ff]rom:? ?([0-9a-fA-F.:]{3,45})"


def _layout(name: str, columns: tuple[str, ...], types: str) -> Layout:
    return Layout(
        name=name,
        mark=rf"^[^,]{{0,64}},\d{{4}}[/-]\d\d[/-]\d\d[ T]\d\d:\d\d:\d\d[\d.Z]*,[^,]*,(?:{types}),",
        columns=Columns(names=columns, separator=","),
    )


_rule = Rules(REST, SEVERITY)

GP: Tree = {
    "src_endpoint.ip": Ip(f("public_ip", "public_ipv6")),
    "src_endpoint.hostname": f("machinename"),
    "user.name": f("srcuser", "machinename"),
    "status_id": Lookup(f("status"), {"success": 1, "failure": 2}, default=0),
    "status_detail": f("reason", "error"),
    "unmapped.private_ip": f("private_ip"),
    "unmapped.client_os": f("client_os"),
    "unmapped.client_version": f("client_ver"),
    "unmapped.region": f("srcregion"),
    "unmapped.portal": f("portal"),
    "unmapped.error_code": f("error_code"),
}

MAPPER = Mapper(
    name="palo_alto",
    title="Palo Alto Networks PAN-OS",
    limits=(
        "The default column order of PAN-OS 8 to 11; custom formats are not known. Times without "
        "a zone (all but the high resolution ones) are read as UTC."
    ),
    shapes=(TEXT,),
    layouts=(
        _layout("traffic", TRAFFIC, "TRAFFIC"),
        _layout("threat", THREAT, "THREAT"),
        _layout("system", SYSTEM, "SYSTEM"),
        _layout("config", CONFIG, "CONFIG"),
        _layout("globalprotect", GLOBALPROTECT, "GLOBALPROTECT"),
        _layout("userid", USERID, "USERID"),
        _layout("authentication", AUTHENTICATION, "AUTHENTICATION"),
        _layout("hipmatch", HIPMATCH, "HIPMATCH|HIP-MATCH"),
        _layout("decryption", DECRYPTION, "DECRYPTION"),
        _layout("tunnel", SESSION, "TUNNEL|GTP|START|END"),
        _layout("sctp", (*SESSION[:-2], "", "proto", "action"), "SCTP"),
        _layout("correlation", CORRELATION, "CORRELATION"),
        _layout("other", START, "IPTAG|AUDIT|URL|DATA|WILDFIRE"),
    ),
    times=(
        # The only time with a zone; a device without it writes 1970.
        TimeField("high_res", unit="iso", pattern=r"^(2\d{3}-\d\d-\d\dT.+)$"),
        TimeField("generated_time", unit="%Y/%m/%d %H:%M:%S"),
        TimeField("generated_time", unit="iso", pattern=r"^(\d{4}-.+)$"),
        TimeField("receive_time", unit="%Y/%m/%d %H:%M:%S"),
        SYSLOG_TIME,
    ),
    nulls=NULLS | {"N/A", "none"},
    defaults={
        **product("PAN-OS", "Palo Alto Networks"),
        **HEADER,
        "metadata.event_code": First(
            (Match(f("eventid"), WORDED), Match(f("subtype"), WORDED), f("type"))
        ),
        "metadata.log_name": f("type"),
        "metadata.uid": f("seqno"),
    },
    rules=(
        _rule(
            "traffic",
            4001,
            First(
                (
                    Lookup(f("subtype"), {"start": 1, "drop": 5, "deny": 5}),
                    Lookup(
                        f("action"),
                        {
                            **dict.fromkeys(("deny", "drop", "drop-icmp"), 5),
                            **dict.fromkeys(("reset-both", "reset-client", "reset-server"), 3),
                        },
                    ),
                    Lookup(f("subtype"), {"end": 2}, default=6),
                )
            ),
            {
                **CONNECTION,
                **SECURED,
                "app_name": f("app"),
                "duration": Scaled(f("elapsed"), 1000),
                "traffic.bytes": num("bytes"),
                "traffic.bytes_out": num("bytes_sent"),
                "traffic.bytes_in": num("bytes_received"),
                "traffic.packets": num("packets"),
                "traffic.packets_out": num("pkts_sent"),
                "traffic.packets_in": num("pkts_received"),
                "status_detail": f("session_end_reason"),
            },
            one_of("type", "traffic"),
        ),
        _rule(
            "decrypted or tunnelled session",
            4001,
            Lookup(f("action"), {"deny": 5, "drop": 5}, other=6, default=6),
            {
                **CONNECTION,
                **SECURED,
                "app_name": f("app"),
                "status_detail": f("error"),
                "tls.version": f("tls_version"),
                "tls.cipher": Words((f("tls_keyxchg"), f("tls_enc"), f("tls_auth")), "_"),
                "tls.sni": f("sni"),
            },
            one_of("type", "decryption", "tunnel", "sctp", "gtp", "start", "end"),
            ("src", PRESENT),
        ),
        _rule(
            "correlated event",
            2004,
            1,
            {
                "finding_info.uid": f("objectid", "objectname"),
                "finding_info.title": f("objectname", "category"),
                "finding_info.desc": f("evidence"),
                "finding_info.types": Listing((f("category"),)),
                "evidences": Listing(
                    (
                        Obj(
                            {
                                "src_endpoint.ip": Ip(f("src")),
                                "src_endpoint.owner.name": f("srcuser"),
                            }
                        ),
                    )
                ),
            },
            one_of("type", "correlation"),
            ("category", PRESENT),
        ),
        _rule(
            "URL",
            4002,
            Lookup(f("http_method"), HTTP_METHODS, other=99, default=0),
            {
                **CONNECTION,
                **SECURED,
                "app_name": f("app"),
                "http_request.url.url_string": First((MISC, f("app"))),
                "http_request.url.hostname": Match(MISC, r"^(?:[a-z]+://)?([^/:?#\s]+)"),
                "http_request.url.path": Match(MISC, r"^(?:[a-z]+://)?[^/]+(/[^?#]*)"),
                "http_request.url.categories": Listing((f("category"),)),
                "http_request.user_agent": f("user_agent"),
                "http_request.referrer": f("referer"),
                "http_request.http_method": Lookup(
                    f("http_method"), {name: name.upper() for name in HTTP_METHODS}
                ),
                "unmapped.content_type": f("contenttype"),
                "unmapped.xff": First(
                    (f("xff", "xff_ip"), Match(f("srcuser"), r"^x-fwd-for: (\S+)"))
                ),
            },
            one_of("type", "threat"),
            one_of("subtype", "url"),
        ),
        _rule(
            "file",
            4010,
            Lookup(f("direction"), {"client-to-server": 1, "server-to-client": 2}, default=0),
            {
                **CONNECTION,
                **SECURED,
                "actor.user.name": USER,
                "actor.app_name": f("app", "subtype"),
                "app_name": f("app"),
                "file.name": First((Basename(MISC), f("filetype"), f("subtype"))),
                "file.path": MISC,
                "file.type": f("filetype"),
                "file.type_id": c(1),
                "file.hashes": Listing(
                    (
                        Obj(
                            {
                                "algorithm": c("SHA-256"),
                                "algorithm_id": c(3),
                                "value": f("filedigest"),
                            }
                        ),
                    )
                ),
            },
            one_of("type", "threat"),
            one_of("subtype", "file", "data"),
        ),
        _rule(
            "threat",
            2004,
            1,
            {
                **SECURED,
                "finding_info.uid": First(
                    (Join((f("seqno"), f("threatid")), "/"), f("threatid", "seqno", "subtype"))
                ),
                "finding_info.title": First((THREAT_NAME, f("subtype"))),
                "finding_info.types": Listing((f("subtype", "thr_category"),)),
                "finding_info.analytic": Obj(
                    {
                        "uid": First((Match(f("threatid"), r"\((\d+)\)$"), f("threatid"))),
                        "name": THREAT_NAME,
                        "category": f("thr_category"),
                        "type_id": c(1),
                    },
                    needs=("uid",),
                ),
                "actor.user.name": USER,
                "evidences": Listing(
                    (
                        Obj(
                            {
                                **CONNECTION,
                                "query": Obj(
                                    {
                                        "hostname": When(
                                            f("app"), frozenset({"dns-base", "dns"}), MISC
                                        )
                                    },
                                    needs=("hostname",),
                                ),
                                "file": Obj(
                                    {
                                        "name": Basename(MISC),
                                        "type_id": c(0),
                                        "hashes": Listing(
                                            (
                                                Obj(
                                                    {
                                                        "algorithm_id": c(3),
                                                        "value": f("filedigest"),
                                                    }
                                                ),
                                            )
                                        ),
                                    },
                                    needs=("name",),
                                ),
                            }
                        ),
                    )
                ),
                "unmapped.app": f("app"),
                "unmapped.misc": MISC,
                "unmapped.direction": f("direction"),
                "unmapped.sender": f("sender"),
                "unmapped.recipient": f("recipient"),
                "unmapped.subject": f("subject"),
            },
            one_of("type", "threat"),
        ),
        _rule(
            "sign-in to the device",
            3002,
            1,
            {
                "user.name": First((Match(DESCRIBED, USER_TEXT), f("object", "eventid"))),
                "src_endpoint.ip": Ip(Match(DESCRIBED, ADDRESS)),
                "service.name": f("module", "type"),
                "status_id": Lookup(f("eventid"), LOGON_EVENTS, default=0),
                "message": Cut(DESCRIBED, MESSAGE_LENGTH),
            },
            one_of("type", "system"),
            ("eventid", frozenset(LOGON_EVENTS)),
        ),
        _rule(
            "VPN tunnel",
            4014,
            Lookup(f("eventid"), TUNNELS, default=0),
            {**GP, "tunnel_type": f("tunnel_type"), "session.uid": f("hostid")},
            one_of("type", "globalprotect"),
            ("eventid", frozenset(TUNNELS)),
        ),
        _rule(
            "VPN sign-in",
            3002,
            Lookup(f("eventid"), GP_EVENTS, other=99, default=0),
            {
                **GP,
                "service.name": f("portal", "type"),
                "auth_protocol": f("auth_method"),
                "is_remote": c(True),
            },
            one_of("type", "globalprotect"),
            ("srcuser", PRESENT),
        ),
        _rule(
            "authentication",
            3002,
            1,
            {
                "user.name": f("normalize_user", "user"),
                "src_endpoint.ip": Ip(f("ip")),
                "service.name": f("object", "serverprofile", "clienttype", "type"),
                "auth_protocol": f("auth_protocol", "vendor"),
                "status_id": First(
                    (
                        Lookup(
                            Match(f("eventid", "desc"), r"(?i)(succe|fail|den|reject)"),
                            {"succe": 1},
                            other=2,
                        ),
                        Lookup(f("type"), {}, other=0),
                    )
                ),
                "status_detail": f("desc"),
            },
            one_of("type", "authentication"),
            ("user", PRESENT),
        ),
        _rule(
            "user mapping",
            3002,
            Lookup(f("subtype"), {"login": 1, "logout": 2}, default=99),
            {
                "user.name": f("user"),
                "src_endpoint.ip": Ip(f("ip")),
                "service.name": f("datasourcename", "datasource", "type"),
                "status_id": c(1),
            },
            one_of("type", "userid"),
            ("user", PRESENT),
        ),
        _rule(
            "configuration change",
            6003,
            Lookup(
                f("cmd"),
                {
                    **dict.fromkeys(("add", "clone", "create", "multi-clone"), 1),
                    **dict.fromkeys(("edit", "set", "move", "rename", "commit", "load"), 3),
                    "delete": 4,
                },
                other=99,
                default=0,
            ),
            {
                "metadata.profiles": Listing((c("cloud"), c("host"))),
                "cloud.provider": c("Palo Alto Networks"),
                "actor.user.name": f("admin"),
                "actor.app_name": f("client", "type"),
                "src_endpoint.ip": Ip(f("host")),
                "src_endpoint.svc_name": f("client", "type"),
                "api.operation": f("cmd", "type"),
                "api.service.name": f("client"),
                "resources": Listing((Obj({"name": Strip(f("path"), " ")}),)),
                "unmapped.before": Cut(f("before"), MESSAGE_LENGTH),
                "unmapped.after": Cut(f("after"), MESSAGE_LENGTH),
                "status_id": Lookup(
                    f("result"), {"succeeded": 1, "submitted": 1, "failed": 2}, default=0
                ),
                "status_detail": f("result"),
            },
            one_of("type", "config"),
        ),
        _rule(
            "other",
            0,
            99,
            {
                "message": Cut(f("opaque", "body"), MESSAGE_LENGTH),
                "unmapped.user": f("srcuser", "user"),
                "unmapped.source": f("src", "ip", "public_ip"),
                "unmapped.module": f("module"),
                "unmapped.object": f("object"),
                "unmapped.machine": f("machinename"),
            },
        ),
    ),
)
