"""Azure activity log and resource logs.

The REST API's events, the `records` of diagnostic settings, and the workspace's `AzureActivity`.
"""

from __future__ import annotations

from ocsf.mappers.audit_parts import (
    MESSAGE_LENGTH,
    SUCCESS,
    endpoint,
    product,
    said,
)
from ocsf.mappers.azure_network import CLASSES, FLOWS, NETWORK, RESOURCE
from ocsf.mapping import (
    PRESENT,
    AfterLast,
    Cut,
    Expression,
    First,
    Join,
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
AMERICAN = "%-m/%-d/%Y %-I:%M:%S %p|%m/%d/%Y %H:%M:%S"
"""How some resource logs write the time."""

GRAPH = Join((f("properties.requestMethod"), f("properties.requestUri")), " ")
DONE = {"create": 1, "enable": 2, "disable": 5, "delete": 6}


def _shape(name: str, root: str) -> Shape:
    at = f"{root}." if root else ""

    def paths(*names: str) -> frozenset[str]:
        return frozenset(f"{at}{each}" for each in names)

    return Shape(
        name=name,
        present=(
            paths("time", "eventTimestamp", "TimeGenerated", "timeStamp", "timestamp"),
            paths(
                *("operationName", "OperationNameValue", "OperationName", "properties.flows"),
                *("properties.log", "properties.SourceIp", "properties.QueryName"),
                *("properties.requestUri", "properties.CsUriStem"),
            ),
            paths(
                *("category", "Category", "CategoryValue", "eventDataId", "subscriptionId"),
                "SubscriptionId",
            ),
            paths(
                *("resourceId", "ResourceId", "_ResourceId", "resourceUri", "subscriptionId"),
                *("SubscriptionId", "tenantId", "accountName", "uri", "targetResourceID"),
            ),
        ),
        roots=(root,),
        aliases={"flowed": tuple(f"{at}{each}" for each in FLOWS)},
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
        TimeField("timestamp"),
        TimeField("time", unit=AMERICAN),
        TimeField("properties.activityDateTime"),
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
        *NETWORK,
        Rule(
            name="call of Microsoft Graph",
            class_uid=6003,
            activity_id=Lookup(
                f("properties.requestMethod"),
                {"post": 1, "get": 2, "head": 2, "patch": 3, "put": 3, "delete": 4},
                default=99,
            ),
            severity_id=SEVERITY,
            tree={
                **COMMON,
                "actor.user.name": f("properties.userId", "properties.servicePrincipalId"),
                "actor.user.uid": f("properties.userId", "properties.servicePrincipalId"),
                "actor.app_uid": f("properties.appId"),
                "actor.app_name": f("properties.appId", "operationName", "category"),
                "actor.session.uid": f("properties.signInActivityId"),
                **under(
                    "src_endpoint",
                    endpoint(f("callerIpAddress", "properties.ipAddress"), OPERATION),
                ),
                "api.operation": First((GRAPH, OPERATION)),
                "api.service.name": said("Microsoft Graph", "category"),
                "api.response.code": num("properties.responseStatusCode"),
                "http_request.user_agent": f("properties.userAgent"),
                "status_id": Lookup(
                    Cut(f("properties.responseStatusCode", "resultSignature"), 1),
                    CLASSES,
                    default=0,
                ),
                "unmapped.scopes": f("properties.scopes", "properties.roles"),
            },
            when=(("category", frozenset({"microsoftgraphactivitylogs", "aadgraphactivitylogs"})),),
        ),
        Rule(
            name="provisioning",
            class_uid=3001,
            activity_id=Lookup(
                f("properties.provisioningAction", "properties.action"), DONE, default=99
            ),
            severity_id=SEVERITY,
            tree={
                "user.name": f(
                    "properties.sourceIdentity.details.UserPrincipalName",
                    "properties.sourceIdentity.Name",
                    "properties.targetIdentity.Name",
                    "properties.sourceIdentity.Id",
                    "properties.targetIdentity.Id",
                    "correlationId",
                ),
                "user.uid": f("properties.sourceIdentity.Id", "properties.targetIdentity.Id"),
                "user.type": f("properties.sourceIdentity.identityType"),
                "actor.user.name": f("properties.initiatedBy.Name"),
                "actor.user.uid": f("properties.initiatedBy.Id"),
                "actor.app_name": f("properties.servicePrincipal.Name", "operationName"),
                "status_id": First(
                    (
                        Lookup(f("properties.provisioningStatusInfo.Status"), SUCCESS),
                        Lookup(RESULT, RESULTS, other=99, default=0),
                    )
                ),
                "status": RESULT,
                "status_code": f("properties.provisioningStatusInfo.errorInformation.errorCode"),
                "status_detail": Cut(
                    f("properties.provisioningStatusInfo.errorInformation.reason"), MESSAGE_LENGTH
                ),
                "unmapped.source": f("properties.sourceSystem.Name"),
                "unmapped.target": f("properties.targetSystem.Name"),
                "unmapped.modified": Raw("properties.modifiedProperties", "array"),
            },
            when=(("category", frozenset({"provisioninglogs"})),),
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
