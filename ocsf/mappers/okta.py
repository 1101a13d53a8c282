"""Okta System Log events: the API's list, event hooks, EventBridge and shippers' wrappers."""

from __future__ import annotations

from ocsf.mappers.audit_parts import (
    MESSAGE_LENGTH,
    PLACES,
    endpoint,
    place,
    product,
    said,
    typed,
    verb,
)
from ocsf.mapping import (
    PRESENT,
    Cut,
    Expression,
    First,
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
    c,
    f,
    under,
    with_wrapped,
)

TYPE = f("eventType")
USERS = frozenset({"user", "appuser"})
NAME = ("alternateId", "displayName", "id")
RESULTS = {
    "success": 1,
    "allow": 1,
    "failure": 2,
    "deny": 2,
    **dict.fromkeys(("skipped", "challenge", "unanswered", "abandoned", "rate_limit"), 99),
}
LOGONS = {
    "user.session.start": 1,
    "user.session.end": 2,
    "user.session.clear": 2,
    "user.session.expire": 2,
    "user.session.access_admin_app": 1,
    "user.session.impersonation.initiate": 7,
    "user.session.impersonation.end": 2,
    "user.authentication.auth": 1,
    "user.authentication.sso": 1,
    "user.authentication.slo": 2,
    "user.authentication.verify": 1,
    "user.authentication.authenticate": 1,
    "user.authentication.universal_logout": 2,
    "user.authentication.auth_via_mfa": 1,
    "user.authentication.auth_via_idp": 1,
    "user.authentication.auth_via_ad_agent": 1,
    "user.authentication.auth_via_ldap_agent": 1,
    "user.authentication.auth_via_radius": 1,
    "user.authentication.auth_via_social": 1,
    "user.authentication.auth_via_inbound_saml": 1,
    "user.authentication.auth_via_inbound_delauth": 1,
    "user.authentication.auth_via_iwa": 1,
    "user.authentication.auth_via_richclient": 1,
    "user.authentication.auth_unconfigured_identifier": 1,
    "user.mfa.okta_verify.deny_push": 1,
    "user.mfa.attempt_bypass": 1,
    "policy.evaluate_sign_on": 6,
    "app.oauth2.signon": 1,
    "app.generic.unauth_app_access_attempt": 1,
}
ACCOUNTS = {
    "user.lifecycle.create": 1,
    "user.lifecycle.activate": 2,
    "user.lifecycle.reactivate": 2,
    "user.lifecycle.unsuspend": 2,
    "user.lifecycle.deactivate": 5,
    "user.lifecycle.suspend": 5,
    "user.lifecycle.delete": 6,
    "user.lifecycle.delete.initiated": 6,
    "user.lifecycle.delete.completed": 6,
    "user.account.lock": 9,
    "user.account.lock.limit": 9,
    "user.account.unlock": 12,
    "user.account.unlock_by_admin": 12,
    "user.account.unlock_token": 12,
    "user.account.update_password": 3,
    "user.account.reset_password": 4,
    "user.account.expire_password": 99,
    "user.account.update_profile": 99,
    "user.account.update_primary_email": 99,
    "user.account.update_secondary_email": 99,
    "user.account.update_phone": 99,
    "user.account.update_user_type": 99,
    "user.account.use_token": 99,
    "user.credential.enroll": 10,
    "user.mfa.factor.activate": 10,
    "user.mfa.factor.unsuspend": 10,
    "user.mfa.factor.deactivate": 11,
    "user.mfa.factor.reset_all": 11,
    "user.mfa.factor.suspend": 11,
    "user.mfa.factor.update": 99,
}
PRIVILEGES = {
    "user.account.privilege.grant": 1,
    "user.account.privilege.revoke": 2,
    "application.user_membership.add": 1,
    "application.user_membership.provision": 1,
    "application.user_membership.remove": 2,
    "application.user_membership.deprovision": 2,
    "application.user_membership.revoke": 2,
    "app.access_request.grant": 1,
}
GROUPS = {
    "group.user_membership.add": 3,
    "group.user_membership.rule.add": 3,
    "group.user_membership.remove": 4,
    "group.lifecycle.create": 6,
    "group.lifecycle.delete": 5,
    "group.privilege.grant": 1,
    "group.privilege.revoke": 2,
    "group.profile.update": 99,
}
THREATS = frozenset(
    {
        "security.threat.detected",
        "security.attack.start",
        "security.attack.end",
        "security.breached_credential.detected",
        "security.session.detect_client_roaming",
        "security.request.blocked",
        "security.voice.add_country_blacklist",
        "user.account.report_suspicious_activity_by_enduser",
        "user.risk.detect",
        "user.risk.change",
        "user.session.context.change",
        "entity.risk.detect",
        "system.agent.ad.bad_credentials",
    }
)
RISKS = {"low": 2, "medium": 3, "high": 4}
SEVERITY: Expression = Lookup(
    f("severity"), {"debug": 1, "info": 1, "warn": 3, "error": 4}, default=1
)

