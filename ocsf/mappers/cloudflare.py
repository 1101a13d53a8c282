"""Cloudflare's HTTP request log and audit log."""

from __future__ import annotations

from ocsf.mappers.audit_parts import (
    HTTP_METHODS,
    PORT_MAXIMUM,
    SUCCESS,
    endpoint,
    product,
    said,
    verb,
)
from ocsf.mapping import (
    PRESENT,
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
    c,
    f,
    num,
    under,
    with_wrapped,
)

VERDICTS = {
    **dict.fromkeys(("allow", "log", "skip", "bypass", "unknown"), 1),
    **dict.fromkeys(("block", "drop", "jschallenge", "challenge", "managedchallenge"), 2),
}
ACTION = f("SecurityAction", "FirewallMatchesActions[0]", "WAFAction", "Action")
HOST = f("ClientRequestHost")
METHOD = f("ClientRequestMethod")
DEED = f("action.type", "ActionType", "action")

MAPPER = Mapper(
    name="cloudflare",
    title="Cloudflare HTTP and audit logs",
    limits="Firewall events are requests; Gateway, DNS and Access logs are not known.",
    shapes=with_wrapped(
        Shape(
            name="HTTP",
            present=(
                frozenset({"ClientRequestHost"}),
                frozenset({"RayID", "EdgeStartTimestamp"}),
            ),
        ),
        Shape(
            name="audit",
            present=(
                frozenset({"action.type", "ActionType"}),
                frozenset({"when", "When"}),
                frozenset({"actor", "ActorEmail", "ActorID"}),
            ),
        ),
    ),
    times=(
        TimeField("EdgeStartTimestamp", unit="any"),
        TimeField("Datetime", unit="any"),
        TimeField("when", unit="any"),
        TimeField("When", unit="any"),
    ),
    defaults={
        **product("Cloudflare", "Cloudflare", "cloud", "host", "security_control"),
        "cloud.provider": c("Cloudflare"),
        "metadata.event_code": f("action.type", "ActionType", "ClientRequestMethod"),
        "metadata.uid": f("RayID", "id", "ID"),
    },
    rules=(
        Rule(
            name="request",
            class_uid=4002,
            activity_id=Lookup(METHOD, HTTP_METHODS, other=99, default=0),
            tree={
                "src_endpoint.ip": Ip(f("ClientIP")),
                "src_endpoint.port": num("ClientSrcPort", maximum=PORT_MAXIMUM),
                "dst_endpoint.ip": Ip(f("OriginIP")),
                "dst_endpoint.hostname": HOST,
                "http_request.uid": f("RayID"),
                "http_request.http_method": Lookup(
                    METHOD, {name: name.upper() for name in HTTP_METHODS}
                ),
                "http_request.url.hostname": HOST,
                "http_request.url.path": First(
                    (f("ClientRequestPath"), Match(f("ClientRequestURI"), r"^([^?]+)"))
                ),
                "http_request.url.query_string": Match(f("ClientRequestURI"), r"\?(.+)$"),
                "http_request.url.url_string": First(
                    (Join((c("https://"), HOST, f("ClientRequestURI"))), HOST, f("RayID"))
                ),
                "http_request.user_agent": f("ClientRequestUserAgent"),
                "http_request.referrer": f("ClientRequestReferer"),
                "http_request.version": f("ClientRequestProtocol"),
                "http_response": Obj(
                    {
                        "code": num("EdgeResponseStatus"),
                        "length": num("EdgeResponseBytes"),
                        "content_type": f("EdgeResponseContentType"),
                    },
                    needs=("code",),
                ),
                "action": ACTION,
                "action_id": Lookup(ACTION, VERDICTS, other=99, default=0),
                "disposition_id": Lookup(ACTION, VERDICTS, other=99, default=0),
                "unmapped.country": f("ClientCountry"),
                "unmapped.bot_score": f("BotScore"),
                "unmapped.waf_score": f("WAFAttackScore"),
                "unmapped.rule": f("SecurityRuleID", "WAFRuleID", "RuleID"),
            },
            when=(("ClientRequestHost", PRESENT),),
        ),
        Rule(
            name="audit",
            class_uid=6003,
            activity_id=verb(
                DEED, r"(?:^|_)(add|create|update|change|delete|remove|purge|rotate|set)"
            ),
            tree={
                **under("src_endpoint", endpoint(f("actor.ip", "ActorIP"), DEED)),
                "actor.user.name": f("actor.email", "ActorEmail", "actor.id", "ActorID"),
                "actor.user.uid": f("actor.id", "ActorID"),
                "actor.user.type": f("actor.type", "ActorType"),
                "actor.app_name": said("Cloudflare", *DEED.names),
                "api.operation": DEED,
                "api.service.name": said("Cloudflare", *DEED.names),
                "api.request": Obj({"uid": f("id", "ID")}),
                "status_id": Lookup(f("action.result", "ActionResult"), SUCCESS, default=0),
                "resources": Listing(
                    (
                        Obj(
                            {
                                "uid": f("resource.id", "ResourceID"),
                                "type": f("resource.type", "ResourceType"),
                            },
                            needs=("uid",),
                        ),
                    )
                ),
                "unmapped.interface": f("interface", "Interface"),
                "unmapped.metadata": First((Raw("metadata", "object"), Raw("Metadata", "object"))),
            },
        ),
    ),
)
