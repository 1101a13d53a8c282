"""AWS CloudTrail records, single or wrapped in `{"Records": […]}`."""

from __future__ import annotations

from ocsf.mapping import (
    AfterLast,
    Expression,
    First,
    Ip,
    Listing,
    Lookup,
    Mapper,
    Match,
    Millis,
    NotIp,
    Obj,
    Raw,
    Rule,
    Shape,
    TimeField,
    Tree,
    When,
    c,
    f,
    under,
    with_wrapped,
)

RESOURCES_LISTED = 5

IDENTITY: Tree = {
    "name": First(
        (
            f("userIdentity.userName", "userIdentity.sessionContext.sessionIssuer.userName"),
            AfterLast(f("userIdentity.arn"), "/"),
            f("userIdentity.type", "userIdentity.invokedBy"),
        )
    ),
    "uid": f("userIdentity.principalId"),
    "uid_alt": f("userIdentity.arn"),
    "type": f("userIdentity.type"),
    "type_id": Lookup(
        f("userIdentity.type"),
        {"iamuser": 1, "root": 2, "awsservice": 3, "awsaccount": 1},
        other=99,
        default=0,
    ),
    "account.uid": f("userIdentity.accountId"),
    "credential_uid": f("userIdentity.accessKeyId"),
}
"""Who called: the record's `userIdentity`."""

ACTOR: Tree = {
    **under("actor.user", IDENTITY),
    "actor.invoked_by": f("userIdentity.invokedBy"),
    "actor.session.created_time": Millis(f("userIdentity.sessionContext.attributes.creationDate")),
    "actor.session.is_mfa": Lookup(
        f("userIdentity.sessionContext.attributes.mfaAuthenticated"),
        {"true": True, "false": False},
    ),
    "actor.session.issuer": f("userIdentity.sessionContext.sessionIssuer.arn"),
}

API: Tree = {
    "api.operation": f("eventName"),
    "api.service.name": f("eventSource"),
    "api.version": f("apiVersion"),
    "api.request": Obj(
        {"uid": f("requestID", "eventID"), "data": Raw("requestParameters", "object")},
        needs=("uid",),
    ),
    "api.response.error": f("errorCode"),
    "api.response.error_message": f("errorMessage"),
    "api.response.data": Raw("responseElements", "object"),
}

COMMON: Tree = {
    **ACTOR,
    **API,
    "cloud.provider": c("AWS"),
    "cloud.region": f("awsRegion"),
    "cloud.account.uid": f("recipientAccountId", "userIdentity.accountId"),
    "src_endpoint.ip": Ip(f("sourceIPAddress")),
    "src_endpoint.svc_name": NotIp(f("sourceIPAddress")),
    "src_endpoint.vpc_uid": f("vpcEndpointId"),
    "http_request.user_agent": f("userAgent"),
    "status_id": Lookup(f("errorCode"), {}, other=2, default=1),
    "status_code": f("errorCode"),
    "status_detail": f("errorMessage"),
}

RESOURCES: Expression = Listing(
    tuple(
        Obj(
            {
                "uid": f(f"resources[{place}].ARN"),
                "type": f(f"resources[{place}].type"),
                "owner.account.uid": f(f"resources[{place}].accountId"),
            },
            needs=("uid",),
        )
        for place in range(RESOURCES_LISTED)
    )
)

ACCOUNT_CHANGES = {
    "CreateUser": 1,
    "DeleteUser": 6,
    "UpdateUser": 99,
    "CreateLoginProfile": 1,
    "UpdateLoginProfile": 4,
    "DeleteLoginProfile": 6,
    "ChangePassword": 3,
    "PasswordRecoveryRequested": 4,
    "PasswordRecoveryCompleted": 4,
    "PasswordUpdated": 3,
    "CreateAccessKey": 1,
    "UpdateAccessKey": 99,
    "DeleteAccessKey": 6,
    "CreateVirtualMFADevice": 10,
    "DeleteVirtualMFADevice": 11,
    "EnableMFADevice": 10,
    "DeactivateMFADevice": 11,
    "AttachUserPolicy": 7,
    "DetachUserPolicy": 8,
    "AttachRolePolicy": 7,
    "DetachRolePolicy": 8,
    "AttachGroupPolicy": 7,
    "DetachGroupPolicy": 8,
    "PutUserPolicy": 7,
    "DeleteUserPolicy": 8,
    "PutUserPermissionsBoundary": 7,
    "DeleteUserPermissionsBoundary": 8,
}
LOGONS = {
    "ConsoleLogin": 1,
    "CheckMfa": 6,
    "UserAuthentication": 1,
    "AssumeRole": 7,
    "AssumeRoleWithSAML": 7,
    "AssumeRoleWithWebIdentity": 7,
    "AssumeRoot": 7,
    "SwitchRole": 7,
    "ExitRole": 7,
    "RenewRole": 7,
    "GetSessionToken": 3,
    "GetFederationToken": 3,
    "GetSigninToken": 3,
    "Federate": 1,
}
GROUP_CHANGES = {"AddUserToGroup": 3, "RemoveUserFromGroup": 4, "CreateGroup": 6, "DeleteGroup": 5}
VERBS = {
    **dict.fromkeys(("create", "run", "allocate", "register", "import", "copy"), 1),
    **dict.fromkeys(("get", "list", "describe", "head", "lookup", "search", "batch", "select"), 2),
    **dict.fromkeys(("query", "scan", "decrypt", "check", "view", "download"), 2),
    **dict.fromkeys(("update", "modify", "put", "set", "attach", "detach", "associate"), 3),
    **dict.fromkeys(("disassociate", "add", "remove", "authorize", "revoke", "change"), 3),
    **dict.fromkeys(("enable", "disable", "start", "stop", "tag", "untag", "replace"), 3),
    **dict.fromkeys(("delete", "terminate", "release", "deregister", "purge"), 4),
}
IAM = (("eventSource", frozenset({"iam.amazonaws.com", "signin.amazonaws.com"})),)