ACTOR: Tree = {
    "name": f("actor.alternateId", "actor.displayName", "actor.id"),
    "uid": f("actor.id"),
    "full_name": f("actor.displayName"),
    "type": f("actor.type"),
    "type_id": Lookup(
        f("actor.type"),
        {"user": 1, "systemprincipal": 3, "publicclientapp": 4, "apptoken": 4},
        other=99,
    ),
}
TARGET: Tree = {
    "name": First((typed("target", USERS, NAME), f("actor.alternateId", "actor.id"))),
    "uid": First((typed("target", USERS, ("id",)), f("actor.id"))),
    "full_name": typed("target", USERS, ("displayName",)),
}
CLIENT: Tree = {
    **under("src_endpoint", endpoint(f("client.ipAddress", "request.ipChain[0].ip"), TYPE)),
    **under(
        "src_endpoint.location",
        place(
            f("client.geographicalContext.city"),
            f("client.geographicalContext.state"),
            f("client.geographicalContext.country"),
        ),
    ),
    "src_endpoint.location.desc": f("client.geographicalContext.country"),
    "src_endpoint.location.postal_code": f("client.geographicalContext.postalCode"),
    "src_endpoint.location.isp": f("securityContext.isp"),
    "src_endpoint.zone": f("client.zone"),
    "http_request.user_agent": f("client.userAgent.rawUserAgent"),
}
RESOURCES: Expression = Listing(
    tuple(
        Obj(
            {
                "uid": f(f"target[{number}].id"),
                "name": f(f"target[{number}].displayName", f"target[{number}].alternateId"),
                "type": f(f"target[{number}].type"),
            }
        )
        for number in range(PLACES)
    )
)
COMMON: Tree = {
    **CLIENT,
    "message": Cut(f("displayMessage"), MESSAGE_LENGTH),
    "status_id": Lookup(f("outcome.result"), RESULTS, default=0),
    "status": f("outcome.result"),
    "status_detail": f("outcome.reason"),
    "unmapped.as_number": f("securityContext.asNumber"),
    "unmapped.as_org": f("securityContext.asOrg"),
    "unmapped.is_proxy": f("securityContext.isProxy"),
    "unmapped.device": f("client.device"),
    "unmapped.debug_data": Raw("debugContext.debugData", "object"),
    "unmapped.ip_chain": Raw("request.ipChain", "array"),
    "unmapped.authentication_context": Raw("authenticationContext", "object"),
}
SESSION: Tree = {"uid": f("authenticationContext.externalSessionId")}
AUDIT: Tree = {
    **COMMON,
    **under("actor.user", ACTOR),
    **under("actor.session", SESSION),
    "actor.app_name": f("actor.type", "eventType"),
    "api.operation": TYPE,
    "api.service.name": said("Okta", "eventType"),
    "api.request": Obj(
        {"uid": f("debugContext.debugData.requestId", "transaction.id", "uuid")}, needs=("uid",)
    ),
    "unmapped.targets": Raw("target", "array"),
}
FACTORS = r"(?:OKTA_)?(?:VERIFY|SOFT_TOKEN|PUSH|SMS|CALL|U2F|WEBAUTHN|OTP|HARDWARE|EMAIL)"


def _shape(name: str, root: str) -> Shape:
    at = f"{root}." if root else ""
    return Shape(
        name=name,
        present=(
            frozenset({f"{at}eventType"}),
            frozenset({f"{at}published"}),
            frozenset({f"{at}{name}" for name in ("actor", "outcome", "displayMessage", "uuid")}),
        ),
        roots=(root,),
    )


def _rule(name: str, uid: int, table: dict[str, int], tree: Tree) -> Rule:
    return Rule(
        name=name,
        class_uid=uid,
        activity_id=Lookup(TYPE, table, default=0),
        severity_id=SEVERITY,
        tree={**AUDIT, **tree},
        when=(("eventType", frozenset(table)),),
    )


