"""Access logs that AWS writes as text: S3 server access logs, application and classic load balancers."""

# Patterns are long; a broken one can't be read.
# ruff: noqa: E501

from __future__ import annotations

from ocsf.layout import Columns, Layout
from ocsf.mappers.http_parts import LINE_ACTIVITY, LINE_HTTP
from ocsf.mappers.syslog_parts import MESSAGE, NULLS, TEXT, product
from ocsf.mapping import (
    PRESENT,
    AfterLast,
    BeforeLast,
    First,
    Integer,
    Ip,
    Listing,
    Lookup,
    Mapper,
    Match,
    Obj,
    Rule,
    Scaled,
    Strip,
    TimeField,
    Tree,
    c,
    f,
    num,
)

S3 = (
    "owner", "bucket", "time", "ip", "requester", "request_id", "operation", "key", "request", "status", "error", "bytes",
    "object_size", "total_ms", "turnaround_ms", "referrer", "agent", "version_id", "host_id", "signature", "cipher", "auth",
    "vhost", "tls", "access_point", "acl",
)  # fmt: skip
ALB = (
    "type", "time", "balancer", "client", "target_end", "t1", "t2", "t3", "status", "target_status", "request_bytes", "bytes",
    "request", "agent", "cipher", "tls", "group", "trace", "domain", "certificate", "priority", "created", "actions",
    "redirect", "error", "targets", "target_statuses", "classification", "reason",
)  # fmt: skip
ELB = (
    "time", "balancer", "client", "target_end", "t1", "t2", "t3", "status", "target_status", "request_bytes", "bytes",
    "request", "agent", "cipher", "tls",
)  # fmt: skip
NLB = (
    "type", "", "time", "balancer", "listener", "client", "target_end", "connection_ms", "handshake_ms", "received", "sent",
    "alert", "certificate", "", "cipher", "tls", "", "domain", "alpn", "alpn_target", "alpn_offered", "created",
)  # fmt: skip
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"
END = r"(?:[0-9a-fA-F:.\[\]]+:\d+|-)"
OPERATIONS = {
    "get": 1, "head": 1, "put": 5, "post": 5, "delete": 7, "copy": 5, "options": 1,
}  # fmt: skip

REQUEST: Tree = {
    **{path: each for path, each in LINE_HTTP.items() if path.startswith(("http_request", "http_response", "status_"))},
    "message": LINE_HTTP["message"],
}  # fmt: skip
CLIENT: Tree = {
    "src_endpoint.ip": Ip(Strip(BeforeLast(f("client"), ":"), "[]")),
    "src_endpoint.port": Integer(AfterLast(f("client"), ":"), 65_535),
}

