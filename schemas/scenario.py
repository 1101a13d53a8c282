"""A generated incident and what is true of it: the specification in, the labels out."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import Field

from schemas.base import Frozen, UtcTime
from schemas.timeline import Transition

CHARACTERS_A_TOKEN = 3.5


class Playbook(StrEnum):
    """Which story is played among the benign events."""

    PHISHING = "phishing"
    WEB_SERVER = "web-server"
    RANSOMWARE = "ransomware"
    KERBEROAST = "kerberoast"
    LINUX_WEBSHELL = "linux-webshell"
    INSIDER = "insider"
    CLOUD_TAKEOVER = "cloud-takeover"
    ESPIONAGE = "espionage"
    SSH_MINER = "ssh-miner"
    MAIL_FRAUD = "mail-fraud"
    SUPPLY_CHAIN = "supply-chain"
    DOMAIN_WIPER = "domain-wiper"
    CLOUD_EXTORTION = "cloud-extortion"
    VPN_BREACH = "vpn-breach"
    HELPDESK_TAKEOVER = "helpdesk-takeover"
    CLUSTER_MINER = "cluster-miner"
    DATABASE_INSIDER = "database-insider"


HELD_OUT = (Playbook.HELPDESK_TAKEOVER, Playbook.CLUSTER_MINER, Playbook.DATABASE_INSIDER)
"""Playbooks that no threshold, pattern or rule of the product was ever chosen on."""

TUNED_ON = tuple(one for one in Playbook if one not in HELD_OUT)
"""Playbooks that patterns and thresholds were chosen on, some after they had been held out."""


class Noise(StrEnum):
    """How much broken delivery and suspicious-looking administration there is."""

    NONE = "none"
    NORMAL = "normal"
    HIGH = "high"


class Skew(StrEnum):
    """How wrong the clocks of Windows hosts are.

    `some`: two hosts, by minutes, one of them drifting; `strong`: half of the hosts, by seconds to
    hours, with drift, and one that writes local time as if it were UTC.
    """

    NONE = "none"
    SOME = "some"
    STRONG = "strong"


class HostClock(Frozen):
    """A host's clock: it shows the true time plus `offset_s`, plus `drift_ppm` of what has passed.

    `zone_s` is in the record's header alone (a local time written as UTC); what else a record
    says of time, such as Sysmon's `UtcTime`, is free of it. Drift counts from the incident's start.
    """

    host: str
    offset_s: float = 0.0
    drift_ppm: float = 0.0
    zone_s: float = 0.0


class IncidentSpec(Frozen):
    """All that determines a generated incident; equal specifications give equal bytes.

    `tenant` names the tenant the logs are meant for; raw logs don't say it themselves. `tokens`
    (at 3.5 characters each) takes the place of `benign_events`; a size that can't hold the whole
    story holds its first steps. `attack` False gives benign days only. `clocks` are set besides
    those that `skew` chooses. `infrastructure` numbers the intruder's servers and names: equal
    numbers mean equal indicators, in whatever tenant.
    """

    seed: int = 7
    start: UtcTime = datetime(2026, 1, 5, tzinfo=UTC)
    days: int = Field(default=3, ge=1, le=60)
    hosts: int = Field(default=8, ge=5, le=200)
    benign_events: int = Field(default=20_000, ge=0)
    noise: Noise = Noise.NORMAL
    playbook: Playbook = Playbook.PHISHING
    tenant: str = "default"
    tokens: int | None = Field(default=None, ge=8_000, le=100_000_000)
    attack: bool = True
    skew: Skew = Skew.NONE
    clocks: tuple[HostClock, ...] = ()
    infrastructure: int = Field(default=0, ge=0, le=9)


class RecordKey(Frozen):
    """Where a raw record stands, and the hash of its exact text.

    `index` counts from 0 inside a file that holds an array of records (CloudTrail); it is 0 for
    a file of lines. A record delivered twice has the same hash in both places. `time` is when it
    happened; `recorded` is what a wrong clock wrote instead, None where the clock was right.
    """

    file: str
    line: int
    index: int = 0
    time: UtcTime
    sha256: str
    recorded: UtcTime | None = None


class TruthStep(Frozen):
    """One thing the intruder did. Its `time` is that of its earliest marked record.

    `records` are the marked events an analyst should find; `related` are further traces of the
    same deed (repeated beacons, side effects), neither demanded nor counted as wrong.
    """

    number: int
    technique: str
    tactic: str
    time: UtcTime
    host: str
    user: str
    description: str
    records: tuple[RecordKey, ...]
    related: tuple[RecordKey, ...] = ()


class PlantedIndicator(Frozen):
    """A value that gives the intruder away: ip, domain, url, file, account, key or user agent."""

    kind: str
    value: str


class SilentInterval(Frozen):
    """A host's Windows logs are missing for `start <= t < end`."""

    host: str
    start: UtcTime
    end: UtcTime


class FileCount(Frozen):
    """What one file delivers: records or lines in all, second deliveries and broken lines in it.

    `characters` counts the text of its records, without what packs them.
    """

    file: str
    format: str
    delivered: int
    duplicate: int = 0
    broken: int = 0
    characters: int = 0


class IncidentTruth(Frozen):
    """The labels of a generated incident, kept apart from its logs."""

    spec: IncidentSpec
    steps: tuple[TruthStep, ...]
    transitions: tuple[Transition, ...]
    indicators: tuple[PlantedIndicator, ...]
    silent: tuple[SilentInterval, ...]
    hostile: tuple[RecordKey, ...]
    files: tuple[FileCount, ...]
    clocks: tuple[HostClock, ...] = ()

    @property
    def tokens(self) -> int:
        """The size of all records in tokens of 3.5 characters."""
        return round(sum(file.characters for file in self.files) / CHARACTERS_A_TOKEN)

    @property
    def delivered(self) -> int:
        """Records and lines in all files."""
        return sum(file.delivered for file in self.files)

    @property
    def duplicate(self) -> int:
        """Records that are second deliveries of another."""
        return sum(file.duplicate for file in self.files)

    @property
    def broken(self) -> int:
        """Lines that hold no record."""
        return sum(file.broken for file in self.files)

    @property
    def marked(self) -> tuple[RecordKey, ...]:
        """Every record of every step, in order of time."""
        keys = (key for step in self.steps for key in step.records)
        return tuple(sorted(keys, key=lambda key: (key.time, key.file, key.line, key.index)))