MAPPER = Mapper(
    name="okta",
    title="Okta System Log",
    limits=(
        "Of several targets the first of each kind is an attribute, all are in "
        "`unmapped.targets`; coordinates are not kept as numbers."
    ),
    explode="data.events",
    shapes=(*with_wrapped(_shape("okta", "")), _shape("okta in detail", "detail")),
    times=(TimeField("published"),),
    defaults={
        **product("Okta System Log", "Okta", "cloud", "host"),
        "cloud.provider": c("Okta"),
        "metadata.event_code": TYPE,
        "metadata.uid": f("uuid"),
        "metadata.correlation_uid": f("transaction.id"),
        "metadata.log_name": f("legacyEventType"),
    },
    rules=(
        Rule(
            name="authentication",
            class_uid=3002,
            activity_id=Lookup(TYPE, LOGONS, default=0),
            severity_id=SEVERITY,
            tree={
                **COMMON,
                **under("user", ACTOR),
                **under("session", SESSION),
                "service.name": First(
                    (
                        typed("target", frozenset({"appinstance", "app"}), ("displayName",)),
                        said("Okta", "eventType"),
                    )
                ),
                "service.uid": typed("target", frozenset({"appinstance", "app"}), ("id",)),
                "is_remote": c(True),
                "is_mfa": First(
                    (
                        Lookup(
                            TYPE,
                            {
                                "user.authentication.auth_via_mfa": True,
                                "user.mfa.okta_verify.deny_push": True,
                                "user.mfa.attempt_bypass": True,
                            },
                        ),
                        Lookup(
                            Match(f("authenticationContext.credentialType"), rf"^({FACTORS})$"),
                            {},
                            other=True,
                        ),
                    )
                ),
                "auth_protocol": f(
                    "authenticationContext.credentialType",
                    "authenticationContext.authenticationProvider",
                ),
                "status_id": First(
                    (
                        Lookup(TYPE, {"user.mfa.okta_verify.deny_push": 2}),
                        Lookup(f("outcome.result"), RESULTS, default=0),
                    )
                ),
                "account_switch_type_id": Lookup(TYPE, {"user.session.impersonation.initiate": 2}),
                "unmapped.targets": Raw("target", "array"),
            },
            when=(("eventType", frozenset(LOGONS)), ("actor", PRESENT)),
        ),
        _rule("account change", 3001, ACCOUNTS, under("user", TARGET)),
        _rule(
            "access change",
            3005,
            PRIVILEGES,
            {
                **under("user", TARGET),
                "privileges": First(
                    (
                        Listing((f("debugContext.debugData.privilegeGranted"),)),
                        Listing((f("debugContext.debugData.privilegeRevoked"),)),
                        Listing(
                            (
                                typed(
                                    "target",
                                    frozenset({"appinstance", "app", "role"}),
                                    ("displayName",),
                                ),
                            )
                        ),
                        Listing((TYPE,)),
                    )
                ),
            },
        ),
        _rule(
            "group change",
            3006,
            GROUPS,
            {
                "group.name": First(
                    (
                        typed("target", frozenset({"usergroup"}), ("displayName", "alternateId")),
                        f("target[0].displayName", "target[0].id", "eventType"),
                    )
                ),
                "group.uid": typed("target", frozenset({"usergroup"}), ("id",)),
                "user.name": typed("target", USERS, NAME),
                "user.uid": typed("target", USERS, ("id",)),
            },
        ),
        Rule(
            name="threat",
            class_uid=2004,
            activity_id=1,
            severity_id=First(
                (
                    Lookup(f("debugContext.debugData.riskLevel"), RISKS),
                    Lookup(f("severity"), {"debug": 1, "info": 2, "warn": 3, "error": 4}),
                )
            ),
            tree={
                **{key: each for key, each in COMMON.items() if not key.startswith("src_endp")},
                "finding_info.uid": f("uuid", "eventType"),
                "finding_info.title": f("displayMessage", "eventType"),
                "finding_info.types": Listing((TYPE,)),
                "actor.user.name": ACTOR["name"],
                "actor.user.uid": ACTOR["uid"],
                "evidences": Listing(
                    (
                        Obj(
                            {
                                "src_endpoint.ip": CLIENT["src_endpoint.ip"],
                                "user.name": TARGET["name"],
                            }
                        ),
                    )
                ),
                "unmapped.targets": Raw("target", "array"),
            },
            when=(("eventType", THREATS),),
        ),
        Rule(
            name="other event",
            class_uid=6003,
            activity_id=verb(TYPE, r"\.([a-z]+)(?:_[a-z_]+)?$"),
            severity_id=SEVERITY,
            tree={**AUDIT, "resources": RESOURCES},
        ),
    ),
)
