"""Suricata's EVE JSON: alerts, flows and protocol records of every version since 4."""

from __future__ import annotations

from ocsf.mappers.audit_parts import HTTP_METHODS, MESSAGE_LENGTH, PORT_MAXIMUM, hashes, product
from ocsf.mapping import (
    PRESENT,
    Basename,
    Cut,
    Expression,
    First,
    Integer,
    Ip,
    Join,
    Listing,
    Lookup,
    Lower,
    Mapper,
    Match,
    Millis,
    NotIp,
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

TYPE = f("event_type")
ANSWERS_LISTED = 10
PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58, "sctp": 132, "gre": 47, "esp": 50}
RCODES = {
    name: number
    for number, name in enumerate(
        (
            *("noerror", "formerr", "servfail", "nxdomain", "notimp", "refused"),
            *("yxdomain", "yxrrset", "nxrrset", "notauth", "notzone"),
        )
    )
}
ACTIONS = {"allowed": 1, "pass": 1, "blocked": 2, "drop": 2, "reject": 2}

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
TRAFFIC: Tree = {
    "bytes_out": num("flow.bytes_toserver"),
    "bytes_in": num("flow.bytes_toclient"),
    "packets_out": num("flow.pkts_toserver"),
    "packets_in": num("flow.pkts_toclient"),
    "bytes": num("netflow.bytes"),
    "packets": num("netflow.pkts"),
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
ANSWERS: Expression = First(
    (
        Listing(
            tuple(
                Obj(
                    {
                        "rdata": f(f"dns.answers[{n}].rdata"),
                        "type": f(f"dns.answers[{n}].rrtype"),
                        "ttl": num(f"dns.answers[{n}].ttl"),
                    },
                    needs=("rdata",),
                )
                for n in range(ANSWERS_LISTED)
            )
        ),
        Listing(
            (
                Obj(
                    {"rdata": f("dns.rdata"), "type": f("dns.rrtype"), "ttl": num("dns.ttl")},
                    needs=("rdata",),
                ),
            )
        ),
    )
)
FILE: Tree = {
    "name": First((Basename(f("fileinfo.filename")), f("fileinfo.filename"), TYPE)),
    "path": f("fileinfo.filename"),
    "size": num("fileinfo.size"),
    "mime_type": f("fileinfo.mimetype"),
    "type": f("fileinfo.magic"),
    "hashes": hashes(md5=("fileinfo.md5",), sha1=("fileinfo.sha1",), sha256=("fileinfo.sha256",)),
    "type_id": c(1),
}
TECHNIQUE = Match(
    f("alert.metadata.mitre_technique_id[0]", "alert.metadata.mitre_technique_id"),
    r"(T\d{4}(?:\.\d{3})?)",
)
EVIDENCE: Tree = {
    **under("src_endpoint", SOURCE),
    **under("dst_endpoint", DESTINATION),
    **under("connection_info", CONNECTION),
    "query": Obj(QUERY, needs=("hostname",)),
    "http_request.user_agent": f("http.http_user_agent"),
    "url": Obj(
        {"hostname": HOST, "url_string": HTTP["http_request.url.url_string"]},
        needs=("url_string",),
    ),
    "tls": TLS,
    "file": Obj(
        {**FILE, "name": Basename(f("fileinfo.filename", "files[0].filename"))}, needs=("name",)
    ),
}
REPLIED: Expression = Lookup(f("dns.rcode"), RCODES, other=99)
FTP = {
    **{"stor": 1, "stou": 1, "appe": 1, "retr": 2, "dele": 4, "rnto": 5, "rnfr": 5, "list": 6},
    **{"nlst": 6, "mlsd": 6},
}
DHCP = {
    name: number
    for number, name in enumerate(
        ("discover", "offer", "request", "decline", "ack", "nak", "release", "inform"), start=1
    )
}
RDP = {
    "initial_request": 1,
    "initial_response": 2,
    "connect_request": 3,
    "connect_response": 4,
    "tls_handshake": 5,
}
SMB = {
    "file_supersede": 1,
    "file_open": 2,
    "file_create": 3,
    "file_open_if": 4,
    "file_overwrite": 5,
    "file_overwrite_if": 6,
}
OTHERS = (
    *("anomaly", "krb5", "smtp", "email", "nfs", "tftp", "ike", "ikev2", "snmp", "sip", "mqtt"),
    *("quic", "modbus", "dnp3", "mdns", "websocket", "arp", "rfb", "pgsql", "bittorrent_dht"),
    *("http2", "ldap", "telnet", "enip", "stats", "engine", "drop", "metadata", "dcerpc"),
)
ADDRESS = r"([^\s<>\"]+@[^\s<>\"]+\.[A-Za-z]{2,24})"


def _rule(
    kind: str,
    class_uid: int,
    activity: Expression | int,
    tree: Tree,
    *needed: str,
    kinds: tuple[str, ...] = (),
    common: Tree = COMMON,
) -> Rule:
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
        Rule(
            name="alert",
            class_uid=2004,
            activity_id=1,
            severity_id=Lookup(
                f("alert.severity"), {"1": 4, "2": 3, "3": 2, "4": 1, "255": 1}, default=0
            ),
            tree={
                "metadata.profiles": Listing((c("security_control"),)),
                "finding_info.uid": First(
                    (
                        Join((f("flow_id"), f("alert.signature_id")), "/"),
                        f("alert.signature_id", "alert.signature", "timestamp"),
                    )
                ),
                "finding_info.title": f("alert.signature", "event_type"),
                "finding_info.types": Listing((f("alert.category"),)),
                "finding_info.analytic": Obj(
                    {
                        "name": f("alert.signature"),
                        "uid": f("alert.signature_id"),
                        "version": f("alert.rev"),
                        "category": f("alert.category"),
                        "type_id": c(1),
                    },
                    needs=("uid",),
                ),
                "finding_info.attacks": Listing(
                    (
                        Obj(
                            {
                                "technique.uid": TECHNIQUE,
                                "technique.name": f("alert.metadata.mitre_technique_name[0]"),
                                "tactic.uid": f("alert.metadata.mitre_tactic_id[0]"),
                                "tactic.name": f("alert.metadata.mitre_tactic_name[0]"),
                            }
                        ),
                    )
                ),
                "message": Cut(f("alert.signature"), MESSAGE_LENGTH),
                "evidences": Listing((Obj(EVIDENCE),)),
                "action_id": Lookup(f("alert.action"), ACTIONS, other=99, default=0),
                "disposition_id": Lookup(f("alert.action"), ACTIONS, default=0),
                "unmapped.app_proto": f("app_proto"),
                "unmapped.gid": f("alert.gid"),
                "unmapped.metadata": Raw("alert.metadata", "object"),
                "unmapped.http": Raw("http", "object"),
                "unmapped.flow": Raw("flow", "object"),
                "unmapped.payload": Cut(f("payload_printable"), MESSAGE_LENGTH),
                "unmapped.xff": f("xff", "http.xff"),
                "unmapped.sensor": f("host", "sensor_name"),
                "unmapped.in_iface": f("in_iface"),
            },
            when=(("event_type", frozenset({"alert"})),),
        ),
        _rule(
            "dns",
            4003,
            Lookup(
                f("dns.type"), {"query": 1, "request": 1, "answer": 2, "response": 2}, default=0
            ),
            {
                "query": Obj(QUERY, needs=("hostname",)),
                "answers": ANSWERS,
                "rcode": f("dns.rcode"),
                "rcode_id": REPLIED,
                "unmapped.version": f("dns.version"),
                "unmapped.flags": f("dns.flags"),
                "unmapped.grouped": Raw("dns.grouped", "object"),
            },
        ),
        _rule(
            "http",
            4002,
            Lookup(f("http.http_method"), HTTP_METHODS, other=99, default=0),
            {
                **HTTP,
                "http_request.uid": First(
                    (Join((f("flow_id"), f("tx_id")), "/"), f("flow_id", "src_ip"))
                ),
                "unmapped.method": f("http.http_method"),
                "unmapped.redirect": f("http.redirect"),
                "unmapped.xff": f("http.xff", "xff"),
            },
            kinds=("http", "http2"),
        ),
        _rule(
            "tls",
            4001,
            6,
            {
                "app_protocol_name": c("tls"),
                "tls": TLS,
                "unmapped.subject": f("tls.subject"),
                "unmapped.issuer": f("tls.issuerdn"),
                "unmapped.serial": f("tls.serial"),
                "unmapped.fingerprint": f("tls.fingerprint"),
                "unmapped.not_before": f("tls.notbefore"),
                "unmapped.not_after": f("tls.notafter"),
                "unmapped.ja4": f("tls.ja4"),
            },
        ),
        _rule(
            "ssh",
            4007,
            6,
            {
                "protocol_ver": f("ssh.client.proto_version", "ssh.server.proto_version"),
                "client_hassh": Obj(
                    {
                        "algorithm": c("md5"),
                        "fingerprint.value": f("ssh.client.hassh.hash"),
                        "fingerprint.algorithm_id": c(1),
                    }
                ),
                "server_hassh": Obj(
                    {
                        "algorithm": c("md5"),
                        "fingerprint.value": f("ssh.server.hassh.hash"),
                        "fingerprint.algorithm_id": c(1),
                    }
                ),
                "unmapped.client_software": f("ssh.client.software_version"),
                "unmapped.server_software": f("ssh.server.software_version"),
            },
        ),
        _rule(
            "smb",
            4006,
            First(
                (
                    Lookup(f("smb.disposition"), SMB),
                    Lookup(f("smb.command"), {"smb2_command_create": 2}, other=99, default=0),
                )
            ),
            {
                "command": f("smb.command"),
                "dialect": f("smb.dialect"),
                "share": f("smb.share"),
                "share_type": f("smb.share_type"),
                "share_type_id": Lookup(
                    f("smb.share_type"),
                    {"file": 1, "disk": 1, "pipe": 2, "print": 3},
                    other=99,
                    default=0,
                ),
                "tree_uid": f("smb.tree_id"),
                "file": Obj(
                    {
                        "name": First((Basename(f("smb.filename")), f("smb.filename"))),
                        "path": f("smb.filename"),
                        "type_id": c(0),
                    },
                    needs=("name",),
                ),
                "status_id": Lookup(f("smb.status"), {"status_success": 1}, other=2, default=0),
                "status_code": f("smb.status_code"),
                "status_detail": f("smb.status"),
                "unmapped.session_id": f("smb.session_id"),
                "unmapped.user": f("smb.ntlmssp.user"),
                "unmapped.domain": f("smb.ntlmssp.domain"),
                "unmapped.workstation": f("smb.ntlmssp.host"),
                "unmapped.dcerpc": Raw("smb.dcerpc", "object"),
                "unmapped.disposition": f("smb.disposition"),
            },
        ),
        _rule(
            "rdp",
            4005,
            Lookup(f("rdp.event_type"), RDP, other=99, default=0),
            {
                "identifier_cookie": f("rdp.cookie", "rdp.client.cookie"),
                "src_endpoint.hostname": First((f("rdp.client.client_name"), NotIp(f("src_ip")))),
                "unmapped.rdp": Raw("rdp", "object"),
            },
        ),
        _rule(
            "krb5",
            3002,
            Lookup(
                First(
                    (
                        Match(f("krb5.failed_request"), r"^KRB_(AS|TGS)"),
                        Match(f("krb5.msg_type"), r"^KRB_(AS|TGS)"),
                    )
                ),
                {"as": 3, "tgs": 4},
                default=0,
            ),
            {
                "user.name": f("krb5.cname"),
                "user.domain": f("krb5.realm"),
                "service.name": f("krb5.sname"),
                "auth_protocol": c("Kerberos"),
                "auth_protocol_id": c(2),
                "status_id": Lookup(f("krb5.error_code"), {}, other=2, default=1),
                "status_code": f("krb5.error_code"),
                "unmapped.encryption": f("krb5.encryption"),
                "unmapped.weak_encryption": f("krb5.weak_encryption"),
                "unmapped.flow_id": f("flow_id"),
            },
            "krb5.cname",
            common=ENDPOINTS,
        ),
        _rule(
            "fileinfo",
            4010,
            Lookup(
                f("http.http_method", "ftp_data.command"),
                {"post": 1, "put": 1, "stor": 1, "get": 2, "retr": 2},
                default=0,
            ),
            {
                "actor.app_name": f("app_proto", "event_type"),
                **under("file", FILE),
                "unmapped.state": f("fileinfo.state"),
                "unmapped.stored": f("fileinfo.stored"),
                "unmapped.http": Raw("http", "object"),
                "unmapped.smb": Raw("smb", "object"),
            },
        ),
        _rule(
            "ftp",
            4008,
            Lookup(f("ftp.command", "ftp_data.command"), FTP, other=99, default=0),
            {
                "command": f("ftp.command", "ftp_data.command"),
                "file": Obj(
                    {
                        "name": Basename(f("ftp_data.filename", "ftp.command_data")),
                        "type_id": c(0),
                    },
                    needs=("name",),
                ),
                "unmapped.argument": f("ftp.command_data"),
                "unmapped.reply": Raw("ftp.reply", "array"),
                "unmapped.completion_code": Raw("ftp.completion_code", "array"),
            },
            kinds=("ftp", "ftp_data"),
        ),
        _rule(
            "dhcp",
            4004,
            Lookup(f("dhcp.dhcp_type"), DHCP, other=99, default=0),
            {
                "transaction_uid": f("dhcp.id"),
                "src_endpoint.mac": f("dhcp.client_mac"),
                "src_endpoint.hostname": First((f("dhcp.hostname"), NotIp(f("src_ip")))),
                "lease_dur": num("dhcp.lease_time"),
                "unmapped.assigned_ip": f("dhcp.assigned_ip"),
                "unmapped.requested_ip": f("dhcp.requested_ip"),
            },
        ),
        _rule(
            "smtp",
            4009,
            1,
            {
                "direction_id": c(0),
                "protocol_name": c("smtp"),
                "smtp_hello": f("smtp.helo"),
                "email.from": Match(f("email.from", "smtp.mail_from"), ADDRESS),
                "email.to": Listing((Match(f("email.to", "smtp.rcpt_to"), ADDRESS),)),
                "email.subject": f("email.subject"),
                "email.message_uid": f("email.message_id"),
                "unmapped.mail_from": f("smtp.mail_from"),
                "unmapped.rcpt_to": Raw("smtp.rcpt_to", "array"),
                "unmapped.attachments": Raw("email.attachment", "array"),
                "unmapped.urls": Raw("email.url", "array"),
                "unmapped.flow_id": f("flow_id"),
            },
            "email.from",
            kinds=("smtp", "email"),
            common=ENDPOINTS,
        ),
        _rule(
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
        _rule(
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
