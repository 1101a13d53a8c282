"""Azure activity log and resource logs.

The REST API's events, the `records` of diagnostic settings, and the workspace's `AzureActivity`.
"""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, PORT_MAXIMUM, endpoint, product, said
from ocsf.mapping import (
    PRESENT,
    AfterLast,
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
    Raw,
    Rule,
    Shape,
    TimeField,
    Tree,
    f,
    num,
    under,
    with_wrapped,
)

UPN = '"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"'
NAME = '"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"'
OBJECT = '"http://schemas.microsoft.com/identity/claims/objectidentifier"'
CLAIMS = ("claims", "identity.claims", "identity.claim", "Claims_d")

OPERATION = f(
    *("operationName.value", "OperationNameValue", "operationName", "OperationName"),
    *("category", "Category"),
)
CALLER = f(
    *("caller", "Caller"),
    *(
        f"{claims}.{name}"
        for claims in CLAIMS
        for name in (UPN, NAME, "upn", "unique_name", "name")
    ),
    *(f"{claims}.appid" for claims in CLAIMS),
    "identity.UserName",
    "identity.authorization.evidence.principalId",
    "identity.properties.upn",
)
ADDRESS = f(
    *("callerIpAddress", "callerIPAddress", "CallerIpAddress", "CallerIPAddress"),
    *("httpRequest.clientIpAddress", "claims.ipaddr", "identity.claims.ipaddr"),
    *("properties.clientIP_s", "properties.clientIp", "properties.clientIP"),
)
RESOURCE = f("resourceId", "ResourceId", "_ResourceId", "resourceUri", "authorization.scope")
SUBSCRIPTION: Expression = First(
    (
        f("subscriptionId", "SubscriptionId"),
        Match(RESOURCE, r"(?i)/subscriptions/([^/]+)"),
    )
)
RESULT = f(
    *("status.value", "ActivityStatusValue", "resultType", "ResultType", "ActivityStatus"),
    "status",
)
RESULTS = {
    **dict.fromkeys(("success", "succeeded", "succeed", "accept", "accepted", "0", "ok"), 1),
    **dict.fromkeys(("failure", "failed", "fail", "error", "denied", "clienterror"), 2),
    **dict.fromkeys(("start", "started", "active", "in progress", "inprogress", "resolved"), 99),
}
LEVELS = {
    **dict.fromkeys(("informational", "information", "info", "4", "verbose", "5", "0"), 1),
    **dict.fromkeys(("warning", "3"), 3),
    **dict.fromkeys(("error", "2"), 4),
    **dict.fromkeys(("critical", "1"), 5),
}
LAST = {
    **dict.fromkeys(("read", "list", "get"), 2),
    "write": 3,
    **dict.fromkeys(("delete", "deleted", "purge"), 4),
    "action": 99,
    "create": 1,
}
FIRST = {
    **dict.fromkeys(("get", "list", "read", "head", "query", "peek"), 2),
    **dict.fromkeys(("create", "add", "insert"), 1),
    **dict.fromkeys(("put", "update", "set", "write", "backup", "restore", "append"), 3),
    **dict.fromkeys(("delete", "purge", "remove"), 4),
}

