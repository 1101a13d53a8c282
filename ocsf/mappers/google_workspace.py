"""Google Workspace activities, as the Reports API lists them or flattened to one event each."""

from __future__ import annotations

from ocsf.mappers.audit_parts import activities, endpoint, parameter, product, said, verb
from ocsf.mapping import (
    PRESENT,
    Expression,
    First,
    Listing,
    Lookup,
    Mapper,
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

EVENT = f("event.name")
APP = f("id.applicationName")
PARAMETERS = f("event.parameters")


def value(*names: str) -> Expression:
    """Give the first of the named parameters, from a list or an object of them."""
    return First(
        (
            *(parameter(PARAMETERS, name) for name in names),
            f(*(f"event.parameters.{name}" for name in names)),
        )
    )


LOGONS = {
    "login_success": 1,
    "login_failure": 1,
    "login_challenge": 6,
    "login_verification": 6,
    "risky_sensitive_action_allowed": 6,
    "risky_sensitive_action_blocked": 6,
    "logout": 2,
}
ACCOUNTS = {
    "create_user": 1,
    "user_created": 1,
    "undelete_user": 1,
    "unsuspend_user": 2,
    "change_password": 3,
    "password_edit": 3,
    "change_password_on_next_login": 4,
    "suspend_user": 5,
    "account_disabled_generic": 5,
    "account_disabled_password_leak": 5,
    "account_disabled_spamming": 5,
    "account_disabled_spamming_through_relay": 5,
    "account_disabled_hijacked": 5,
    "archive_user": 5,
    "unarchive_user": 2,
    "delete_user": 6,
    "2sv_enroll": 10,
    "titanium_enroll": 10,
    "passkey_enrolled": 10,
    "2sv_disable": 11,
    "titanium_unenroll": 11,
    "passkey_removed": 11,
    "turn_off_2_step_verification": 11,
    "unenroll_user_from_titanium": 11,
    "unenroll_user_from_strong_auth": 11,
    "rename_user": 99,
    "add_recovery_email": 99,
    "recovery_email_edit": 99,
    "recovery_phone_edit": 99,
    "recovery_secret_qa_edit": 99,
    "change_recovery_email": 99,
    "change_recovery_phone": 99,
    "email_forwarding_out_of_domain": 99,
    "change_first_name": 99,
    "change_last_name": 99,
    "revoke_asp": 99,
    "revoke_3lo_token": 99,
    "reset_signin_cookies": 99,
}
PRIVILEGES = {
    "grant_admin_privilege": 1,
    "grant_delegated_admin_privileges": 1,
    "assign_role": 1,
    "add_privilege": 1,
    "revoke_admin_privilege": 2,
    "unassign_role": 2,
    "remove_privilege": 2,
}
GROUPS = {
    "add_group_member": 3,
    "add_user": 3,
    "add_member": 3,
    "accept_invitation": 3,
    "join": 3,
    "remove_group_member": 4,
    "remove_user": 4,
    "remove_member": 4,
    "ban_user_with_moderation": 4,
    "delete_group": 5,
    "create_group": 6,
    "add_member_role": 1,
    "remove_member_role": 2,
    "change_group_setting": 99,
    "update_group_member": 99,
}
FILES = {
    **dict.fromkeys(("upload", "create"), 1),
    "download": 2,
    "edit": 3,
    "delete": 4,
    "trash": 4,
    "rename": 5,
    "copy": 6,
    "move": 7,
    "add_to_folder": 7,
    "remove_from_folder": 7,
    "untrash": 8,
    "preview": 9,
    "add_lock": 10,
    "remove_lock": 11,
    "change_user_access": 12,
    "change_document_visibility": 12,
    "change_document_access_scope": 12,
    "change_acl_editors": 12,
    "shared_drive_membership_change": 12,
    "team_drive_membership_change": 12,
    "view": 14,
    "source_copy": 6,
    "sync_item_content": 15,
}
ALERTS = {
    "suspicious_login": 3,
    "suspicious_login_less_secure_app": 3,
    "suspicious_programmatic_login": 3,
    "user_signed_out_due_to_suspicious_session_cookie": 3,
    "gov_attack_warning": 4,
    "dlp_rule_match": 3,
    "rule_match": 3,
    "rule_trigger": 3,
    "content_matched": 3,
    "malware_transfer": 4,
    "password_breach": 4,
    "unsafe_site_visit": 3,
}

ACTOR: Tree = {
    "name": f("actor.email", "actor.key", "actor.profileId", "actor.callerType"),
    "uid": f("actor.profileId"),
    "email_addr": f("actor.email"),
    "type": f("actor.callerType"),
}
AFFECTED = value("USER_EMAIL", "affected_email_address", "target_user", "user_email", "member_id")
COMMON: Tree = {
    **under("src_endpoint", endpoint(f("ipAddress"), APP)),
    "http_request.user_agent": value("user_agent", "USER_AGENT"),
    "unmapped.event_type": f("event.type"),
    "unmapped.parameters": Raw("event.parameters"),
    "unmapped.events": Raw("events", "array"),
    "unmapped.owner_domain": f("ownerDomain"),
}
AUDIT: Tree = {
    **COMMON,
    **under("actor.user", ACTOR),
    "actor.app_name": APP,
    "api.operation": EVENT,
    "api.service.name": APP,
    "api.request": Obj({"uid": f("id.uniqueQualifier")}),
}
USER: Tree = {"name": First((AFFECTED, ACTOR["name"], APP))}


def _shape(name: str, root: str, event: str) -> Shape:
    at = f"{root}." if root else ""
    inside = f"{event}." if event else ""
    list_of = event.endswith("]")
    return Shape(
        name=name,
        present=(
            frozenset({f"{at}id.applicationName"}),
            frozenset({f"{at}id.time", f"{at}id.uniqueQualifier"}),
            frozenset({f"{at}{event.split('[')[0]}"} if list_of else {f"{at}{inside}name"}),
        ),
        roots=(root,),
        aliases={
            **{f"event.{name}": (f"{at}{inside}{name}",) for name in ("name", "type")},
            "event.parameters": (f"{at}{inside}parameters",),
            **{f"event.parameters.{name}": (f"{at}{inside}parameters.{name}",) for name in _NAMES},
        },
    )


_NAMES = (
    *("USER_EMAIL", "affected_email_address", "target_user", "user_email", "member_id"),
    *("user_agent", "USER_AGENT", "login_type", "login_failure_type", "is_second_factor"),
    *("is_suspicious", "ROLE_NAME", "PRIVILEGE_NAME", "GROUP_EMAIL", "group_email", "group_id"),
    *("doc_title", "doc_id", "doc_type", "owner", "visibility", "rule_name", "app_name"),
    *("client_id", "API_CLIENT_NAME", "SETTING_NAME", "DOMAIN_NAME", "severity", "SCOPE"),
    *("login_challenge_method", "login_challenge_status", "orgunit_path"),
)

MAPPER = Mapper(
    name="google_workspace",
    title="Google Workspace activities",
    limits=(
        "An activity of several events is one event of its first; all are in "
        "`unmapped.events`. Alert Center's alerts are not known."
    ),
    explode="items",
    shapes=with_wrapped(
        _shape("activity split by a shipper", "", "events"),
        _shape("activity", "", "events[0]"),
        _shape("activity, one event", "", ""),
    ),
    times=(TimeField("id.time"),),
    defaults={
        **product("Google Workspace", "Google", "cloud", "host"),
        "cloud.provider": said("Google", "id.applicationName"),
        "cloud.org.uid": f("id.customerId"),
        "metadata.event_code": EVENT,
        "metadata.uid": f("id.uniqueQualifier"),
        "metadata.log_name": APP,
        "metadata.tenant_uid": f("id.customerId"),
    },
    rules=(
        Rule(
            name="authentication",
            class_uid=3002,
            activity_id=activities(EVENT, LOGONS),
            severity_id=Lookup(value("is_suspicious"), {"true": 3}, default=1),
            tree={
                **COMMON,
                **under("user", ACTOR),
                "service.name": First((value("app_name", "orgunit_path"), APP)),
                "is_remote": c(True),
                "is_mfa": Lookup(value("is_second_factor"), {"true": True, "false": False}),
                "auth_protocol": value("login_type"),
                "status_id": First(
                    (
                        Lookup(EVENT, {"login_success": 1, "logout": 1, "login_failure": 2}),
                        Lookup(EVENT, {"risky_sensitive_action_blocked": 2}),
                        Lookup(
                            value("login_challenge_status"),
                            {
                                "challenge passed": 1,
                                "passed": 1,
                                "challenge failed": 2,
                                "incorrect answer entered.": 2,
                            },
                            default=0,
                        ),
                    )
                ),
                "status_detail": value("login_failure_type", "login_challenge_status"),
                "unmapped.challenge": value("login_challenge_method"),
            },
            when=(("event.name", frozenset(LOGONS)), ("actor", PRESENT)),
        ),
        Rule(
            name="alert",
            class_uid=2004,
            activity_id=1,
            severity_id=First(
                (
                    Lookup(value("severity"), {"low": 2, "medium": 3, "high": 4}),
                    Lookup(EVENT, ALERTS),
                )
            ),
            tree={
                "finding_info.uid": f("id.uniqueQualifier", "id.time"),
                "finding_info.title": First((value("rule_name"), EVENT)),
                "finding_info.types": Listing((EVENT,)),
                **under("actor.user", ACTOR),
                "evidences": Listing(
                    (
                        Obj(
                            {
                                "src_endpoint.ip": endpoint(f("ipAddress"))["ip"],
                                "user.name": USER["name"],
                                "file.name": value("doc_title", "doc_id"),
                                "file.uid": value("doc_id"),
                                "file.type_id": c(1),
                            }
                        ),
                    )
                ),
                "unmapped.parameters": Raw("event.parameters"),
                "unmapped.events": Raw("events", "array"),
            },
            when=(("event.name", frozenset(ALERTS)),),
        ),
        Rule(
            name="account change",
            class_uid=3001,
            activity_id=activities(EVENT, ACCOUNTS),
            tree={**AUDIT, **under("user", USER), "status_id": c(1)},
            when=(
                ("event.name", frozenset(ACCOUNTS)),
                ("id.applicationName", frozenset({"login", "admin", "user_accounts"})),
            ),
        ),
        Rule(
            name="role change",
            class_uid=3005,
            activity_id=activities(EVENT, PRIVILEGES),
            tree={
                **AUDIT,
                **under("user", USER),
                "privileges": First(
                    (
                        Listing((value("ROLE_NAME", "PRIVILEGE_NAME"),)),
                        Listing((EVENT,)),
                    )
                ),
                "status_id": c(1),
            },
            when=(
                ("event.name", frozenset(PRIVILEGES)),
                ("id.applicationName", frozenset({"admin"})),
            ),
        ),
        Rule(
            name="group change",
            class_uid=3006,
            activity_id=activities(EVENT, GROUPS),
            tree={
                **AUDIT,
                "group.name": First((value("GROUP_EMAIL", "group_email", "group_id"), APP)),
                "user.name": AFFECTED,
                "status_id": c(1),
            },
            when=(
                ("event.name", frozenset(GROUPS)),
                ("id.applicationName", frozenset({"admin", "groups", "groups_enterprise"})),
            ),
        ),
        Rule(
            name="file",
            class_uid=6006,
            activity_id=activities(EVENT, FILES),
            tree={
                **COMMON,
                **under("actor.user", ACTOR),
                "actor.app_name": APP,
                "file.name": First((value("doc_title", "doc_id"), EVENT)),
                "file.uid": value("doc_id"),
                "file.type": value("doc_type"),
                "file.type_id": Lookup(
                    value("doc_type"), {"folder": 2, "shared_drive": 2}, default=1
                ),
                "file.owner.name": value("owner"),
                "status_id": c(1),
                "unmapped.visibility": value("visibility"),
                "unmapped.target_user": value("target_user"),
            },
            when=(("id.applicationName", frozenset({"drive"})),),
        ),
        Rule(
            name="other activity",
            class_uid=6003,
            activity_id=verb(EVENT),
            tree={
                **AUDIT,
                "resources": Listing(
                    (
                        Obj(
                            {
                                "name": value(
                                    "app_name",
                                    "API_CLIENT_NAME",
                                    "SETTING_NAME",
                                    "GROUP_EMAIL",
                                    "USER_EMAIL",
                                    "DOMAIN_NAME",
                                ),
                                "uid": value("client_id"),
                            }
                        ),
                    )
                ),
                "actor.user.type": said("user", "actor.email"),
            },
        ),
    ),
)
