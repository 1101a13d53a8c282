"""Cloudflare's Logpush data sets: requests, firewall, Gateway, Access, DNS, sessions, audit."""

from __future__ import annotations

from ocsf.mappers.audit_parts import (
    HTTP_METHODS,
    PORT_MAXIMUM,
    SUCCESS,
    endpoint,
    product,
    said,
    verb,
)
from ocsf.mapping import (
    PRESENT,
    EachAs,
    Expression,
    First,
    Ip,
    Join,
    Listing,
    Lookup,
    Lower,
    Mapper,
    Match,
    Millis,
    Obj,
    Raw,
    Rule,
    Shape,
    TimeField,
    Tree,
    c,
    f,
    num,
    under,
    with_wrapped,
)

VERDICTS = {
    **dict.fromkeys(("allow", "log", "skip", "bypass", "unknown", "pass", "isolate"), 1),
    **dict.fromkeys(("allowedonnorulematch", "allowedonnopolicymatch", "allowedrule"), 1),
    **dict.fromkeys(("allowedbyqueryname", "connectionclosesuccess", "override"), 1),
    **dict.fromkeys(("block", "drop", "jschallenge", "challenge", "managedchallenge"), 2),
    **dict.fromkeys(("blockedbycategory", "blockedbyqueryname", "blockedrule"), 2),
    **dict.fromkeys(("blockedbyip", "blockedalwayscategory", "quarantine"), 2),
}
ACTION = f("SecurityAction", "FirewallMatchesActions[0]", "WAFAction", "Action")
HOST = f("ClientRequestHost")
METHOD = f("ClientRequestMethod", "HTTPMethod")
DEED = f("action.type", "ActionType", "action")
QUERY = First(
    (
        Match(f("ClientRequestQuery"), r"^\??(.+)$"),
        Match(f("ClientRequestURI"), r"\?(.+)$"),
    )
)
TARGET = First((f("ClientRequestURI"), Join((f("ClientRequestPath"), f("ClientRequestQuery")))))
SCHEME = First((f("ClientRequestScheme"), c("https")))
RCODES = {str(number): number for number in (*range(12), *range(16, 24))}
RCODE = f("RCode", "ResponseCode", "ClientResponseCode")
QUERY_TYPES = {
    **{"1": "A", "2": "NS", "5": "CNAME", "6": "SOA", "12": "PTR", "15": "MX", "16": "TXT"},
    **{"28": "AAAA", "33": "SRV", "43": "DS", "48": "DNSKEY", "64": "SVCB", "65": "HTTPS"},
    **{"255": "ANY", "257": "CAA"},
}
SOURCE = f("SourceIP", "SrcIP", "ClientIP", "IPSourceAddress")
GOAL = f("DestinationIP", "DstIP", "OriginIP", "IPDestinationAddress")
PEOPLE: Tree = {
    "actor.user.name": f("Email"),
    "actor.user.uid": f("UserID"),
    "actor.user.email_addr": f("Email"),
}
DEVICE: Tree = {
    "device.hostname": f("DeviceName"),
    "device.uid": f("DeviceID"),
    "device.type_id": c(0),
}
ENDS: Tree = {
    "src_endpoint.ip": Ip(SOURCE),
    "src_endpoint.port": num("SourcePort", "SrcPort", "ClientPort", maximum=PORT_MAXIMUM),
    "dst_endpoint.ip": Ip(GOAL),
    "dst_endpoint.port": num("DestinationPort", "DstPort", "OriginPort", maximum=PORT_MAXIMUM),
}
RULE: Tree = {
    "firewall_rule.name": f("PolicyName", "EgressRuleName"),
    "firewall_rule.uid": f("PolicyID", "RuleID"),
}


def verdict(of: Expression) -> Tree:
    """Give what became of a request, query or connection."""
    return {
        "action": of,
        "action_id": Lookup(of, VERDICTS, other=99, default=0),
        "disposition_id": Lookup(of, VERDICTS, other=99, default=0),
    }


