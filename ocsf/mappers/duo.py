"""Duo's authentication, administrator, activity, telephony and Trust Monitor logs."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, SUCCESS, endpoint, place, product, said, verb
from ocsf.mapping import (
    PRESENT,
    Cut,
    First,
    Listing,
    Lookup,
    Mapper,
    Match,
    Millis,
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

DEED = f("deed")
LOGONS = {
    "admin_login": 1,
    "admin_login_error": 1,
    "admin_2fa_error": 1,
    "admin_factor_restrict": 1,
}
FAILED = {"admin_login_error": 2, "admin_2fa_error": 2, "admin_factor_restrict": 2}
ACCOUNTS = {
    **dict.fromkeys(("user_create", "admin_create", "user_import", "user_adminapi_create"), 1),
    **dict.fromkeys(("admin_reset_password", "user_adminapi_reset"), 4),
    **dict.fromkeys(("user_delete", "admin_delete", "user_pending_delete"), 6),
    **dict.fromkeys(("user_lock_out", "admin_lockout"), 9),
    **dict.fromkeys(("user_update", "admin_update", "admin_self_activate", "bypass_create"), 99),
}
DETAIL_IP = Match(f("description"), r'"ip_address": ?"([0-9A-Fa-f.:]{2,45})"')
ADDRESS = First((f("access_device.ip.address", "access_device.ip", "ip"), DETAIL_IP))
PERSON = f("actor.name", "username")
SURFACED = "surfaced_auth"
REASONS = 3
DONE: Tree = {
    **under("src_endpoint", endpoint(ADDRESS, f("deed", "event_type"))),
    **under(
        "src_endpoint.location",
        place(
            f("access_device.location.city"),
            f("access_device.location.state"),
            f("access_device.location.country"),
        ),
    ),
    "actor.user.name": PERSON,
    "actor.user.uid": f("actor.key"),
    "actor.app_name": said("Duo", "deed", "event_type"),
    "api.operation": f("event_type", "deed"),
    "api.service.name": said("Duo", "deed", "event_type"),
    "status_id": Lookup(f("outcome.result"), SUCCESS, default=0),
    "message": Cut(f("description"), MESSAGE_LENGTH),
    "unmapped.application": f("application.name"),
    "unmapped.target": f("target.details"),
    "unmapped.before": Raw("old_target", "object"),
}


MAPPER = Mapper(
    name="duo",
    title="Duo authentication, administrator, activity and Trust Monitor logs",
    explode="response.authlogs",
    shapes=with_wrapped(
        Shape(
            name="authentication",
            present=(
                frozenset({"factor", "txid"}),
                frozenset({"result"}),
                frozenset({"access_device", "auth_device", "integration"}),
            ),
        ),
        Shape(
            name="administrator",
            present=(
                frozenset({"action"}),
                frozenset({"isotimestamp", "timestamp"}),
                frozenset({"object", "description"}),
                frozenset({"username"}),
            ),
            aliases={"deed": ("action",)},
        ),
        Shape(
            name="activity",
            present=(
                frozenset({"action.name"}),
                frozenset({"ts"}),
                frozenset({"activity_id", "akey"}),
                frozenset({"actor", "target"}),
            ),
            aliases={"deed": ("action.name",)},
        ),
        Shape(
            name="telephony",
            present=(
                frozenset({"credits"}),
                frozenset({"phone"}),
                frozenset({"context"}),
                frozenset({"type"}),
            ),
            aliases={"deed": ("type",)},
        ),
        Shape(
            name="Trust Monitor",
            present=(
                frozenset({"sekey"}),
                frozenset({"surfaced_timestamp"}),
                frozenset({"type"}),
            ),
        ),
    ),
    times=(
        TimeField("surfaced_timestamp", unit="any"),
        TimeField("isotimestamp"),
        TimeField("timestamp", unit="any"),
        TimeField("ts"),
    ),
    defaults={
        **product("Duo", "Cisco", "cloud", "host"),
        "cloud.provider": c("Duo"),
        "metadata.event_code": f("event_type", "deed", "type"),
        "metadata.uid": f("activity_id", "telephony_id", "sekey", "txid"),
    },
    rules=(
        Rule(
            name="authentication",
            class_uid=3002,
            activity_id=Lookup(f("event_type"), {"authentication": 1}, other=99, default=1),
            severity_id=Lookup(f("result"), {"fraud": 4}, default=1),
            tree={
                **under("src_endpoint", endpoint(f("access_device.ip", "ip"))),
                "src_endpoint.hostname": f("access_device.hostname"),
                **under(
                    "src_endpoint.location",
                    place(
                        f("access_device.location.city", "location.city"),
                        f("access_device.location.state", "location.state"),
                        f("access_device.location.country", "location.country"),
                    ),
                ),
                "user.name": f("user.name", "username", "email", "alias", "txid"),
                "user.uid": f("user.key"),
                "service.name": f("application.name", "integration", "event_type", "factor"),
                "service.uid": f("application.key"),
                "is_mfa": c(True),
                "is_remote": c(True),
                "auth_protocol": f("factor"),
                "status": f("result"),
                "status_id": Lookup(f("result"), SUCCESS, other=99, default=0),
                "status_detail": f("reason"),
                "unmapped.auth_device": f("auth_device.name", "device"),
                "unmapped.auth_device_ip": f("auth_device.ip"),
                "unmapped.country": f("access_device.location.country"),
            },
            when=(("result", PRESENT),),
        ),
        Rule(
            name="Trust Monitor finding",
            class_uid=2004,
            activity_id=1,
            severity_id=Lookup(f("priority_event"), {"true": 4}, default=3),
            tree={
                "finding_info.uid": f("sekey"),
                "finding_info.title": First(
                    (
                        f("explanations[0].summary"),
                        Lookup(
                            f("type"),
                            {
                                "bypass_status": "Bypass status enabled",
                                "device_registration": "Device registration",
                            },
                        ),
                        f("type"),
                    )
                ),
                "finding_info.types": Listing(
                    tuple(f(f"explanations[{place}].type") for place in range(REASONS))
                ),
                "finding_info.src_url": f("triage_event_uri"),
                "finding_info.created_time": Millis(f("surfaced_timestamp")),
                "message": f("explanations[0].summary"),
                "actor.user.name": f("enabled_by.name"),
                "actor.user.uid": f("enabled_by.key"),
                "evidences": Listing(
                    (
                        Obj(
                            {
                                "user.name": f(f"{SURFACED}.user.name", "enabled_for.name"),
                                "user.uid": f(f"{SURFACED}.user.key", "enabled_for.key"),
                                **under(
                                    "src_endpoint", endpoint(f(f"{SURFACED}.access_device.ip"))
                                ),
                            }
                        ),
                    )
                ),
                "unmapped.state": f("state"),
                "unmapped.result": f(f"{SURFACED}.result"),
                "unmapped.reason": f(f"{SURFACED}.reason"),
                "unmapped.application": f(f"{SURFACED}.application.name"),
                "unmapped.explanations": Raw("explanations", "array"),
            },
            when=(("sekey", PRESENT),),
        ),
        Rule(
            name="administrator's sign-in",
            class_uid=3002,
            activity_id=Lookup(DEED, LOGONS, default=1),
            severity_id=Lookup(DEED, FAILED, default=1),
            tree={
                **under("src_endpoint", endpoint(ADDRESS)),
                "user.name": First(
                    (
                        PERSON,
                        Match(f("description"), r'"email": ?"([^"]+)"'),
                        f("object", "deed"),
                    )
                ),
                "user.uid": f("actor.key"),
                "service.name": said("Duo Admin Panel", "deed"),
                "is_remote": c(True),
                "auth_protocol": Match(
                    f("description"), r'"(?:primary_auth_method|factor)": ?"([^"]+)"'
                ),
                "status_id": First(
                    (
                        Lookup(DEED, FAILED),
                        Lookup(f("outcome.result"), SUCCESS),
                        said(1, "deed"),
                    )
                ),
                "status_detail": Match(f("description"), r'"error": ?"((?:[^"\\]|\\.)+)"'),
                "message": Cut(f("description"), MESSAGE_LENGTH),
            },
            when=(("deed", frozenset(LOGONS)),),
        ),
        Rule(
            name="account change",
            class_uid=3001,
            activity_id=Lookup(DEED, ACCOUNTS, default=99),
            tree={
                **DONE,
                "user.name": f("target.name", "object", "username", "deed"),
                "user.uid": f("target.key"),
            },
            when=(("deed", frozenset(ACCOUNTS)),),
        ),
        Rule(
            name="administration",
            class_uid=6003,
            activity_id=verb(DEED, r"(?:^|_)(create|update|delete|view|enable|disable|add|remove)"),
            tree={
                **DONE,
                "api.operation": First((DEED, f("event_type"))),
                "api.service.name": said("Duo", "deed", "event_type"),
                "resources": Listing(
                    (
                        Obj(
                            {
                                "name": f("target.name", "object", "phone"),
                                "uid": f("target.key"),
                                "type": f("target.type", "context"),
                            }
                        ),
                    )
                ),
            },
        ),
    ),
)
