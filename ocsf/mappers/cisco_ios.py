"""Cisco IOS, IOS XE, NX-OS: `%SEC_LOGIN-4-LOGIN_FAILED: …` lines of routers and switches."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Layout
from ocsf.mappers.syslog_parts import (
    FAILURE,
    HEADER,
    LEVELS,
    MESSAGE,
    NULLS,
    SOURCE,
    SUCCESS,
    SYSLOG_TIME,
    TEXT,
    on,
    product,
)
from ocsf.mapping import (
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
    Tree,
    c,
    f,
    num,
)

WHEN = r"(?:\d{4} )?\w{3} +\d+ (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)?"
# Sequence, host, sequence, time, IOS XR's process: all optional, in the order of the device.
HEAD = (
    r"^(?:: ?)?(?:(?P<sequence>\d+): )?(?:(?P<node>[\w./-]+(?::[\w./-]*)*?)(?: : |: |:| ))??(?:\d+: )?"
    rf"(?:[*.]?(?:(?P<when>{WHEN})|\d+[ywdhm]\w*|\d\d:\d\d:\d\d)(?: [A-Za-z]{{2,5}}(?:[+-]\d[\d:]*)?)?"
    r"(?: (?P<node2>[\w.-]+))?: )?(?:(?P<process>[\w-]+\[\d+\]): )?"
)
CODE = r"%(?P<code>(?P<facility>[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+)*?)-(?P<level>[0-7])-(?P<mnemonic>[A-Z][A-Z0-9_]+)) ?:? *"
ANY = HEAD + CODE


# What a line card says stands inside a message of the platform.
PLATFORM = r"(?:%IOSXE-\d-PLATFORM ?: [^%]*)?"


def said(mnemonic: str, rest: str) -> str:
    """Give the pattern of a message by its mnemonic and its text."""
    return HEAD + PLATFORM + CODE.replace("[A-Z][A-Z0-9_]+)) ?:", f"{mnemonic})) ?:") + rest


NODE = First(
    (f("syslog.host"), Match(f("node"), r"^(.*[A-Za-z.:].*)$"), f("node2"), f("syslog.app"))
)
THERE: Tree = {"dst_endpoint.hostname": NotIp(NODE), "dst_endpoint.ip": Ip(NODE)}
WHO = r".*?\[user: (?P<user>[^\]]*)\] \[Source: (?P<ip>[^\]]*)\] \[localport: (?P<local>\d+)\](?: \[Reason: (?P<reason>[^\]]*)\])?"
VERDICTS = {"permitted": 1, "permit": 1, "denied": 2, "deny": 2}
PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "gre": 47, "esp": 50}

MAPPER = Mapper(
    name="cisco_ios",
    title="Cisco IOS, IOS XE, NX-OS",
    limits="The time in the message (`*Jan  5 10:00:00.123`) is read only where there is no syslog header. Messages without a class of their own are Base Events.",
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="message",
            mark=HEAD + r"%[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+)*-[0-7]-[A-Z][A-Z0-9_]+ ?:",
            patterns=(
                ("logon", said("LOGIN_SUCCESS", WHO)),
                ("refused", said("(?:LOGIN_FAILED|QUIET_MODE_ON)", WHO)),
                (
                    "logoff",
                    said(
                        "LOGOUT",
                        r".*?(?i:user) (?P<user>\S+) has exited tty session \S*?\((?P<ip>[0-9a-fA-F.:]*)\)",
                    ),
                ),
                (
                    "refused",
                    said(
                        "(?:SYSTEM_MSG|AUTHEN_FAIL\\w*|AUTHFAIL)",
                        r".*?[Aa]uthentication failed.*?(?:for user|user|for) '?(?P<user>[^' ]+)'?(?: from (?P<ip>[0-9a-fA-F.:]+))?",
                    ),
                ),
                (
                    "ssh",
                    said(
                        "SSH2?_(?:SESSION|USERAUTH|CLOSE)",
                        r"(?:User '(?P<user>[^']*)' )?.*?(?P<deed>(?i:request)|authentication|[Ss]ession).*? from (?P<ip>[0-9a-fA-F.:]+).*?(?P<outcome>Succeeded|Failed|closed)?[^A-Za-z]*$",
                    ),
                ),
                (
                    "packet",
                    said(
                        "(?:IP)?(?:V6)?_?ACCESSLOG\\w+",
                        r"(?:[\w/]+: fman_fp_image: +)?(?:access-)?list (?P<list>\S+) (?P<action>denied|permitted|deny|permit) (?P<protocol>\S+) (?:[0-9A-F-]{17} )?(?P<src>[0-9a-fA-F.:]+)(?:\((?P<sport>\d+)\))?(?: ?\([^)]*\))?(?: (?:[\w/.]+)?-> (?P<dst>[0-9a-fA-F.:]+)(?:\((?P<dport>\d+)\))?)?.*?, (?P<packets>\d+) packets?",
                    ),
                ),
                (
                    "logon",
                    said(
                        "SUCCESS",
                        r"Authenticat\w+ succe\w+ for client \((?P<mac>[^)]*)\) on Interface (?P<line>\S+)",
                    ),
                ),
                (
                    "refused",
                    said(
                        "FAIL",
                        r"Authenticat\w+ (?P<reason>failed) for client \((?P<mac>[^)]*)\) on Interface (?P<line>\S+)",
                    ),
                ),
                (
                    "session",
                    said(
                        "SESS_AUDIT_TRAIL(?:_START)?",
                        r".*?(?P<deed>Start|Stop) (?P<app>[\w-]+) session: initiator \((?P<src>[^\s)]+):(?P<sport>\d+)\)(?: sent (?P<sent>\d+) bytes)? -- responder \((?P<dst>[^\s)]+):(?P<dport>\d+)\)(?: sent (?P<received>\d+) bytes)?",
                    ),
                ),
                (
                    "dropped",
                    said(
                        "DROP_PKT",
                        r"Dropping (?P<protocol>\S+) (?:pkt|session) from (?:[A-Z]\S+ )?(?P<src>\S+):(?P<sport>\d+) => (?P<dst>[^\s(]+?):(?P<dport>\d+)(?: ?\([^)]*\)-\((?P<list>[^)]*)\))?.*? due to (?P<reason>.*?)(?: with ip ident.*)?$",
                    ),
                ),
                (
                    "configured",
                    said(
                        "(?:CONFIG_I|VSHD_SYSLOG_CONFIG_I|CFGLOG_LOGGEDCMD)",
                        r"(?:Configured from (?P<line>\S+)(?: by (?P<user>\S+))?(?: on (?P<tty>\S+))?(?: \(?(?P<ip>[0-9a-fA-F.:]+)\)?)?|User:(?P<user2>\S+) +logged command:(?P<command>.*))",
                    ),
                ),
                ("other", ANY + r"(?P<text>.*)$"),
            ),
        ),
    ),
    times=(
        SYSLOG_TIME,
        TimeField(
            "when",
            unit="%b %d %Y %H:%M:%S.%f|%b %d %Y %H:%M:%S|%Y %b %d %H:%M:%S.%f|%Y %b %d %H:%M:%S",
        ),
    ),
    nulls=NULLS,
    defaults={
        **product("IOS", "Cisco"),
        **HEADER,
        "metadata.event_code": f("code"),
        "metadata.log_name": f("facility"),
        "device.hostname": NotIp(NODE),
        "device.ip": Ip(NODE),
    },
    rules=(
        *(
            Rule(
                name=name,
                class_uid=3002,
                activity_id=activity,
                severity_id=severity,
                when=on(name),
                tree={
                    **MESSAGE,
                    "user.name": First(
                        (f("user", "ip", "mac"), Lookup(f("body"), {}, other="unknown"))
                    ),
                    **SOURCE,
                    **THERE,
                    "src_endpoint.mac": f("mac"),
                    "dst_endpoint.port": num("local", maximum=65_535),
                    "service.name": f("facility"),
                    "status_detail": f("reason"),
                    "is_remote": c(True),
                    **outcome,
                },
            )
            for name, activity, severity, outcome in (
                ("logon", 1, 1, SUCCESS),
                ("refused", 1, 2, FAILURE),
                ("logoff", 2, 1, SUCCESS),
            )
        ),
        Rule(
            name="ssh",
            class_uid=4007,
            activity_id=Lookup(f("outcome"), {"closed": 2}, default=1),
            when=on("ssh"),
            tree={
                **MESSAGE,
                **SOURCE,
                **THERE,
                "actor.user.name": f("user"),
                "status_id": Lookup(
                    f("outcome"), {"succeeded": 1, "closed": 1, "failed": 2}, default=0
                ),
                "connection_info.direction_id": c(1),
            },
        ),
        Rule(
            name="packet",
            class_uid=4001,
            activity_id=Lookup(
                f("action"), {"permitted": 1, "permit": 1, "denied": 5, "deny": 5}, default=6
            ),
            when=on("packet"),
            tree={
                **MESSAGE,
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "src_endpoint.ip": Ip(f("src")),
                "src_endpoint.port": num("sport", maximum=65_535),
                "dst_endpoint.ip": Ip(f("dst")),
                "dst_endpoint.port": num("dport", maximum=65_535),
                "connection_info.protocol_name": f("protocol"),
                "connection_info.protocol_num": Integer(
                    Lookup(f("protocol"), {k: str(v) for k, v in PROTOCOLS.items()})
                ),
                "connection_info.direction_id": Lookup(f("protocol"), {}, other=0),
                "traffic.packets": num("packets"),
                "action": f("action"),
                "action_id": Lookup(f("action"), VERDICTS, default=0),
                "disposition_id": Lookup(f("action"), VERDICTS, default=0),
                "firewall_rule": Obj({"name": f("list")}, needs=("name",)),
            },
        ),
        *(
            Rule(
                name=name,
                class_uid=4001,
                activity_id=deed,
                when=on(name),
                tree={
                    **MESSAGE,
                    "src_endpoint.ip": Ip(f("src")),
                    "src_endpoint.port": num("sport", maximum=65_535),
                    "dst_endpoint.ip": Ip(f("dst")),
                    "dst_endpoint.port": num("dport", maximum=65_535),
                    "connection_info.protocol_name": f("protocol"),
                    "connection_info.direction_id": c(0),
                    "app_name": f("app"),
                    "traffic.bytes_out": num("sent"),
                    "traffic.bytes_in": num("received"),
                    "status_detail": f("reason"),
                    **verdict,
                },
            )
            for name, deed, verdict in (
                ("session", Lookup(f("deed"), {"start": 1, "stop": 2}), {}),
                (
                    "dropped",
                    5,
                    {
                        "metadata.profiles": Listing((c("host"), c("security_control"))),
                        "action_id": c(2),
                        "disposition_id": c(2),
                        "firewall_rule": Obj({"name": f("list")}, needs=("name",)),
                    },
                ),
            )
        ),
        Rule(
            name="configured",
            class_uid=6003,
            activity_id=3,
            severity_id=2,
            when=on("configured"),
            tree={
                **MESSAGE,
                "actor.user.name": f("user", "user2"),
                "actor.app_name": f("facility"),
                "api.operation": First((f("command"), f("mnemonic"))),
                "api.service.name": f("facility"),
                "src_endpoint.ip": Ip(f("ip")),
                "src_endpoint.svc_name": f("tty", "line", "facility"),
            },
        ),
        Rule(
            name="other",
            class_uid=0,
            severity_id=Lookup(f("level"), LEVELS, default=1),
            tree={**MESSAGE, "unmapped.text": f("text")},
        ),
    ),
)
