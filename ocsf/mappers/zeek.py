"""Zeek logs as JSON, whichever way the ids are spelled and the log is named."""

from __future__ import annotations

from ocsf.mappers.zeek_parts import (
    CONNECTION,
    ENDPOINTS,
    LOG,
    LOG_NAMES,
    MESSAGE_LENGTH,
    ORIGIN,
    RESPONDER,
)
from ocsf.mappers.zeek_services import SERVICES
from ocsf.mapping import (
    PRESENT,
    Between,
    Cut,
    EachAs,
    Expression,
    First,
    Ip,
    Join,
    Listing,
    Lookup,
    Mapper,
    NotIp,
    Obj,
    Rule,
    Scaled,
    Shape,
    TimeField,
    Tree,
    c,
    f,
    num,
    under,
    with_wrapped,
)

HASHES: Expression = Listing(
    tuple(
        Obj({"algorithm": c(name), "algorithm_id": c(number), "value": f(field)})
        for field, name, number in (
            ("md5", "MD5", 1),
            ("sha1", "SHA-1", 2),
            ("sha256", "SHA-256", 3),
        )
    )
)
HTTP_ACTIVITIES = {
    "connect": 1,
    "delete": 2,
    "get": 3,
    "head": 4,
    "options": 5,
    "post": 6,
    "put": 7,
    "trace": 8,
    "patch": 9,
}
CONN_STATES = {"s0": 4, "rej": 5, "rsto": 3, "rstr": 3, "rstos0": 3, "rstrh": 3}
RCODES = {str(number): number for number in (*range(12), *range(16, 24))}
OPENED = {"true": 1, "t": 1, "false": 4, "f": 4}
KERBEROS_TYPES = {"as": 3, "tgs": 4}
OUTCOME: Expression = Lookup(
    f("success", "auth_success"), {"true": 1, "false": 2, "t": 1, "f": 2}, default=0
)


def _user(*names: str) -> Tree:
    """Give a user written as `name/REALM`."""
    text = f(*names)
    return {
        "name": First((Between(Join((c("/"), text)), "/", "/"), text)),
        "domain": Between(text, "/", "/"),
    }