def _names(table: dict[str, int]) -> frozenset[str]:
    return frozenset(name.lower() for name in table)


def _activity(table: dict[str, int]) -> Expression:
    return Lookup(f("eventName"), {name.lower(): each for name, each in table.items()}, default=0)


ROLE: Expression = f("requestParameters.roleArn", "serviceEventDetails.SwitchTo")

MAPPER = Mapper(
    name="cloudtrail",
    title="AWS CloudTrail",
    limits="Of several resources five are kept. Insight events are API Activity.",
    explode="Records",
    shapes=with_wrapped(
        Shape(
            name="cloudtrail",
            present=(
                frozenset({"eventName"}),
                frozenset({"eventSource"}),
                frozenset({"eventVersion", "awsRegion", "eventID", "recipientAccountId"}),
            ),
        ),
    ),
    times=(TimeField("eventTime"),),
    defaults={
        "metadata.product.name": c("CloudTrail"),
        "metadata.product.vendor_name": c("AWS"),
        "metadata.product.version": f("eventVersion"),
        "metadata.profiles": Listing((c("cloud"),)),
        "metadata.event_code": f("eventName"),
        "metadata.uid": f("eventID"),
        "metadata.log_name": f("eventCategory"),
        "metadata.log_provider": f("eventSource"),
    },
    rules=(
        Rule(
            name="account change",
            class_uid=3001,
            activity_id=_activity(ACCOUNT_CHANGES),
            tree={
                **COMMON,
                "user.name": f(
                    "requestParameters.userName",
                    "requestParameters.roleName",
                    "requestParameters.groupName",
                    "responseElements.user.userName",
                    "userIdentity.userName",
                    "userIdentity.sessionContext.sessionIssuer.userName",
                    "userIdentity.type",
                    "userIdentity.invokedBy",
                ),
                "user.uid": f("responseElements.user.userId"),
                "policy.uid": f("requestParameters.policyArn"),
                "policy.name": First(
                    (
                        f("requestParameters.policyName"),
                        AfterLast(f("requestParameters.policyArn"), "/"),
                    )
                ),
                "unmapped.access_key": f(
                    "requestParameters.accessKeyId", "responseElements.accessKey.accessKeyId"
                ),
            },
            when=(("eventName", _names(ACCOUNT_CHANGES)), *IAM),
        ),
        Rule(
            name="group change",
            class_uid=3006,
            activity_id=_activity(GROUP_CHANGES),
            tree={
                **COMMON,
                "group.name": f("requestParameters.groupName"),
                "user.name": f("requestParameters.userName"),
            },
            when=(("eventName", _names(GROUP_CHANGES)), *IAM),
        ),
        Rule(
            name="authentication",
            class_uid=3002,
            activity_id=_activity(LOGONS),
            tree={
                **COMMON,
                "user.name": First(
                    (
                        AfterLast(ROLE, "/"),
                        f(
                            "userIdentity.userName",
                            "userIdentity.sessionContext.sessionIssuer.userName",
                            "userIdentity.type",
                            "userIdentity.principalId",
                            "userIdentity.invokedBy",
                        ),
                    )
                ),
                "user.uid": First((ROLE, f("userIdentity.arn", "userIdentity.principalId"))),
                "session.uid": f("requestParameters.roleSessionName"),
                "service.name": f("eventSource"),
                "is_mfa": Lookup(f("additionalEventData.MFAUsed"), {"yes": True, "no": False}),
                "status_id": First(
                    (
                        Lookup(
                            f("responseElements.ConsoleLogin", "responseElements.CheckMfa"),
                            {"success": 1, "failure": 2},
                        ),
                        Lookup(f("errorCode", "errorMessage"), {}, other=2, default=1),
                    )
                ),
                "account_switch_type_id": When(
                    f("eventName"),
                    frozenset(name.lower() for name, each in LOGONS.items() if each == 7),
                    c(2),
                ),
            },
            when=(
                ("eventName", _names(LOGONS)),
                (
                    "eventSource",
                    frozenset({"sts.amazonaws.com", "signin.amazonaws.com", "sso.amazonaws.com"}),
                ),
            ),
        ),
        Rule(
            name="API activity",
            class_uid=6003,
            activity_id=First(
                (
                    When(f("readOnly"), frozenset({"true"}), c(2)),
                    Lookup(Match(f("eventName"), r"^([A-Z][a-z]+)"), VERBS, default=99),
                )
            ),
            tree={
                **COMMON,
                "resources": RESOURCES,
                "unmapped.event_type": f("eventType"),
                "unmapped.tls_version": f("tlsDetails.tlsVersion"),
            },
        ),
    ),
)
