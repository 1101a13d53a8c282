"""GitHub audit log of an organisation or enterprise: the API's JSON, exports and streams."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, endpoint, product, said, verb
from ocsf.mapping import (
    AfterLast,
    Cut,
    First,
    Join,
    Listing,
    Lookup,
    Mapper,
    Match,
    NotIp,
    Obj,
    Raw,
    Rule,
    Shape,
    TimeField,
    Tree,
    c,
    f,
    num,
    under,
    with_wrapped,
)

ACTION = f("action")
ORGANISATION = f("org[0]", "org", "business", "enterprise")
LOGONS = {
    "user.login": 1,
    "user.failed_login": 1,
    "user.logout": 2,
    "user.two_factor_challenge_success": 1,
    "user.two_factor_challenge_failure": 1,
    "user.two_factor_requested": 6,
    "user.correct_password_from_unrecognized_device": 6,
    "user.sign_in_from_unrecognized_device": 1,
    "user.sign_in_from_unrecognized_device_and_location": 1,
    "org.sso_response": 1,
    "business.sso_response": 1,
    "external_identity.login": 1,
}
ACCOUNTS = {
    "user.create": 1,
    "user.created": 1,
    "user.unsuspend": 2,
    "user.change_password": 3,
    "user.reset_password": 4,
    "user.forgot_password": 4,
    "user.suspend": 5,
    "user.delete": 6,
    "user.destroy": 6,
    "user.rename": 99,
    "user.add_email": 99,
    "user.remove_email": 99,
    "user.codes_regenerated": 99,
    "user.promote": 7,
    "user.demote": 8,
    "two_factor_authentication.enabled": 10,
    "two_factor_authentication.disabled": 11,
    "two_factor_authentication.add_factor": 10,
    "two_factor_authentication.remove_factor": 11,
    "public_key.create": 99,
    "public_key.delete": 99,
    "external_identity.provision": 1,
    "external_identity.deprovision": 6,
    "org.block_user": 9,
    "org.unblock_user": 12,
}
GROUPS = {
    "org.add_member": 3,
    "org.remove_member": 4,
    "org.remove_outside_collaborator": 4,
    "business.add_admin": 3,
    "business.remove_admin": 4,
    "business.add_organization": 7,
    "business.remove_organization": 8,
    "business.remove_member": 4,
    "business.add_user_account": 3,
    "enterprise.add_admin": 3,
    "team.add_member": 3,
    "team.remove_member": 4,
    "team.create": 6,
    "team.destroy": 5,
    "team.add_repository": 1,
    "team.remove_repository": 2,
    "team.update_repository_permission": 99,
    "team.change_parent_team": 99,
}
PRIVILEGES = {
    "org.update_member": 1,
    "org.add_outside_collaborator": 1,
    "org.add_billing_manager": 1,
    "org.remove_billing_manager": 2,
    "org.invite_member": 1,
    "repo.add_member": 1,
    "repo.update_member": 1,
    "repo.remove_member": 2,
    "role.create": 99,
    "organization_role.assign": 1,
    "organization_role.revoke": 2,
    "team.promote_maintainer": 1,
    "team.demote_maintainer": 2,
    "personal_access_token.access_granted": 1,
    "personal_access_token.access_revoked": 2,
}
ALERTS = {
    "secret_scanning_alert.create": 4,
    "secret_scanning_alert.reopen": 4,
    "secret_scanning_push_protection.bypass": 4,
    "secret_scanning_alert.public_leak": 4,
    "code_scanning.alert_created": 3,
    "code_scanning.alert_reappeared": 3,
    "repository_vulnerability_alert.create": 3,
    "repository_vulnerability_alert.reintroduce": 3,
    "dependabot_alerts.create": 3,
}
GIT = {"git.clone": 2, "git.fetch": 2, "git.push": 3}
OPERATIONS = {
    "create": 1,
    "access": 2,
    "authentication": 99,
    "modify": 3,
    "restore": 3,
    "transfer": 3,
    "remove": 4,
}
ALIKE = ("actor", "actor_name", "actor_login", "user", "programmatic_access_type", "action")

ACTOR: Tree = {
    "name": f(*ALIKE[:3], "user", "external_identity_nameid", "programmatic_access_type", "action"),
    "uid": f("actor_id"),
    "email_addr": Match(f("external_identity_nameid"), r"^([^@\s]+@[^@\s]+)$"),
    "type_id": Lookup(f("actor_is_bot"), {"true": 3, "false": 1}),
    "credential_uid": f("token_id", "hashed_token"),
}
COMMON: Tree = {
    **under("src_endpoint", endpoint(f("actor_ip", "remote_address"), ACTION)),
    "src_endpoint.location.country": Match(f("actor_location.country_code"), r"^([A-Z]{2})$"),
    "http_request.user_agent": f("user_agent"),
    "unmapped.org": ORGANISATION,
    "unmapped.repo": f("repo", "repository"),
    "unmapped.visibility": f("visibility", "repository_visibility"),
    "unmapped.previous_visibility": f("previous_visibility"),
    "unmapped.access_type": f("programmatic_access_type"),
    "unmapped.token_scopes": f("token_scopes"),
    "unmapped.transport": f("transport_protocol_name"),
    "unmapped.data": Raw("data", "object"),
    "unmapped.country": NotIp(f("actor_location.country_name")),
}
AUDIT: Tree = {
    **COMMON,
    **under("actor.user", ACTOR),
    "api.operation": ACTION,
    "api.service.name": said("GitHub", "action"),
    "api.request": Obj({"uid": f("request_id", "_document_id", "document_id")}),
    "status_id": Lookup(f("operation_status", "conclusion"), {"failure": 2}, default=1),
}
TARGET: Tree = {
    "name": f("user", "invitee", "target_login", "member", "email", "actor", "action"),
    "uid": f("user_id", "target_id"),
}


def _shape(name: str, root: str) -> Shape:
    at = f"{root}." if root else ""
    told = (
        *("actor", "actor_ip", "actor_id", "org", "business", "repo"),
        *("programmatic_access_type", "operation_type", "actor_location"),
    )
    return Shape(
        name=name,
        present=(
            frozenset({f"{at}action"}),
            frozenset({f"{at}@timestamp", f"{at}created_at"}),
            frozenset({f"{at}{each}" for each in told}),
            frozenset(
                {
                    f"{at}{each}"
                    for each in (
                        *("_document_id", "document_id", "org", "business", "repository"),
                        *("actor_location", "org_id", "business_id", "operation_type"),
                    )
                }
            ),
        ),
        roots=(root,),
    )


def _rule(name: str, uid: int, table: dict[str, int], tree: Tree) -> Rule:
    return Rule(
        name=name,
        class_uid=uid,
        activity_id=Lookup(ACTION, table, default=0),
        tree=tree,
        when=(("action", frozenset(table)),),
    )


METHODS = {"post": 1, "get": 2, "head": 2, "put": 3, "patch": 3, "delete": 4}

MAPPER = Mapper(
    name="github",
    title="GitHub audit log",
    limits=("Audit log only, no webhook payloads. Unknown actions are API Activity by their verb."),
    shapes=with_wrapped(_shape("github", "")),
    times=(
        TimeField("@timestamp", unit="any"),
        TimeField("created_at", unit="any"),
    ),
    defaults={
        **product("GitHub audit log", "GitHub", "cloud", "host"),
        "cloud.provider": said("GitHub", "action"),
        "cloud.org.name": f("org[0]", "org", "business"),
        "cloud.org.uid": f("org_id[0]", "org_id", "business_id"),
        "metadata.event_code": ACTION,
        "metadata.uid": f("_document_id", "document_id"),
        "metadata.log_name": Match(ACTION, r"^([a-z_]+)\."),
    },
    rules=(
        _rule(
            "authentication",
            3002,
            LOGONS,
            {
                **COMMON,
                **under("user", ACTOR),
                "service.name": said("GitHub", "action"),
                "is_remote": c(True),
                "is_mfa": Lookup(
                    ACTION,
                    {
                        "user.two_factor_challenge_success": True,
                        "user.two_factor_challenge_failure": True,
                    },
                ),
                "status_id": Lookup(
                    ACTION,
                    {"user.failed_login": 2, "user.two_factor_challenge_failure": 2},
                    default=1,
                ),
                "status_detail": f("failure_reason", "failure_type"),
            },
        ),
        _rule("account change", 3001, ACCOUNTS, {**AUDIT, **under("user", TARGET)}),
        _rule(
            "group change",
            3006,
            GROUPS,
            {
                **AUDIT,
                "group.name": f("team", "org[0]", "org", "business", "action"),
                "group.type": Match(ACTION, r"^([a-z]+)\."),
                "user.name": f("user", "member"),
                "user.uid": f("user_id"),
            },
        ),
        _rule(
            "access change",
            3005,
            PRIVILEGES,
            {
                **AUDIT,
                **under("user", TARGET),
                "privileges": First(
                    (
                        Listing((f("permission", "new_repo_permission", "role", "new_role"),)),
                        Listing((ACTION,)),
                    )
                ),
                "resources": Listing((Obj({"name": f("repo", "team", "org[0]", "org")}),)),
                "unmapped.old_permission": f("old_permission", "old_repo_permission"),
            },
        ),
        Rule(
            name="alert",
            class_uid=2004,
            activity_id=1,
            severity_id=Lookup(ACTION, ALERTS),
            tree={
                "finding_info.uid": First((f("_document_id", "document_id"), ACTION)),
                "finding_info.title": First((f("alert_title", "secret_type_display_name"), ACTION)),
                "finding_info.types": Listing((ACTION,)),
                "finding_info.src_url": f("html_url"),
                **under("actor.user", ACTOR),
                "resources": Listing((Obj({"name": f("repo"), "type": said("repo", "repo")}),)),
                "unmapped.alert_number": f("alert_number", "number"),
                "unmapped.alert_id": f("alert_id"),
                "unmapped.ghsa_id": f("ghsa_id"),
                "unmapped.data": Raw("data", "object"),
            },
            when=(("action", frozenset(ALERTS)),),
        ),
        Rule(
            name="other action",
            class_uid=6003,
            activity_id=First(
                (
                    Lookup(ACTION, GIT),
                    Lookup(f("request_method"), METHODS),
                    Lookup(f("operation_type"), OPERATIONS),
                    verb(ACTION, r"\.([a-z]+)(?:_[a-z_]+)?$"),
                )
            ),
            tree={
                **AUDIT,
                "api.operation": First(
                    (Join((f("request_method"), f("route")), " "), AUDIT["api.operation"])
                ),
                "api.response.code": num("status_code"),
                "status_id": First(
                    (
                        Lookup(Cut(f("status_code"), 1), {"2": 1, "3": 1, "4": 2, "5": 2}),
                        AUDIT["status_id"],
                    )
                ),
                "resources": Listing(
                    (
                        Obj(
                            {
                                "name": f(
                                    *("repo", "repository", "team", "hook_id", "name"),
                                    *("org[0]", "org", "business"),
                                ),
                                "uid": f("repo_id", "repository_id"),
                                "type": Match(ACTION, r"^([a-z_]+)\."),
                            }
                        ),
                    )
                ),
                "message": Cut(
                    First((f("message"), AfterLast(f("explanation"), "\n"))), MESSAGE_LENGTH
                ),
                "unmapped.branch": f("branch", "ref", "head_branch"),
                "unmapped.workflow": f("workflow_id", "workflow_run_id"),
                "unmapped.hook_url": f("config.url", "hook.config.url"),
                "unmapped.user": f("user"),
            },
        ),
    ),
)
