"""Suricata's EVE JSON: alerts, flows and protocol records of every version since 4."""

from __future__ import annotations

from ocsf.mappers.audit_parts import MESSAGE_LENGTH, product
from ocsf.mappers.suricata_alerts import ALERT
from ocsf.mappers.suricata_parts import COMMON, TYPE, record
from ocsf.mappers.suricata_protocols import PROTOCOLS_SEEN
from ocsf.mapping import (
    PRESENT,
    Cut,
    Integer,
    Join,
    Listing,
    Lookup,
    Mapper,
    Millis,
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

TRAFFIC: Tree = {
    "bytes_out": num("flow.bytes_toserver"),
    "bytes_in": num("flow.bytes_toclient"),
    "packets_out": num("flow.pkts_toserver"),
    "packets_in": num("flow.pkts_toclient"),
    "bytes": num("netflow.bytes"),
    "packets": num("netflow.pkts"),
}
OTHERS = (
    *("anomaly", "krb5", "smtp", "email", "nfs", "tftp", "ike", "ikev2", "snmp", "sip", "mqtt"),
    *("quic", "modbus", "dnp3", "mdns", "websocket", "arp", "rfb", "pgsql", "bittorrent_dht"),
    *("http2", "ldap", "telnet", "enip", "stats", "engine", "drop", "metadata", "dcerpc"),
)


def _shape(name: str, root: str) -> Shape:
    at = f"{root}." if root else ""
    return Shape(
        name=name,
        present=(
            frozenset({f"{at}event_type"}),
            frozenset({f"{at}timestamp", f"{at}flow_id"}),
            frozenset(
                {
                    f"{at}{each}"
                    for each in (
                        "flow_id",
                        "src_ip",
                        "proto",
                        "alert",
                        "stats",
                        "anomaly",
                        "engine",
                        "arp",
                    )
                }
            ),
        ),
        roots=(root,),
    )


MAPPER = Mapper(
    name="suricata",
    title="Suricata EVE",
    limits=(
        "Base64 payloads and packets are not kept. Protocols without an OCSF class of their"
        " own are Network Activity."
    ),
    shapes=(*with_wrapped(_shape("eve", "")), _shape("eve in suricata.eve", "suricata.eve")),
    times=(TimeField("timestamp"), TimeField("/@timestamp")),
    defaults={
        **product("Suricata", "OISF"),
        "metadata.event_code": TYPE,
        "metadata.log_name": TYPE,
    },
    rules=(
        ALERT,
        *PROTOCOLS_SEEN,
        record(
            "flow",
            4001,
            Lookup(f("flow.state"), {"closed": 2}, default=6),
            {
                "connection_info.tcp_flags": Integer(Join((c("0x"), f("tcp.tcp_flags")))),
                **under("traffic", TRAFFIC),
                "start_time": Millis(f("flow.start", "netflow.start")),
                "end_time": Millis(f("flow.end", "netflow.end")),
                "unmapped.state": f("flow.state"),
                "unmapped.reason": f("flow.reason"),
                "unmapped.alerted": f("flow.alerted"),
                "unmapped.icmp_type": f("icmp_type"),
            },
            kinds=("flow", "netflow"),
        ),
        record(
            "drop",
            4001,
            5,
            {
                "metadata.profiles": Listing((c("security_control"),)),
                "action_id": c(2),
                "disposition_id": c(6),
                "unmapped.reason": f("drop.reason"),
                "unmapped.alert": Raw("alert", "object"),
                "unmapped.drop": Raw("drop", "object"),
            },
        ),
        Rule(
            name="other record on a connection",
            class_uid=4001,
            activity_id=6,
            severity_id=Lookup(TYPE, {"anomaly": 2}, default=1),
            tree={
                **COMMON,
                "unmapped.anomaly_event": f("anomaly.event"),
                **{f"unmapped.{name}": Raw(name, "object") for name in OTHERS},
            },
            when=(("src_ip", PRESENT),),
        ),
        Rule(
            name="other record",
            class_uid=0,
            activity_id=99,
            tree={
                "message": Cut(f("engine.message", "anomaly.event", "event_type"), MESSAGE_LENGTH),
                **{f"unmapped.{name}": Raw(name, "object") for name in OTHERS},
            },
        ),
    ),
)
