"""How a playbook is told: deeds at moments of the incident, each with the records it leaves."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from schemas.scenario import IncidentSpec, PlantedIndicator, SilentInterval
from sentree.evals.generate import windows
from sentree.evals.generate.emission import Emission
from sentree.evals.generate.windows import Process
from sentree.evals.generate.world import (
    HOUR,
    MILLISECOND,
    MINUTE,
    SECOND,
    Host,
    User,
    World,
    to_datetime,
)

SYSTEM32 = "C:\\Windows\\System32\\"
POWERSHELL_EXE = SYSTEM32 + "WindowsPowerShell\\v1.0\\powershell.exe"


@dataclass(frozen=True, slots=True)
class Deed:
    """One step of the intruder before its records have found their lines."""

    technique: str
    tactic: str
    host: str
    user: str
    description: str
    records: tuple[Emission, ...]
    related: tuple[Emission, ...]


@dataclass(slots=True)
class Story:
    """Collects the deeds of one playbook; `now` is where the telling stands."""

    world: World
    spec: IncidentSpec
    rng: Random
    now: int = 0
    deeds: list[Deed] = field(default_factory=list[Deed])
    indicators: list[PlantedIndicator] = field(default_factory=list[PlantedIndicator])

    def moment(self, act: int, hour: int, minute: int = 0) -> int:
        """Give the time of day of an act: acts 0, 1, 2 are the first, middle and last day.

        An incident of one or two days plays the three days' clock faster.
        """
        clock = hour * HOUR + minute * MINUTE
        if self.spec.days >= 3:
            return self.world.start + act * (self.spec.days - 1) // 2 * 24 * HOUR + clock
        return self.world.start + (act * 24 * HOUR + clock) * self.spec.days // 3

    def scene(self, act: int, hour: int, minute: int = 0) -> None:
        """Move to a time of day, plus up to three minutes."""
        self.now = self.moment(act, hour, minute) + self.rng.randrange(3 * MINUTE)

    def wait(self, low: int, high: int) -> int:
        """Let some seconds pass; gives the new time."""
        self.now += self.rng.randrange(low * SECOND, high * SECOND) + 1 * MILLISECOND
        return self.now

    def later(self, milliseconds: int) -> int:
        """Give an instant shortly after now, without moving on."""
        return self.now + milliseconds * MILLISECOND

    def run(
        self, parent: Process, image: str, line: str, *, user: User | None = None
    ) -> tuple[Process, list[Emission]]:
        """Start a process now; gives it and the records that both sensors keep of it."""
        return windows.process_start(self.now, self.rng, parent, image, line, user=user)

    def deed(
        self,
        technique: str,
        tactic: str,
        host: Host | str,
        user: User | str,
        description: str,
        records: Sequence[Emission],
        related: Sequence[Emission] = (),
    ) -> None:
        """Add a step with its marked records and its further traces."""
        self.deeds.append(
            Deed(
                technique,
                tactic,
                host if isinstance(host, str) else host.name,
                user if isinstance(user, str) else user.name,
                description,
                tuple(records),
                tuple(related),
            )
        )

    def plant(self, kind: str, *values: str) -> None:
        """Note values that give the intruder away."""
        self.indicators += [PlantedIndicator(kind=kind, value=value) for value in values]

    def silence(self) -> SilentInterval:
        """Give the host and hours without Windows logs: the middle day's working hours."""
        return SilentInterval(
            host=self.world.app_server.name,
            start=to_datetime(self.moment(1, 10)),
            end=to_datetime(self.moment(1, 15)),
        )


def encoded(script: str) -> str:
    """Encode a script as `powershell -EncodedCommand` wants it."""
    return b64encode(script.encode("utf-16-le")).decode()
