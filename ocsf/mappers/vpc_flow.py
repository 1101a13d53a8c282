"""AWS VPC flow logs, versions 2 to 5: default lines, files with a header line, and JSON."""

from __future__ import annotations

from ocsf.layout import Columns, Layout
from ocsf.mappers.audit_parts import PORT_MAXIMUM, product, said
from ocsf.mappers.syslog_parts import SYSLOG_TIME, TEXT
from ocsf.mapping import (
    PRESENT,
    Expression,
    Ip,
    Lookup,
    Mapper,
    Millis,
    Rule,
    Shape,
    TimeField,
    Tree,
    f,
    num,
    with_wrapped,
)

DEFAULT = (
    *("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport"),
    *("protocol", "packets", "bytes", "start", "end", "action", "log-status"),
)
EXTENDED = (
    *("vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "pkt-srcaddr", "pkt-dstaddr"),
    *("region", "az-id", "sublocation-type", "sublocation-id", "pkt-src-aws-service"),
    *("pkt-dst-aws-service", "flow-direction", "traffic-path"),
)
WORD = r"(?:[a-z0-9]+(?:-[a-z0-9]+)*|\$\{[a-z-]+\})"
NAMING = rf"^(?P<names>(?:{WORD} )*(?:\$\{{)?(?:srcaddr|pkt-srcaddr)\}}?(?: {WORD})*)$"
NUMBER = r"(?:\d+|-)"
STANDARD = (
    rf"^[2-9] (?:\d{{12}}|-|unknown) eni-\S+ \S+ \S+ {NUMBER} {NUMBER} {NUMBER} {NUMBER} {NUMBER}"
    r" \d+ \d+ (?:ACCEPT|REJECT|-) (?:OK|NODATA|SKIPDATA)"
)
"""A line of the default columns."""


def column(name: str) -> tuple[str, ...]:
    """List how a column's name is spelled: with hyphens, underscores or capitals."""
    first, *others = name.split("-")
    camel = first + "".join(each.capitalize() for each in others)
    return tuple(dict.fromkeys((name, name.replace("-", "_"), camel)))


def col(*names: str) -> Expression:
    """Give a column's text."""
    return f(*(each for name in names for each in column(name)))


def number(name: str, maximum: int | None = None) -> Expression:
    """Give a column's number."""
    return num(*column(name), maximum=maximum)


PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "58": "ipv6-icmp"}
VERDICTS = {"accept": 1, "reject": 2}
COMMON: Tree = {
    "src_endpoint.ip": Ip(col("srcaddr", "pkt-srcaddr")),
    "src_endpoint.port": number("srcport", PORT_MAXIMUM),
    "dst_endpoint.ip": Ip(col("dstaddr", "pkt-dstaddr")),
    "dst_endpoint.port": number("dstport", PORT_MAXIMUM),
    "src_endpoint.interface_uid": col("interface-id"),
    "src_endpoint.instance_uid": col("instance-id"),
    "src_endpoint.subnet_uid": col("subnet-id"),
    "src_endpoint.vpc_uid": col("vpc-id"),
    "connection_info.protocol_num": number("protocol"),
    "connection_info.protocol_name": Lookup(col("protocol"), PROTOCOLS),
    "connection_info.tcp_flags": number("tcp-flags"),
    "connection_info.direction_id": Lookup(
        col("flow-direction"), {"ingress": 1, "egress": 2}, default=0
    ),
    "connection_info.protocol_ver": col("type"),
    "traffic.bytes": number("bytes"),
    "traffic.packets": number("packets"),
    "start_time": Millis(col("start")),
    "end_time": Millis(col("end")),
    "status_code": col("log-status"),
    "status_id": Lookup(col("log-status"), {"ok": 1, "nodata": 99, "skipdata": 99}, default=0),
    "action": col("action"),
    "action_id": Lookup(col("action"), VERDICTS, default=0),
    "disposition_id": Lookup(col("action"), VERDICTS, default=0),
    "unmapped.pkt_srcaddr": col("pkt-srcaddr"),
    "unmapped.pkt_dstaddr": col("pkt-dstaddr"),
    "unmapped.src_service": col("pkt-src-aws-service"),
    "unmapped.dst_service": col("pkt-dst-aws-service"),
    "unmapped.traffic_path": col("traffic-path"),
    "unmapped.reject_reason": col("reject-reason"),
    "unmapped.ecs_cluster": col("ecs-cluster-name", "ecs-cluster-arn"),
}

MAPPER = Mapper(
    name="vpc_flow",
    title="AWS VPC flow logs",
    limits=(
        "Aggregated flows, so no event says who opened a connection. A file of a custom "
        "format needs its header line."
    ),
    shapes=(
        TEXT,
        *with_wrapped(
            Shape(
                name="flow",
                present=(
                    frozenset({"srcaddr", "pkt-srcaddr", "pkt_srcaddr"}),
                    frozenset({"dstaddr", "pkt-dstaddr", "pkt_dstaddr"}),
                    frozenset(column("interface-id") + column("log-status") + ("action",)),
                ),
            ),
        ),
    ),
    layouts=(
        Layout(
            name="named columns",
            columns=Columns(header=NAMING, quoted=False),
        ),
        Layout(
            name="version 5",
            mark=rf"{STANDARD} \S+",
            columns=Columns(names=(*DEFAULT, *EXTENDED), quoted=False),
        ),
        Layout(
            name="default",
            mark=rf"{STANDARD}$",
            columns=Columns(names=DEFAULT, quoted=False),
        ),
    ),
    times=(
        TimeField("start", unit="any"),
        TimeField("end", unit="any"),
        TimeField("timestamp", unit="any"),
        SYSLOG_TIME,
    ),
    nulls=frozenset({"", "-"}),
    defaults={
        **product("VPC Flow Logs", "AWS", "cloud", "security_control"),
        "cloud.provider": said(
            "AWS", *column("log-status"), *column("interface-id"), "action", "start", "srcaddr"
        ),
        "cloud.account.uid": col("account-id"),
        "cloud.region": col("region"),
        "cloud.zone": col("az-id"),
        "metadata.event_code": col("action", "log-status"),
    },
    rules=(
        *(
            Rule(
                name=f"flow ({name})",
                class_uid=4001,
                activity_id=Lookup(col("action"), {"reject": 5}, default=6),
                tree=COMMON,
                when=((name, PRESENT),),
            )
            for name in ("srcaddr", "dstaddr", "interface-id", "interface_id", "interfaceId")
        ),
        Rule(
            name="no flow", class_uid=0, activity_id=99, tree={"message": col("log-status", "body")}
        ),
    ),
)