ACTOR: Tree = {
    "actor.user.name": CALLER,
    "actor.user.uid": f(
        *(f"{claims}.{OBJECT}" for claims in CLAIMS),
        *(f"{claims}.oid" for claims in CLAIMS),
        "identity.authorization.evidence.principalId",
    ),
    "actor.user.type": f(
        "identity.authorization.evidence.principalType", "claims.idtyp", "identity.claims.idtyp"
    ),
    "actor.app_uid": f("claims.appid", "identity.claims.appid", "identity.claim.appid"),
    "actor.app_name": OPERATION,
}
COMMON: Tree = {
    **ACTOR,
    **under("src_endpoint", endpoint(ADDRESS, OPERATION)),
    "http_request.user_agent": f(
        "userAgentHeader", "properties.userAgentHeader", "properties.clientInfo"
    ),
    "api.operation": OPERATION,
    "api.version": f("operationVersion"),
    "api.service.name": First(
        (
            f("resourceProviderName.value", "ResourceProviderValue", "resourceProvider"),
            Match(OPERATION, r"^([A-Za-z]+\.[A-Za-z.]+)/"),
            Match(RESOURCE, r"(?i)/providers/([^/]+)"),
        )
    ),
    "api.request": Obj(
        {"uid": f("correlationId", "CorrelationId", "operationId", "eventDataId")}, needs=("uid",)
    ),
    "api.response.code": num("properties.httpStatusCode", "statusCode", "httpStatusCode"),
    "status_id": Lookup(RESULT, RESULTS, default=0),
    "status": RESULT,
    "status_code": f(
        *("resultSignature", "subStatus.value", "ActivitySubstatusValue", "ResultSignature"),
        "properties.statusCode",
    ),
    "status_detail": Cut(
        f("properties.statusMessage", "resultDescription", "ResultDescription"), MESSAGE_LENGTH
    ),
    "unmapped.category": f("category.value", "CategoryValue", "category", "Category"),
    "unmapped.authorization": First(
        (Raw("authorization", "object"), Raw("identity.authorization", "object"))
    ),
    "unmapped.properties": First((Raw("properties", "object"), Raw("Properties_d", "object"))),
    "unmapped.resource_group": f("resourceGroupName", "ResourceGroup", "resourceGroup"),
    "unmapped.duration_ms": f("durationMs"),
}
RESOURCES: Expression = Listing(
    (
        Obj(
            {
                "uid": RESOURCE,
                "name": AfterLast(RESOURCE, "/"),
                "type": f("resourceType.value", "ResourceType", "resourceType"),
                "region": f("location", "Location"),
            },
            needs=("uid",),
        ),
    )
)
SEVERITY: Expression = Lookup(f("level", "Level"), LEVELS, default=1)
ASSIGNMENT = r'"(?i:principalid)\\*":\s*\\*"([0-9A-Za-z-]+)'
ROLE = r'"(?i:roledefinitionid)\\*":\s*\\*"([^"\\]+)'
BODY = f("properties.requestbody", "properties.responseBody", "Properties_d.requestbody")
ROLES = {
    "microsoft.authorization/roleassignments/write": 1,
    "microsoft.authorization/roleassignments/delete": 2,
}
TUPLE = f("properties.flows[0].flows[0].flowTuples[0]")


def _port(pattern: str) -> Expression:
    return Integer(Match(TUPLE, pattern), PORT_MAXIMUM)


def _shape(name: str, root: str) -> Shape:
    at = f"{root}." if root else ""

    def paths(*names: str) -> frozenset[str]:
        return frozenset(f"{at}{each}" for each in names)

    return Shape(
        name=name,
        present=(
            paths("time", "eventTimestamp", "TimeGenerated", "timeStamp"),
            paths(
                *("operationName", "OperationNameValue", "OperationName", "properties.flows"),
                "properties.log",
            ),
            paths(
                *("category", "Category", "CategoryValue", "eventDataId", "subscriptionId"),
                "SubscriptionId",
            ),
            paths(
                *("resourceId", "ResourceId", "_ResourceId", "resourceUri", "subscriptionId"),
                *("SubscriptionId", "tenantId", "accountName", "uri"),
            ),
        ),
        roots=(root,),
    )


