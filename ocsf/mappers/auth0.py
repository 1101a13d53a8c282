"""Auth0 tenant logs, from log streams, the Management API and Amazon EventBridge."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, endpoint, place, product, said
from ocsf.mapping import (
    Cut,
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

LOGONS = frozenset(
    {"s", "ssa", "seacft", "sepft", "sens", "seoobft", "seotpft", "serecaft", "sede", "scoa"}
    | {"f", "fp", "fu", "fsa", "fc", "feacft", "fepft", "fens", "feoobft", "feotpft", "ferecaft"}
    | {"fede", "fcoa", "pla", "ss_sso_failure", "mfar", "actions_execution_failed"}
    | {"gd_auth_succeed", "gd_auth_failed", "gd_auth_rejected", "gd_otp_rate_limit_exceed"}
    | {"gd_recovery_succeed", "gd_recovery_failed", "gd_start_auth", "gd_send_sms", "gd_send_pn"}
    | {"gd_send_email", "gd_send_voice"}
)
LOGOUTS = frozenset({"slo", "flo", "sofa", "oidc_backchannel_logout_succeeded"})
ACCOUNTS = {
    **dict.fromkeys(("ss", "fs", "signup_pwd_leak"), 1),
    **dict.fromkeys(("scp", "fcp", "scpn", "fcpn"), 3),
    **dict.fromkeys(("scpr", "fcpr", "pwd_reset"), 4),
    **dict.fromkeys(("sdu", "fdu", "sd", "fd"), 6),
    **dict.fromkeys(("gd_enrollment_complete", "gd_user_enrolled"), 10),
    **dict.fromkeys(("gd_unenroll", "sdd", "gd_mfa_reset"), 11),
    **dict.fromkeys(
        ("sce", "fce", "scu", "fcu", "sv", "fv", "svr", "fvr", "sui", "fui", "scph", "fcph",
         "ublkdu", "gd_update_device_account", "gd_module_switch"),
        99,
    ),
}  # fmt: skip
ATTACKS = {
    "limit_wc": "Account blocked: too many failed logins",
    "limit_sul": "User blocked: too many logins from one address",
    "limit_mu": "Address blocked: too many failed logins",
    "limit_delegation": "Too many delegation requests",
    "pwd_leak": "Login with a leaked password",
    "signup_pwd_leak": "Sign-up with a leaked password",
    "resource_cleanup": "Refresh tokens removed: too many",
    "refresh_token_reuse": "A rotated refresh token was used again",
    "ferrt": "A rotated refresh token was used again",
    "appi": "API rate limit exceeded",
}
FAILED = frozenset(
    {"limit_wc", "limit_sul", "limit_mu", "pwd_leak", "mfar", "actions_execution_failed"}
    | {"ss_sso_failure", "gd_auth_failed", "gd_auth_rejected", "gd_recovery_failed"}
    | {"gd_otp_rate_limit_exceed", "signup_pwd_leak"}
    | {each for each in (LOGONS | LOGOUTS | set(ACCOUNTS)) if each.startswith("f")}
)
KIND = f("type")
CALLER = "details.request.auth.user"
WHO = First(
    (
        f("user_name", f"{CALLER}.email", f"{CALLER}.name", "user_id", "client_name", "client_id"),
        f("details.qs.client_id", "details.body.client_id"),
        said("unknown", "type"),
    )
)
MANAGED = {"create a user": 1, "update a user": 99, "delete a user": 6}
STATUS = First(
    (Lookup(KIND, dict.fromkeys(sorted(FAILED), 2)), Lookup(KIND, {"w": 99}, other=1, default=0))
)
COMMON: Tree = {
    **under("src_endpoint", endpoint(f("ip"), f("client_name", "type"))),
    **under(
        "src_endpoint.location",
        place(
            f("location_info.city_name", "geo.city_name"),
            f("location_info.region", "geo.region"),
            f("location_info.country_code", "geo.country_code"),
        ),
    ),
    "message": Cut(f("description", "details.error.message", "type"), MESSAGE_LENGTH),
    "unmapped.connection": f("connection"),
    "unmapped.client": f("client_name", "client_id"),
    "unmapped.user_agent": f("user_agent"),
    "unmapped.details": Raw("details", "object"),
}
USER: Tree = {
    "user.name": WHO,
    "user.uid": f("user_id"),
    "user.email_addr": Match(f("user_name", f"{CALLER}.email"), r"^([^@\s]+@[^@\s]+)$"),
}
FIELDS = (
    frozenset({"date"}),
    frozenset({"type"}),
    frozenset({"log_id", "_id"}),
    frozenset({"client_id", "user_id", "ip", "description", "tenant_name", "connection_id"}),
)


def _shape(name: str, root: str) -> Shape:
    at = f"{root}." if root else ""
    return Shape(
        name=name,
        present=tuple(frozenset(f"{at}{path}" for path in paths) for paths in FIELDS),
        roots=(root,),
    )


MAPPER = Mapper(
    name="auth0",
    title="Auth0 tenant logs",
    limits="Types without a class of their own are API Activity.",
    shapes=(
        *with_wrapped(_shape("log", ""), _shape("streamed", "data")),
        _shape("EventBridge", "detail.data"),
    ),
    times=(TimeField("date"),),
    defaults={
        **product("Auth0", "Okta", "cloud", "host"),
        "cloud.provider": said("Auth0", "type"),
        "cloud.account.name": f("tenant_name", "hostname"),
        "metadata.event_code": KIND,
        "metadata.uid": f("log_id", "_id"),
    },
    rules=(
        Rule(
            name="attack protection",
            class_uid=2004,
            activity_id=1,
            severity_id=3,
            tree={
                **{path: each for path, each in COMMON.items() if path[:4] != "src_"},
                "finding_info.uid": f("log_id", "_id", "type"),
                "finding_info.title": First((Lookup(KIND, ATTACKS), KIND)),
                "finding_info.types": Listing((KIND,)),
                "evidences": Listing(
                    (
                        Obj(
                            {
                                **under("src_endpoint", endpoint(f("ip"), f("type"))),
                                **USER,
                            }
                        ),
                    )
                ),
                "unmapped.user": WHO,
            },
            when=(("type", frozenset(ATTACKS)),),
        ),
        *(
            Rule(
                name=name,
                class_uid=3002,
                activity_id=activity,
                severity_id=1,
                tree={
                    **COMMON,
                    **USER,
                    "service.name": f("client_name", "connection", "hostname", "client_id", "type"),
                    "service.uid": f("client_id"),
                    "is_remote": c(True),
                    "is_mfa": Lookup(
                        Match(KIND, "^(gd_|mfar)"), {"gd_": True, "mfar": True}, default=False
                    ),
                    "auth_protocol": f("strategy_type", "strategy"),
                    "status_id": STATUS,
                    "status_code": KIND,
                    "status_detail": f("description"),
                },
                when=(("type", types),),
            )
            for name, activity, types in (("logon", 1, LOGONS), ("logoff", 2, LOGOUTS))
        ),
        Rule(
            name="account",
            class_uid=3001,
            activity_id=Lookup(KIND, ACCOUNTS, default=99),
            tree={
                **COMMON,
                **USER,
                "actor.app_name": said("Auth0", "type"),
                "status_id": STATUS,
                "status_code": KIND,
            },
            when=(("type", frozenset(ACCOUNTS)),),
        ),
        Rule(
            name="account by the management API",
            class_uid=3001,
            activity_id=Lookup(f("description"), MANAGED, default=99),
            tree={
                **COMMON,
                "user.name": First(
                    (
                        f("details.response.body.email", "details.request.body.email"),
                        Match(f("details.request.path"), r"/users/([^/?]+)"),
                        WHO,
                    )
                ),
                "user.uid": f("details.response.body.user_id"),
                "actor.user.name": WHO,
                "actor.user.uid": f(f"{CALLER}.user_id", "user_id"),
                "actor.app_name": said("Auth0", "type"),
                "status_id": Lookup(KIND, {"fapi": 2}, default=1),
                "status_code": KIND,
            },
            when=(("type", frozenset({"sapi", "fapi"})), ("description", frozenset(MANAGED))),
        ),
        Rule(
            name="other",
            class_uid=6003,
            activity_id=Lookup(
                f("details.request.method"),
                {"post": 1, "get": 2, "patch": 3, "put": 3, "delete": 4},
                default=99,
            ),
            tree={
                **COMMON,
                "actor.user.name": WHO,
                "actor.user.uid": f("user_id"),
                "actor.app_name": said("Auth0", "type"),
                "api.operation": First((f("description"), KIND)),
                "api.service.name": said("Auth0", "type"),
                "status_id": Lookup(KIND, {"fapi": 2, "w": 99}, default=1),
                "resources": Listing((Obj({"name": f("details.request.path")}),)),
            },
        ),
    ),
)
