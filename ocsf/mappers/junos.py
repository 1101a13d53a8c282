"""Juniper SRX and Junos: `RT_FLOW`, `RT_IDP`, `RT_UTM`, sign-ins, commands, tunnels, filters."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout, Pairs
from ocsf.mappers.audit_parts import PORT_MAXIMUM
from ocsf.mappers.syslog_parts import BY_LEVEL, HEADER, MESSAGE, NULLS, SYSLOG_TIME, TEXT, product
from ocsf.mapping import (
    PRESENT,
    Basename,
    Expression,
    First,
    Integer,
    Ip,
    Listing,
    Lookup,
    Lower,
    Mapper,
    Match,
    NotIp,
    Obj,
    Rule,
    Scaled,
    Shape,
    Tree,
    c,
    f,
    num,
)

DATA = f("syslog.data")
PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "58": "ipv6-icmp"}
_FLOWS = {
    "rt_flow_session_create": 1,
    "rt_flow_session_close": 2,
    "rt_flow_session_deny": 5,
    "apptrack_session_create": 1,
    "apptrack_session_close": 2,
    "apptrack_session_vol_update": 6,
    "apptrack_session_route_update": 6,
}
FLOWS = {**_FLOWS, **{f"{each}_ls": activity for each, activity in _FLOWS.items()}}
DENIED = {"rt_flow_session_deny": 2, "rt_flow_session_deny_ls": 2}
_FINDINGS = (
    *("idp_attack_log_event", "rt_screen_tcp", "rt_screen_udp", "rt_screen_icmp", "rt_screen_ip"),
    *("rt_screen_session_limit", "rt_screen_tcp_dst_ip", "rt_screen_tcp_src_ip"),
    *("av_virus_detected_mt", "av_virus_detected", "antispam_spam_detected_mt"),
    *("content_filtering_blocked_mt", "av_scanner_drop_file_mt", "av_huge_file_dropped_mt"),
    *("av_file_not_scanned_dropped_mt", "aamw_action_log", "srx_aamw_action_log"),
    *("aamw_malware_event_log", "aamw_host_infected_event_log", "secintel_action_log"),
    *("idp_appddos_app_attack_event", "idp_appddos_app_state_event"),
)
FINDINGS = frozenset((*_FINDINGS, *(f"{each}_ls" for each in _FINDINGS)))
_WEB = ("webfilter_url_permitted", "webfilter_url_blocked", "webfilter_url_redirected")
WEB = frozenset((*_WEB, *(f"{each}_ls" for each in _WEB)))
EVENT = f("syslog.msgid", "message_id")
NOTHING = ("N/A", "UNKNOWN", "None")
REST = r'(?:[^"\\]|\\.)'


def _other_than(words: tuple[str, ...]) -> str:
    """Give the pattern of a quoted text that is none of the words."""
    nexts = sorted({word[0] for word in words if word})
    arms = [rf'[^"\\{"".join(nexts)}]{REST}*', rf"\\.{REST}*"]
    for first in nexts:
        rest = tuple(word[1:] for word in words if word.startswith(first))
        arms.append(rf"{first}(?:{_other_than(rest)})" if any(rest) else rf"{first}{REST}+")
    return "|".join(arms) if "" in words else "|".join((*arms, ""))


def data(*names: str) -> Expression:
    """Give a parameter of the structured data, else a pair of the message."""
    return First((*(Match(DATA, rf'[ \[]{name}="((?:[^"\\]|\\.)+)"') for name in names), f(*names)))


KNOWN = _other_than(NOTHING).removesuffix("|")


def known(*names: str) -> Expression:
    """Give a parameter that stands for something, so not `N/A` or `UNKNOWN`."""
    return First((*(Match(DATA, rf'[ \[]{name}="({KNOWN})"') for name in names), f(*names)))


def number(name: str, maximum: int | None = None) -> Expression:
    """Give a whole number of the structured data."""
    return Integer(data(name), maximum)


ENDS: Tree = {
    "src_endpoint.ip": Ip(data("source-address", "client-ip")),
    "src_endpoint.hostname": NotIp(data("hostname")),
    "src_endpoint.owner.name": known("username"),
    "src_endpoint.port": number("source-port", PORT_MAXIMUM),
    "src_endpoint.zone": data("source-zone-name", "source-zone"),
    "src_endpoint.interface_name": data("packet-incoming-interface", "source-interface-name"),
    "dst_endpoint.ip": Ip(data("destination-address")),
    "dst_endpoint.port": number("destination-port", PORT_MAXIMUM),
    "dst_endpoint.zone": data("destination-zone-name", "destination-zone"),
}
NAME = known("attack-name", "malware-info", "name", "ddos-application-name", "filename")
ACTION = data("action")
ACTIONS = {
    **dict.fromkeys(("drop", "block", "blocked", "close", "close_client_server", "reject"), 2),
    **dict.fromkeys(("permit", "none", "ignore", "alarm-without-drop", "log_only"), 1),
}
CONTROL: Tree = {
    "metadata.profiles": Listing((c("host"), c("security_control"))),
    "action": ACTION,
    "action_id": Lookup(ACTION, ACTIONS, other=99, default=0),
    "disposition_id": Lookup(ACTION, ACTIONS, other=99, default=0),
}
SIGN_IN: Tree = {
    **MESSAGE,
    "user.name": First((f("user"), data("username"), Lookup(f("syslog"), {}, other="unknown"))),
    "src_endpoint.ip": Ip(First((f("ip"), data("source-address", "remote-ip")))),
    "src_endpoint.port": num("port", maximum=PORT_MAXIMUM),
    "src_endpoint.mac": data("mac-address"),
    "dst_endpoint.hostname": NotIp(f("syslog.host")),
    "dst_endpoint.ip": Ip(f("syslog.host")),
    "service.name": f("syslog.app"),
}
TUNNEL: Tree = {
    **MESSAGE,
    "src_endpoint.ip": Ip(First((f("remote"), data("remote-address")))),
    "dst_endpoint.ip": Ip(First((f("local"), data("local-address")))),
    "tunnel_type": c("IPsec"),
    "session.uid": First((f("vpn"), data("index1"))),
    "status_detail": f("reason"),
    "unmapped.gateway": f("gateway"),
}
IKE = r".*?(?:VPN: (?P<vpn>\S+) )?(?:Gateway: (?P<gateway>[^,\s]+),? )?Local: (?P<local>[0-9a-fA-F.:]+)/\d+, Remote: (?P<remote>[0-9a-fA-F.:]+)/\d+"

MAPPER = Mapper(
    name="junos",
    title="Juniper SRX and Junos",
    limits="Structured messages, the plain ones of sessions, sign-ins, commands, commits, IKE, packet filters; others are Base Events.",
    shapes=(TEXT, Shape(name="structured")),
    layouts=(
        Layout(
            name="structured",
            apps=frozenset({"rt_flow", "rt_idp", "rt_ids", "rt_utm", "rt_aamw", "rt_secintel"}),
            patterns=(
                (
                    "plain",
                    r"(?P<message_id>[A-Z_]{6,40}): (?P<verb>session (?:created|closed|denied))\b"
                    r".*?"
                    r"(?P<reason>[\w /-]{0,40}?)[: ]*"
                    r"(?P<source_address>[0-9a-fA-F.:]+)/(?P<source_port>\d+)->"
                    r"(?P<destination_address>[0-9a-fA-F.:]+)/(?P<destination_port>\d+)",
                ),
                ("structured", r"^(?P<message>.*)$"),
            ),
            pairs=Pairs(),
        ),
        Layout(
            name="system",
            mark=r"^(?:UI_(?:AUTH|LOGIN|LOGOUT|CMDLINE|COMMIT)\w*: |(?:SSHD_LOGIN_FAILED|LOGIN_(?:FAILED|INFORMATION)): |(?:IKE|IPSec) negotiation (?:failed|succ)|KMD_(?:PM_SA|VPN)_\w+: |(?:\S+ )?PFE_FW_SYSLOG_IP6?\w*: FW: |FW: \S+ [ADR] \S+ [0-9a-f.:]+ [0-9a-f.:]+ \d+ \d+|User '[^']*' (?:login|logout)|User '[^']*', command|Authenticated user '[^']*' (?:at|assigned))",
            patterns=(
                (
                    "signed in",
                    r"^(?:UI_LOGIN_EVENT: )?User '(?P<user>[^']*)' login,.*?(?:ssh-connection '(?P<ip>[0-9a-fA-F.:]+) (?P<port>\d+)[^']*')?(?:, client-mode '[^']*')?$",
                ),
                ("signed in", r"^(?:UI_AUTH_EVENT: )?Authenticated user '(?P<user>[^']*)'"),
                ("signed out", r"^(?:UI_LOGOUT_EVENT: )?User '(?P<user>[^']*)' logout"),
                (
                    "refused",
                    r"^(?:SSHD_LOGIN_FAILED|LOGIN_FAILED): Login failed for user '?(?P<user>[^']*?)'? from host '?(?P<ip>[0-9a-fA-F.:]+)",
                ),
                (
                    "command",
                    r"^(?:UI_CMDLINE_READ_LINE: )?User '(?P<user>[^']*)', command '(?P<command>.*?) ?'$",
                ),
                (
                    "command",
                    r"^UI_COMMIT\w*: User '(?P<user>[^']*)' (?:requested|performed) '?(?P<command>commit\S*?)'?(?: operation)?(?: \(comment: (?P<comment>.*)\))?$",
                ),
                (
                    "tunnel failed",
                    r"^(?:IKE|IPSec) negotiation failed with error: (?P<reason>[^.]+)\." + IKE,
                ),
                ("tunnel up", r"^(?:IKE|IPSec) negotiation success\w*(?: completed)?\." + IKE),
                (
                    "tunnel up",
                    r"^KMD_PM_SA_ESTABLISHED: Local gateway: (?P<local>[0-9a-fA-F.:]+), Remote gateway: (?P<remote>[0-9a-fA-F.:]+)",
                ),
                (
                    "filtered",
                    r"^(?:(?:\S+ )?PFE_FW_SYSLOG_IP6?\w*: )?FW: (?P<interface>\S+) +(?P<verdict>[ADR]) (?P<proto>\S+) (?P<src>[0-9a-f.:]+) (?P<dst>[0-9a-f.:]+) +(?P<sport>\d+) +(?P<dport>\d+)(?: \((?P<packets>\d+) packets?\))?",
                ),
                ("noted", r"^(?P<text>.*)$"),
            ),
        ),
        Layout(name="daemon", apps=frozenset({"mgd", "kmd", "dot1xd"})),
        # What has its message in the structured data alone.
        Layout(name="login", apps=frozenset({"sshd", "snmpd", "login"}), mark=r"^$"),
    ),
    times=(SYSLOG_TIME,),
    nulls=NULLS | {"N/A", "None", "UNKNOWN"},
    defaults={**product("Junos", "Juniper Networks"), **HEADER, "metadata.event_code": EVENT},
    rules=(
        *(
            Rule(
                name=f"session ({field})",
                class_uid=4001,
                activity_id=Lookup(EVENT, FLOWS, default=6),
                severity_id=BY_LEVEL,
                tree={
                    **ENDS,
                    "src_endpoint.ip": First((ENDS["src_endpoint.ip"], Ip(f("source_address")))),
                    "dst_endpoint.ip": First(
                        (ENDS["dst_endpoint.ip"], Ip(f("destination_address")))
                    ),
                    "src_endpoint.port": First(
                        (ENDS["src_endpoint.port"], num("source_port", maximum=PORT_MAXIMUM))
                    ),
                    "dst_endpoint.port": First(
                        (ENDS["dst_endpoint.port"], num("destination_port", maximum=PORT_MAXIMUM))
                    ),
                    "metadata.profiles": Listing((c("host"), c("security_control"))),
                    "connection_info.uid": data("session-id-32", "session-id"),
                    "connection_info.protocol_num": number("protocol-id"),
                    "connection_info.protocol_name": Lookup(data("protocol-id"), PROTOCOLS),
                    "connection_info.direction_id": c(0),
                    "app_name": known("nested-application", "application", "service-name"),
                    "duration": Scaled(data("elapsed-time"), 1000),
                    "traffic.bytes_out": number("bytes-from-client"),
                    "traffic.bytes_in": number("bytes-from-server"),
                    "traffic.packets_out": number("packets-from-client"),
                    "traffic.packets_in": number("packets-from-server"),
                    "action_id": Lookup(EVENT, DENIED, default=1),
                    "disposition_id": Lookup(EVENT, DENIED, default=1),
                    "firewall_rule.name": data("policy-name"),
                    "status_detail": data("reason"),
                    "unmapped.user": known("username"),
                    "unmapped.nat_source": data("nat-source-address"),
                    "unmapped.service": known("service-name"),
                    **MESSAGE,
                },
                when=((field, frozenset(FLOWS)),),
            )
            for field in ("syslog.msgid", "message_id")
        ),
        Rule(
            name="finding",
            class_uid=2004,
            activity_id=1,
            severity_id=Lookup(
                Lower(data("threat-severity", "severity", "verdict-number")),
                {
                    "info": 1,
                    "low": 2,
                    "minor": 2,
                    "medium": 3,
                    "high": 4,
                    "major": 4,
                    "critical": 5,
                    **dict.fromkeys(("8", "9", "10"), 4),
                },
                other=3,
                default=3,
            ),
            tree={
                "finding_info.uid": First((NAME, EVENT)),
                "finding_info.title": First((NAME, EVENT)),
                "finding_info.desc": First((Match(data("message"), r"^(.{3,})$"), data("reason"))),
                "finding_info.types": Listing((EVENT,)),
                "evidences": Listing(
                    (
                        Obj(
                            {
                                **ENDS,
                                "url": Obj({"url_string": known("url")}, needs=("url_string",)),
                                "file": Obj(
                                    {
                                        "name": Basename(known("filename", "file-name")),
                                        "type_id": c(1),
                                        "hashes": Listing(
                                            (
                                                Obj(
                                                    {
                                                        "algorithm_id": c(3),
                                                        "value": Match(
                                                            data("sample-sha256"),
                                                            r"^([0-9A-Fa-f]{64})$",
                                                        ),
                                                    },
                                                    needs=("value",),
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
                **CONTROL,
                "unmapped.action": data("action"),
                "unmapped.data": DATA,
                **MESSAGE,
            },
            when=(("syslog.msgid", FINDINGS),),
        ),
        Rule(
            name="web filter",
            class_uid=4002,
            activity_id=0,
            severity_id=BY_LEVEL,
            tree={
                **ENDS,
                "http_request.url.hostname": data("url"),
                "http_request.url.url_string": First((data("url"), EVENT)),
                "http_request.url.path": data("obj"),
                "http_request.url.categories": Listing((known("category"),)),
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "action_id": Lookup(Match(EVENT, r"(?i)(blocked)"), {}, other=2, default=1),
                "disposition_id": Lookup(Match(EVENT, r"(?i)(blocked)"), {}, other=2, default=1),
                "unmapped.profile": data("profile"),
                "unmapped.reason": data("reason"),
                **MESSAGE,
            },
            when=(("syslog.msgid", WEB),),
        ),
        *(
            Rule(
                name=f"{name} ({field})",
                class_uid=3002,
                activity_id=activity,
                severity_id=2 if status == 2 else 1,
                tree={**SIGN_IN, "status_id": c(status)},
                when=((field, values),),
            )
            for name, activity, status, field, values in (
                ("signed in", 1, 1, "event", frozenset({"signed in"})),
                ("signed out", 2, 1, "event", frozenset({"signed out"})),
                ("refused", 1, 2, "event", frozenset({"refused"})),
                (
                    "signed in",
                    1,
                    1,
                    "syslog.msgid",
                    frozenset({"ui_login_event", "ui_auth_event", "dot1xd_usr_authenticated"}),
                ),
                ("signed out", 2, 1, "syslog.msgid", frozenset({"ui_logout_event"})),
                (
                    "refused",
                    1,
                    2,
                    "syslog.msgid",
                    frozenset(
                        {
                            "sshd_login_failed",
                            "login_failed",
                            "snmpd_auth_failure",
                            "dot1xd_auth_session_deleted",
                        }
                    ),
                ),
            )
        ),
        *(
            Rule(
                name=f"command ({field})",
                class_uid=6003,
                activity_id=99,
                severity_id=BY_LEVEL,
                tree={
                    **MESSAGE,
                    "metadata.profiles": Listing((c("cloud"), c("host"))),
                    "cloud.provider": c("Juniper Networks"),
                    "actor.user.name": First((f("user"), data("username"))),
                    "actor.app_name": f("syslog.app"),
                    "src_endpoint.hostname": f("syslog.host"),
                    "src_endpoint.svc_name": f("syslog.app"),
                    "api.operation": First((f("command"), data("command"), EVENT)),
                    "api.service.name": f("syslog.app"),
                    "unmapped.comment": f("comment"),
                },
                when=((field, values),),
            )
            for field, values in (
                ("event", frozenset({"command"})),
                ("syslog.msgid", frozenset({"ui_cmdline_read_line", "ui_commit"})),
            )
        ),
        *(
            Rule(
                name=f"tunnel ({field}, {status})",
                class_uid=4014,
                activity_id=1,
                severity_id=BY_LEVEL,
                tree={**TUNNEL, "status_id": c(status)},
                when=((field, values),),
            )
            for field, values, status in (
                ("event", frozenset({"tunnel up"}), 1),
                ("event", frozenset({"tunnel failed"}), 2),
                ("syslog.msgid", frozenset({"kmd_pm_sa_established", "kmd_vpn_up_alarm_user"}), 1),
            )
        ),
        Rule(
            name="packet filter",
            class_uid=4001,
            activity_id=Lookup(f("verdict"), {"a": 6, "d": 5, "r": 5}),
            severity_id=BY_LEVEL,
            tree={
                **MESSAGE,
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "src_endpoint.ip": Ip(f("src")),
                "src_endpoint.port": num("sport", maximum=PORT_MAXIMUM),
                "src_endpoint.interface_name": f("interface"),
                "dst_endpoint.ip": Ip(f("dst")),
                "dst_endpoint.port": num("dport", maximum=PORT_MAXIMUM),
                "connection_info.protocol_name": Lower(f("proto")),
                "connection_info.direction_id": c(0),
                "traffic.packets": num("packets"),
                "action_id": Lookup(f("verdict"), {"a": 1, "d": 2, "r": 2}),
                "disposition_id": Lookup(f("verdict"), {"a": 1, "d": 2, "r": 2}),
            },
            when=(("event", frozenset({"filtered"})),),
        ),
        Rule(
            name="other",
            class_uid=0,
            activity_id=99,
            severity_id=BY_LEVEL,
            tree={**MESSAGE, "unmapped.data": DATA},
            when=(("syslog", PRESENT),),
        ),
        Rule(name="no header", class_uid=0, activity_id=99, tree=MESSAGE),
    ),
)