MAPPER = Mapper(
    name="azure",
    title="Azure activity and resource logs",
    limits=(
        "A flow record of a network security group is one event of its first flow; all are "
        "in `unmapped.flows`. Logs that stand as text in `properties.log` are not opened."
    ),
    explode="records",
    shapes=with_wrapped(_shape("azure", "")),
    times=(
        TimeField("eventTimestamp"),
        TimeField("time"),
        TimeField("TimeGenerated"),
        TimeField("timeStamp"),
        TimeField("submissionTimestamp"),
    ),
    defaults={
        **product("Azure Monitor", "Microsoft", "cloud", "host"),
        "cloud.provider": said("Azure", *OPERATION.names, "time"),
        "cloud.account.uid": SUBSCRIPTION,
        "cloud.region": f("location", "Location"),
        "metadata.event_code": OPERATION,
        "metadata.uid": f("eventDataId", "EventDataId", "id"),
        "metadata.correlation_uid": f("correlationId", "CorrelationId"),
        "metadata.log_name": f("category.value", "CategoryValue", "category", "Category"),
        "metadata.tenant_uid": f("tenantId", "TenantId"),
    },
    rules=(
        *(
            Rule(
                name=f"role assignment ({field})",
                class_uid=3005,
                activity_id=Lookup(OPERATION, ROLES, default=0),
                severity_id=SEVERITY,
                tree={
                    **COMMON,
                    "user.uid": First((Match(BODY, ASSIGNMENT), AfterLast(RESOURCE, "/"))),
                    "user.name": First((Match(BODY, ASSIGNMENT), CALLER, OPERATION)),
                    "privileges": First(
                        (
                            Listing((AfterLast(Match(BODY, ROLE), "/"),)),
                            Listing(
                                (f("identity.authorization.evidence.role", "authorization.role"),)
                            ),
                            Listing((OPERATION,)),
                        )
                    ),
                    "resources": RESOURCES,
                },
                when=((field, frozenset(ROLES)),),
            )
            for field in ("operationName", "operationName.value", "OperationNameValue")
        ),
        Rule(
            name="security alert",
            class_uid=2004,
            activity_id=1,
            severity_id=Lookup(
                f("properties.severity", "level", "Level"),
                {"low": 2, "medium": 3, "high": 4, **LEVELS},
                default=0,
            ),
            tree={
                "finding_info.uid": f(
                    "eventDataId", "correlationId", "CorrelationId", "operationId"
                ),
                "finding_info.title": f(
                    "properties.alertDisplayName",
                    "properties.eventName",
                    "operationName.value",
                    "operationName",
                    "OperationNameValue",
                ),
                "finding_info.desc": Cut(
                    f("properties.description", "description", "resultDescription"), MESSAGE_LENGTH
                ),
                "resources": RESOURCES,
                "actor.user.name": CALLER,
                "actor.app_name": OPERATION,
                "unmapped.properties": Raw("properties", "object"),
            },
            when=(("category", frozenset({"security"})), ("correlationId", PRESENT)),
        ),
        Rule(
            name="flow",
            class_uid=4001,
            activity_id=Lookup(Match(TUPLE, r"(?:[^,]+,){7}([AD])"), {"a": 6, "d": 5}, default=6),
            tree={
                "src_endpoint.ip": Ip(Match(TUPLE, r"^\d+,([^,]+),")),
                "dst_endpoint.ip": Ip(Match(TUPLE, r"^\d+,[^,]+,([^,]+),")),
                "src_endpoint.port": _port(r"^\d+,[^,]+,[^,]+,(\d+),"),
                "dst_endpoint.port": _port(r"^\d+,[^,]+,[^,]+,\d+,(\d+),"),
                "connection_info.direction_id": Lookup(
                    Match(TUPLE, r"^(?:[^,]+,){6}([IO])"), {"i": 1, "o": 2}, default=0
                ),
                "connection_info.protocol_name": Lookup(
                    Match(TUPLE, r"^(?:[^,]+,){5}([TU])"), {"t": "tcp", "u": "udp"}
                ),
                "unmapped.rule": f("properties.flows[0].rule"),
                "unmapped.flows": Raw("properties.flows", "array"),
                "unmapped.resource": RESOURCE,
            },
            when=(("properties.flows[0].flows[0].flowTuples[0]", PRESENT),),
        ),
        Rule(
            name="operation",
            class_uid=6003,
            activity_id=First(
                (
                    Lookup(Match(OPERATION, r"(?i)/(list|get|read|delete)[a-z]*/action$"), LAST),
                    Lookup(Match(OPERATION, r"/([A-Za-z]+)$"), LAST),
                    Lookup(Match(OPERATION, r"([A-Z][a-z]+)$"), FIRST),
                    Lookup(Match(OPERATION, r"^([A-Za-z][a-z]+)[A-Za-z]*$"), FIRST, default=99),
                )
            ),
            severity_id=SEVERITY,
            tree={**COMMON, "resources": RESOURCES},
        ),
    ),
)
