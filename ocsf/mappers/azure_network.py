"""Azure's logs of flows, firewalls, gateways and front doors, as rules of the Azure mapper."""

from __future__ import annotations

from ocsf.mappers.audit_parts import HTTP_METHODS, MESSAGE_LENGTH, PORT_MAXIMUM, endpoint
from ocsf.mapping import (
    PRESENT,
    AfterLast,
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
    NotIp,
    Obj,
    Raw,
    Rule,
    Tree,
    c,
    f,
    num,
    under,
)

RESOURCE = f(
    *("resourceId", "ResourceId", "_ResourceId", "resourceUri", "authorization.scope"),
    "targetResourceID",
)
TUPLE = f(
    "properties.flows[0].flows[0].flowTuples[0]",
    "flowRecords.flows[0].flowGroups[0].flowTuples[0]",
)
FLOWS = (
    "properties.flows[0].flows[0].flowTuples[0]",
    "flowRecords.flows[0].flowGroups[0].flowTuples[0]",
)


def of(*names: str) -> tuple[str, ...]:
    """Give the fields of a resource log, in its `properties` or in a workspace's table."""
    return tuple(f"properties.{name}" for name in names) + names


SAYS = f("properties.msg", "properties.Msg", "msg_s")
WENT = r"(?i)Action: ([A-Za-z]+)"
VERDICT: Expression = First(
    (
        f(*of("Action", "action")),
        Match(SAYS, WENT),
        Match(SAYS, r"(?i)(DNAT)'ed to"),
    )
)
VERDICTS = {
    **dict.fromkeys(("allow", "alert", "dnat", "matched", "detected", "log", "logandscore"), 1),
    **dict.fromkeys(("anomalyscoring", "allowed", "jschallenge"), 1),
    **dict.fromkeys(("deny", "drop", "block", "blocked", "denied"), 2),
}
FIREWALLED: Tree = {
    "metadata.profiles": Listing((c("cloud"), c("host"), c("security_control"))),
    "src_endpoint.ip": First(
        (Ip(f(*of("SourceIp"))), Ip(Match(SAYS, r"(?i) from \[?([0-9A-Fa-f.:]+?)\]?(?::\d*)? to ")))
    ),
    "src_endpoint.port": First(
        (
            num(*of("SourcePort"), maximum=PORT_MAXIMUM),
            Integer(Match(SAYS, r"(?i) from \S+?:(\d{1,5}) to "), PORT_MAXIMUM),
        )
    ),
    "dst_endpoint.ip": First(
        (Ip(f(*of("DestinationIp"))), Ip(Match(SAYS, r"(?i) to ([0-9.]+?)(?::\d*)?(?:\.? |\.?$)")))
    ),
    "dst_endpoint.port": First(
        (
            num(*of("DestinationPort"), maximum=PORT_MAXIMUM),
            Integer(Match(SAYS, r"(?i) to \S+?:(\d{1,5})(?:\.? |\.?$)"), PORT_MAXIMUM),
        )
    ),
    "dst_endpoint.hostname": First(
        (
            f(*of("Fqdn")),
            NotIp(Match(SAYS, r"(?i) to ([A-Za-z0-9.-]*[A-Za-z][A-Za-z0-9-]*)(?::\d+)")),
        )
    ),
    "connection_info.protocol_name": Lower(
        First((f(*of("Protocol")), Match(SAYS, r"^([A-Za-z0-9]+) ")))
    ),
    "connection_info.direction_id": c(0),
    "action": VERDICT,
    "action_id": Lookup(VERDICT, VERDICTS, other=99, default=0),
    "disposition_id": Lookup(VERDICT, VERDICTS, other=99, default=0),
    "firewall_rule.name": First((f(*of("Rule")), Match(SAYS, r"\. Rule: ([^.]+)"))),
    "message": Cut(SAYS, MESSAGE_LENGTH),
    "unmapped.policy": First((f(*of("Policy")), Match(SAYS, r"\. Policy: ([^.]+)"))),
    "unmapped.signature": First((f(*of("SignatureId")), Match(SAYS, r"Signature: (\d+)"))),
    "unmapped.signature_name": First(
        (f(*of("Description")), Match(SAYS, r"IDS: (.+?)\. Priority"))
    ),
    "unmapped.threat": First((f(*of("ThreatDescription")), Match(SAYS, r"ThreatIntel: (.+)$"))),
    "unmapped.translated_ip": f(*of("TranslatedIp")),
    "unmapped.resource": RESOURCE,
}
RULES = {
    *("azurefirewallnetworkrule", "azurefirewallapplicationrule", "azfwnetworkrule"),
    *(
        "azfwapplicationrule",
        "azfwnatrule",
        "azfwidpssignature",
        "azfwthreatintel",
        "azfwflowtrace",
    ),
}
QUERIES = {"azfwdnsquery", "azfwdnsproxy", "azurefirewalldnsproxy"}
RCODES = {
    **{"noerror": 0, "formerr": 1, "servfail": 2, "nxdomain": 3, "notimp": 4, "refused": 5},
    **{str(number): number for number in (*range(12), *range(16, 24))},
}
REQUESTS = {
    *("applicationgatewayaccesslog", "applicationgatewayfirewalllog", "frontdooraccesslog"),
    *("frontdoorwebapplicationfirewalllog", "appservicehttplogs"),
}
WEB = f(*of("httpMethod", "CsMethod", "requestMethod"))
SCHEME = Lookup(f("properties.sslEnabled"), {"off": "http"}, default="https")
HOST = f(*of("originalHost", "host", "hostName", "hostname", "CsHost"))
ASKS = f(*of("requestUri", "CsUriStem"))
CODE = f(*of("httpStatus", "httpStatusCode", "ScStatus"))
CLASSES = {"1": 1, "2": 1, "3": 1, "4": 2, "5": 2}