STREAMS: dict[str, tuple[int, Expression | int, Tree, tuple[str, ...]]] = {
    "conn": (
        4001,
        Lookup(f("conn_state"), CONN_STATES, default=6),
        {
            **CONNECTION,
            "app_protocol_name": f("service"),
            "connection_info.flag_history": f("history"),
            "duration": Scaled(f("duration"), 1000),
            "traffic.bytes_out": num("orig_bytes"),
            "traffic.bytes_in": num("resp_bytes"),
            "traffic.packets_out": num("orig_pkts"),
            "traffic.packets_in": num("resp_pkts"),
            "unmapped.conn_state": f("conn_state"),
        },
        ("conn_state", "proto"),
    ),
    "dns": (
        4003,
        Lookup(f("rcode", "rcode_name"), {}, other=6, default=1),
        {
            **CONNECTION,
            "query.hostname": f("query"),
            "query.type": f("qtype_name"),
            "query.class": f("qclass_name"),
            "query.packet_uid": num("trans_id"),
            "answers": EachAs("answers", "rdata"),
            "rcode": f("rcode_name"),
            "rcode_id": Lookup(f("rcode"), RCODES, other=99),
        },
        ("query", "qtype"),
    ),
    "http": (
        4002,
        Lookup(f("method"), HTTP_ACTIVITIES, other=99, default=0),
        {
            **CONNECTION,
            "http_request.http_method": Lookup(
                f("method"), {name: name.upper() for name in HTTP_ACTIVITIES}
            ),
            "http_request.url.hostname": f("host"),
            "http_request.url.path": f("uri"),
            "http_request.url.url_string": Join((c("http://"), f("host"), f("uri"))),
            "http_request.user_agent": f("user_agent"),
            "http_request.referrer": f("referrer"),
            "http_request.version": f("version"),
            "http_request.body_length": num("request_body_len"),
            "http_response": Obj(
                {
                    "code": num("status_code"),
                    "message": f("status_msg"),
                    "body_length": num("response_body_len"),
                },
                needs=("code",),
            ),
            "unmapped.method": f("method"),
            "unmapped.username": f("username"),
            "unmapped.response_mime_type": f("resp_mime_types[0]"),
        },
        ("method", "uri"),
    ),
    "smb_files": (
        4006,
        Lookup(f("action"), {"smb::file_open": 2}, other=99, default=0),
        {
            **CONNECTION,
            "command": f("action"),
            "share": f("path"),
            "file": Obj(
                {
                    "name": First((f("name"), f("fuid"))),
                    "path": First((Join((f("path"), f("name")), "\\"), f("name"))),
                    "size": num("size"),
                    "type_id": c(0),
                },
                needs=("name",),
            ),
            "unmapped.action": f("action"),
            "unmapped.previous_name": f("prev_name"),
        },
        ("action", "path"),
    ),
    "smb_mapping": (
        4006,
        99,
        {
            **CONNECTION,
            "share": f("path"),
            "share_type": f("share_type"),
            "share_type_id": Lookup(
                f("share_type"), {"disk": 1, "pipe": 2, "print": 3}, other=99, default=0
            ),
            "unmapped.native_file_system": f("native_file_system"),
        },
        ("share_type", "path"),
    ),
    "kerberos": (
        3002,
        Lookup(f("request_type"), KERBEROS_TYPES, other=99, default=0),
        {
            **ENDPOINTS,
            **under("user", _user("client")),
            "service.name": f("service"),
            "auth_protocol": c("Kerberos"),
            "auth_protocol_id": c(2),
            "status_id": OUTCOME,
            "status_detail": f("error_msg"),
            "unmapped.cipher": f("cipher"),
            "unmapped.uid": f("uid"),
        },
        ("request_type", "client"),
    ),
    "ntlm": (
        3002,
        1,
        {
            **ENDPOINTS,
            "user.name": f("username"),
            "user.domain": f("domainname"),
            "src_endpoint.hostname": First((f("hostname"), NotIp(f(*ORIGIN)))),
            "dst_endpoint.hostname": f("server_dns_computer_name", "server_nb_computer_name"),
            "auth_protocol": c("NTLM"),
            "auth_protocol_id": c(1),
            "status_id": OUTCOME,
            "unmapped.uid": f("uid"),
        },
        ("username", "domainname"),
    ),
    "ssh": (
        4007,
        Lookup(f("auth_success"), OPENED, default=0),
        {
            **CONNECTION,
            "protocol_ver": f("version"),
            "status_id": OUTCOME,
            "app_name": f("client"),
            "unmapped.server": f("server"),
            "unmapped.auth_attempts": num("auth_attempts"),
            "unmapped.hassh": f("hassh"),
        },
        ("auth_attempts",),
    ),
    "rdp": (
        4005,
        1,
        {
            **CONNECTION,
            "identifier_cookie": f("cookie"),
            "src_endpoint.hostname": First((f("client_name"), NotIp(f(*ORIGIN)))),
            "unmapped.result": f("result"),
            "unmapped.security_protocol": f("security_protocol"),
        },
        ("cert_count",),
    ),
    "dce_rpc": (
        4001,
        6,
        {
            **CONNECTION,
            "app_protocol_name": c("dce_rpc"),
            "unmapped.operation": f("operation"),
            "unmapped.endpoint": f("endpoint"),
            "unmapped.named_pipe": f("named_pipe"),
        },
        ("operation", "endpoint"),
    ),
    "ssl": (
        4001,
        Lookup(f("established"), OPENED, default=0),
        {
            **CONNECTION,
            "app_protocol_name": c("tls"),
            "tls": Obj(
                {
                    "version": First((f("version"), c("unknown"))),
                    "sni": f("server_name"),
                    "cipher": f("cipher"),
                    "ja3_hash": Obj({"algorithm_id": c(1), "value": f("ja3")}),
                    "ja3s_hash": Obj({"algorithm_id": c(1), "value": f("ja3s")}),
                }
            ),
            "unmapped.validation_status": f("validation_status"),
            "unmapped.subject": f("subject"),
            "unmapped.issuer": f("issuer"),
        },
        ("established",),
    ),
    "files": (
        4010,
        Lookup(f("is_orig"), {"true": 1, "t": 1, "false": 2, "f": 2}, default=0),
        {
            "src_endpoint.ip": Ip(f('"id.orig_h"', "tx_hosts[0]", "id_orig_h")),
            "dst_endpoint.ip": Ip(f('"id.resp_h"', "rx_hosts[0]", "id_resp_h")),
            "actor.app_name": First((f("source"), f(LOG))),
            "app_protocol_name": f("source"),
            "file.name": f("filename", "fuid"),
            "file.uid": f("fuid"),
            "file.mime_type": f("mime_type"),
            "file.size": num("total_bytes", "seen_bytes"),
            "file.hashes": HASHES,
            "file.type_id": c(1),
            "connection_info.uid": f("conn_uids[0]", "uid"),
            "connection_info.direction_id": c(0),
        },
        ("fuid", "source"),
    ),
    "notice": (
        2004,
        1,
        {
            "finding_info.title": f("note"),
            "finding_info.uid": First((Join((f("note"), f("uid", "fuid")), "/"), f("note", "msg"))),
            "finding_info.desc": f("msg"),
            "finding_info.types": Listing((f("note"),)),
            "message": Cut(f("msg"), MESSAGE_LENGTH),
            "evidences": Listing(
                (
                    Obj(
                        {
                            **ENDPOINTS,
                            "src_endpoint.ip": Ip(f(*ORIGIN, "src")),
                            "dst_endpoint.ip": Ip(f(*RESPONDER, "dst")),
                        }
                    ),
                )
            ),
            "unmapped.sub": f("sub"),
            "unmapped.uid": f("uid"),
        },
        ("note", "msg"),
    ),
    **SERVICES,
}
"""For each log: class, activity, tree, and the fields by which a record without a log name is
known to be of it."""

