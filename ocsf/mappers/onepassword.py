"""1Password's Events API: sign-in attempts, item usages, audit events."""

# The tables are read better in long lines.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.mappers.audit_parts import endpoint, place, product, said
from ocsf.mapping import (
    PRESENT,
    Join,
    Listing,
    Lookup,
    Mapper,
    Match,
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

VERBS = {
    **dict.fromkeys(("create", "add", "join", "begin", "invite", "grant", "provsn"), 1),
    **dict.fromkeys(("view", "export", "reveal", "fill", "secure-copy", "get"), 2),
    **dict.fromkeys(("update", "change", "updatea", "enbl", "disbl", "suspend", "reactive"), 3),
    **dict.fromkeys(("delete", "purge", "leave", "revoke", "remove", "deprvsn"), 4),
}
ACCOUNTS = {
    **dict.fromkeys(("create", "join", "provsn", "invite"), 1),
    **dict.fromkeys(("reactive", "activate"), 2),
    **dict.fromkeys(("suspend", "deprvsn"), 5),
    **dict.fromkeys(("delete", "purge", "leave"), 6),
    **dict.fromkeys(("chngpw", "chngsk"), 3),
    **dict.fromkeys(
        ("begr", "cmpltr", "complete", "cancelr", "trvlaway", "trvlback", "updatea"), 99
    ),
    **dict.fromkeys(("update", "rename", "view", "sendpkg", "sendts", "role"), 99),
}
COMMON: Tree = {
    **under("src_endpoint", endpoint(f("client.ip_address", "session.ip"), f("uuid"))),
    **under(
        "src_endpoint.location",
        place(f("location.city"), f("location.region"), f("country", "location.country")),
    ),
    "unmapped.client": f("client.app_name"),
    "unmapped.client_version": f("client.app_version"),
    "unmapped.platform": f("client.platform_name"),
    "unmapped.vault": f("vault_uuid"),
}
MAPPER = Mapper(
    name="onepassword",
    title="1Password sign-ins, item usages and audit events",
    shapes=with_wrapped(
        Shape(
            name="sign-in attempt",
            present=(frozenset({"target_user.uuid", "target_user.email"}), frozenset({"category"}), frozenset({"client"})),
        ),
        Shape(
            name="item usage",
            present=(frozenset({"item_uuid"}), frozenset({"vault_uuid"}), frozenset({"user.uuid"}), frozenset({"action", "used_version"})),
        ),
        Shape(
            name="audit event",
            present=(frozenset({"actor_uuid"}), frozenset({"object_uuid"}), frozenset({"object_type"}), frozenset({"action"})),
        ),
    ),
    times=(TimeField("timestamp"),),
    defaults={
        **product("1Password", "AgileBits", "cloud", "host"),
        "cloud.provider": said("1Password", "uuid"),
        "metadata.uid": f("uuid"),
        "metadata.event_code": f("action", "category"),
    },
    rules=(
        Rule(
            name="sign-in attempt",
            class_uid=3002,
            activity_id=1,
            severity_id=Lookup(f("category"), {"success": 1, "firewall_reported_success": 2}, default=2),
            tree={
                **COMMON,
                "user.name": f("target_user.email", "target_user.name", "target_user.uuid"),
                "user.uid": f("target_user.uuid"),
                "user.full_name": f("target_user.name"),
                "user.email_addr": Match(f("target_user.email"), r"^([^@\s]+@[^@\s]+)$"),
                "service.name": said("1Password", "uuid"),
                "session.uid": f("session_uuid"),
                "is_remote": c(True),
                "status": f("category"),
                "status_id": Lookup(f("category"), {"success": 1, "firewall_reported_success": 1}, other=2, default=0),
                "status_detail": f("type"),
            },
            when=(("category", PRESENT),),
        ),
        Rule(
            name="account change",
            class_uid=3001,
            activity_id=Lookup(f("action"), ACCOUNTS, default=99),
            severity_id=Lookup(f("action"), {"delete": 2, "purge": 2, "suspend": 2}, default=1),
            tree={
                **COMMON,
                "user.name": f("object_details.email", "object_details.name", "object_uuid"),
                "user.uid": f("object_uuid"),
                "user.full_name": f("object_details.name"),
                "actor.user.name": f("actor_details.email", "actor_details.name", "actor_uuid"),
                "actor.user.uid": f("actor_uuid"),
                "actor.session.uid": f("session.uuid"),
                "actor.app_name": said("1Password", "uuid"),
                "message": Join((f("action"), f("object_type")), " "),
                "status_id": c(1),
            },
            when=(("object_type", frozenset({"user"})), ("action", frozenset(ACCOUNTS))),
        ),
        Rule(
            name="item usage and audit",
            class_uid=6003,
            activity_id=Lookup(f("action"), VERBS, default=99),
            tree={
                **COMMON,
                "actor.user.name": f("user.email", "actor_details.email", "user.name", "user.uuid", "actor_uuid"),
                "actor.user.uid": f("user.uuid", "actor_uuid"),
                "actor.session.uid": f("session.uuid"),
                "actor.app_name": said("1Password", "uuid"),
                "api.operation": f("action", "used_version"),
                "api.service.name": said("1Password", "uuid"),
                "message": Join((f("action"), f("object_type", "item_uuid")), " "),
                "resources": Listing((Obj({"uid": f("object_uuid", "item_uuid"), "type": f("object_type"), "name": f("object_details.name", "object_details.email")}),)),
                "status_id": c(1),
                "unmapped.aux": f("aux_info", "aux_uuid", "aux_id"),
            },
        ),
    ),
)  # fmt: skip
