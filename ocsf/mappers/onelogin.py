"""OneLogin's events, as its API and its webhooks give them."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, endpoint, product, said
from ocsf.mapping import (
    PRESENT,
    Cut,
    First,
    Join,
    Listing,
    Lookup,
    Mapper,
    Obj,
    Rule,
    Shape,
    TimeField,
    Tree,
    c,
    f,
    under,
    with_wrapped,
)

OPERATIONS = {
    **{"1": "App added to role", "2": "App removed from role", "3": "User assumed another user"},
    **{"4": "Role assigned to user", "5": "Login to OneLogin", "6": "Login to OneLogin failed"},
    **{"7": "Logout from OneLogin", "8": "Login to app", "10": "New password requested"},
    **{"11": "Password changed", "12": "User unlocked", "13": "User created", "14": "User updated"},
    **{"15": "User deactivated", "16": "User activated", "17": "User deleted"},
    **{"18": "Password request approved", "19": "User locked", "21": "User suspended"},
    **{"22": "OTP device registered", "24": "OTP device deregistered", "29": "Logout from app"},
    **{"32": "User reactivated", "33": "User imported from directory", "35": "Locked out of app"},
    **{"40": "OTP device unlocked", "48": "User imported", "51": "User created in app"},
    **{"52": "User updated in app", "53": "User suspended in app", "54": "User back in app"},
    **{"55": "User deleted in app", "68": "RADIUS login", "69": "RADIUS login refused"},
    **{"70": "Privilege granted to account", "71": "Privilege revoked from account"},
    **{"72": "Privilege granted to user", "73": "Privilege revoked from user"},
    **{"74": "Trusted IdP added", "75": "Trusted IdP removed", "76": "Trusted IdP changed"},
    **{"77": "Login to app by assertion proxy failed", "78": "Login to app by assertion proxy"},
    **{"86": "Remote authentication failed", "87": "Secure note viewed"},
    **{"88": "Secure note edited", "89": "Secure note deleted", "90": "Access to app refused"},
    **{"115": "User invited", "122": "Authenticated by API", "123": "API authentication failed"},
    **{"140": "Social login", "141": "Social login failed", "147": "User added to role by hand"},
    **{"148": "User removed from role by hand", "149": "User added to role by rule"},
    **{"150": "User removed from role by rule", "151": "Role management granted"},
    **{"152": "Role management revoked", "153": "Mac login", "154": "Mac login failed"},
    **{"156": "Policy created", "157": "Policy updated", "158": "Policy deleted"},
    **{"170": "Authentication factor created", "171": "Authentication factor updated"},
    **{"172": "Authentication factor deleted", "177": "Certificate created"},
    **{"178": "Certificate deleted", "179": "API credential created"},
    **{"180": "API credential deleted", "181": "API credential enabled"},
    **{"182": "API credential disabled", "189": "Mapping added", "190": "Mapping deleted"},
    **{"193": "Mapping updated", "197": "Account settings updated", "198": "Directory created"},
    **{"199": "Directory deleted", "240": "Password of an app viewed"},
    **{"532": "User locked by API", "551": "User suspended by API", "553": "User locked by API"},
}
LOGONS = {
    **dict.fromkeys(("5", "6", "8", "68", "69", "77", "78", "86", "90", "122", "123"), 1),
    **dict.fromkeys(("140", "141", "153", "154"), 1),
    **dict.fromkeys(("7", "29"), 2),
    "3": 7,
}
FAILED: dict[str, int] = dict.fromkeys(("6", "69", "77", "86", "90", "123", "141", "154"), 2)
ACCOUNTS = {
    **dict.fromkeys(("13", "33", "48", "51", "115"), 1),
    **dict.fromkeys(("16", "32", "54"), 2),
    "11": 3,
    **dict.fromkeys(("10", "18"), 4),
    **dict.fromkeys(("15", "21", "53", "551"), 5),
    **dict.fromkeys(("17", "55"), 6),
    **dict.fromkeys(("19", "35", "532", "553"), 9),
    "22": 10,
    "24": 11,
    **dict.fromkeys(("12", "40"), 12),
    **dict.fromkeys(("14", "52"), 99),
}
PRIVILEGES = {
    **dict.fromkeys(("4", "70", "72", "147", "149", "151"), 1),
    **dict.fromkeys(("71", "73", "148", "150", "152"), 2),
}
ACTIVITIES = {
    **dict.fromkeys(("1", "74", "156", "170", "177", "179", "189", "198"), 1),
    **dict.fromkeys(("87", "240"), 2),
    **dict.fromkeys(("76", "88", "157", "171", "181", "182", "193", "197"), 3),
    **dict.fromkeys(("2", "75", "89", "158", "172", "178", "180", "190", "199"), 4),
}
KIND = f("event_type_id")
OPERATION = First(
    (
        f("event_type_name", "event_type"),
        Lookup(KIND, OPERATIONS),
        Join((said("event type", "event_type_id"), KIND), " "),
    )
)
WHO = f("user_name", "user_id")
ACTOR: Tree = {
    "actor.user.name": f("actor_user_name", "actor_user_id", "actor_system", "user_name"),
    "actor.user.uid": f("actor_user_id"),
    "actor.app_name": said("OneLogin", "event_type_id"),
}
COMMON: Tree = {
    **under("src_endpoint", endpoint(f("ipaddr"), KIND)),
    "http_request.user_agent": f("user_agent"),
    "message": Cut(First((f("custom_message", "notes"), OPERATION)), MESSAGE_LENGTH),
    "status_detail": f("error_description", "resolution"),
    "unmapped.risk_score": f("risk_score"),
    "unmapped.risk_reasons": f("risk_reasons"),
    "unmapped.app": f("app_name"),
    "unmapped.role": f("role_name"),
    "unmapped.group": f("group_name"),
    "unmapped.policy": f("policy_name"),
    "unmapped.otp_device": f("otp_device_name"),
    "unmapped.proxy_ip": f("proxy_ip"),
    "unmapped.notes": f("notes"),
}

MAPPER = Mapper(
    name="onelogin",
    title="OneLogin events",
    limits="Types of events without a class of their own are API Activity.",
    explode="data",
    shapes=with_wrapped(
        Shape(
            name="event",
            present=(
                frozenset({"event_type_id"}),
                frozenset({"account_id"}),
                frozenset({"created_at", "event_timestamp"}),
                frozenset({"id", "uuid", "ipaddr", "user_id", "actor_user_id"}),
            ),
        ),
    ),
    times=(
        TimeField("created_at", unit="any"),
        TimeField("event_timestamp", unit="any", pattern=r"^(.+?)(?: UTC)?$"),
    ),
    defaults={
        **product("OneLogin", "One Identity", "cloud", "host"),
        "cloud.provider": said("OneLogin", "event_type_id"),
        "cloud.account.uid": f("account_id"),
        "metadata.event_code": KIND,
        "metadata.uid": f("uuid", "id"),
    },
    rules=(
        Rule(
            name="logon",
            class_uid=3002,
            activity_id=Lookup(KIND, LOGONS, default=0),
            severity_id=Lookup(KIND, {"3": 3, "90": 2, "6": 2}, default=1),
            tree={
                **COMMON,
                "user.name": f("user_name", "user_id", "actor_user_name", "event_type_id"),
                "user.uid": f("user_id"),
                "actor.user.name": f("actor_user_name"),
                "actor.user.uid": f("actor_user_id"),
                "service.name": First((f("app_name"), said("OneLogin", "event_type_id"))),
                "service.uid": f("app_id"),
                "is_remote": c(True),
                "is_mfa": Lookup(f("otp_device_id"), {}, other=True),
                "auth_protocol": f("authentication_factor_type", "otp_device_name"),
                "account_switch_type_id": Lookup(KIND, {"3": 2}),
                "status_id": Lookup(KIND, FAILED, default=1),
            },
            when=(("event_type_id", frozenset(LOGONS)),),
        ),
        Rule(
            name="account",
            class_uid=3001,
            activity_id=Lookup(KIND, ACCOUNTS, default=99),
            tree={
                **COMMON,
                **ACTOR,
                "user.name": f("user_name", "user_id", "event_type_id"),
                "user.uid": f("user_id"),
                "status_id": c(1),
            },
            when=(("event_type_id", frozenset(ACCOUNTS)),),
        ),
        Rule(
            name="access",
            class_uid=3005,
            activity_id=Lookup(KIND, PRIVILEGES, default=0),
            severity_id=Lookup(KIND, {"72": 3, "70": 3, "151": 2}, default=1),
            tree={
                **COMMON,
                **ACTOR,
                "user.name": f("user_name", "user_id", "account_id"),
                "user.uid": f("user_id"),
                "privileges": First(
                    (Listing((f("privilege_name", "role_name"),)), Listing((OPERATION,)))
                ),
                "resources": Listing((Obj({"name": f("role_name"), "uid": f("role_id")}),)),
                "status_id": c(1),
            },
            when=(("event_type_id", frozenset(PRIVILEGES)), ("account_id", PRESENT)),
        ),
        Rule(
            name="other event",
            class_uid=6003,
            activity_id=Lookup(KIND, ACTIVITIES, default=99),
            tree={
                **COMMON,
                **ACTOR,
                "api.operation": OPERATION,
                "api.service.name": said("OneLogin", "event_type_id"),
                "resources": Listing(
                    (
                        Obj(
                            {
                                "name": First(
                                    (
                                        f("app_name", "role_name", "policy_name", "group_name"),
                                        f("api_credential_name", "trusted_idp_name"),
                                        f("certificate_name", "mapping_name", "object_id"),
                                        WHO,
                                    )
                                ),
                                "uid": f("app_id", "role_id", "policy_id", "group_id"),
                            }
                        ),
                    )
                ),
            },
        ),
    ),
)
