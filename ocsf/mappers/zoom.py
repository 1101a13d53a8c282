"""Zoom: webhook events, sign-in activities and operation logs of the reports API."""

# The tables are read better in long lines.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, endpoint, product, said, verb
from ocsf.mapping import (
    PRESENT,
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

OBJECT = "payload.object"
EVENT = f("event", "action", "type")
ACCOUNTS = {
    "user.created": 1,
    "user.activated": 2,
    "user.deactivated": 5,
    "user.disassociated": 6,
    "user.deleted": 6,
    "user.updated": 99,
    "user.settings_updated": 99,
}
LOGONS = {"user.signed_in": 1, "user.signed_out": 2, "sign in": 1, "sign out": 2}
PERSON: Tree = {
    "name": f(f"{OBJECT}.email", f"{OBJECT}.user_name", "email", "operator", f"{OBJECT}.id"),
    "uid": f(f"{OBJECT}.id"),
    "email_addr": Match(f(f"{OBJECT}.email", "email"), r"^([^@\s]+@[^@\s]+)$"),
}
OPERATOR: Tree = {
    "name": f("payload.operator", "operator", f"{OBJECT}.host_id", "payload.account_id"),
    "uid": f("payload.operator_id"),
}
COMMON: Tree = {
    **under("src_endpoint", endpoint(f("ip_address", f"{OBJECT}.ip_address"), EVENT)),
    "message": Cut(
        First((f("operation_detail"), Join((EVENT, f(f"{OBJECT}.topic")), ": "), EVENT)),
        MESSAGE_LENGTH,
    ),
    "unmapped.client": f("client_type", f"{OBJECT}.client_type"),
    "unmapped.version": f("version", f"{OBJECT}.version"),
    "unmapped.object": Raw(OBJECT, "object"),
    "unmapped.old_object": Raw("payload.old_object", "object"),
}

MAPPER = Mapper(
    name="zoom",
    title="Zoom webhooks, sign-ins and operation logs",
    limits="Meetings, recordings and settings are API Activity.",
    shapes=with_wrapped(
        Shape(
            name="webhook",
            present=(
                frozenset({"event"}),
                frozenset({"payload.account_id"}),
                frozenset({"payload.object", "payload.operator"}),
            ),
        ),
        Shape(
            name="sign-in",
            present=(
                frozenset({"client_type"}),
                frozenset({"ip_address"}),
                frozenset({"email"}),
                frozenset({"time"}),
            ),
        ),
        Shape(
            name="operation",
            present=(
                frozenset({"operation_detail"}),
                frozenset({"operator"}),
                frozenset({"category_type"}),
            ),
        ),
    ),
    times=(
        TimeField("event_ts", unit="epoch"),
        TimeField("payload.time_stamp", unit="epoch"),
        TimeField("time"),
        TimeField(f"{OBJECT}.date_time"),
    ),
    defaults={
        **product("Zoom", "Zoom", "cloud", "host"),
        "cloud.provider": said("Zoom", "event", "operator", "email"),
        "cloud.account.uid": f("payload.account_id"),
        "metadata.event_code": EVENT,
    },
    rules=(
        *(
            Rule(
                name=name,
                class_uid=3002,
                activity_id=Lookup(EVENT, LOGONS, default=99),
                tree={
                    **COMMON,
                    **under("user", PERSON),
                    "service.name": said("Zoom", "event", "email"),
                    "is_remote": c(True),
                    "status_id": c(1),
                },
                when=when,
            )
            for name, when in (
                ("logon", (("event", frozenset(LOGONS)),)),
                ("sign-in", (("client_type", PRESENT), ("email", PRESENT), ("type", PRESENT))),
            )
        ),
        Rule(
            name="account",
            class_uid=3001,
            activity_id=Lookup(EVENT, ACCOUNTS, default=99),
            tree={
                **COMMON,
                **under("user", PERSON),
                **under("actor.user", OPERATOR),
                "actor.app_name": said("Zoom", "event"),
                "status_id": c(1),
            },
            when=(("event", frozenset(ACCOUNTS)),),
        ),
        Rule(
            name="operation",
            class_uid=6003,
            activity_id=First(
                (
                    Lookup(
                        Match(f("event"), r"([a-z]+)$"),
                        {"created": 1, "started": 3, "ended": 3, "updated": 3, "deleted": 4,
                         "joined": 3, "left": 3, "trashed": 4, "completed": 3, "viewed": 2},
                    ),
                    verb(f("action")),
                )
            ),
            tree={
                **COMMON,
                **under("actor.user", OPERATOR),
                "actor.app_name": said("Zoom", "event", "operator", "email"),
                "api.operation": First((f("event"), Join((f("action"), f("category_type")), " "), EVENT)),
                "api.service.name": said("Zoom", "event", "operator", "email"),
                "resources": Listing(
                    (Obj({"name": f(f"{OBJECT}.topic", f"{OBJECT}.name"), "uid": f(f"{OBJECT}.uuid", f"{OBJECT}.id")}),)
                ),
                "duration": Integer(f(f"{OBJECT}.duration")),
                "status_id": c(1),
            },
        ),
    ),
)  # fmt: skip
