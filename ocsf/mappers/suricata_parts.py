"""What Suricata's records share: both ends, the connection, and what is seen of protocols."""

from __future__ import annotations

from ocsf.mappers.audit_parts import HTTP_METHODS, PORT_MAXIMUM, hashes
from ocsf.mapping import (
    PRESENT,
    Basename,
    Expression,
    First,
    Ip,
    Join,
    Lookup,
    Lower,
    Match,
    NotIp,
    Obj,
    Rule,
    Tree,
    c,
    f,
    num,
    under,
)

TYPE = f("event_type")
PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58, "sctp": 132, "gre": 47, "esp": 50}
SOURCE: Tree = {
    "ip": Ip(f("src_ip")),
    "hostname": NotIp(f("src_ip")),
    "port": num("src_port", "sp", maximum=PORT_MAXIMUM),
    "mac": f("ether.src_mac"),
}
DESTINATION: Tree = {
    "ip": Ip(f("dest_ip")),
    "hostname": NotIp(f("dest_ip")),
    "port": num("dest_port", "dp", maximum=PORT_MAXIMUM),
    "mac": f("ether.dest_mac"),
}
CONNECTION: Tree = {
    "uid": f("flow_id"),
    "community_uid": f("community_id"),
    "protocol_name": Lower(f("proto")),
    "protocol_num": Lookup(f("proto"), PROTOCOLS),
    "direction_id": c(0),
}
ENDPOINTS: Tree = {
    **under("src_endpoint", SOURCE),
    **under("dst_endpoint", DESTINATION),
    "src_endpoint.interface_name": f("in_iface"),
    "unmapped.vlan": f("vlan"),
    "unmapped.sensor": f("host", "sensor_name"),
    "unmapped.tx_id": f("tx_id"),
}
COMMON: Tree = {
    **ENDPOINTS,
    **under("connection_info", CONNECTION),
    "app_protocol_name": f("app_proto", "app_proto_ts", "event_type"),
}
PATH = f("http.url")
HOST = f("http.hostname", "http.host")
HTTP: Tree = {
    "http_request.http_method": Lookup(
        f("http.http_method"), {name: name.upper() for name in HTTP_METHODS}
    ),
    "http_request.url.hostname": HOST,
    "http_request.url.path": Match(PATH, r"^(?:[a-z]+://[^/]+)?(/[^?#]*)"),
    "http_request.url.query_string": Match(PATH, r"\?([^#]+)"),
    "http_request.url.url_string": First(
        (Match(PATH, r"^([a-z]+://.+)$"), Join((c("http://"), HOST, PATH)), PATH)
    ),
    "http_request.url.port": num("http.http_port", maximum=PORT_MAXIMUM),
    "http_request.user_agent": f("http.http_user_agent"),
    "http_request.referrer": f("http.http_refer"),
    "http_request.version": f("http.protocol", "http.version"),
    "http_response": Obj(
        {
            "code": num("http.status"),
            "content_type": f("http.http_content_type"),
            "body_length": num("http.length"),
        },
        needs=("code",),
    ),
}
TLS: Expression = Obj(
    {
        "version": First((f("tls.version"), c("unknown"))),
        "sni": f("tls.sni"),
        "ja3_hash": Obj({"algorithm_id": c(1), "value": f("tls.ja3.hash")}),
        "ja3s_hash": Obj({"algorithm_id": c(1), "value": f("tls.ja3s.hash")}),
    }
)
QUERY: Tree = {
    "hostname": f("dns.rrname", "dns.queries[0].rrname", "dns.query[0].rrname"),
    "type": f("dns.rrtype", "dns.queries[0].rrtype", "dns.query[0].rrtype"),
    "packet_uid": num("dns.id", "dns.query[0].id"),
}
FILE: Tree = {
    "name": First((Basename(f("fileinfo.filename")), f("fileinfo.filename"), TYPE)),
    "path": f("fileinfo.filename"),
    "size": num("fileinfo.size"),
    "mime_type": f("fileinfo.mimetype"),
    "type": f("fileinfo.magic"),
    "hashes": hashes(md5=("fileinfo.md5",), sha1=("fileinfo.sha1",), sha256=("fileinfo.sha256",)),
    "type_id": c(1),
}


def record(
    kind: str,
    class_uid: int,
    activity: Expression | int,
    tree: Tree,
    *needed: str,
    kinds: tuple[str, ...] = (),
    common: Tree = COMMON,
) -> Rule:
    """Give the rule of a kind of record on a connection."""
    return Rule(
        name=kind,
        class_uid=class_uid,
        activity_id=activity,
        tree={**common, **tree},
        when=(
            ("event_type", frozenset(kinds or (kind,))),
            ("src_ip", PRESENT),
            *((name, PRESENT) for name in needed),
        ),
    )
