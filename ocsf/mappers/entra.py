"""Microsoft Entra sign-ins, directory audit and risk detections.

Two layouts: the diagnostic export (the fields below `properties`) and Microsoft Graph's own.
"""

from __future__ import annotations

from ocsf.mappers.microsoft_parts import PROFILES, VENDOR, client, cloud, verb
from ocsf.mapping import (
    PRESENT,
    Expression,
    First,
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
    When,
    c,
    f,
    with_wrapped,
)

DEED = f("activityDisplayName")
ERROR = f("status.errorCode", "/resultType")
INTERRUPTS = ("50055", "50058", "50072", "50074", "50076", "50079", "50125", "50127", "50129",
    "50140", "50143", "50144", "50203", "65001", "16000", "16003")  # fmt: skip
"""Codes of a sign-in that goes on: a factor, a consent or a choice was asked for."""
REFUSED_FACTOR = frozenset({"500121", "50088"})
WRONG_PASSWORD = frozenset({"50126", "50034", "50053", "50056"})
TARGET = f(
    "targetResources[0].userPrincipalName",
    "targetResources[0].displayName",
    "targetResources[0].id",
)
INITIATOR = f(
    "initiatedBy.user.userPrincipalName",
    "initiatedBy.user.displayName",
    "initiatedBy.user.id",
    "initiatedBy.app.displayName",
    "initiatedBy.app.servicePrincipalName",
    "initiatedBy.app.appId",
    "loggedByService",
)
MODIFIED = f("targetResources[0].modifiedProperties")
ROLE = r'"displayName":"Role\.DisplayName"[^}]{0,400}"newValue":"\\?"?((?:[^"\\]){1,200})'
GROUP = r'"displayName":"Group\.DisplayName"[^}]{0,400}"newValue":"\\?"?((?:[^"\\]){1,200})'
RESULTS = {"success": 1, "failure": 2, "timeout": 2, "clientError": 2, "unknownfuturevalue": 99}

AUDIT: Tree = {
    "actor.user.name": INITIATOR,
    "actor.user.uid": f("initiatedBy.user.id", "initiatedBy.app.servicePrincipalId"),
    "actor.app_name": f("initiatedBy.app.displayName"),
    "actor.app_uid": f("initiatedBy.app.appId"),
    **client(f("initiatedBy.user.ipAddress", "/callerIpAddress"), f("loggedByService")),
    **cloud(f("/tenantId", "tenantId"), DEED),
    "api.operation": DEED,
    "api.service.name": f("loggedByService"),
    "api.request": Obj({"uid": f("correlationId", "id")}, needs=("uid",)),
    "http_request.user_agent": Match(
        f("additionalDetails"), r'"key":"User-Agent","value":"((?:[^"\\]|\\.)+)"'
    ),
    "status_id": Lookup(f("result"), {key.lower(): one for key, one in RESULTS.items()}, default=0),
    "status": f("result"),
    "status_detail": f("resultReason"),
    "metadata.event_code": DEED,
    "metadata.log_provider": f("loggedByService"),
    "unmapped.category": f("/properties.category", "category"),
    "unmapped.targets": Raw("targetResources", "array"),
    "unmapped.details": Raw("additionalDetails", "array"),
}
ACCOUNTS = {
    "add user": 1,
    "invite external user": 1,
    "restore user": 2,
    "enable account": 2,
    "change user password": 3,
    "change password (self-service)": 3,
    "reset user password": 4,
    "reset password (by admin)": 4,
    "reset password (self-service)": 4,
    "disable account": 5,
    "delete user": 6,
    "hard delete user": 6,
    "user registered security info": 10,
    "user registered all required security info": 10,
    "admin registered security info": 10,
    "enable strong authentication": 10,
    "user deleted security info": 11,
    "admin deleted security info": 11,
    "disable strong authentication": 11,
    "update user": 99,
    "user changed default security info": 99,
}
ROLES = {
    "add member to role": 1,
    "add eligible member to role": 1,
    "add scoped member to role": 1,
    "add member to role completed (pim activation)": 1,
    "add app role assignment grant to user": 1,
    "remove member from role": 2,
    "remove eligible member from role": 2,
    "remove scoped member from role": 2,
}
GROUPS = {
    "add member to group": 3,
    "remove member from group": 4,
    "delete group": 5,
    "add group": 6,
}
RISKS = {"low": 2, "medium": 3, "high": 4}


