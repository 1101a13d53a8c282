"""AWS Route 53 Resolver query logs and WAF logs."""

from __future__ import annotations

from ocsf.mappers.audit_parts import HTTP_METHODS, PORT_MAXIMUM, said
from ocsf.mapping import (
    PRESENT,
    Expression,
    First,
    Ip,
    Join,
    Listing,
    Lookup,
    Lower,
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
    with_wrapped,
)

ANSWERS_LISTED = 8
RCODES = {
    name: number
    for number, name in enumerate(
        ("noerror", "formerr", "servfail", "nxdomain", "notimp", "refused")
    )
}
VERDICTS = {"allow": 1, "count": 1, "block": 2, "captcha": 99, "challenge": 99}
HEADERS = f("httpRequest.headers")


def header(name: str) -> Expression:
    """Give a request's header; names are in any case."""
    return Match(HEADERS, rf'(?i)"name":"{name}","value":"((?:[^"\\]|\\.)*)"')


MAPPER = Mapper(
    name="aws_network",
    title="AWS Route 53 Resolver and WAF logs",
    limits="Answers: eight at most. Headers that WAF redacts are absent.",
    shapes=with_wrapped(
        Shape(
            name="resolver",
            present=(
                frozenset({"query_name"}),
                frozenset({"query_type", "rcode"}),
                frozenset({"query_timestamp", "srcaddr", "vpc_id"}),
            ),
        ),
        Shape(
            name="WAF",
            present=(
                frozenset({"webaclId"}),
                frozenset({"httpRequest", "action", "terminatingRuleId"}),
            ),
        ),
    ),
    times=(TimeField("query_timestamp"), TimeField("timestamp", unit="any")),
    nulls=frozenset({"", "-"}),
    defaults={
        "metadata.product.name": First((said("Route 53 Resolver", "query_name"), c("WAF"))),
        "metadata.product.vendor_name": c("AWS"),
        "metadata.profiles": Listing((c("cloud"), c("security_control"))),
        "metadata.event_code": f("rcode", "action"),
        "metadata.uid": f("httpRequest.requestId"),
        "metadata.log_version": f("version", "formatVersion"),
        "cloud.provider": said("AWS", "query_name", "webaclId"),
        "cloud.account.uid": First(
            (f("account_id"), Match(f("webaclId"), r"^arn:[^:]+:[^:]+:[^:]*:(\d{12}):"))
        ),
        "cloud.region": First(
            (f("region"), Match(f("webaclId"), r"^arn:[^:]+:[^:]+:([a-z0-9-]+):"))
        ),
    },
    rules=(
        Rule(
            name="DNS query",
            class_uid=4003,
            activity_id=Lookup(f("rcode"), {}, other=2, default=1),
            severity_id=Lookup(f("firewall_rule_action"), {"block": 3, "alert": 3}, default=1),
            tree={
                "src_endpoint.ip": Ip(f("srcaddr")),
                "src_endpoint.port": num("srcport", maximum=PORT_MAXIMUM),
                "src_endpoint.vpc_uid": f("vpc_id"),
                "src_endpoint.instance_uid": f("srcids.instance"),
                "src_endpoint.name": f("srcids.instance", "srcids.resolver_endpoint", "query_name"),
                "connection_info.protocol_name": Lower(f("transport")),
                "connection_info.direction_id": c(2),
                "query.hostname": f("query_name"),
                "query.type": f("query_type"),
                "query.class": f("query_class"),
                "rcode": f("rcode"),
                "rcode_id": Lookup(f("rcode"), RCODES, other=99),
                "answers": Listing(
                    tuple(
                        Obj(
                            {
                                "rdata": f(f"answers[{n}].Rdata", f"answers[{n}].rdata"),
                                "type": f(f"answers[{n}].Type", f"answers[{n}].type"),
                                "class": f(f"answers[{n}].Class", f"answers[{n}].class"),
                            },
                            needs=("rdata",),
                        )
                        for n in range(ANSWERS_LISTED)
                    )
                ),
                "action_id": Lookup(f("firewall_rule_action"), VERDICTS, default=1),
                "disposition_id": Lookup(f("firewall_rule_action"), VERDICTS, default=1),
                "firewall_rule.uid": f("firewall_rule_group_id"),
                "unmapped.firewall_action": f("firewall_rule_action"),
                "unmapped.domain_list": f("firewall_domain_list_id"),
            },
            when=(("query_name", PRESENT),),
        ),
        Rule(
            name="web request",
            class_uid=4002,
            activity_id=Lookup(f("httpRequest.httpMethod"), HTTP_METHODS, other=99, default=0),
            severity_id=Lookup(f("action"), {"block": 3}, default=1),
            tree={
                "src_endpoint.ip": Ip(f("httpRequest.clientIp")),
                "src_endpoint.location.country": Match(f("httpRequest.country"), r"^([A-Z]{2})$"),
                "dst_endpoint.hostname": header("host"),
                "dst_endpoint.uid": f("httpSourceId"),
                "dst_endpoint.svc_name": f("httpSourceName"),
                "http_request.uid": f("httpRequest.requestId", "webaclId"),
                "http_request.http_method": Lookup(
                    f("httpRequest.httpMethod"), {name: name.upper() for name in HTTP_METHODS}
                ),
                "http_request.version": f("httpRequest.httpVersion"),
                "http_request.user_agent": header("user-agent"),
                "http_request.referrer": header("referer"),
                "http_request.url.hostname": header("host"),
                "http_request.url.path": f("httpRequest.uri"),
                "http_request.url.query_string": f("httpRequest.args"),
                "http_request.url.url_string": First(
                    (
                        Join(
                            (
                                c("https://"),
                                header("host"),
                                f("httpRequest.uri"),
                                c("?"),
                                f("httpRequest.args"),
                            )
                        ),
                        Join((c("https://"), header("host"), f("httpRequest.uri"))),
                        f("httpRequest.uri"),
                    )
                ),
                "http_response": Obj({"code": num("responseCodeSent")}, needs=("code",)),
                "action": f("action"),
                "action_id": Lookup(f("action"), VERDICTS, other=99, default=0),
                "disposition_id": Lookup(f("action"), VERDICTS, other=99, default=0),
                "firewall_rule.uid": f("terminatingRuleId"),
                "firewall_rule.type": f("terminatingRuleType"),
                "unmapped.web_acl": f("webaclId"),
                "unmapped.labels": Raw("labels", "array"),
                "unmapped.matches": Raw("terminatingRuleMatchDetails", "array"),
                "unmapped.groups": Raw("ruleGroupList", "array"),
            },
        ),
    ),
)
