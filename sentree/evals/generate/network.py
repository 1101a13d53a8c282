"""Zeek's JSON records, one file with all streams told apart by `_path`, as a sensor ships them."""

from __future__ import annotations

from random import Random

from sentree.evals.generate.emission import Emission
from sentree.evals.generate.world import DOMAIN, SENSOR, Host, iso

STREAM = "zeek/sensor01.log.gz"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _uid(rng: Random, first: str = "C") -> str:
    return first + "".join(rng.choices(_ALPHABET, k=17))


def _zeek(
    time: int, stream: str, uid: str, source: Host, port: int, ip: str, to: int, /, **fields: object
) -> Emission:
    record: dict[str, object] = {
        "_path": stream,
        "_system_name": SENSOR,
        "_write_ts": iso(time + 250, "microseconds"),
        "ts": time / 1_000_000,
        "uid": uid,
        "id.orig_h": source.ip,
        "id.orig_p": port,
        "id.resp_h": ip,
        "id.resp_p": to,
        **fields,
    }
    return Emission(time, STREAM, record)


def conn(
    time: int,
    rng: Random,
    source: Host,
    ip: str,
    port: int,
    *,
    service: str = "ssl",
    proto: str = "tcp",
    duration: float = 1.0,
    sent: int = 1500,
    received: int = 6000,
    uid: str | None = None,
    orig_port: int | None = None,
) -> Emission:
    """Make a conn record."""
    return _zeek(
        time,
        "conn",
        uid or _uid(rng),
        source,
        orig_port or rng.randrange(49152, 65535),
        ip,
        port,
        proto=proto,
        service=service,
        duration=round(duration, 6),
        orig_bytes=sent,
        resp_bytes=received,
        conn_state="SF",
        local_orig=True,
        local_resp=ip.startswith("10."),
        missed_bytes=0,
        history="Dd" if proto == "udp" else "ShADadFf",
        orig_pkts=max(1, sent // 900),
        orig_ip_bytes=sent + 40 * max(1, sent // 900),
        resp_pkts=max(1, received // 1200),
        resp_ip_bytes=received + 40 * max(1, received // 1200),
    )


def dns(
    time: int, rng: Random, source: Host, server: Host, name: str, answer: str | None
) -> list[Emission]:
    """Make a dns record and the conn record of the same lookup."""
    uid, port = _uid(rng), rng.randrange(49152, 65535)
    trip = rng.randrange(300, 30000)
    reply: dict[str, object] = (
        {"rcode": 0, "rcode_name": "NOERROR", "answers": [answer], "TTLs": [300.0]}
        if answer
        else {"rcode": 3, "rcode_name": "NXDOMAIN"}
    )
    query = _zeek(
        time,
        "dns",
        uid,
        source,
        port,
        server.ip,
        53,
        proto="udp",
        trans_id=rng.randrange(65536),
        rtt=trip / 1_000_000,
        query=name,
        qclass=1,
        qclass_name="C_INTERNET",
        qtype=1,
        qtype_name="A",
        AA=False,
        TC=False,
        RD=True,
        RA=True,
        Z=0,
        rejected=False,
        **reply,
    )
    lookup = conn(
        time,
        rng,
        source,
        server.ip,
        53,
        service="dns",
        proto="udp",
        duration=trip / 1_000_000,
        sent=len(name) + 18,
        received=len(name) + 34,
        uid=uid,
        orig_port=port,
    )
    return [query, lookup]


def http(
    time: int,
    rng: Random,
    source: Host,
    ip: str,
    name: str,
    uri: str,
    agent: str,
    *,
    method: str = "GET",
    sent: int = 0,
    received: int = 4000,
    status: int = 200,
    mime: str = "text/html",
    port: int = 80,
    orig_port: int | None = None,
) -> Emission:
    """Make an http record."""
    return _zeek(
        time,
        "http",
        _uid(rng),
        source,
        orig_port or rng.randrange(49152, 65535),
        ip,
        port,
        trans_depth=1,
        method=method,
        host=name,
        uri=uri,
        version="1.1",
        user_agent=agent,
        request_body_len=sent,
        response_body_len=received,
        status_code=status,
        status_msg="OK" if status == 200 else "Found",
        tags=[],
        resp_fuids=[_uid(rng, "F")],
        resp_mime_types=[mime],
    )


def ssl(
    time: int, rng: Random, source: Host, ip: str, name: str, orig_port: int | None = None
) -> list[Emission]:
    """Make an ssl record and the conn record of the same connection."""
    uid, port = _uid(rng), orig_port or rng.randrange(49152, 65535)
    hello = _zeek(
        time + 12_000,
        "ssl",
        uid,
        source,
        port,
        ip,
        443,
        version="TLSv13",
        cipher="TLS_AES_256_GCM_SHA384",
        curve="x25519",
        server_name=name,
        resumed=False,
        established=True,
    )
    sent, received = rng.randrange(800, 9000), rng.randrange(2000, 400_000)
    length = rng.uniform(0.1, 60)
    whole = conn(
        time,
        rng,
        source,
        ip,
        443,
        duration=length,
        sent=sent,
        received=received,
        uid=uid,
        orig_port=port,
    )
    return [whole, hello]


def smb_file(
    time: int,
    rng: Random,
    source: Host,
    server: Host,
    action: str,
    share: str,
    name: str,
    size: int,
) -> Emission:
    """Make an smb_files record."""
    return _zeek(
        time,
        "smb_files",
        _uid(rng),
        source,
        rng.randrange(49152, 65535),
        server.ip,
        445,
        action=f"SMB::FILE_{action}",
        path=f"\\\\{server.fqdn}\\{share}",
        name=name,
        size=size,
    )


def kerberos(
    time: int,
    rng: Random,
    source: Host,
    dc: Host,
    client: str,
    service: str,
    cipher: str,
    orig_port: int | None = None,
) -> Emission:
    """Make a kerberos record of a service ticket."""
    return _zeek(
        time,
        "kerberos",
        _uid(rng),
        source,
        orig_port or rng.randrange(49152, 65535),
        dc.ip,
        88,
        request_type="TGS",
        client=f"{client}/{DOMAIN.upper()}",
        service=service,
        success=True,
        cipher=cipher,
        forwardable=True,
        renewable=True,
    )


def refused(time: int, rng: Random, source: Host, ip: str, port: int) -> Emission:
    """Make a conn record of an attempt that a closed port answers with a reset."""
    return _zeek(
        time,
        "conn",
        _uid(rng),
        source,
        rng.randrange(32768, 60999),
        ip,
        port,
        proto="tcp",
        duration=round(rng.uniform(0.0002, 0.004), 6),
        orig_bytes=0,
        resp_bytes=0,
        conn_state="REJ",
        local_orig=True,
        local_resp=ip.startswith("10."),
        missed_bytes=0,
        history="Sr",
        orig_pkts=1,
        orig_ip_bytes=60,
        resp_pkts=1,
        resp_ip_bytes=40,
    )


def text_record(
    time: int, rng: Random, source: Host, server: Host, name: str, answer: str
) -> Emission:
    """Make a dns record of a TXT query and its answer."""
    return _zeek(
        time,
        "dns",
        _uid(rng),
        source,
        rng.randrange(32768, 60999),
        server.ip,
        53,
        proto="udp",
        trans_id=rng.randrange(65536),
        rtt=rng.randrange(9_000, 60_000) / 1_000_000,
        query=name,
        qclass=1,
        qclass_name="C_INTERNET",
        qtype=16,
        qtype_name="TXT",
        rcode=0,
        rcode_name="NOERROR",
        AA=False,
        TC=False,
        RD=True,
        RA=True,
        Z=0,
        answers=[f"TXT {len(answer)} {answer}"],
        TTLs=[60.0],
        rejected=False,
    )


def rpc(
    time: int, rng: Random, source: Host, server: Host, endpoint: str, operation: str
) -> Emission:
    """Make a dce_rpc record."""
    return _zeek(
        time,
        "dce_rpc",
        _uid(rng),
        source,
        rng.randrange(49152, 65535),
        server.ip,
        49667,
        rtt=rng.randrange(300, 9_000) / 1_000_000,
        named_pipe="49667",
        endpoint=endpoint,
        operation=operation,
    )


def ssh(time: int, rng: Random, source: Host, ip: str, client: str) -> Emission:
    """Make an ssh record of a session that was let in."""
    return _zeek(
        time,
        "ssh",
        _uid(rng),
        source,
        rng.randrange(32768, 60999),
        ip,
        22,
        version=2,
        auth_success=True,
        auth_attempts=1,
        direction="INTERNAL",
        client=client,
        server="SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3",
        cipher_alg="chacha20-poly1305@openssh.com",
        mac_alg="umac-64-etm@openssh.com",
        compression_alg="none",
        kex_alg="curve25519-sha256",
        host_key_alg="ssh-ed25519",
    )
