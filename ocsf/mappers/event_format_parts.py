"""What CEF and LEEF share: the extension's keys as OCSF, and classes told by names and keys."""

from __future__ import annotations

from ocsf.mappers.audit_parts import HTTP_METHODS, MESSAGE_LENGTH, PORT_MAXIMUM
from ocsf.mapping import (
    PRESENT,
    Basename,
    Cut,
    Expression,
    First,
    Integer,
    Ip,
    Join,
    Listing,
    Lookup,
    Lower,
    Match,
    Millis,
    NotIp,
    Obj,
    Rule,
    Split,
    TimeField,
    Tree,
    When,
    c,
    f,
    num,
    under,
)

THREAT_WORDS = (
    r"(?i:malware|virus|trojan|ransom|exploit|intrusion|attack|threat|suspicious|phish|botnet"
    r"|spyware|worm\b|backdoor|brute.?force|command.and.control|\bc2\b|detect|anomal|injection"
    r"|cross.site|\bxss\b|infect|compromise|malicious|quarantin|violation|vulnerab|exfiltrat"
    r"|port.?scan|appfw_|lateral|credential.theft|\bioc\b|blocked by|tamper)"
)
"""Words in an event's name by which it is a finding."""
LOGON_WORDS = (
    r"(?i:\blog(?:ged)?[ _-]?(?:on|in)\b|\blog(?:ged)?[ _-]?(?:off|out)\b|\b"
    r"sign[ _-]?(?:in|on|out)\b"
    r"|authenticat|\bauth[ _-]?(?:succe|fail|den|rej)|login|logon|logout|logoff"
    r"|\bsso\b|\bmfa\b|user_?auth)"
)
"""Words in an event's name by which it is an authentication, if it names a user."""
MAIL_WORDS = (
    r"(?i:\be-?mail|\bmail\b|\bsmtp\b|\bspam\b"
    r"|message[ _-]?(?:rejected|blocked|accepted|delivered|quarantined|released|received|sent))"
)
"""Words in an event's name by which it is about a message, if it names a sender or recipient."""
_DEEDS = (
    r"(?:create|add|delete|remove|disable|enable|lock|unlock|reset|change|modify|modifie|update)"
    r"[a-z]*"
)
ACCOUNT_WORDS = (
    rf"(?i:(?:user|account|password)(?:[ _-]+(?:was|has|been|account))*[ _-]*{_DEEDS}"
    rf"|{_DEEDS}[ _-]+(?:(?:a|the|new|local)[ _-]+)?(?:user|account|password))"
)
"""Words in an event's name by which an account changed, if it names a user."""
ACCOUNT_DEEDS = {
    **dict.fromkeys(("create", "add"), 1),
    "enable": 2,
    "reset": 4,
    "disable": 5,
    **dict.fromkeys(("delete", "remove"), 6),
    "lock": 9,
    "unlock": 12,
}
LOGOFF = r"(?i)(log(?:ged)?[ _-]?(?:off|out)|sign[ _-]?out)"

TIMES = (
    *(
        TimeField(name, unit=unit)
        for name in ("rt", "deviceReceiptTime", "end", "endTime", "start", "startTime", "devTime")
        for unit in (
            "any",
            "%b %d %Y %H:%M:%S|%b %d %Y %H:%M:%S.%g|%b %d %Y %H:%M:%S %Z|%b %d %Y %H:%M:%S.%g %Z"
            "|%b %d %Y %H:%M:%S %z|%b %d %Y %H:%M:%S.%g %z|%d/%m/%Y %H:%M:%S|%Y/%m/%d %H:%M:%S"
            "|%a %b %d %H:%M:%S %Y|%a %b %d %H:%M:%S UTC %Y",
        )
    ),
)
SEVERITIES = {
    "0": 1,
    **dict.fromkeys(("1", "2", "3"), 2),
    **dict.fromkeys(("4", "5", "6"), 3),
    **dict.fromkeys(("7", "8"), 4),
    **dict.fromkeys(("9", "10"), 5),
    **dict.fromkeys(("info", "informational", "information", "debug", "notice"), 1),
    "low": 2,
    **dict.fromkeys(("medium", "moderate", "warning"), 3),
    **dict.fromkeys(("high", "error"), 4),
    **dict.fromkeys(("very-high", "very high", "critical", "emergency"), 5),
    "unknown": 0,
}
SEVERITY: Expression = Lookup(f("severity", "sev"), SEVERITIES, other=99, default=0)

