"""Kubernetes API server audit events, of v1 and v1beta1, single or in an `EventList`."""

from __future__ import annotations

from ocsf.mappers.audit_parts import endpoint, product
from ocsf.mapping import (
    PRESENT,
    Expression,
    First,
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
    num,
    under,
    with_wrapped,
)

VERB = f("verb")
VERBS = {
    "create": 1,
    **dict.fromkeys(("get", "list", "watch", "head", "options"), 2),
    **dict.fromkeys(("update", "patch", "put", "approve", "bind", "escalate"), 3),
    **dict.fromkeys(("delete", "deletecollection"), 4),
    **dict.fromkeys(("post", "connect", "impersonate", "use"), 99),
}
CODE = f("responseStatus.code")
SERVICE_ACCOUNT = r"^system:serviceaccount:([^:]+):"

ACTOR: Tree = {
    **under(
        "actor.user",
        {
            "name": f("user.username", "user.uid"),
            "uid": f("user.uid"),
            "type_id": Lookup(
                Match(f("user.username"), r"^system:(serviceaccount|node|anonymous|[a-z-]+)"),
                {"serviceaccount": 4},
                other=3,
            ),
            "domain": Match(f("user.username"), SERVICE_ACCOUNT),
            "groups": Listing(
                tuple(Obj({"name": f(f"user.groups[{number}]")}) for number in range(6))
            ),
        },
    ),
    "actor.app_name": f("userAgent", "verb"),
    "actor.invoked_by": f("impersonatedUser.username"),
}
RESOURCES: Expression = Listing(
    (
        Obj(
            {
                "name": f("objectRef.name", "objectRef.resource"),
                "namespace": f("objectRef.namespace"),
                "type": f("objectRef.resource"),
                "uid": f("objectRef.uid"),
                "version": f("objectRef.apiVersion"),
            },
            needs=("name",),
        ),
    )
)
COMMON: Tree = {
    **ACTOR,
    **under("src_endpoint", endpoint(f("sourceIPs[0]"), VERB)),
    "api.operation": VERB,
    "api.version": f("objectRef.apiVersion"),
    "api.group.name": f("objectRef.apiGroup"),
    "api.service.name": f("objectRef.resource"),
    "api.request": Obj(
        {"uid": f("auditID"), "data": Raw("requestObject", "object")}, needs=("uid",)
    ),
    "api.response": Obj(
        {
            "code": num("responseStatus.code"),
            "error": f("responseStatus.reason"),
            "error_message": f("responseStatus.message"),
            "data": Raw("responseObject", "object"),
        }
    ),
    "http_request.user_agent": f("userAgent"),
    "http_request.url.path": Match(f("requestURI"), r"^([^?#]+)"),
    "http_request.url.query_string": Match(f("requestURI"), r"\?(.+)$"),
    "http_response": Obj(
        {"code": num("responseStatus.code"), "message": f("responseStatus.message")},
        needs=("code",),
    ),
    "resources": RESOURCES,
    "status_id": First(
        (
            Lookup(f('annotations."authorization.k8s.io/decision"'), {"forbid": 2}),
            Lookup(Match(CODE, r"^([1-5])\d\d$"), {"1": 1, "2": 1, "3": 1, "4": 2, "5": 2}),
            Lookup(f("responseStatus.status"), {"success": 1, "failure": 2}, default=0),
        )
    ),
    "status_code": CODE,
    "status_detail": f("responseStatus.message", "responseStatus.reason"),
    "unmapped.stage": f("stage"),
    "unmapped.level": f("level"),
    "unmapped.subresource": f("objectRef.subresource"),
    "unmapped.decision": f('annotations."authorization.k8s.io/decision"'),
    "unmapped.reason": f('annotations."authorization.k8s.io/reason"'),
    "unmapped.impersonated": Raw("impersonatedUser", "object"),
    "unmapped.source_ips": Raw("sourceIPs", "array"),
    "unmapped.user_extra": Raw("user.extra", "object"),
    "unmapped.annotations": Raw("annotations", "object"),
}

MAPPER = Mapper(
    name="kubernetes",
    title="Kubernetes audit",
    limits=(
        "A binding is an access change only where the request's body was audited; of "
        "several subjects the first is mapped. Audit events that a cloud keeps as text "
        "inside a field stay in that field."
    ),
    explode="items",
    shapes=with_wrapped(
        Shape(
            name="kubernetes",
            present=(
                frozenset({"auditID"}),
                frozenset({"verb"}),
                frozenset({"stage", "level", "requestURI", "objectRef"}),
            ),
        ),
        Shape(
            name="kubernetes in Azure",
            present=(
                frozenset({"properties.log.auditID"}),
                frozenset({"properties.log.verb"}),
            ),
            roots=("properties.log",),
        ),
    ),
    times=(
        TimeField("requestReceivedTimestamp"),
        TimeField("stageTimestamp"),
        TimeField("timestamp"),
        TimeField("metadata.creationTimestamp"),
    ),
    defaults={
        **product("Kubernetes audit", "Kubernetes", "cloud", "host"),
        "cloud.provider": c("Kubernetes"),
        "metadata.event_code": VERB,
        "metadata.uid": f("auditID"),
        "metadata.log_name": f("stage"),
        "metadata.log_version": f("apiVersion"),
    },
    rules=(
        Rule(
            name="binding",
            class_uid=3005,
            activity_id=1,
            tree={
                **COMMON,
                "user.name": f("requestObject.subjects[0].name"),
                "user.domain": f("requestObject.subjects[0].namespace"),
                "user.type": f("requestObject.subjects[0].kind"),
                "privileges": First(
                    (Listing((f("requestObject.roleRef.name"),)), Listing((f("objectRef.name"),)))
                ),
            },
            when=(
                ("objectRef.resource", frozenset({"clusterrolebindings", "rolebindings"})),
                ("verb", frozenset({"create", "update", "patch"})),
                ("requestObject.subjects[0].name", PRESENT),
                ("requestObject.roleRef.name", PRESENT),
            ),
        ),
        Rule(
            name="API activity",
            class_uid=6003,
            activity_id=Lookup(VERB, VERBS, default=99),
            tree=COMMON,
        ),
    ),
)
