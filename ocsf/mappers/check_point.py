"""Check Point's logs as Log Exporter writes them: `[action:"Accept"; …]` and `key="value"|…`."""

from __future__ import annotations

from ocsf.layout import Layout, Pairs
from ocsf.mappers.audit_parts import MESSAGE_LENGTH, PORT_MAXIMUM
from ocsf.mappers.syslog_parts import HEADER, NULLS, SYSLOG_TIME, TEXT, product
from ocsf.mapping import (
    PRESENT,
    Cut,
    Expression,
    First,
    Integer,
    Ip,
    Listing,
    Lookup,
    Mapper,
    Match,
    Obj,
    Rule,
    Strip,
    TimeField,
    Tree,
    c,
    f,
)

MARKS = '"; |]'
PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "58": "ipv6-icmp"}
ACTIONS = {
    **dict.fromkeys(("accept", "allow", "encrypt", "decrypt", "bypass", "detect", "monitor"), 1),
    **dict.fromkeys(("drop", "reject", "block", "prevent", "quarantine"), 2),
}


def told(*names: str) -> Expression:
    """Give a value without the quotes and the mark around it."""
    return Strip(f(*names), MARKS)


def number(name: str, maximum: int | None = None) -> Expression:
    """Give a whole number."""
    return Integer(told(name), maximum)


ACTION = told("action")
OPERATION = told("operation")
OUTCOME = Match(told("audit_status"), r"^(\w+)")
USER = First((told("src_user_name"), told("user"), told("administrator")))
ENDS: Tree = {
    "src_endpoint.ip": Ip(told("src")),
    "src_endpoint.port": number("s_port", PORT_MAXIMUM),
    "src_endpoint.hostname": told("src_machine_name"),
    "dst_endpoint.ip": Ip(told("dst")),
    "dst_endpoint.port": number("service", PORT_MAXIMUM),
    "connection_info.protocol_num": number("proto"),
    "connection_info.protocol_name": Lookup(told("proto"), PROTOCOLS),
    "connection_info.direction_id": Lookup(told("ifdir"), {"inbound": 1, "outbound": 2}, default=0),
}
REST: Tree = {
    "message": Cut(First((told("message_info"), told("attack"), told("product"))), MESSAGE_LENGTH),
    "unmapped.product": told("product"),
    "unmapped.user": USER,
    "unmapped.origin": told("origin"),
    "unmapped.service": told("service_id"),
    "unmapped.policy": told("policy_name"),
}
RISKS = {"very low": 1, "0": 1, "1": 2, "low": 2, "2": 3, "medium": 3, "3": 4, "high": 4,
    "4": 5, "critical": 5}  # fmt: skip
SIGN_INS = {
    **dict.fromkeys(("log in", "login", "failed log in", "authcrypt"), 1),
    **dict.fromkeys(("log out", "logout"), 2),
}
OPERATIONS = {"create": 1, "add": 1, "modify": 3, "set": 3, "publish": 3, "install": 3, "delete": 4}
PAIRS = r"\b(?:action|src|origin|loguid|product):\"[^\"]*\";"

