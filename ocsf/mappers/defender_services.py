"""Defender's hunting tables of mail, links, cloud apps and directories."""

from __future__ import annotations

from ocsf.mappers.audit_parts import (
    MESSAGE_LENGTH,
    PORT_MAXIMUM,
    endpoint,
    hashes,
    verb,
)
from ocsf.mapping import (
    PRESENT,
    Cut,
    First,
    Ip,
    Listing,
    Lookup,
    Match,
    Obj,
    Rule,
    Tree,
    c,
    f,
    num,
    under,
)

DEED = f("ActionType")
CLICKS = {
    "clickallowed": 1,
    **dict.fromkeys(("clickblocked", "clickblockedbytenantpolicy", "urlerrorpage"), 2),
    **dict.fromkeys(("urlscaninprogress", "clickthroughpage"), 99),
}
XDR: Tree = {"metadata.product.name": c("Microsoft Defender XDR")}
DIRECTIONS = {"inbound": 1, "outbound": 2, "intra-org": 3}
DELIVERED = {"delivered": 1, "junked": 3, "blocked": 2, "replaced": 11}
DIRECTORY = {
    "account password changed": 3,
    "account disabled changed": 5,
    "account enabled changed": 2,
    "account deleted changed": 6,
    "account created": 1,
    "account locked changed": 9,
    "account unlocked changed": 12,
    **dict.fromkeys(("account name changed", "account display name changed"), 99),
    **dict.fromkeys(("sam account name changed", "user principal name changed"), 99),
    **dict.fromkeys(("account path changed", "account expired", "account expiry changed"), 99),
    **dict.fromkeys(("account password never expires changed", "account upn name changed"), 99),
    **dict.fromkeys(
        ("account supported encryption types changed", "account delegation changed"), 99
    ),
    **dict.fromkeys(("account password expired", "account password not required changed"), 99),
}

