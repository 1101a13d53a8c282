"""The fictional company an incident happens in: hosts, people, addresses and their identifiers.

Names end in `.example`, outside addresses are of the documentation ranges (RFC 5737).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from schemas.scenario import HostClock, IncidentSpec, Skew

DOMAIN = "harborlane.example"
NETBIOS = "HARBORLANE"
ACCOUNT = "111122223333"
REGION = "us-east-1"
SENSOR = "sensor01"
LINUX_HOST = "lnx01"
DOMAIN_SID = "S-1-5-21-1004336348-1177238915-682003330"

MILLISECOND = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GIVEN = (
    *("anna", "ben", "carla", "david", "elena", "farid", "grace"),
    *("hugo", "ines", "jonas", "karim", "lena", "milo"),
)
_FAMILY = (
    *("lindt", "okafor", "reyes", "stone", "brandt"),
    *("haddad", "moreau", "ito", "novak", "silva"),
)


def to_datetime(microseconds: int) -> datetime:
    """Give the instant of microseconds since 1970 in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def to_microseconds(value: datetime) -> int:
    """Give the microseconds since 1970 of an instant, exactly."""
    return (value - _EPOCH) // timedelta(microseconds=1)


def iso(microseconds: int, timespec: str = "milliseconds") -> str:
    """Write an instant as ISO 8601 with a `Z`."""
    return to_datetime(microseconds).replace(tzinfo=None).isoformat(timespec=timespec) + "Z"


class Clock(NamedTuple):
    """What a host's clock shows, in microseconds; see `HostClock`."""

    offset: int = 0
    drift_ppm: float = 0.0
    zone: int = 0
    start: int = 0

    def shows(self, time: int) -> int:
        """Give what the clock shows at a true instant."""
        return time + self.offset + round((time - self.start) * self.drift_ppm / 1e6)

    def header(self, time: int) -> int:
        """Give what the header of a record says, zone error included."""
        return self.shows(time) + self.zone


RIGHT = Clock()


@dataclass(frozen=True, slots=True)
class Host:
    """A Windows machine of the company."""

    name: str
    ip: str
    role: str
    clock: Clock = RIGHT

    @property
    def fqdn(self) -> str:
        """Its name with the domain."""
        return f"{self.name}.{DOMAIN}"


@dataclass(frozen=True, slots=True)
class User:
    """A person, or a service account, of the company's directory."""

    name: str
    sid: str
    role: str


SYSTEM = User("SYSTEM", "S-1-5-18", "system")


@dataclass(frozen=True, slots=True)
class World:
    """Everything that stays the same during an incident."""

    workstations: tuple[Host, ...]
    dc: Host
    file_server: Host
    app_server: Host
    web_server: Host
    people: tuple[User, ...]
    admin: User
    service: User
    sites: tuple[tuple[str, str], ...]
    start: int
    end: int

    @property
    def servers(self) -> tuple[Host, ...]:
        """All hosts that are no workstations."""
        return (self.dc, self.file_server, self.app_server, self.web_server)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """All Windows hosts."""
        return self.workstations + self.servers

    def owner(self, host: Host) -> User:
        """Who usually sits at a workstation; on a server, the service account."""
        if host.role != "workstation":
            return self.service
        return self.people[self.workstations.index(host) % len(self.people)]


def build_world(spec: IncidentSpec) -> World:
    """Make the company of a specification; the seed chooses people and addresses."""
    rng = Random(f"{spec.seed}:world")
    count = max(1, spec.hosts - 4)
    subnet = rng.randrange(16, 120)
    workstations = tuple(
        Host(f"WS{n + 1:02d}", f"10.{subnet}.{10 + n // 200}.{20 + n % 200}", "workstation")
        for n in range(count)
    )
    given, family = list(_GIVEN), list(_FAMILY)
    rng.shuffle(given)
    rng.shuffle(family)
    people = tuple(
        User(
            f"{given[n % len(given)]}.{family[(n + n // len(given)) % len(family)]}",
            f"{DOMAIN_SID}-{1104 + n}",
            "staff",
        )
        for n in range(count)
    )
    names = ("www", "mail", "cdn", "news", "updates", "login", "files", "maps", "static", "ads")
    sites = tuple(
        (f"{names[n % len(names)]}.vendor{n}.example", f"192.0.2.{10 + n}") for n in range(40)
    )
    start = to_microseconds(spec.start)
    servers = (
        Host("DC01", f"10.{subnet}.1.10", "dc"),
        Host("FS01", f"10.{subnet}.1.20", "file"),
        Host("APP01", f"10.{subnet}.1.30", "app"),
        Host("WEB01", f"10.{subnet}.2.10", "web"),
    )
    wrong = choose_clocks(spec, [host.name for host in (*workstations, *servers)])
    clocks = {
        one.host: Clock(round(one.offset_s * 1e6), one.drift_ppm, round(one.zone_s * 1e6), start)
        for one in wrong
    }
    set_clocks = [replace(host, clock=clocks.get(host.name, RIGHT)) for host in servers]
    dc, file_server, app_server, web_server = set_clocks
    workstations = tuple(replace(host, clock=clocks.get(host.name, RIGHT)) for host in workstations)
    return World(
        workstations=workstations,
        dc=dc,
        file_server=file_server,
        app_server=app_server,
        web_server=web_server,
        people=people,
        admin=User("adm.weber", f"{DOMAIN_SID}-1901", "admin"),
        service=User("svc.backup", f"{DOMAIN_SID}-1902", "service"),
        sites=sites,
        start=start,
        end=start + spec.days * 24 * HOUR,
    )


def choose_clocks(spec: IncidentSpec, hosts: Sequence[str]) -> tuple[HostClock, ...]:
    """Give the wrong clocks of a specification; the domain controller's is right by itself."""
    rng = Random(f"{spec.seed}:clocks")
    names = [name for name in hosts if name != "DC01"]
    rng.shuffle(names)
    made: list[HostClock] = []
    if spec.skew is Skew.SOME:
        made = [
            HostClock(host=names[0], offset_s=rng.choice((-1, 1)) * rng.uniform(45, 900)),
            HostClock(host=names[1], offset_s=rng.uniform(20, 200), drift_ppm=rng.uniform(40, 120)),
        ]
    elif spec.skew is Skew.STRONG:
        chosen = names[: max(2, len(names) // 2)]
        made = [HostClock(host=chosen[0], zone_s=3600.0 * rng.choice((-8, -5, 1, 2, 9)))]
        for name in chosen[1:]:
            size = rng.choice((rng.uniform(5, 60), rng.uniform(60, 3600), rng.uniform(3600, 7200)))
            drift = rng.choice((0.0, rng.uniform(-200, 200)))
            made.append(HostClock(host=name, offset_s=rng.choice((-1, 1)) * size, drift_ppm=drift))
    chosen_ones = {one.host: one for one in (*made, *spec.clocks)}
    return tuple(chosen_ones[name] for name in sorted(chosen_ones))


def guid(rng: Random) -> str:
    """Make a GUID in braces."""
    text = f"{rng.getrandbits(128):032x}"
    return f"{{{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}}}"


def sysmon_hashes(image: str) -> str:
    """Make the `Hashes` of an image; the same image always has the same."""
    digest = hashlib.sha256(image.lower().encode()).hexdigest().upper()
    return f"SHA256={digest},IMPHASH={digest[:32]}"