MAPPER = Mapper(
    name="check_point",
    title="Check Point",
    limits="Log Exporter's `syslog`, `generic`, `splunk` formats; CEF and LEEF apart.",
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="colons",
            mark=PAIRS,
            patterns=(("pairs", r"^\[?(?P<pairs>.*)$"),),
            pairs=Pairs(of="pairs", spaced=True, assign=":"),
        ),
        Layout(
            name="bars",
            mark=r"\bloguid=.*\|(?:product|origin|src)=|\|product=[^|]*\|.*\bloguid=|^time=\d{9,10}\|hostname=",
            pairs=Pairs(spaced=True, separator="|"),
        ),
    ),
    times=(
        TimeField("body", unit="epoch", pattern=r'\btime[:=]"?(\d{9,10})\b'),
        SYSLOG_TIME,
    ),
    nulls=NULLS | {'"";', '""'},
    defaults={
        **product("Check Point", "Check Point"),
        **HEADER,
        "metadata.event_code": told("product"),
        "metadata.uid": Strip(told("loguid"), "{}"),
    },
    rules=(
        *(
            Rule(
                name=f"finding ({field})",
                class_uid=2004,
                activity_id=1,
                severity_id=Lookup(told("severity"), RISKS, default=3),
                tree={
                    **REST,
                    "finding_info.uid": First((told("protection_id"), told("loguid"), told(field))),
                    "finding_info.title": First(
                        (told("protection_name"), told("attack"), told(field))
                    ),
                    "finding_info.types": Listing((told("protection_type"),)),
                    "evidences": Listing((Obj(ENDS),)),
                    "unmapped.action": ACTION,
                    "unmapped.malware": told("malware_family"),
                    "unmapped.resource": told("resource"),
                },
                when=((field, PRESENT),),
            )
            for field in ("protection_name", "attack", "malware_action")
        ),
        Rule(
            name="sign-in",
            class_uid=3002,
            activity_id=Lookup(ACTION, SIGN_INS, default=99),
            severity_id=Lookup(ACTION, {"failed log in": 2}, default=1),
            tree={
                **REST,
                "user.name": First((USER, Lookup(f("body"), {}, other="unknown"))),
                "user.domain": told("domain_name"),
                "service.name": First((told("product"), told("client_name"))),
                "src_endpoint.ip": Ip(First((told("src"), told("endpoint_ip"), told("client_ip")))),
                "src_endpoint.hostname": told("src_machine_name"),
                "auth_protocol": told("auth_method"),
                "status_id": First(
                    (
                        Lookup(
                            Match(First((told("auth_status"), ACTION)), r"^(\w+)"),
                            {"failed": 2, "successful": 1, "log": 1},
                        ),
                        Lookup(ACTION, {"failed log in": 2}, other=1, default=0),
                    )
                ),
                "status_detail": First((told("reason"), told("auth_status"))),
                "is_remote": c(True),
            },
            when=(
                (
                    "action",
                    frozenset(
                        form.format(each) for each in SIGN_INS for form in ("{}", '"{}";', '"{}"')
                    ),
                ),
            ),
        ),
        Rule(
            name="traffic",
            class_uid=4001,
            activity_id=Lookup(
                ACTION, {"accept": 1, "drop": 5, "reject": 5, "block": 5}, default=6
            ),
            severity_id=1,
            tree={
                **REST,
                **ENDS,
                "metadata.profiles": Listing((c("host"), c("security_control"))),
                "action": ACTION,
                "action_id": Lookup(ACTION, ACTIONS, other=99, default=0),
                "disposition_id": Lookup(ACTION, ACTIONS, other=99, default=0),
                "firewall_rule": Obj(
                    {"name": told("rule_name"), "uid": First((told("rule_uid"), told("rule")))},
                    needs=("uid",),
                ),
                "traffic.bytes_out": number("client_outbound_bytes"),
                "traffic.bytes_in": number("client_inbound_bytes"),
                "traffic.bytes": number("bytes"),
                "app_name": told("appi_name"),
                "unmapped.resource": told("resource"),
                "unmapped.in_zone": told("inzone"),
                "unmapped.out_zone": told("outzone"),
            },
            when=(("src", PRESENT),),
        ),
        Rule(
            name="administration",
            class_uid=3002,
            activity_id=Lookup(OPERATION, SIGN_INS, default=99),
            severity_id=Lookup(OUTCOME, {"failure": 2}, default=1),
            tree={
                **REST,
                "user.name": First((USER, Lookup(f("body"), {}, other="unknown"))),
                "service.name": First((told("product"), USER)),
                "src_endpoint.ip": Ip(told("client_ip")),
                "src_endpoint.hostname": told("machine"),
                "status_id": Lookup(OUTCOME, {"failure": 2}, default=1),
                # A colon in the text would end the value.
                "status_detail": Match(f("body"), r'additional_info[:=]"([^"]*)"'),
                "unmapped.operation": OPERATION,
            },
            when=(
                ("client_ip", PRESENT),
                (
                    "operation",
                    frozenset(
                        form.format(each) for each in SIGN_INS for form in ("{}", '"{}";', '"{}"')
                    ),
                ),
            ),
        ),
        Rule(
            name="change",
            class_uid=6003,
            activity_id=Lookup(Match(OPERATION, r"^(\w+)"), OPERATIONS, other=99),
            tree={
                **REST,
                "message": Cut(
                    First((told("fieldschanges"), told("additional_info"), OPERATION)),
                    MESSAGE_LENGTH,
                ),
                "metadata.profiles": Listing((c("cloud"), c("host"))),
                "cloud.provider": c("Check Point"),
                "actor.user.name": USER,
                "actor.app_name": told("product"),
                "actor.session.uid": told("session_uid"),
                "src_endpoint.ip": Ip(told("client_ip")),
                "src_endpoint.svc_name": First((told("product"), USER)),
                "src_endpoint.hostname": told("machine"),
                "api.operation": OPERATION,
                "api.service.name": told("product"),
                "resources": Listing(
                    (
                        Obj(
                            {
                                "name": told("objectname"),
                                "type": told("objecttype"),
                                "uid": told("uid"),
                            }
                        ),
                    )
                ),
                "status_id": Lookup(OUTCOME, {"success": 1, "failure": 2}, default=0),
                "unmapped.subject": told("subject"),
                "unmapped.script": told("script_value_for_one_time_scripts"),
            },
            when=(("administrator", PRESENT), ("operation", PRESENT)),
        ),
        Rule(
            name="other",
            class_uid=0,
            activity_id=99,
            tree={**REST, "message": Cut(f("body"), MESSAGE_LENGTH)},
        ),
    ),
)
