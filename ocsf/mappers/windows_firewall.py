"""The Windows firewall's own log, `pfirewall.log`."""

from __future__ import annotations

from ocsf.layout import Columns, Layout
from ocsf.mappers.audit_parts import PORT_MAXIMUM
from ocsf.mappers.syslog_parts import HEADER, NULLS, SYSLOG_TIME, TEXT, product
from ocsf.mapping import (
    PRESENT,
    Ip,
    Listing,
    Lookup,
    Lower,
    Mapper,
    Rule,
    TimeField,
    Tree,
    c,
    f,
    num,
)

FLOW: Tree = {
    "metadata.profiles": Listing((c("host"), c("security_control"))),
    "src_endpoint.ip": Ip(f("src-ip")),
    "src_endpoint.port": num("src-port", maximum=PORT_MAXIMUM),
    "dst_endpoint.ip": Ip(f("dst-ip")),
    "dst_endpoint.port": num("dst-port", maximum=PORT_MAXIMUM),
    "connection_info.protocol_name": Lower(f("protocol")),
    "connection_info.direction_id": Lookup(f("path"), {"receive": 1, "send": 2}, default=0),
    "traffic.bytes": num("size"),
    "action": f("action"),
    "action_id": Lookup(f("action"), {"allow": 1, "open": 1, "drop": 2}, other=99, default=0),
    "disposition_id": Lookup(f("action"), {"allow": 1, "open": 1, "drop": 6}, other=99, default=0),
    "unmapped.tcp_flags": f("tcpflags"),
    "unmapped.icmp_type": f("icmptype"),
    "unmapped.path": f("path"),
    "unmapped.pid": f("pid"),
}

MAPPER = Mapper(
    name="windows_firewall",
    title="Windows firewall log",
    limits="Local times are read as UTC.",
    shapes=(TEXT,),
    layouts=(
        Layout(
            name="pfirewall",
            columns=Columns(
                header=r"^#Fields: (?P<names>date time action protocol src-ip .*)$",
                skips=r"^#(?:Version|Software|Time Format):",
                quoted=False,
            ),
        ),
        Layout(
            name="pfirewall by its columns",
            mark=(
                r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (?:ALLOW|DROP|OPEN|CLOSE|OPEN-INBOUND|"
                r"INFO-EVENTS-LOST) [A-Z0-9-]+ "
            ),
            columns=Columns(
                names=(
                    *("date", "time", "action", "protocol", "src-ip", "dst-ip", "src-port"),
                    *("dst-port", "size", "tcpflags", "tcpsyn", "tcpack", "tcpwin", "icmptype"),
                    *("icmpcode", "info", "path", "pid"),
                ),
                quoted=False,
            ),
        ),
    ),
    times=(TimeField("body", pattern=r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"), SYSLOG_TIME),
    nulls=NULLS,
    defaults={
        **product("Windows Firewall", "Microsoft"),
        **HEADER,
        "metadata.event_code": f("action"),
    },
    rules=(
        Rule(
            name="flow",
            class_uid=4001,
            activity_id=Lookup(
                f("action"),
                {"allow": 1, "open": 1, "open-inbound": 1, "drop": 5, "close": 2},
                other=99,
                default=0,
            ),
            tree=FLOW,
            when=(("src-ip", PRESENT),),
        ),
        Rule(
            name="other",
            class_uid=0,
            activity_id=99,
            tree={"message": f("body"), "unmapped.info": f("info")},
        ),
    ),
)
