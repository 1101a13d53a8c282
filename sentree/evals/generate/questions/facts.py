"""What happens in the generated company: facts, before they are written in some format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from schemas.question_truth import QuestionSpec
from sentree.evals.generate.questions.tickets import LABELS, ticket_text
from sentree.evals.generate.world import HOUR, Host, User, to_microseconds

FactKind = Literal["logon", "failed", "dns", "connection", "process", "service", "ticket"]
_WEIGHTS: dict[FactKind, int] = {
    "logon": 22,
    "failed": 13,
    "dns": 20,
    "connection": 20,
    "process": 15,
    "ticket": 10,
}
_GIVEN = ("ana", "bo", "cem", "dora", "emil", "fay", "gil", "hana", "ivo", "jana", "kai", "lou")
_FAMILY = ("abel", "brun", "costa", "dorn", "ekman", "frost", "gallo", "holm", "ilic", "jansen")
_SITES = ("intranet", "mail", "git", "wiki", "crm", "build", "packages", "time", "cdn", "status")
_PROGRAMS = (
    "C:\\Windows\\System32\\notepad.exe",
    "C:\\Windows\\System32\\cmd.exe",
    "C:\\Windows\\System32\\net.exe",
    "C:\\Windows\\System32\\whoami.exe",
    "C:\\Windows\\System32\\tasklist.exe",
    "C:\\Program Files\\7-Zip\\7z.exe",
    "C:\\Program Files\\PuTTY\\plink.exe",
)
_PORTS = (443, 80, 22, 445, 3389, 8443)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened. What a kind doesn't have stays empty.

    Attributes:
        time: microseconds since 1970.
        source: the address that a logon came from.
        target: the address a connection goes to.
        name: the domain, program or service.
        label: what a ticket is about; never written to the logs.
    """

    kind: FactKind
    time: int
    host: Host
    user: User
    source: str = ""
    target: str = ""
    port: int = 0
    name: str = ""
    label: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Company:
    """Who and what the questions are about; grows slowly with the logs."""

    hosts: tuple[Host, ...]
    users: tuple[User, ...]
    addresses: tuple[str, ...]
    domains: tuple[str, ...]
    targets: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Needle:
    """A fact that is there once, somewhere between start (0) and end (1) of the logs."""

    place: float
    fact: Fact


def build_company(spec: QuestionSpec) -> Company:
    """Make the company of a specification."""
    rng = Random(f"{spec.seed}:questions:company")
    size = 4
    while size < 40 and size**3 * 1_000 < spec.tokens:
        size += 1
    names = [f"{given}.{family}" for given in _GIVEN for family in _FAMILY]
    rng.shuffle(names)
    net = rng.randrange(20, 200)
    return Company(
        hosts=tuple(
            Host(f"PC{n + 11}", f"10.{net}.4.{n + 11}", "workstation") for n in range(size)
        ),
        users=tuple(
            User(name, f"S-1-5-21-7-{1_100 + n}", "staff")
            for n, name in enumerate(names[: size + 2])
        ),
        addresses=tuple(f"10.{net}.8.{n + 30}" for n in range(size * 3)),
        domains=tuple(f"{site}.quayside.example" for site in _SITES[: min(10, size + 2)]),
        targets=tuple(f"192.0.2.{n + 20}" for n in range(min(60, size * 2))),
        start=to_microseconds(spec.start),
        end=to_microseconds(spec.start) + spec.days * 24 * HOUR,
    )


def needles(spec: QuestionSpec, company: Company) -> tuple[Needle, ...]:
    """Make the facts that are there once each, at places of the seed's choosing."""
    rng = Random(f"{spec.seed}:questions:needles")

    def place() -> float:
        return round(rng.uniform(0.03, 0.97), 3)

    def who() -> tuple[Host, User]:
        return rng.choice(company.hosts), rng.choice(company.users)

    def once(kind: FactKind, **parts: str | int) -> Needle:
        host, user = who()
        return Needle(place(), Fact(kind, 0, host, user, **parts))  # pyright: ignore[reportArgumentType]

    suffix = f"{rng.randrange(100, 999)}"
    return tuple(
        sorted(
            (
                once("dns", name=f"drop{suffix}.tidewater.example"),
                once("service", name=f"HarborSync{suffix}"),
                once("logon", source=f"203.0.113.{rng.randrange(2, 250)}"),
                once("connection", target=f"198.51.100.{rng.randrange(2, 250)}", port=4444),
            ),
            key=lambda one: one.place,
        )
    )


def ordinary(spec: QuestionSpec, company: Company) -> Iterator[Fact]:
    """Give ordinary facts without end; their times are set by who writes them."""
    rng = Random(f"{spec.seed}:questions:facts")
    kinds, weights = list(_WEIGHTS), list(_WEIGHTS.values())
    # People differ: a uniform choice would make every "who has the most" a coin toss.
    busy = [1 / (n + 1.5) for n in range(len(company.users))]
    labels = rng.sample(list(LABELS), len(LABELS))
    common = [1 / (n + 2) for n in range(len(labels))]
    while True:
        kind = rng.choices(kinds, weights)[0]
        [user] = rng.choices(company.users, busy)
        host = rng.choice(company.hosts)
        match kind:
            case "logon" | "failed":
                yield Fact(kind, 0, host, user, source=rng.choice(company.addresses))
            case "dns":
                yield Fact(kind, 0, host, user, name=rng.choice(company.domains))
            case "connection":
                port = rng.choice(_PORTS)
                yield Fact(kind, 0, host, user, target=rng.choice(company.targets), port=port)
            case "process":
                yield Fact(kind, 0, host, user, name=rng.choice(_PROGRAMS))
            case _:
                [label] = rng.choices(labels, common)
                yield Fact(kind, 0, host, user, label=label, text=ticket_text(label, rng))