OTHER: Tree = {
    "message": Cut(
        f("msg", "message", "name", "certificate_subject", "failure_reason", "id"), MESSAGE_LENGTH
    ),
    "unmapped.src_ip": f(*ORIGIN),
    "unmapped.dst_ip": f(*RESPONDER),
    "unmapped.uid": f("uid"),
    "unmapped.addl": f("addl"),
    "unmapped.analyzer": f("analyzer"),
    "unmapped.certificate_issuer": f("certificate_issuer"),
    "unmapped.certificate_serial": f("certificate_serial"),
}
SENSOR: Tree = {"unmapped.sensor": f("@system", "_system_name", "peer")}


def _rule(stream: str, when: tuple[tuple[str, frozenset[str]], ...], derived: bool) -> Rule:
    class_uid, activity, tree, _ = STREAMS[stream]
    named: Tree = (
        {"metadata.event_code": c(stream), "metadata.log_name": c(stream)} if derived else {}
    )
    return Rule(
        name=f"{stream}{' (by its fields)' if derived else ''}",
        class_uid=class_uid,
        activity_id=activity,
        severity_id=SEVERITIES.get(stream, 1),
        tree={**tree, **SENSOR, **named},
        when=when,
    )


SEVERITIES = {"notice": 2, "intel": 3}
_OTHER: Tree = {**OTHER, **SENSOR}
_NEEDED = {
    "kerberos": (("client", PRESENT),),
    **dict.fromkeys(("ntlm", "radius"), (("username", PRESENT),)),
    "smtp": (("mailfrom", PRESENT),),
}
"""An authentication has a user, a mail a sender; a record that names none is the connection it was
seen on."""
_ALIASES = {LOG: LOG_NAMES}

MAPPER = Mapper(
    name="zeek",
    title="Zeek JSON",
    limits="Logs without an OCSF class are Base Events.",
    shapes=with_wrapped(
        Shape(
            name="named log",
            present=(
                frozenset(LOG_NAMES),
                frozenset({"ts", "uid", "fuid", *ORIGIN, "@proc", "_write_ts"}),
            ),
            aliases=_ALIASES,
        ),
        Shape(
            name="connection",
            present=(frozenset(ORIGIN), frozenset({"ts"})),
            aliases=_ALIASES,
        ),
        Shape(
            name="notice",
            present=(
                frozenset({"note"}),
                frozenset({"ts"}),
                frozenset({"msg"}),
                frozenset({"actions", "suppress_for", "peer_descr"}),
            ),
            aliases=_ALIASES,
        ),
        Shape(
            name="lease",
            present=(
                frozenset({"msg_types"}),
                frozenset({"ts"}),
                frozenset({"mac", "client_addr", "server_addr"}),
            ),
            aliases=_ALIASES,
        ),
        Shape(
            name="file",
            present=(frozenset({"fuid"}), frozenset({"ts"}), frozenset({"source", "tx_hosts"})),
            aliases=_ALIASES,
        ),
    ),
    times=(TimeField("ts", unit="any"), TimeField("_write_ts", unit="any")),
    nulls=frozenset({"", "-", "(empty)"}),
    defaults={
        "metadata.product.name": c("Zeek"),
        "metadata.product.vendor_name": c("Zeek"),
        "metadata.event_code": f(LOG),
        "metadata.log_name": f(LOG),
    },
    rules=(
        *(
            _rule(stream, ((LOG, frozenset({stream})), *_NEEDED.get(stream, ())), derived=False)
            for stream in STREAMS
        ),
        *(
            Rule(
                name=f"{stream} that names nobody",
                class_uid=4001,
                activity_id=6,
                tree={**CONNECTION, **SENSOR, "app_protocol_name": c(stream)},
                when=((LOG, frozenset({stream})),),
            )
            for stream in _NEEDED
        ),
        Rule(
            name="other named log", class_uid=0, activity_id=99, tree=_OTHER, when=((LOG, PRESENT),)
        ),
        *(
            _rule(stream, tuple((name, PRESENT) for name in STREAMS[stream][3]), derived=True)
            for stream in STREAMS
        ),
        Rule(
            name="mail without sender",
            class_uid=4001,
            activity_id=6,
            tree={
                **CONNECTION,
                **SENSOR,
                "app_protocol_name": c("smtp"),
                "metadata.event_code": c("smtp"),
                "metadata.log_name": c("smtp"),
            },
            when=(("helo", PRESENT), ("trans_depth", PRESENT)),
        ),
        Rule(name="other log", class_uid=0, activity_id=99, tree=_OTHER),
    ),
)
