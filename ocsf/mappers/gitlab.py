"""GitLab audit events (API, streams, `audit_json.log`), and its logs of requests."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, endpoint, product, said, verb
from ocsf.mappers.http_parts import ACTIVITY, HTTP
from ocsf.mapping import (
    PRESENT,
    Cut,
    First,
    Ip,
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
    c,
    f,
    under,
    with_wrapped,
)

EVENT = First(
    (
        f("event_type", "event_name", "details.event_name", "details.custom_message"),
        *(
            Join((said(word, f"details.{word}"), f(f"details.{word}")), " ")
            for word in ("change", "add", "remove")
        ),
        f("entity_type"),
    )
)
WORDS = f("event_type", "event_name", "details.event_name")
ADDRESS = f("ip_address", "details.ip_address", '"meta.remote_ip"')
TARGET = f("target_details", "details.target_details", "details.target_id", "target_id")
ENTITY = f("entity_path", "details.entity_path", "entity_id", "details.entity_id")

ACCOUNTS = {
    "user_created": 1,
    "user_create": 1,
    "user_activate": 2,
    "user_unblock": 2,
    "user_unblocked": 2,
    "user_approved": 2,
    "user_password_updated": 3,
    "user_password_reset": 4,
    "password_reset_requested": 4,
    "user_block": 5,
    "user_blocked": 5,
    "user_ban": 5,
    "user_deactivate": 5,
    "ban_user": 5,
    "user_destroyed": 6,
    "user_access_locked": 9,
    "user_access_unlocked": 12,
    "user_enable_two_factor": 10,
    "user_disable_two_factor": 11,
    "user_email_updated": 99,
    "user_email_created": 99,
    "email_created": 99,
    "email_destroyed": 99,
    "user_username_updated": 99,
    "user_admin_status_updated": 99,
    "key_created": 99,
    "key_destroyed": 99,
    "personal_access_token_issued": 99,
    "personal_access_token_revoked": 99,
    "user_impersonation": 99,
}
LOGONS = {
    "authenticated_with_password": 1,
    "authenticated_with_two_factor": 1,
    "authenticated_with_webauthn": 1,
    "authenticated_with_group_saml": 1,
    "authenticated_with_oauth": 1,
    "login_failed_with_standard_authentication": 1,
    "login_failed_with_otp_authentication": 1,
    "login_failed_with_webauthn_authentication": 1,
    "omniauth_login_failed": 1,
    "sign_in": 1,
}
PRIVILEGES = {
    "member_created": 1,
    "member_updated": 1,
    "member_destroyed": 2,
    "user_add_to_project": 1,
    "user_add_to_group": 1,
    "user_remove_from_project": 2,
    "user_remove_from_group": 2,
}
FAILED = {
    **dict.fromkeys((each for each in LOGONS if "failed" in each), 2),
}

ACTOR: Tree = {
    "name": f("author_name", "details.author_name", "author_username", "author_id"),
    "uid": f("author_id"),
    "email_addr": Match(f("details.author_email"), r"^([^@\s]+@[^@\s]+)$"),
    "type": f("details.author_class", "author_class"),
}
COMMON: Tree = {
    **under("src_endpoint", endpoint(ADDRESS, f("entity_type", "details.entity_type"))),
    "message": Cut(f("details.custom_message", "custom_message", "message"), MESSAGE_LENGTH),
    "unmapped.entity_type": f("entity_type"),
    "unmapped.entity": ENTITY,
    "unmapped.target_type": f("target_type", "details.target_type"),
    "unmapped.change": f("change", "details.change", "details.add", "details.remove"),
    "unmapped.from": f("from", "details.from"),
    "unmapped.to": f("to", "details.to", "details.as"),
    "unmapped.details": Raw("details", "object"),
}
AUDIT: Tree = {
    **COMMON,
    **under("actor.user", ACTOR),
    "api.operation": EVENT,
    "api.service.name": said("GitLab", "entity_type", "author_id"),
    "api.request": Obj({"uid": f("id", "correlation_id")}),
}
LOGON: Tree = {
    **COMMON,
    **under("user", ACTOR),
    "user.name": f(
        *("author_name", "details.author_name", "target_details", "details.target_details"),
        "author_id",
    ),
    "service.name": said("GitLab", "entity_type", "author_id"),
    "auth_protocol": f("details.with", "with", "details.failed_login"),
    "is_mfa": Lookup(f("details.with", "with"), {"two-factor": True, "webauthn": True}),
    "is_remote": c(True),
}
ACCESS: Tree = {
    **AUDIT,
    "user.name": First((TARGET, f("author_name", "entity_type"))),
    "privileges": First(
        (
            Listing((f("details.as", "as", "details.to", "to", "details.from", "from"),)),
            Listing((EVENT,)),
        )
    ),
    "resources": Listing(
        (Obj({"name": ENTITY, "uid": f("entity_id"), "type": f("entity_type")}, needs=("name",)),)
    ),
}


FLAT = ("with", "failed_login", "add", "remove", "change", "as", "to", "from", "custom_message")
"""What `audit_json.log` has beside the other fields and not in `details`."""
REQUEST = Shape(
    name="request",
    present=(
        frozenset({"method", "request_method"}),
        frozenset({"path"}),
        frozenset({"status", "env"}),
        frozenset({"correlation_id"}),
        frozenset({"controller", "route", "env"}),
    ),
    aliases={
        "asked": ("method", "request_method"),
        "method": ("method", "request_method"),
        "target": ("path",),
        "ip": ('"meta.remote_ip"', "remote_ip"),
        "user": ("username", '"meta.user"'),
        "agent": ("ua",),
        "vhost": ("host",),
        "latency_s": ("duration_s",),
    },
)
BLOCKS = {"blocklist": 2, "throttle": 2, "track": 1, "safelist": 1}


def _shape(name: str, root: str, *present: str) -> Shape:
    at = f"{root}." if root else ""
    return Shape(
        name=name,
        present=(
            frozenset({f"{at}author_id", f"{at}author_name"}),
            frozenset({f"{at}entity_id", f"{at}entity_path"}),
            frozenset({f"{at}entity_type"}),
            frozenset({f"{at}{each}" for each in present}),
        ),
        roots=(root,),
        aliases={f"details.{name}": (f"{at}details.{name}", f"{at}{name}") for name in FLAT},
    )


MAPPER = Mapper(
    name="gitlab",
    title="GitLab audit events and requests",
    limits="Sign-ins that name neither a method nor an event type are API Activity.",
    shapes=with_wrapped(
        _shape("gitlab", "", "created_at", "time", "details", "event_type", "target_type"),
        REQUEST,
    ),
    times=(TimeField("created_at", unit="any"), TimeField("time", unit="any")),
    defaults={
        **product("GitLab audit events", "GitLab", "cloud", "host"),
        "cloud.provider": c("GitLab"),
        "metadata.event_code": WORDS,
        "metadata.uid": f("id"),
        "metadata.correlation_uid": f("correlation_id"),
        "metadata.log_name": f("entity_type"),
    },
    rules=(
        Rule(
            name="request",
            class_uid=4002,
            activity_id=ACTIVITY,
            severity_id=Lookup(f("env"), {"blocklist": 3, "throttle": 3}, default=1),
            tree={
                **{path: each for path, each in HTTP.items() if path != "src_endpoint.hostname"},
                "metadata.product.name": c("GitLab"),
                "metadata.profiles": Listing((c("cloud"), c("host"), c("security_control"))),
                "metadata.event_code": f("controller", "route", "message"),
                "src_endpoint.ip": First((Ip(f("ip")), Ip(Match(f("ip"), r"^([^,\s]+),")))),
                "actor.user.uid": f("user_id"),
                "action_id": Lookup(f("env"), BLOCKS, default=0),
                "disposition_id": Lookup(f("env"), BLOCKS, default=0),
                "unmapped.caller": f('"meta.caller_id"', "route"),
                "unmapped.action": f("action"),
                "unmapped.token_type": f("token_type"),
                "unmapped.token": f("token_id"),
                "unmapped.params": Raw("params", "array"),
            },
            when=(("asked", PRESENT),),
        ),
        Rule(
            name="refused sign-in",
            class_uid=3002,
            activity_id=1,
            tree={**LOGON, "status_id": c(2), "status_detail": f("details.failed_login")},
            when=(("details.failed_login", PRESENT),),
        ),
        Rule(
            name="sign-in by its event",
            class_uid=3002,
            activity_id=1,
            tree={**LOGON, "status_id": Lookup(WORDS, FAILED, default=1)},
            when=(("event_type", frozenset(LOGONS)),),
        ),
        Rule(
            name="sign-in by its event's name",
            class_uid=3002,
            activity_id=1,
            tree={**LOGON, "status_id": Lookup(WORDS, FAILED, default=1)},
            when=(("details.event_name", frozenset(LOGONS)),),
        ),
        Rule(
            name="sign-in",
            class_uid=3002,
            activity_id=1,
            tree={**LOGON, "status_id": c(1)},
            when=(("details.with", PRESENT),),
        ),
        *(
            Rule(
                name=f"{name} ({field})",
                class_uid=uid,
                activity_id=Lookup(f(field), table, default=0),
                tree=tree,
                when=((field, frozenset(table)),),
            )
            for field in ("event_type", "event_name", "details.event_name")
            for name, uid, table, tree in (
                (
                    "account change",
                    3001,
                    ACCOUNTS,
                    {**AUDIT, "user.name": First((TARGET, f("author_name", "entity_type")))},
                ),
                ("access change", 3005, PRIVILEGES, ACCESS),
            )
        ),
        Rule(
            name="access given",
            class_uid=3005,
            activity_id=1,
            tree=ACCESS,
            when=(("details.add", frozenset({"user_access"})),),
        ),
        Rule(
            name="access taken",
            class_uid=3005,
            activity_id=2,
            tree=ACCESS,
            when=(("details.remove", frozenset({"user_access"})),),
        ),
        Rule(
            name="other event",
            class_uid=6003,
            activity_id=First(
                (
                    Lookup(f("details.add"), {}, other=1),
                    Lookup(f("details.remove"), {}, other=4),
                    Lookup(f("details.change", "change"), {}, other=3),
                    Lookup(
                        Match(
                            WORDS, r"_(created|updated|destroyed|deleted|changed|added|removed)$"
                        ),
                        {
                            **dict.fromkeys(("created", "added"), 1),
                            **dict.fromkeys(("updated", "changed"), 3),
                            **dict.fromkeys(("destroyed", "deleted", "removed"), 4),
                        },
                    ),
                    verb(WORDS, r"(?:^|_)(create|read|update|delete|destroy|download|clone|push)"),
                )
            ),
            tree={
                **AUDIT,
                "resources": Listing(
                    (
                        Obj(
                            {
                                "name": First((TARGET, ENTITY)),
                                "uid": f("target_id", "details.target_id", "entity_id"),
                                "type": f("target_type", "details.target_type", "entity_type"),
                            }
                        ),
                    )
                ),
            },
        ),
    ),
)