RULES: tuple[Rule, ...] = (
    Rule(
        name="mail",
        class_uid=4009,
        activity_id=Lookup(
            f("EmailDirection"), {"inbound": 2, "outbound": 1, "intra-org": 1}, default=0
        ),
        severity_id=Lookup(f("ThreatTypes"), {}, other=3, default=1),
        tree={
            **XDR,
            "metadata.profiles": Listing((c("host"), c("security_control"))),
            "direction_id": Lookup(f("EmailDirection"), DIRECTIONS, default=0),
            "src_endpoint.ip": Ip(f("SenderIPv4", "SenderIPv6")),
            "email.from": f("SenderFromAddress", "SenderMailFromAddress"),
            "email.to": Listing((f("RecipientEmailAddress"),)),
            "email.subject": f("Subject"),
            "email.message_uid": f("InternetMessageId", "NetworkMessageId"),
            "email.uid": f("NetworkMessageId"),
            "email.files": Listing(
                (
                    Obj(
                        {
                            "name": f("FileName"),
                            "size": num("FileSize"),
                            "type_id": c(1),
                            "hashes": hashes(sha256=("SHA256",)),
                        },
                        needs=("name",),
                    ),
                )
            ),
            "action": f("DeliveryAction"),
            "action_id": Lookup(
                f("DeliveryAction"),
                {"delivered": 1, "junked": 4, "blocked": 2, "replaced": 4},
                default=0,
            ),
            "disposition_id": Lookup(f("DeliveryAction"), DELIVERED, default=0),
            "status_detail": f("DeliveryLocation"),
            "unmapped.threats": f("ThreatTypes"),
            "unmapped.threat_names": f("ThreatNames"),
            "unmapped.detection": f("DetectionMethods"),
            "unmapped.authentication": f("AuthenticationDetails"),
            "unmapped.report_id": f("ReportId"),
        },
        when=(("SenderFromAddress", PRESENT), ("RecipientEmailAddress", PRESENT)),
    ),
    Rule(
        name="click on a link",
        class_uid=4002,
        activity_id=3,
        severity_id=Lookup(f("ThreatTypes"), {}, other=3, default=1),
        tree={
            **XDR,
            "metadata.profiles": Listing((c("host"), c("security_control"))),
            "src_endpoint.ip": Ip(f("IPAddress")),
            "src_endpoint.name": f("AccountUpn", "ReportId"),
            "dst_endpoint.hostname": Match(f("Url"), r"^[a-z]+://([^/:?#]+)"),
            "actor.user.name": f("AccountUpn"),
            "http_request.url.url_string": f("Url"),
            "http_request.url.hostname": Match(f("Url"), r"^[a-z]+://([^/:?#]+)"),
            "http_request.url.path": Match(f("Url"), r"^[a-z]+://[^/?#]*(/[^?#]*)"),
            "http_request.uid": f("ReportId", "NetworkMessageId"),
            "action": DEED,
            "action_id": Lookup(DEED, CLICKS, default=0),
            "disposition_id": Lookup(DEED, CLICKS, default=0),
            "unmapped.threats": f("ThreatTypes"),
            "unmapped.workload": f("Workload"),
            "unmapped.clicked_through": f("IsClickedThrough"),
            "unmapped.message": f("NetworkMessageId"),
        },
        when=(("ActionType", frozenset(CLICKS)),),
    ),
    Rule(
        name="cloud app",
        class_uid=6003,
        activity_id=verb(DEED),
        tree={
            **XDR,
            **under("src_endpoint", endpoint(f("IPAddress"), f("Application", "ActionType"))),
            "src_endpoint.location.country": Match(f("CountryCode"), r"^([A-Z]{2})$"),
            "actor.user.name": f("AccountDisplayName", "AccountUpn", "AccountId"),
            "actor.user.uid": f("AccountObjectId", "AccountId"),
            "actor.user.type": f("AccountType"),
            "actor.app_name": f("Application"),
            "api.operation": DEED,
            "api.service.name": f("Application"),
            "http_request.user_agent": f("UserAgent"),
            "resources": Listing(
                (
                    Obj(
                        {
                            "name": f("ObjectName", "ObjectId", "ObjectType"),
                            "uid": f("ObjectId"),
                            "type": f("ObjectType"),
                        }
                    ),
                )
            ),
            "unmapped.activity_type": f("ActivityType"),
            "unmapped.is_admin": f("IsAdminOperation"),
            "unmapped.raw": Cut(f("RawEventData"), MESSAGE_LENGTH),
            "unmapped.report_id": f("ReportId"),
        },
        when=(("ActivityType", PRESENT), ("Application", PRESENT)),
    ),
    Rule(
        name="directory's DNS query",
        class_uid=4003,
        activity_id=1,
        tree={
            **XDR,
            "src_endpoint.ip": Ip(f("IPAddress")),
            "src_endpoint.port": num("Port", maximum=PORT_MAXIMUM),
            "src_endpoint.hostname": f("DeviceName"),
            "dst_endpoint.ip": Ip(f("DestinationIPAddress")),
            "dst_endpoint.port": num("DestinationPort", maximum=PORT_MAXIMUM),
            "dst_endpoint.hostname": f("DestinationDeviceName"),
            "query": Obj(
                {"hostname": f("QueryTarget"), "type": f("QueryType")}, needs=("hostname",)
            ),
            "unmapped.report_id": f("ReportId"),
        },
        when=(("ActionType", frozenset({"dns query"})),),
    ),
    Rule(
        name="account in the directory",
        class_uid=3001,
        activity_id=Lookup(DEED, DIRECTORY, default=99),
        tree={
            **XDR,
            "src_endpoint.ip": Ip(f("IPAddress")),
            "src_endpoint.hostname": f("DeviceName"),
            "user.name": f(
                "TargetAccountUpn", "TargetAccountDisplayName", "AccountName", "ActionType"
            ),
            "actor.user.name": f("AccountUpn", "AccountName", "AccountDisplayName"),
            "actor.user.uid": f("AccountSid"),
            "actor.app_name": DEED,
            "unmapped.domain_controller": f("DestinationDeviceName"),
            "unmapped.fields": Cut(f("AdditionalFields"), MESSAGE_LENGTH),
            "unmapped.report_id": f("ReportId"),
        },
        when=(("ActionType", frozenset(DIRECTORY)),),
    ),
    Rule(
        name="group in the directory",
        class_uid=3006,
        activity_id=Lookup(
            Match(f("AdditionalFields"), r'"(TO|FROM)\.GROUP\\*"'),
            {"to": 3, "from": 4},
            default=99,
        ),
        tree={
            **XDR,
            "src_endpoint.ip": Ip(f("IPAddress")),
            "group.name": First(
                (Match(f("AdditionalFields"), r'"(?:TO|FROM)\.GROUP\\*": ?\\*"([^"\\]+)'), DEED)
            ),
            "user.name": f("TargetAccountUpn", "TargetAccountDisplayName"),
            "actor.user.name": f("AccountUpn", "AccountName", "AccountDisplayName"),
            "actor.user.uid": f("AccountSid"),
            "actor.app_name": DEED,
            "unmapped.fields": Cut(f("AdditionalFields"), MESSAGE_LENGTH),
            "unmapped.report_id": f("ReportId"),
        },
        when=(("ActionType", frozenset({"group membership changed"})),),
    ),
)