MAPPER = Mapper(
    name="cloudflare",
    title="Cloudflare requests, Gateway, Access, DNS and audit logs",
    limits=(
        "Firewall events are requests, which have one status: the edge's. CASB, DLP, device "
        "posture and Workers data sets are not known."
    ),
    shapes=with_wrapped(
        Shape(
            name="HTTP",
            present=(
                frozenset({"ClientRequestHost"}),
                frozenset({"RayID", "EdgeStartTimestamp"}),
            ),
        ),
        Shape(
            name="audit",
            present=(
                frozenset({"action.type", "ActionType"}),
                frozenset({"when", "When", "action.time", "ActionTimestamp"}),
                frozenset({"actor", "ActorEmail", "ActorID"}),
            ),
            aliases={"audited": ("action.type", "ActionType")},
        ),
        Shape(
            name="Access",
            present=(
                frozenset({"AppDomain", "AppUUID", "app_domain", "app_uid"}),
                frozenset({"Allowed", "allowed"}),
                frozenset({"CreatedAt", "created_at"}),
                frozenset({"Email", "user_email", "UserUID"}),
            ),
            aliases={"admitted": ("Allowed", "allowed")},
        ),
        Shape(
            name="DNS",
            present=(
                frozenset({"QueryName"}),
                frozenset({"QueryType", "QueryTypeName"}),
                frozenset({"SrcIP", "SourceIP"}),
                frozenset({"ColoCode", "ColoID", "ResolverDecision", "ResponseCached"}),
            ),
        ),
        Shape(
            name="Gateway HTTP",
            present=(
                frozenset({"HTTPHost", "URL"}),
                frozenset({"HTTPMethod"}),
                frozenset({"SourceIP"}),
                frozenset({"AccountID", "PolicyID", "DeviceID"}),
            ),
        ),
        Shape(
            name="session",
            present=(
                frozenset({"SourceIP"}),
                frozenset({"DestinationIP", "OriginIP"}),
                frozenset({"Transport", "Protocol", "SNI", "SessionStartTime"}),
                frozenset({"AccountID"}),
                frozenset({"SessionID", "PolicyID"}),
            ),
        ),
        Shape(
            name="Spectrum",
            present=(
                frozenset({"ConnectTimestamp"}),
                frozenset({"ClientIP"}),
                frozenset({"OriginIP"}),
            ),
        ),
        Shape(
            name="network analytics",
            present=(
                frozenset({"IPSourceAddress"}),
                frozenset({"IPDestinationAddress"}),
                frozenset({"Verdict", "Outcome", "MitigationSystem", "ColoName"}),
            ),
        ),
    ),
    times=(
        TimeField("EdgeStartTimestamp", unit="any"),
        TimeField("Datetime", unit="any"),
        TimeField("SessionStartTime", unit="any"),
        TimeField("Timestamp", unit="any"),
        TimeField("CreatedAt", unit="any"),
        TimeField("created_at", unit="any"),
        TimeField("when", unit="any"),
        TimeField("When", unit="any"),
        TimeField("action.time", unit="any"),
        TimeField("ActionTimestamp", unit="any"),
    ),
    defaults={
        **product("Cloudflare", "Cloudflare", "cloud", "host", "security_control"),
        "cloud.provider": c("Cloudflare"),
        "metadata.event_code": f("action.type", "ActionType", "ClientRequestMethod", "Action"),
        "metadata.uid": f("RayID", "RequestID", "ray_id", "SessionID", "id", "ID", "AuditLogID"),
    },
    rules=(
        Rule(
            name="request",
            class_uid=4002,
            activity_id=Lookup(METHOD, HTTP_METHODS, other=99, default=0),
            tree={
                "src_endpoint.ip": Ip(f("ClientIP")),
                "src_endpoint.port": num("ClientSrcPort", maximum=PORT_MAXIMUM),
                "dst_endpoint.ip": Ip(f("OriginIP")),
                "dst_endpoint.hostname": HOST,
                "http_request.uid": f("RayID"),
                "http_request.http_method": Lookup(
                    METHOD, {name: name.upper() for name in HTTP_METHODS}
                ),
                "http_request.url.hostname": HOST,
                "http_request.url.path": First(
                    (f("ClientRequestPath"), Match(f("ClientRequestURI"), r"^([^?]+)"))
                ),
                "http_request.url.query_string": QUERY,
                "http_request.url.scheme": f("ClientRequestScheme"),
                "http_request.url.url_string": First(
                    (
                        Join((SCHEME, c("://"), HOST, TARGET)),
                        Join((SCHEME, c("://"), HOST, f("ClientRequestPath"))),
                        HOST,
                        f("RayID"),
                    )
                ),
                "http_request.user_agent": f("ClientRequestUserAgent"),
                "http_request.referrer": First(
                    (
                        f("ClientRequestReferer"),
                        Join((f("ClientRefererHost"), f("ClientRefererPath"))),
                        f("ClientRefererHost"),
                    )
                ),
                "http_request.version": f("ClientRequestProtocol"),
                "http_response": Obj(
                    {
                        "code": num("EdgeResponseStatus"),
                        "length": num("EdgeResponseBytes"),
                        "content_type": f("EdgeResponseContentType"),
                    },
                    needs=("code",),
                ),
                **verdict(ACTION),
                "unmapped.country": f("ClientCountry"),
                "unmapped.bot_score": f("BotScore"),
                "unmapped.waf_score": f("WAFAttackScore"),
                "unmapped.rule": f("SecurityRuleID", "WAFRuleID", "RuleID"),
                "unmapped.rule_name": f("SecurityRuleDescription", "WAFRuleMessage", "Description"),
                "unmapped.source": f("Source"),
            },
            when=(("ClientRequestHost", PRESENT),),
        ),
        Rule(
            name="Gateway request",
            class_uid=4002,
            activity_id=Lookup(METHOD, HTTP_METHODS, other=99, default=0),
            severity_id=Lookup(f("BlockedFileReason"), {}, other=3, default=1),
            tree={
                **ENDS,
                **PEOPLE,
                **DEVICE,
                **RULE,
                **verdict(f("Action")),
                "dst_endpoint.hostname": f("HTTPHost"),
                "http_request.uid": f("RequestID"),
                "http_request.http_method": Lookup(
                    METHOD, {name: name.upper() for name in HTTP_METHODS}
                ),
                "http_request.version": f("HTTPVersion"),
                "http_request.user_agent": f("UserAgent"),
                "http_request.referrer": f("Referer"),
                "http_request.url.hostname": f("HTTPHost"),
                "http_request.url.path": Match(f("URL"), r"^(?:[a-z]+://[^/?#]*)?(/[^?#]*)"),
                "http_request.url.query_string": Match(f("URL"), r"^[^?]*\?([^#]*)"),
                "http_request.url.url_string": f("URL", "HTTPHost"),
                "http_response": Obj({"code": num("HTTPStatusCode")}, needs=("code",)),
                "file.name": f("BlockedFileName"),
                "file.size": num("BlockedFileSize"),
                "file.type_id": c(1),
                "status_detail": f("BlockedFileReason"),
                "unmapped.blocked_file_hash": f("BlockedFileHash"),
                "unmapped.downloads": Raw("DownloadedFileNames", "array"),
                "unmapped.uploads": Raw("UploadedFileNames", "array"),
                "unmapped.internal_ip": f("SourceInternalIP"),
            },
            when=(("HTTPMethod", PRESENT),),
        ),
        Rule(
            name="DNS query",
            class_uid=4003,
            activity_id=Lookup(RCODE, {}, other=6, default=1),
            tree={
                **ENDS,
                **PEOPLE,
                **DEVICE,
                **RULE,
                **verdict(f("ResolverDecision")),
                "query": Obj(
                    {
                        "hostname": f("QueryName"),
                        "type": First((f("QueryTypeName"), Lookup(f("QueryType"), QUERY_TYPES))),
                    },
                    needs=("hostname",),
                ),
                "answers": EachAs("ResolvedIPs", "rdata"),
                "rcode_id": Lookup(RCODE, RCODES, other=99),
                "connection_info.protocol_name": Lower(f("Protocol")),
                "connection_info.direction_id": c(0),
                "unmapped.categories": Raw("QueryCategoryNames", "array"),
                "unmapped.matched_categories": Raw("MatchedCategoryNames", "array"),
                "unmapped.location": f("Location", "ColoCode"),
                "unmapped.upstream": f("UpstreamIP"),
            },
            when=(("QueryName", PRESENT),),
        ),
        Rule(
            name="Access sign-in",
            class_uid=3002,
            activity_id=Lookup(
                f("Action", "action"), {"login": 1, "logout": 2}, other=99, default=1
            ),
            tree={
                "src_endpoint.ip": Ip(f("IPAddress", "ip_address")),
                "src_endpoint.location.country": Match(f("Country"), r"^([A-Z]{2})$"),
                "user.name": f("Email", "user_email", "UserUID"),
                "user.uid": f("UserUID"),
                "user.email_addr": f("Email", "user_email"),
                "service.name": f("AppDomain", "app_domain", "AppUUID", "app_uid"),
                "service.uid": f("AppUUID", "app_uid"),
                "auth_protocol": f("Connection", "connection"),
                "is_remote": c(True),
                "status_id": Lookup(f("Allowed", "allowed"), SUCCESS, default=0),
                "unmapped.justification": f("PurposeJustificationResponse"),
                "unmapped.approvers": Raw("TemporaryAccessApprovers", "array"),
                "unmapped.country": f("Country"),
            },
            when=(("admitted", PRESENT),),
        ),
        Rule(
            name="audit",
            class_uid=6003,
            activity_id=verb(
                DEED, r"(?:^|_)(add|create|update|change|delete|remove|purge|rotate|set)"
            ),
            tree={
                **under(
                    "src_endpoint",
                    endpoint(f("actor.ip", "actor.ip_address", "ActorIP", "ActorIPAddress"), DEED),
                ),
                "actor.user.name": f(
                    "actor.email", "ActorEmail", "actor.token_name", "actor.id", "ActorID"
                ),
                "actor.user.uid": f("actor.id", "ActorID"),
                "actor.user.type": f("actor.type", "ActorType"),
                "actor.app_name": said("Cloudflare", *DEED.names),
                "api.operation": DEED,
                "api.service.name": said("Cloudflare", *DEED.names),
                "api.request": Obj({"uid": f("id", "ID", "AuditLogID")}),
                "status_id": Lookup(f("action.result", "ActionResult"), SUCCESS, default=0),
                "resources": Listing(
                    (
                        Obj(
                            {
                                "uid": f("resource.id", "ResourceID"),
                                "type": f("resource.type", "ResourceType"),
                                "name": f("resource.product", "ResourceProduct"),
                            },
                            needs=("uid",),
                        ),
                    )
                ),
                "unmapped.interface": f("interface", "Interface"),
                "message": f("action.description", "ActionDescription"),
                "unmapped.metadata": First((Raw("metadata", "object"), Raw("Metadata", "object"))),
                "unmapped.request": First((Raw("raw", "object"), Raw("Raw", "object"))),
            },
            when=(("audited", PRESENT),),
        ),
        Rule(
            name="connection",
            class_uid=4001,
            activity_id=Lookup(f("Event"), {"connect": 1, "disconnect": 2}, default=6),
            tree={
                **ENDS,
                **PEOPLE,
                **DEVICE,
                **RULE,
                **verdict(f("Action", "Verdict", "Outcome")),
                "dst_endpoint.hostname": f("SNI"),
                "connection_info.protocol_name": Lower(
                    f("Transport", "Protocol", "ClientProto", "IPProtocolName")
                ),
                "connection_info.direction_id": Lookup(
                    f("Direction"), {"ingress": 1, "egress": 2}, default=0
                ),
                "connection_info.uid": f("SessionID"),
                "traffic.bytes_in": num("BytesReceived", "OriginBytes"),
                "traffic.bytes_out": num("BytesSent", "ClientBytes"),
                "start_time": Millis(f("SessionStartTime", "ConnectTimestamp")),
                "end_time": Millis(f("SessionEndTime")),
                "status_detail": f("ConnectionCloseReason", "MitigationReason"),
                "unmapped.internal_ip": f("SourceInternalIP"),
                "unmapped.egress_ip": f("EgressIP"),
                "unmapped.attack": f("AttackID"),
                "unmapped.mitigation": f("MitigationSystem"),
                "unmapped.application": f("Application"),
            },
        ),
    ),
)