SRC = f("src", "sourceAddress", "srcip", "sourceTranslatedAddress", "c6a2", "identSrc", "shost")
DST = f("dst", "destinationAddress", "dstip", "c6a3", "dhost")
SOURCE: Tree = {
    "ip": Ip(SRC),
    "hostname": First((f("shost", "sourceHostName", "srcHostName", "identHostName"), NotIp(SRC))),
    "port": num("spt", "sourcePort", "srcPort", "srcport", maximum=PORT_MAXIMUM),
    "mac": Match(
        f("smac", "sourceMacAddress", "srcMAC"), r"^([0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5})$"
    ),
    "zone": f("sourceZone", "srcZone"),
    "interface_name": f("deviceInboundInterface"),
}
DESTINATION: Tree = {
    "ip": Ip(DST),
    "hostname": First((f("dhost", "destinationHostName", "dstHostName"), NotIp(DST))),
    "port": num("dpt", "destinationPort", "dstPort", "dstport", maximum=PORT_MAXIMUM),
    "mac": Match(
        f("dmac", "destinationMacAddress", "dstMAC"), r"^([0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5})$"
    ),
    "interface_name": f("deviceOutboundInterface"),
}
ENDPOINTS: Tree = {**under("src_endpoint", SOURCE), **under("dst_endpoint", DESTINATION)}
PROTO = f("proto", "transportProtocol", "protocol")
PROTOCOLS = {
    "1": "icmp", "6": "tcp", "17": "udp", "41": "ipv6", "47": "gre", "50": "esp", "51": "ah",
    "58": "ipv6-icmp", "89": "ospf", "132": "sctp",
}  # fmt: skip
CONNECTION: Tree = {
    **ENDPOINTS,
    "connection_info.uid": f("sessionId", "sessionid"),
    "connection_info.protocol_name": First(
        (Lookup(PROTO, PROTOCOLS), Lower(Match(PROTO, r"^(\D.*)$")))
    ),
    "connection_info.protocol_num": Integer(PROTO, 255),
    "connection_info.direction_id": Lookup(
        f("deviceDirection", "direction"),
        {"0": 1, "1": 2, "inbound": 1, "outbound": 2, "incoming": 1, "outgoing": 2},
        default=0,
    ),
}
USERS = (
    "duser",
    "destinationUserName",
    "usrName",
    "suser",
    "sourceUserName",
    "accountName",
    "user",
)
SOURCE_USER = f("suser", "sourceUserName", "usrName", "user", "suid", "accountName")
TARGET_USER = f(*USERS)
CHANGED_USERS = (
    "duser",
    "destinationUserName",
    "accountName",
    "targetUser",
    "user",
    "usrName",
    "suser",
    "sourceUserName",
)
URL = f("request", "requestUrl", "url", "requestURL")
FILE = f("fname", "fileName", "filePath", "oldFileName")
HASH = f(
    "fileHash",
    "hash",
    "sha256",
    "TrendMicroDsFileSHA256",
    "TrendMicroDsFileSHA1",
    "TrendMicroDsFileMD5",
)
ACTION = f("act", "deviceAction", "action", "deviceaction")
VERDICTS = {
    **dict.fromkeys(("allow", "allowed", "accept", "accepted", "permit", "permitted", "pass"), 1),
    **dict.fromkeys(("passed", "alert", "detect", "detected", "monitor", "logged", "log"), 1),
    **dict.fromkeys(("not blocked", "not_blocked", "detectonly", "detect only", "ids:reset"), 1),
    **dict.fromkeys(
        ("block", "blocked", "deny", "denied", "drop", "dropped", "reject", "reset"), 2
    ),
    **dict.fromkeys(
        ("rejected", "prevent", "prevented", "quarantine", "quarantined", "refused"), 2
    ),
    **dict.fromkeys(("refuse", "discard", "discarded", "ips:reset"), 2),
    **dict.fromkeys(("delete", "deleted", "cleaned", "terminate", "terminated", "isolate"), 2),
}
DECIDED: Expression = First(
    (
        ACTION,
        Match(
            f("name"),
            r"(?i)(?:^|[\s_-])(not[ _]blocked|blocked|denied|dropped|discarded|rejected|refused"
            r"|quarantined|prevented|allowed|accepted|permitted)(?:$|[\s_.,:;-])",
        ),
    )
)
"""What was decided: the action, else a word of the event's name (`Connection_Discarded`)."""
OUTCOMES = {
    **dict.fromkeys(
        ("success", "succeeded", "successful", "/success", "ok", "allow", "allowed"), 1
    ),
    **dict.fromkeys(("passed", "accept", "accepted", "0"), 1),
    **dict.fromkeys(("failure", "failed", "fail", "/failure", "error", "denied", "deny"), 2),
    **dict.fromkeys(("rejected", "blocked", "invalid", "1"), 2),
}
OUTCOME: Expression = First(
    (
        Lookup(f("outcome", "eventOutcome", "categoryOutcome", "status", "result"), OUTCOMES),
        Lookup(ACTION, OUTCOMES),
        Lookup(
            Match(f("name", "event_id"), r"(?i)(fail|denied|reject|invalid|success|accept)"),
            {"success": 1, "accept": 1},
            other=2,
            default=0,
        ),
    )
)
LABELLED = tuple(f"cs{number}" for number in range(1, 7)) + tuple(f"cn{n}" for n in range(1, 4))
NAMED: Tree = {
    "message": Cut(f("msg", "message", "name", "event_id", "body"), MESSAGE_LENGTH),
    "status_detail": f("reason"),
    "unmapped.event_category": f("cat", "deviceEventCategory"),
    "unmapped.application": f("app", "applicationProtocol"),
    "unmapped.external_id": f("externalId"),
    "unmapped.source_user": f("suser", "sourceUserName", "usrName"),
    "unmapped.destination_user": f("duser", "destinationUserName"),
    "unmapped.policy": f("policy", "deviceCustomString1"),
    **{f"unmapped.{name}": f(name) for name in LABELLED},
    **{f"unmapped.{name}_label": f(f"{name}Label") for name in LABELLED},
}
UNSECURED: Tree = {"unmapped.action": ACTION}
SECURED: Tree = {
    "metadata.profiles": Listing((c("host"), c("security_control"))),
    "action": DECIDED,
    "action_id": Lookup(DECIDED, VERDICTS, other=99, default=0),
    "disposition_id": Lookup(DECIDED, VERDICTS, other=99, default=0),
}
DEVICE: Tree = {
    "device.hostname": First(
        (
            f("dvchost", "deviceHostName"),
            NotIp(f("dvc", "deviceAddress")),
            NotIp(f("syslog.host")),
        )
    ),
    "device.ip": Ip(f("dvc", "deviceAddress", "syslog.host")),
    "device.uid": f("deviceExternalId"),
    "device.type_id": c(0),
}
DEFAULTS: Tree = {
    "metadata.product.name": f("product", "vendor", "event"),
    "metadata.product.vendor_name": f("vendor"),
    "metadata.product.version": f("product_version"),
    "metadata.event_code": f("event_id", "name"),
    "metadata.uid": f("externalId"),
    "metadata.profiles": Listing((c("host"),)),
    "metadata.log_provider": f("syslog.app", "product"),
    **DEVICE,
    "count": num("cnt", "baseEventCount", "syslog.repeated"),
    "start_time": Millis(f("start", "startTime")),
    "end_time": Millis(f("end", "endTime")),
}
PROCESS: Expression = Obj(
    {
        "pid": num("spid", "sourceProcessId", "dpid", "destinationProcessId"),
        "name": Basename(f("sproc", "sourceProcessName", "dproc", "destinationProcessName")),
        "cmd_line": f("commandLine", "cmdLine"),
    },
    needs=("pid",),
)
FILE_OBJECT: Expression = Obj(
    {
        "name": Basename(FILE),
        "path": f("filePath", "fname"),
        "size": num("fsize", "fileSize"),
        "type_id": c(1),
        "hashes": Listing(
            (
                Obj({"algorithm_id": c(3), "value": Match(HASH, r"(?i)\b([0-9a-f]{64})\b")}),
                Obj({"algorithm_id": c(2), "value": Match(HASH, r"(?i)^([0-9a-f]{40})$")}),
                Obj({"algorithm_id": c(1), "value": Match(HASH, r"(?i)^([0-9a-f]{32})$")}),
            )
        ),
    },
    needs=("name",),
)
HOST = Match(URL, r"^(?:[a-z]+://)?([^/:?#\s]+)")

