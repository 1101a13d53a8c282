"""The facts behind generated STIX bundles: made-up actors, their software, targets and signs."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from uuid import UUID, uuid5

from schemas.intel_truth import IntelSpec

NAMESPACE = UUID("0b0e0a56-7c67-5f5b-8a1a-2f4f1f7a9e11")

_FIRST = (
    *("Amber", "Brittle", "Cobalt", "Dusty", "Ember", "Frozen", "Gilded"),
    *("Hollow", "Iron", "Jade", "Keen", "Lunar", "Misty"),
)
_LAST = (
    *("Badger", "Crane", "Dingo", "Egret", "Falcon", "Gecko", "Heron"),
    *("Ibis", "Jackal", "Kestrel", "Lynx", "Marten", "Newt"),
)
_MALWARE = (
    *("Drift", "Lantern", "Quarry", "Needle", "Harvest"),
    *("Thimble", "Orchard", "Pylon", "Ripple", "Sable"),
)
_TOOLS = ("Mimikatz", "PsExec", "Rclone", "AdFind", "Cobalt Strike", "Impacket")

TECHNIQUES = (
    *("T1566.001", "T1566.002", "T1190", "T1078", "T1133", "T1059.001", "T1059.003", "T1059.005"),
    *("T1204.002", "T1053.005", "T1047", "T1547.001", "T1136.001", "T1543.003", "T1548.002"),
    *("T1055", "T1134", "T1027", "T1036.005", "T1070.004", "T1112", "T1218.011", "T1003.001"),
    *("T1003.003", "T1110.003", "T1555.003", "T1558.003", "T1018", "T1046", "T1057", "T1082"),
    *("T1083", "T1087.002", "T1021.001", "T1021.002", "T1570", "T1005", "T1113", "T1560.001"),
    *("T1074.001", "T1071.001", "T1090.002", "T1105", "T1573.001", "T1041", "T1567.002"),
    *("T1486", "T1490", "T1489", "T1485", "T1583.001", "T1588.002", "T1595.002"),
)
COUNTRIES = (
    ("Ukraine", "UA"),
    ("Japan", "JP"),
    ("Brazil", "BR"),
    ("Germany", "DE"),
    ("Kenya", "KE"),
    ("Vietnam", "VN"),
    ("Canada", "CA"),
    ("Poland", "PL"),
)
ORIGINS = (("Russia", "Russian"), ("China", "Chinese"), ("Iran", "Iranian"), ("Turkey", "Turkish"))
SECTORS = ("energy", "healthcare", "telecommunications", "government", "education", "retail")


@dataclass(frozen=True, slots=True)
class ActorFacts:
    """What is true of one actor; `prose_country` is named in descriptions only."""

    number: int
    name: str
    aliases: tuple[str, ...]
    techniques: tuple[str, ...]
    malware: tuple[str, ...]
    tools: tuple[str, ...]
    campaign: str
    campaign_technique: str
    country: tuple[str, str]
    prose_country: str
    sector: str
    origin: tuple[str, str]
    vulnerability: str
    since: int


def make_actors(spec: IntelSpec) -> list[ActorFacts]:
    """Make the actors of a specification; names never repeat."""
    random = Random(spec.seed)
    actors: list[ActorFacts] = []
    for number in range(spec.actors):
        suffix = f" {number // 169 + 1}" if number >= 169 else ""
        name = f"{_FIRST[number % 13]} {_LAST[(number + number // 13) % 13]}{suffix}"
        techniques = random.sample(TECHNIQUES, min(spec.techniques + 1, len(TECHNIQUES)))
        countries = random.sample(COUNTRIES, 2)
        actors.append(
            ActorFacts(
                number=number,
                name=name,
                aliases=(f"UNX-{1000 + number}", f"Team {name.split()[1]} {number}"),
                techniques=tuple(sorted(techniques[1:])),
                malware=tuple(f"{_MALWARE[(number + n) % 10]}{number}x{n}" for n in range(2)),
                tools=tuple(sorted(random.sample(_TOOLS, 2))),
                campaign=f"Operation {random.choice(_MALWARE)} {number}",
                campaign_technique=techniques[0],
                country=countries[0],
                prose_country=countries[1][0],
                sector=random.choice(SECTORS),
                origin=random.choice(ORIGINS),
                vulnerability=f"CVE-20{random.randrange(18, 26)}-{random.randrange(10000, 60000)}",
                since=random.randrange(2009, 2023),
            )
        )
    return actors


def stix_id(kind: str, *key: object) -> str:
    """Give the id of an object: the same for the same key."""
    return f"{kind}--{uuid5(NAMESPACE, '/'.join(map(str, (kind, *key))))}"


def indicator_values(random: Random, count: int, bundle: int) -> list[tuple[str, str]]:
    """Make (observable type, value) pairs, none twice in any bundle."""
    values: list[tuple[str, str]] = []
    for number in range(count):
        match number % 4:
            case 0:
                block = bundle * count + number
                address = f"198.{18 + block // 65536 % 2}.{block // 256 % 256}.{block % 256}"
                values.append(("ipv4-addr", address))
            case 1:
                values.append(("domain-name", f"b{bundle}n{number}.update-check.example"))
            case 2:
                values.append(("file", f"{random.getrandbits(256):064x}"))
            case _:
                values.append(("url", f"https://b{bundle}n{number}.cdn.example/a'b?x=1"))
    return values
