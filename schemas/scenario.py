"""A generated incident and what is true of it: the specification in, the labels out."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import Field

from schemas.base import Frozen, UtcTime
from schemas.timeline import Transition


class Playbook(StrEnum):
    """Which story is played among the benign events."""

    PHISHING = "phishing"
    WEB_SERVER = "web-server"


class Noise(StrEnum):
    """How much broken delivery and suspicious-looking administration there is."""

    NONE = "none"
    NORMAL = "normal"
    HIGH = "high"


class IncidentSpec(Frozen):
    """All that determines a generated incident; equal specifications give equal bytes.

    `tenant` names the tenant the logs are meant for; raw logs don't say it themselves.
    """

    seed: int = 7
    start: UtcTime = datetime(2026, 1, 5, tzinfo=UTC)
    days: int = Field(default=3, ge=1, le=60)
    hosts: int = Field(default=8, ge=5, le=200)
    benign_events: int = Field(default=20_000, ge=0)
    noise: Noise = Noise.NORMAL
    playbook: Playbook = Playbook.PHISHING
    tenant: str = "default"


class RecordKey(Frozen):
    """Where a raw record stands, and the hash of its exact text.

    `index` counts from 0 inside a file that holds an array of records (CloudTrail); it is 0 for
    a file of lines. A record delivered twice has the same hash in both places.
    """

    file: str
    line: int
    index: int = 0
    time: UtcTime
    sha256: str


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
    """What one file delivers: records or lines in all, second deliveries and broken lines in it."""

    file: str
    format: str
    delivered: int
    duplicate: int = 0
    broken: int = 0


class IncidentTruth(Frozen):
    """The labels of a generated incident, kept apart from its logs."""

    spec: IncidentSpec
    steps: tuple[TruthStep, ...]
    transitions: tuple[Transition, ...]
    indicators: tuple[PlantedIndicator, ...]
    silent: tuple[SilentInterval, ...]
    hostile: tuple[RecordKey, ...]
    files: tuple[FileCount, ...]

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