def _port(pattern: str) -> Expression:
    return Integer(Match(TUPLE, pattern), PORT_MAXIMUM)


NETWORK = (
    Rule(
        name="flow",
        class_uid=4001,
        activity_id=Lookup(
            Match(TUPLE, r"^(?:[^,]+,){7}([A-Z])"),
            {"a": 6, "d": 5, "b": 1, "c": 6, "e": 2},
            default=6,
        ),
        tree={
            "src_endpoint.ip": Ip(Match(TUPLE, r"^\d+,([^,]+),")),
            "dst_endpoint.ip": Ip(Match(TUPLE, r"^\d+,[^,]+,([^,]+),")),
            "src_endpoint.port": _port(r"^\d+,[^,]+,[^,]+,(\d+),"),
            "dst_endpoint.port": _port(r"^\d+,[^,]+,[^,]+,\d+,(\d+),"),
            "connection_info.direction_id": Lookup(
                Match(TUPLE, r"^(?:[^,]+,){6}([IO])"), {"i": 1, "o": 2}, default=0
            ),
            "connection_info.protocol_name": Lookup(
                Match(TUPLE, r"^(?:[^,]+,){5}([TU]|\d+),"),
                {"t": "tcp", "u": "udp", "6": "tcp", "17": "udp", "1": "icmp"},
            ),
            "traffic.packets_out": Integer(Match(TUPLE, r"^(?:[^,]*,){9}(\d+)")),
            "traffic.bytes_out": Integer(Match(TUPLE, r"^(?:[^,]*,){10}(\d+)")),
            "traffic.packets_in": Integer(Match(TUPLE, r"^(?:[^,]*,){11}(\d+)")),
            "traffic.bytes_in": Integer(Match(TUPLE, r"^(?:[^,]*,){12}(\d+)")),
            "unmapped.rule": f(
                "properties.flows[0].rule", "flowRecords.flows[0].flowGroups[0].rule"
            ),
            "unmapped.mac": f("macAddress", "properties.flows[0].flows[0].mac"),
            "unmapped.flows": First(
                (Raw("properties.flows", "array"), Raw("flowRecords.flows", "array"))
            ),
            "unmapped.resource": RESOURCE,
        },
        when=(("flowed", PRESENT),),
    ),
    Rule(
        name="firewall rule",
        class_uid=4001,
        activity_id=Lookup(VERDICT, {"deny": 5, "drop": 5, "block": 5}, default=6),
        severity_id=Lookup(
            f("category", "Type"), {"azfwidpssignature": 4, "azfwthreatintel": 4}, default=1
        ),
        tree=FIREWALLED,
        when=(("category", frozenset(RULES)),),
    ),
    Rule(
        name="firewall's DNS query",
        class_uid=4003,
        activity_id=6,
        tree={
            "src_endpoint.ip": First(
                (
                    Ip(f(*of("SourceIp"))),
                    Ip(Match(SAYS, r"DNS Request: \[?([0-9A-Fa-f.:]+?)\]?:\d+ ")),
                )
            ),
            "src_endpoint.port": num(*of("SourcePort"), maximum=PORT_MAXIMUM),
            "src_endpoint.name": RESOURCE,
            "query": Obj(
                {
                    "hostname": First(
                        (
                            f(*of("QueryName")),
                            Match(SAYS, r"DNS Request: \S+ - \d+ \S+ \S+ (\S+?)\.? "),
                        )
                    ),
                    "type": First(
                        (
                            f(*of("QueryType")),
                            Match(SAYS, r"DNS Request: \S+ - \d+ (\S+) "),
                        )
                    ),
                    "class": f(*of("QueryClass")),
                },
                needs=("hostname",),
            ),
            "rcode": f(*of("ResponseCode")),
            "rcode_id": Lookup(f(*of("ResponseCode")), RCODES, other=99),
            "connection_info.protocol_name": Lower(f(*of("Protocol"))),
            "connection_info.direction_id": c(0),
            "message": Cut(SAYS, MESSAGE_LENGTH),
            "unmapped.error": f(*of("ErrorMessage")),
            "unmapped.resource": RESOURCE,
        },
        when=(("category", frozenset(QUERIES)),),
    ),
    Rule(
        name="web request",
        class_uid=4002,
        activity_id=Lookup(WEB, HTTP_METHODS, other=99, default=0),
        severity_id=Lookup(f("properties.ruleId", "properties.ruleName"), {}, other=3, default=1),
        tree={
            "metadata.profiles": Listing((c("cloud"), c("host"), c("security_control"))),
            **under(
                "src_endpoint",
                endpoint(f(*of("clientIP", "clientIp", "CIp", "socketIP"))),
            ),
            "src_endpoint.port": num(*of("clientPort"), maximum=PORT_MAXIMUM),
            "dst_endpoint.hostname": First((NotIp(HOST), AfterLast(RESOURCE, "/"))),
            "actor.user.name": f(*of("CsUsername")),
            "http_request.http_method": Lookup(WEB, {name: name.upper() for name in HTTP_METHODS}),
            "http_request.user_agent": f(*of("userAgent", "UserAgent")),
            "http_request.referrer": f(*of("referer", "referrer", "Referer")),
            "http_request.version": f(*of("httpVersion", "ProtocolVersion")),
            "http_request.length": num(*of("receivedBytes", "requestBytes", "CsBytes")),
            "http_request.uid": f(
                *of("transactionId", "trackingReference"), "correlationId", "resourceId"
            ),
            "http_request.url.hostname": HOST,
            "http_request.url.path": Match(ASKS, r"^(?:[a-z]+://[^/?#]*)?(/[^?#]*)"),
            "http_request.url.query_string": First(
                (
                    f(*of("originalRequestUriWithArgs", "CsUriQuery", "requestQuery")),
                    Match(ASKS, r"^[^?]*\?([^#]*)"),
                )
            ),
            "http_request.url.url_string": First(
                (
                    Match(ASKS, r"^([a-z]+://.*)$"),
                    Join((SCHEME, c("://"), HOST, ASKS)),
                    ASKS,
                )
            ),
            "http_response": Obj(
                {
                    "code": Integer(CODE, 599),
                    "length": num(*of("sentBytes", "responseBytes", "ScBytes")),
                },
                needs=("code",),
            ),
            "status_id": Lookup(Cut(CODE, 1), CLASSES, default=0),
            "status_code": CODE,
            "action": VERDICT,
            "action_id": Lookup(VERDICT, VERDICTS, other=99, default=0),
            "disposition_id": Lookup(VERDICT, VERDICTS, other=99, default=0),
            "firewall_rule.uid": f("properties.ruleId"),
            "firewall_rule.name": f("properties.ruleName", "properties.ruleGroup"),
            "message": Cut(f("properties.message", "properties.Message"), MESSAGE_LENGTH),
            "unmapped.details": Raw("properties.details", "object"),
            "unmapped.rule_set": f("properties.ruleSetType"),
            "unmapped.policy": f("properties.policyId", "properties.policy"),
            "unmapped.resource": RESOURCE,
        },
        when=(("category", frozenset(REQUESTS)),),
    ),
)