MAIL_FROM = ("suser", "sourceUserName", "sender", "from", "mailFrom")
MAIL_TO = ("duser", "destinationUserName", "recipient", "to", "rcptTo")

THREAT = Rule(
    name="threat",
    class_uid=2004,
    activity_id=1,
    severity_id=SEVERITY,
    tree={
        **NAMED,
        **SECURED,
        "finding_info.uid": First(
            (f("externalId"), Join((f("product"), f("event_id", "name")), "/"), f("name", "event"))
        ),
        "finding_info.title": f("name", "msg", "event_id", "event"),
        "finding_info.types": Listing((f("cat", "deviceEventCategory"),)),
        "finding_info.analytic": Obj(
            {"uid": f("event_id"), "name": f("name", "event_id"), "type_id": c(1)}, needs=("uid",)
        ),
        "finding_info.attacks": Listing(
            (
                Obj(
                    {
                        "technique.uid": Match(
                            f("techniqueId", "mitreTechnique", "cs1", "cs2", "cs3", "cs4", "cs5"),
                            r"\b(T\d{4}(?:\.\d{3})?)\b",
                        )
                    }
                ),
            )
        ),
        "actor.user.name": SOURCE_USER,
        "actor.process": PROCESS,
        "evidences": Listing(
            (
                Obj(
                    {
                        **CONNECTION,
                        "file": FILE_OBJECT,
                        "process": PROCESS,
                        "url": Obj({"url_string": URL, "hostname": HOST}, needs=("url_string",)),
                        "user.name": TARGET_USER,
                    }
                ),
            )
        ),
        "unmapped.file_hash": HASH,
        "unmapped.url": URL,
    },
    when=(("event", frozenset({"threat"})),),
)


