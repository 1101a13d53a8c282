"""What a generated attacker brings along, and how it differs from one tenant to the next."""

from __future__ import annotations

from hashlib import sha256
from random import Random
from typing import NamedTuple

_WORDS = (
    *("harbor", "cedar", "granite", "willow", "falcon", "summit", "delta", "maple", "copper"),
    *("orchid", "beacon", "prairie", "anchor", "juniper", "quartz", "meadow", "raven", "tundra"),
)
_TRADES = ("foods", "bank", "clinic", "freight", "steel", "media", "energy", "law", "school")
_LURES = ("Invoice", "Remittance", "Contract", "Payroll", "Tender", "Schedule")
_SITES = ("cdn", "api", "static", "sync", "telemetry", "login", "edge", "portal")
_STEMS = ("metrics", "updates", "storage", "assets", "health", "relay", "status", "notify")
_TOOLS = ("rclone.exe", "adfind.exe", "psexec.exe", "procdump64.exe", "anydesk.exe")


class Arsenal(NamedTuple):
    """Values of one attacker. `tool` is a public one: name and hash are the same for everybody."""

    sender: str
    lure: str
    lure_hash: str
    domain: str
    address: str
    url_path: str
    agent: str
    payload: str
    payload_hash: str
    service: str
    drop_domain: str
    drop_address: str
    tool: tuple[str, str]
    cloud_address: str
    cloud_key: str


def name_tenants(rng: Random, count: int) -> list[str]:
    """Name tenants; no two names are equal."""
    names: list[str] = []
    while len(names) < count:
        name = f"{rng.choice(_WORDS)}-{rng.choice(_TRADES)}"
        names.append(name if name not in names else f"{name}-{len(names)}")
    return names


def make_arsenal(rng: Random, salt: str) -> Arsenal:
    """Make an attacker's values."""
    tool = rng.choice(_TOOLS)
    return Arsenal(
        sender=f"{rng.choice(('billing', 'office', 'hr'))}@{_domain(rng)}",
        lure=f"{rng.choice(_LURES)}_{rng.randrange(10_000, 99_999)}.docm",
        lure_hash=_hash(rng),
        domain=_domain(rng),
        address=_address(rng),
        url_path=f"/{rng.choice(_STEMS)}/{rng.randrange(16**6):06x}.bin",
        agent=f"Mozilla/4.0 (compatible; MSIE 7.0; {salt[0].upper()}{rng.randrange(100, 999)})",
        payload=f"{rng.choice(_WORDS)}{rng.choice(('svc', 'upd', 'mon', 'hlp'))}.exe",
        payload_hash=_hash(rng),
        service=f"{rng.choice(_WORDS).title()}{rng.choice(('Sync', 'Helper', 'Agent'))}",
        drop_domain=_domain(rng),
        drop_address=_address(rng),
        tool=(tool, sha256(tool.encode()).hexdigest()),
        cloud_address=_address(rng),
        cloud_key=f"AKIA{rng.randrange(36**10):016d}"[:20],
    )


def rotate(rng: Random, arsenal: Arsenal, share: float) -> Arsenal:
    """Change a share of the infrastructure; the lure's name and the tool stay with the attacker."""
    fresh = make_arsenal(rng, "campaign")
    turns = (
        ("sender",),
        ("lure", "lure_hash"),
        ("domain", "address"),
        ("address",),
        ("payload_hash",),
        ("payload",),
        ("drop_domain", "drop_address"),
        ("cloud_address", "cloud_key"),
        ("service",),
        ("url_path",),
    )
    changed = {
        name: getattr(fresh, name) for fields in turns if rng.random() < share for name in fields
    }
    return arsenal._replace(**changed)


def _domain(rng: Random) -> str:
    ending = rng.choice(("example.net", "example.org", "example.com", "top", "info", "xyz"))
    return f"{rng.choice(_SITES)}-{rng.choice(_STEMS)}{rng.randrange(100)}.{ending}"


def _address(rng: Random) -> str:
    network = rng.choice(("203.0.113", "198.51.100", "45.67.229", "91.219.236", "185.220.101"))
    return f"{network}.{rng.randrange(1, 255)}"


def _hash(rng: Random) -> str:
    return f"{rng.getrandbits(256):064x}"
