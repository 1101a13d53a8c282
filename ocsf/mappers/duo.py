"""Duo's authentication and administrator logs."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, SUCCESS, endpoint, place, product, said, verb
from ocsf.mapping import (
    PRESENT,
    Cut,
    Listing,
    Lookup,
    Mapper,
    Obj,
    Rule,
    Shape,
    TimeField,
    c,
    f,
    under,
    with_wrapped,
)

MAPPER = Mapper(
    name="duo",
    title="Duo authentication and administrator logs",
    limits="Telephony and trust monitor logs are API Activity or unknown.",
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
        ),
    ),
    times=(TimeField("isotimestamp"), TimeField("timestamp", unit="any"), TimeField("ts")),
    defaults={
        **product("Duo", "Cisco", "cloud", "host"),
        "cloud.provider": c("Duo"),
        "metadata.event_code": f("event_type", "action"),
        "metadata.uid": f("txid"),
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
            name="administration",
            class_uid=6003,
            activity_id=verb(f("action"), r"(?:^|_)(create|update|delete|view|enable|disable|add)"),
            tree={
                **under("src_endpoint", endpoint(f("ip"), f("action", "event_type"))),
                "actor.user.name": f("username"),
                "actor.app_name": said("Duo", "action", "event_type"),
                "api.operation": f("action", "event_type"),
                "api.service.name": said("Duo", "action", "event_type"),
                "resources": Listing((Obj({"name": f("object")}),)),
                "message": Cut(f("description"), MESSAGE_LENGTH),
            },
        ),
    ),
)