def _activity(table: dict[str, int]) -> Expression:
    return Lookup(DEED, table, default=0)


def _shapes(name: str, root: str, *present: frozenset[str]) -> tuple[Shape, ...]:
    at = f"{root}." if root else ""
    return with_wrapped(
        Shape(
            name=name,
            present=tuple(frozenset(f"{at}{path}" for path in paths) for paths in present),
            roots=(root, "") if root else ("",),
        )
    )


SIGN_IN = (
    frozenset({"createdDateTime"}),
    frozenset({"userPrincipalName", "servicePrincipalId", "servicePrincipalName"}),
    frozenset({"appId", "appDisplayName"}),
    frozenset({"ipAddress", "status"}),
)
DIRECTORY = (
    frozenset({"activityDisplayName"}),
    frozenset({"activityDateTime"}),
    frozenset({"initiatedBy", "targetResources", "loggedByService"}),
)
RISK = (
    frozenset({"riskEventType"}),
    frozenset({"detectedDateTime", "activityDateTime"}),
    frozenset({"riskLevel", "riskState"}),
)

MAPPER = Mapper(
    name="entra",
    title="Microsoft Entra sign-ins and audit",
    explode="value",
    shapes=(
        *_shapes("entra sign-in, diagnostic", "properties", *SIGN_IN),
        *_shapes("entra audit, diagnostic", "properties", *DIRECTORY),
        *_shapes("entra risk, diagnostic", "properties", *RISK),
        *_shapes("entra sign-in", "", *SIGN_IN),
        *_shapes("entra audit", "", *DIRECTORY),
        *_shapes("entra risk", "", *RISK),
    ),
    times=(
        TimeField("createdDateTime"),
        TimeField("activityDateTime"),
        TimeField("detectedDateTime"),
        TimeField("/time"),
    ),
    defaults={
        "metadata.product.name": c("Microsoft Entra ID"),
        "metadata.product.vendor_name": c(VENDOR),
        "metadata.profiles": Listing(tuple(c(name) for name in PROFILES)),
        "metadata.uid": f("id"),
        "metadata.correlation_uid": f("correlationId"),
        "metadata.log_name": f("/category"),
        "metadata.tenant_uid": f("/tenantId"),
    },
    rules=(
        Rule(
            name="risk detection",
            class_uid=2004,
            activity_id=1,
            severity_id=Lookup(f("riskLevel"), RISKS, default=1),
            tree={
                **cloud(f("/tenantId"), f("riskEventType")),
                "metadata.profiles": Listing((c("cloud"), c("host"))),
                "finding_info.uid": f("id", "requestId"),
                "finding_info.title": f("riskEventType"),
                "message": f("riskDetail"),
                "resources": Listing(
                    (
                        Obj(
                            {
                                "name": f("userPrincipalName", "userDisplayName"),
                                "uid": f("userId"),
                                "type": c("user"),
                            },
                            needs=("name",),
                        ),
                    )
                ),
                "actor.user.name": f("userPrincipalName"),
                "evidences": Listing((Obj({"src_endpoint.ip": Ip(f("ipAddress"))}),)),
                "unmapped.risk_state": f("riskState"),
                "unmapped.source": f("source"),
            },
            when=(("riskEventType", PRESENT),),
        ),
        Rule(
            name="account change",
            class_uid=3001,
            activity_id=_activity(ACCOUNTS),
            tree={**AUDIT, "user.name": First((TARGET, INITIATOR))},
            when=(("activityDisplayName", frozenset(ACCOUNTS)),),
        ),
        Rule(
            name="role change",
            class_uid=3005,
            activity_id=_activity(ROLES),
            tree={
                **AUDIT,
                "user.name": First((TARGET, INITIATOR)),
                "privileges": First(
                    (
                        Listing((Match(MODIFIED, ROLE),)),
                        Listing((f("targetResources[1].displayName"),)),
                        Listing((c("Unknown"),)),
                    )
                ),
            },
            when=(("activityDisplayName", frozenset(ROLES)),),
        ),
        Rule(
            name="group change",
            class_uid=3006,
            activity_id=_activity(GROUPS),
            tree={
                **AUDIT,
                "group.name": First((Match(MODIFIED, GROUP), TARGET, INITIATOR)),
                "user.name": First((TARGET, INITIATOR)),
            },
            when=(("activityDisplayName", frozenset(GROUPS)),),
        ),
        Rule(
            name="directory activity",
            class_uid=6003,
            activity_id=verb(DEED),
            tree={
                **AUDIT,
                "resources": Listing(
                    (
                        Obj(
                            {
                                "name": TARGET,
                                "uid": f("targetResources[0].id"),
                                "type": f("targetResources[0].type"),
                            },
                            needs=("name",),
                        ),
                    )
                ),
            },
            when=(("activityDisplayName", PRESENT),),
        ),
        Rule(
            name="sign-in",
            class_uid=3002,
            activity_id=1,
            tree={
                **client(f("ipAddress", "/callerIpAddress"), f("appDisplayName")),
                **cloud(f("/tenantId"), f("createdDateTime", "id")),
                "src_endpoint.location.city": f("location.city"),
                "src_endpoint.location.region": f("location.state"),
                "src_endpoint.location.country": Match(
                    f("location.countryOrRegion"), r"^([A-Z]{2})$"
                ),
                "user.name": f("userPrincipalName", "servicePrincipalName", "servicePrincipalId"),
                "user.uid": f("userId", "servicePrincipalId"),
                "user.full_name": f("userDisplayName"),
                "service.name": f("appDisplayName", "resourceDisplayName"),
                "service.uid": f("appId"),
                "session.uid": f("sessionId"),
                "is_remote": c(True),
                # What the policy asks for says nothing of a wrong password.
                "is_mfa": First(
                    (
                        When(ERROR, REFUSED_FACTOR, c(True)),
                        When(ERROR, WRONG_PASSWORD, c(False)),
                        Lookup(
                            f("authenticationRequirement"),
                            {
                                "multifactorauthentication": True,
                                "singlefactorauthentication": False,
                            },
                        ),
                    )
                ),
                "auth_protocol": f("authenticationProtocol", "clientAppUsed"),
                "http_request.user_agent": f("userAgent"),
                "status_id": Lookup(
                    ERROR, {"0": 1, **dict.fromkeys(INTERRUPTS, 99)}, other=2, default=0
                ),
                "status": First(
                    (
                        When(ERROR, frozenset(INTERRUPTS), c("Interrupted")),
                        Lookup(ERROR, {"0": "Success"}, other="Failure"),
                    )
                ),
                "status_code": ERROR,
                "status_detail": f("status.failureReason", "/resultDescription"),
                "metadata.event_code": c("SignIn"),
                "unmapped.client_app": f("clientAppUsed"),
                "unmapped.device": Raw("deviceDetail", "object"),
                "unmapped.mfa_method": f("mfaDetail.authMethod"),
                "unmapped.conditional_access": f("conditionalAccessStatus"),
                "unmapped.risk_level": f("riskLevelDuringSignIn"),
                "unmapped.risk_state": f("riskState"),
                "unmapped.risk_events": Raw("riskEventTypes_v2", "array"),
                "unmapped.latitude": f("location.geoCoordinates.latitude"),
                "unmapped.longitude": f("location.geoCoordinates.longitude"),
                "unmapped.interactive": f("isInteractive"),
                "unmapped.resource": f("resourceDisplayName"),
            },
        ),
    ),
)