MAPPER = Mapper(
    name="aws_access",
    title="AWS S3 and load balancer access log",
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="s3",
            mark=r"^[0-9a-zA-Z._-]{1,80} \S{3,255} \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] \S+ \S+ \S+ [A-Z0-9]+\.[A-Z0-9_.]+ ",
            columns=Columns(names=S3, bracketed=True),
        ),
        Layout(
            name="alb",
            mark=rf"^(?:http|https|h2|grpcs|ws|wss) {TIME} \S+ {END} {END} ",
            columns=Columns(names=ALB),
        ),
        Layout(
            name="nlb",
            mark=rf"^tls [12]\.0 \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d net/\S+ \S+ {END} {END} ",
            columns=Columns(names=NLB),
        ),
        Layout(
            name="elb", mark=rf"^{TIME} \S+ {END} {END} -?[\d.]+ -?[\d.]+ ", columns=Columns(names=ELB)
        ),
    ),
    times=(TimeField("time", unit="clf"), TimeField("time")),
    nulls=NULLS | {"-1"},
    defaults={**product("S3", "AWS"), "metadata.profiles": Listing((c("cloud"),)), "cloud.provider": Lookup(f("body"), {}, other="AWS")},
    rules=(
        Rule(
            name="S3",
            class_uid=6005,
            activity_id=First(
                (
                    Lookup(f("operation"), {"rest.get.bucket": 8, "rest.get.service": 8, "s3.expire.object": 7, "batch.delete.object": 7}),
                    Lookup(Match(f("operation"), r"^[A-Z0-9]+\.([A-Z]+)"), OPERATIONS, other=99, default=0),
                )
            ),
            when=(("event", frozenset({"s3"})), ("bucket", PRESENT)),
            tree={
                **REQUEST,
                "src_endpoint.ip": Ip(f("ip")),
                "src_endpoint.name": First((f("ip"), f("operation"))),
                "actor.user.uid": f("requester"),
                "actor.app_name": First((f("requester"), Lookup(f("body"), {}, other="anonymous"))),
                "api.operation": f("operation"),
                "api.request.uid": f("request_id"),
                "api.service.name": c("s3.amazonaws.com"),
                "api.response.error": f("error"),
                "databucket.name": f("bucket"),
                "databucket.type_id": c(1),
                "databucket.file": Obj({"name": f("key"), "path": f("key"), "type_id": c(1), "size": num("object_size")}, ("name",)),
                "status_detail": f("error"),
                "type_id": c(2),
                "unmapped.host": f("vhost"),
                "unmapped.total_ms": num("total_ms"),
                "unmapped.auth": f("auth"),
                "unmapped.access_point": f("access_point"),
            },
        ),
        Rule(
            name="network load balancer",
            class_uid=4001,
            activity_id=2,
            when=(("event", frozenset({"nlb"})), ("client", PRESENT)),
            tree={
                **MESSAGE,
                **CLIENT,
                "metadata.product.name": Lookup(f("body"), {}, other="Elastic Load Balancing"),
                "metadata.profiles": Listing((c("cloud"), c("load_balancer"))),
                "load_balancer.name": f("balancer"),
                "load_balancer.dst_endpoint.ip": Ip(Strip(BeforeLast(f("target_end"), ":"), "[]")),
                "load_balancer.dst_endpoint.port": Integer(AfterLast(f("target_end"), ":"), 65_535),
                "dst_endpoint.hostname": f("domain"),
                "dst_endpoint.svc_name": f("balancer"),
                "connection_info.protocol_name": c("tcp"),
                "connection_info.direction_id": c(1),
                "duration": num("connection_ms"),
                "traffic.bytes_out": num("received"),
                "traffic.bytes_in": num("sent"),
                "unmapped.tls": f("tls"),
                "unmapped.cipher": f("cipher"),
                "unmapped.tls_alert": f("alert"),
                "unmapped.certificate": f("certificate"),
                "unmapped.listener": f("listener"),
            },
        ),
        Rule(
            name="load balancer",
            class_uid=4002,
            activity_id=LINE_ACTIVITY,
            when=(("balancer", PRESENT), ("client", PRESENT)),
            tree={
                **REQUEST,
                **CLIENT,
                "metadata.product.name": Lookup(f("body"), {}, other="Elastic Load Balancing"),
                "metadata.profiles": Listing((c("cloud"), c("load_balancer"))),
                "load_balancer.name": f("balancer"),
                "load_balancer.dst_endpoint.ip": Ip(Strip(BeforeLast(f("target_end"), ":"), "[]")),
                "load_balancer.dst_endpoint.port": Integer(AfterLast(f("target_end"), ":"), 65_535),
                "dst_endpoint.hostname": f("domain"),
                "dst_endpoint.svc_name": f("balancer"),
                "unmapped.target_status": f("target_status"),
                "unmapped.processing_ms": Scaled(f("t2"), 1000),
                "unmapped.trace": f("trace"),
                "unmapped.actions": f("actions"),
                "unmapped.classification": f("classification"),
                "unmapped.tls": f("tls"),
            },
        ),
        Rule(name="other", class_uid=0, tree=MESSAGE),
    ),
)  # fmt: skip
