"""Suricata's records of protocols: one rule for each kind."""

from __future__ import annotations

from ocsf.mappers.audit_parts import HTTP_METHODS
from ocsf.mappers.suricata_parts import ENDPOINTS, FILE, HTTP, QUERY, TLS, record
from ocsf.mapping import (
    Basename,
    Expression,
    First,
    Join,
    Listing,
    Lookup,
    Match,
    NotIp,
    Obj,
    Raw,
    Rule,
    c,
    f,
    num,
    under,
)

ANSWERS_LISTED = 10
RCODES = {
    name: number
    for number, name in enumerate(
        (
            *("noerror", "formerr", "servfail", "nxdomain", "notimp", "refused"),
            *("yxdomain", "yxrrset", "nxrrset", "notauth", "notzone"),
        )
    )
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
ADDRESS = r"([^\s<>\"]+@[^\s<>\"]+\.[A-Za-z]{2,24})"

PROTOCOLS_SEEN: tuple[Rule, ...] = (
    record(
        "dns",
        4003,
        Lookup(f("dns.type"), {"query": 1, "request": 1, "answer": 2, "response": 2}, default=0),
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
    record(
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
    record(
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
    record(
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
    record(
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
    record(
        "rdp",
        4005,
        Lookup(f("rdp.event_type"), RDP, other=99, default=0),
        {
            "identifier_cookie": f("rdp.cookie", "rdp.client.cookie"),
            "src_endpoint.hostname": First((f("rdp.client.client_name"), NotIp(f("src_ip")))),
            "unmapped.rdp": Raw("rdp", "object"),
        },
    ),
    record(
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
    record(
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
    record(
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
    record(
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
    record(
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
)