def _logon(user: str) -> Rule:
    return Rule(
        name=f"authentication ({user})",
        class_uid=3002,
        activity_id=Lookup(Match(f("name", "event_id"), LOGOFF), {}, other=2, default=1),
        severity_id=SEVERITY,
        tree={
            **NAMED,
            **UNSECURED,
            **ENDPOINTS,
            "user.name": TARGET_USER,
            "user.uid": f("duid", "destinationUserId", "suid"),
            "user.domain": f("dntdom", "sntdom", "domain"),
            "service.name": f("app", "destinationServiceName", "product", "vendor", "event"),
            "status_id": OUTCOME,
            "status": f("outcome", "eventOutcome"),
        },
        when=(("event", frozenset({"authentication"})), (user, PRESENT)),
    )


def _account(user: str) -> Rule:
    deed = Match(
        f("name", "event_id"), r"(?i)(create|add|delete|remove|disable|enable|unlock|lock|reset)"
    )
    return Rule(
        name=f"account change ({user})",
        class_uid=3001,
        activity_id=Lookup(deed, ACCOUNT_DEEDS, default=99),
        severity_id=SEVERITY,
        tree={
            **NAMED,
            **UNSECURED,
            "src_endpoint.ip": Ip(SRC),
            "src_endpoint.hostname": First((f("shost", "sourceHostName"), NotIp(SRC))),
            "user.name": f(*CHANGED_USERS),
            "user.uid": f("duid", "destinationUserId"),
            "actor.user.name": SOURCE_USER,
            "actor.app_name": f("product", "vendor", "event"),
            "status_id": OUTCOME,
        },
        when=(("event", frozenset({"account"})), (user, PRESENT)),
    )


