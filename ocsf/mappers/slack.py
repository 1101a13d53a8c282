"""Slack's audit logs of an Enterprise organisation."""

from __future__ import annotations

from ocsf.mappers.audit_parts import (
    MESSAGE_LENGTH,
    activities,
    endpoint,
    place,
    product,
    said,
)
from ocsf.mapping import (
    Cut,
    First,
    Integer,
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

LOGONS = {
    "user_login": 1,
    "user_login_failed": 1,
    "user_logout": 2,
    "user_logout_compromised": 2,
    "user_logout_non_compliant_mobile_app_version": 2,
    "user_session_invalidated": 2,
    "user_session_reset_by_admin": 2,
    "mobile_session_reset_by_admin": 2,
}
ACCOUNTS = {
    **dict.fromkeys(("user_created", "guest_created", "service_owner_created"), 1),
    **dict.fromkeys(("user_reactivated", "guest_reactivated"), 2),
    **dict.fromkeys(("user_password_changed",), 3),
    **dict.fromkeys(("user_force_password_reset", "user_password_reset"), 4),
    **dict.fromkeys(("user_deactivated", "guest_deactivated", "guest_expired"), 5),
    **dict.fromkeys(("user_deleted",), 6),
    **dict.fromkeys(("user_two_factor_auth_enabled", "user_2fa_enabled"), 10),
    **dict.fromkeys(("user_two_factor_auth_disabled", "user_2fa_disabled"), 11),
    **dict.fromkeys(("user_email_updated", "user_profile_updated", "user_username_updated"), 99),
}
ROLES = {
    **dict.fromkeys(
        ("role_change_to_admin", "role_change_to_owner", "role_change_to_user", "role_assigned",
         "role_change_to_guest", "org_owner_transferred", "owner_transferred", "role_modified"),
        1,
    ),
    **dict.fromkeys(("role_removed", "role_change_to_removed"), 2),
}  # fmt: skip
FILES = {
    "file_uploaded": 1,
    "file_downloaded": 2,
    "file_downloaded_blocked": 2,
    "file_opened": 7,
    "file_shared": 9,
    "public_file_link_created": 9,
    "file_public_link_created": 9,
    "file_public_link_revoked": 10,
    "file_malicious_content_detected": 99,
    "canvas_opened": 7,
}
VERBS = {
    **dict.fromkeys(("created", "added", "installed", "approved"), 1),
    **dict.fromkeys(("viewed", "downloaded", "exported", "started"), 2),
    **dict.fromkeys(("updated", "changed", "modified", "enabled", "disabled"), 3),
    **dict.fromkeys(("deleted", "removed", "uninstalled", "revoked"), 4),
}
ACTION = f("action")
ACTOR: Tree = {
    "name": f("actor.user.name", "actor.user.email", "actor.user.id", "actor.app.name"),
    "uid": f("actor.user.id"),
    "email_addr": f("actor.user.email"),
}
ENTITY = tuple(
    f"entity.{kind}"
    for kind in ("user", "file", "channel", "app", "workspace", "enterprise", "message", "workflow")
)
ENTITY_NAME = f(*(f"{each}.{leaf}" for each in ENTITY for leaf in ("name", "title", "email", "id")))
TARGET: Tree = {
    "user.name": f("entity.user.name", "entity.user.email", "actor.user.name", "actor.user.id"),
    "user.uid": f("entity.user.id", "actor.user.id"),
    "user.email_addr": f("entity.user.email"),
}
COMMON: Tree = {
    **under("src_endpoint", endpoint(f("context.ip_address"), f("actor.type", "action"))),
    **under(
        "src_endpoint.location",
        place(
            f("context.location.city"), f("context.location.region"), f("context.location.country")
        ),
    ),
    "message": Cut(Join((f("action"), ENTITY_NAME), ": "), MESSAGE_LENGTH),
    "unmapped.user_agent": f("context.ua"),
    "unmapped.session": f("context.session_id"),
    "unmapped.workspace": f("context.location.name", "context.location.domain"),
    "unmapped.entity_type": f("entity.type"),
    "unmapped.details": Raw("details", "object"),
}
AUDIT: Tree = {**COMMON, **under("actor.user", ACTOR), "actor.app_name": said("Slack", "action")}

MAPPER = Mapper(
    name="slack",
    title="Slack audit logs",
    limits="Actions without a class of their own are API Activity.",
    explode="entries",
    shapes=with_wrapped(
        Shape(
            name="entry",
            present=(
                frozenset({"date_create"}),
                frozenset({"action"}),
                frozenset({"actor.type", "actor.user"}),
                frozenset({"entity.type"}),
            ),
        ),
    ),
    times=(TimeField("date_create", unit="epoch"),),
    defaults={
        **product("Slack", "Slack", "cloud", "host"),
        "cloud.provider": said("Slack", "action"),
        "cloud.account.uid": f("context.location.id"),
        "cloud.account.name": f("context.location.domain"),
        "metadata.event_code": ACTION,
        "metadata.uid": f("id"),
    },
    rules=(
        Rule(
            name="logon",
            class_uid=3002,
            activity_id=activities(ACTION, LOGONS),
            tree={
                **COMMON,
                **under("user", ACTOR),
                "service.name": said("Slack", "action"),
                "is_remote": c(True),
                "status_id": Lookup(ACTION, {"user_login_failed": 2}, other=1, default=0),
                "session.uid": f("context.session_id"),
            },
            when=(("action", frozenset(LOGONS)),),
        ),
        Rule(
            name="account",
            class_uid=3001,
            activity_id=activities(ACTION, ACCOUNTS),
            tree={**AUDIT, **TARGET, "status_id": c(1)},
            when=(("action", frozenset(ACCOUNTS)),),
        ),
        Rule(
            name="role",
            class_uid=3005,
            activity_id=activities(ACTION, ROLES),
            severity_id=2,
            tree={
                **AUDIT,
                **TARGET,
                "privileges": Listing((f("details.role", "details.new_value", "action"),)),
                "status_id": c(1),
            },
            when=(("action", frozenset(ROLES)),),
        ),
        Rule(
            name="file",
            class_uid=6006,
            activity_id=activities(ACTION, FILES),
            severity_id=Lookup(ACTION, {"file_malicious_content_detected": 4}, default=1),
            tree={
                **AUDIT,
                "file.name": First((f("entity.file.name", "entity.file.title"), ENTITY_NAME)),
                "file.uid": f("entity.file.id"),
                "file.type_id": c(1),
                "file.mime_type": f("entity.file.mimetype"),
                "file.size": Integer(f("entity.file.size")),
                "status_id": Lookup(ACTION, {"file_downloaded_blocked": 2}, other=1),
            },
            when=(("action", frozenset(FILES)),),
        ),
        Rule(
            name="anomaly",
            class_uid=2004,
            activity_id=1,
            severity_id=3,
            tree={
                **{path: each for path, each in AUDIT.items() if path[:4] != "src_"},
                "finding_info.uid": f("id"),
                "finding_info.title": First((Join((ACTION, f("details.reason[0]")), ": "), ACTION)),
                "finding_info.types": Listing((f("details.reason[0]"), f("details.reason[1]"))),
                "evidences": Listing(
                    (
                        Obj(
                            {
                                **under("user", ACTOR),
                                **under("src_endpoint", endpoint(f("context.ip_address"))),
                            }
                        ),
                    )
                ),
            },
            when=(("action", frozenset({"anomaly"})),),
        ),
        Rule(
            name="action",
            class_uid=6003,
            activity_id=Lookup(
                Match(ACTION, r"_([a-z]+ed)$"),
                VERBS,
                default=99,
            ),
            tree={
                **AUDIT,
                "api.operation": ACTION,
                "api.service.name": said("Slack", "action"),
                "resources": Listing((Obj({"name": ENTITY_NAME, "type": f("entity.type")}),)),
                "status_id": c(1),
            },
        ),
    ),
)
