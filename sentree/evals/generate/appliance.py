"""Lines of a firewall and VPN appliance and of a database server, as the products write them."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from zlib import crc32

from sentree.evals.generate.emission import Emission
from sentree.evals.generate.world import HOUR, World, iso, to_datetime

APPLIANCE = "vpn01"
DATABASE = "db01"
EDGE_STREAM = f"edge/{APPLIANCE}.log"
DATABASE_STREAM = f"database/{DATABASE}.log"

_LAST = {"vpn": "2.1", "lnx": "2.20", "nas": "2.30", "db": "2.40", "pool": "9.17"}
# The product quotes text and leaves numbers, addresses and these bare.
_BARE = frozenset({"srcip", "dstip", "remip", "tunnelip", "locip", "assignip", "trandisp"})


def addresses(world: World) -> dict[str, str]:
    """Give the addresses of the Linux servers, the appliance, and one of its VPN clients."""
    net = ".".join(world.web_server.ip.split(".")[:2])
    return {name: f"{net}.{last}" for name, last in _LAST.items()}


def edge(
    time: int, rng: Random, logid: str, kind: str, level: str, fields: Mapping[str, object]
) -> Emission:
    """Make one line of the appliance as a syslog server stores it; `kind` is `type/subtype`."""
    moment = to_datetime(time)
    outer, _, inner = kind.partition("/")
    pairs: dict[str, object] = {
        "devname": APPLIANCE,
        "devid": "FGT61FTK21009347",
        "eventtime": time * 1000 + rng.randrange(1000),
        "tz": "+0000",
        "logid": logid,
        "type": outer,
        "subtype": inner,
        "level": level,
        "vd": "root",
        **fields,
    }
    told = " ".join(f"{name}={_value(name, value)}" for name, value in pairs.items())
    stamp = iso(time, "microseconds").removesuffix("Z")
    line = f"{stamp}+00:00 {APPLIANCE} date={moment:%Y-%m-%d} time={moment:%H:%M:%S} {told}"
    return Emission(time, EDGE_STREAM, line)


def traffic(
    time: int,
    rng: Random,
    source: str,
    target: str,
    port: int,
    *,
    action: str = "close",
    sent: int = 4000,
    received: int = 9000,
    user: str | None = None,
    seconds: int = 3,
) -> Emission:
    """Make a forwarded connection, or one that a policy denied."""
    denied = action == "deny"
    inside = target.startswith("10.")
    fields: dict[str, object] = {
        "srcip": source,
        "srcport": rng.randrange(32768, 60999),
        "srcintf": "ssl.root" if ".9." in source else "dmz",
        "srcintfrole": "undefined",
        "dstip": target,
        "dstport": port,
        "dstintf": "dmz" if inside else "wan1",
        "dstintfrole": "undefined" if inside else "wan",
        "sessionid": rng.randrange(1_000_000, 9_000_000),
        "proto": 6,
        "action": action,
        "policyid": 0 if denied else 12,
        "policytype": "policy",
        "service": f"tcp/{port}",
        **({"user": user, "group": "vpn-users"} if user else {}),
        "trandisp": "noop" if inside else "snat",
        "duration": 0 if denied else seconds,
        "sentbyte": 0 if denied else sent,
        "rcvdbyte": 0 if denied else received,
        "sentpkt": 0 if denied else sent // 900 + 1,
        "rcvdpkt": 0 if denied else received // 900 + 1,
    }
    return edge(time, rng, "0000000013", "traffic/forward", "notice", fields)


def statement(time: int, account: str, base: str, text: str) -> Emission:
    """Make one line of the database server's log."""
    time = time // 1000 * 1000
    stamp = iso(time).replace("T", " ").removesuffix("Z")
    # One session a client and hour: its lines have one process id.
    pid = 900 + crc32(f"{account} {base} {time // HOUR}".encode()) % 30_000
    line = f"{stamp} UTC [{pid}] {account}@{base} LOG:  {text}"
    return Emission(time, DATABASE_STREAM, line)


def _value(name: str, value: object) -> str:
    return f"{value}" if isinstance(value, int) or name in _BARE else f'"{value}"'