def _mail(name: str) -> Rule:
    return Rule(
        name=f"message ({name})",
        class_uid=4009,
        activity_id=Lookup(f("deviceDirection"), {"0": 2, "1": 1}, default=0),
        severity_id=SEVERITY,
        tree={
            **NAMED,
            **SECURED,
            "src_endpoint.ip": Ip(SRC),
            "src_endpoint.hostname": f("shost", "sourceHostName"),
            "dst_endpoint.ip": Ip(DST),
            "direction_id": Lookup(f("deviceDirection"), {"0": 1, "1": 2}, default=0),
            "email.from": f(*MAIL_FROM),
            "email.to": Split(f(*MAIL_TO), r"[;,]\s*"),
            "email.subject": First((f("subject", "msgsubject"), _labelled("subject"))),
            "email.message_uid": f("messageId", "externalId"),
        },
        when=(("event", frozenset({"mail"})), (name, PRESENT)),
    )


def _labelled(word: str) -> Expression:
    """Give the custom string whose label is the word."""
    return First(tuple(When(f(f"{name}Label"), frozenset({word}), f(name)) for name in LABELLED))


def _request(name: str) -> Rule:
    return Rule(
        name=f"request ({name})",
        class_uid=4002,
        activity_id=Lookup(f("requestMethod", "method"), HTTP_METHODS, other=99, default=0),
        severity_id=SEVERITY,
        tree={
            **NAMED,
            **SECURED,
            **CONNECTION,
            "http_request.url.url_string": URL,
            "http_request.url.hostname": HOST,
            "http_request.url.path": Match(URL, r"^(?:[a-z]+://[^/]+)?(/[^?#]*)"),
            "http_request.user_agent": f("requestClientApplication", "userAgent"),
            "http_request.http_method": Lookup(
                f("requestMethod", "method"), {each: each.upper() for each in HTTP_METHODS}
            ),
            "http_request.referrer": f("requestContext"),
            "http_response": Obj(
                {"code": num("responseCode", "httpStatusCode")},
                needs=("code",),
            ),
            "traffic.bytes_in": num("in", "bytesIn", "dstBytes"),
            "traffic.bytes_out": num("out", "bytesOut", "srcBytes"),
        },
        when=((name, PRESENT),),
    )


def _flow(name: str, other: str) -> Rule:
    return Rule(
        name=f"traffic ({name}, {other})",
        class_uid=4001,
        activity_id=Lookup(
            DECIDED,
            {
                **{each: 5 for each, one in VERDICTS.items() if one == 2},
                **dict.fromkeys(("close", "closed", "end", "teardown"), 2),
                **dict.fromkeys(("open", "opened", "start", "built"), 1),
            },
            default=6,
        ),
        severity_id=SEVERITY,
        tree={
            **NAMED,
            **SECURED,
            **CONNECTION,
            "app_name": f("app", "applicationProtocol"),
            "traffic.bytes_in": num("in", "bytesIn", "dstBytes"),
            "traffic.bytes_out": num("out", "bytesOut", "srcBytes"),
            "firewall_rule.name": f("policy", "deviceCustomString1"),
        },
        when=((name, PRESENT), (other, PRESENT)),
    )


FLOWS = (
    *(("src", other) for other in ("dst", "dpt", "spt", "dstPort", "srcPort", "proto", "dhost")),
    *(("dst", other) for other in ("dpt", "shost", "dstPort", "proto")),
    *(("sourceAddress", other) for other in ("destinationAddress", "destinationPort")),
    ("shost", "dhost"),
    ("c6a2", "c6a3"),
    ("srcip", "dstip"),
)
"""Pairs of names of which both tell a connection."""

RULES: tuple[Rule, ...] = (
    THREAT,
    *(_account(user) for user in USERS),
    *(_logon(user) for user in USERS),
    *(_mail(name) for name in (*MAIL_FROM, *MAIL_TO)),
    *(_request(name) for name in ("request", "url")),
    # One address alone may be that of whoever did anything.
    *(_flow(name, other) for name, other in FLOWS),
    Rule(
        name="other",
        class_uid=0,
        activity_id=99,
        severity_id=SEVERITY,
        tree={
            **NAMED,
            **UNSECURED,
            "unmapped.name": f("name"),
            "unmapped.user": TARGET_USER,
            "unmapped.file": FILE,
            "unmapped.process": f("sproc", "dproc"),
            "unmapped.outcome": f("outcome"),
        },
    ),
)
