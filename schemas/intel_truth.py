"""What is true of generated STIX bundles: the specification in, the labels out."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Frozen


class IntelSpec(Frozen):
    """All that determines generated bundles; equal specifications give equal bytes."""

    seed: int = 7
    bundles: int = Field(default=20, ge=1, le=2_000)
    actors: int = Field(default=12, ge=1, le=400)
    techniques: int = Field(default=12, ge=1, le=40)
    indicators: int = Field(default=15, ge=0, le=100_000)


class TrueActor(Frozen):
    """An actor and everything that any bundle says of it; targets that only prose names too."""

    name: str
    aliases: tuple[str, ...]
    techniques: tuple[str, ...]
    software: tuple[str, ...]
    campaigns: tuple[str, ...]
    targets: tuple[str, ...]
    origin: str


class Planted(Frozen):
    """A contradiction that was planted: its kind, and what it is about."""

    kind: str
    subject: str


class IntelTruth(Frozen):
    """The labels of generated bundles. `delivered` counts good objects, copies included."""

    spec: IntelSpec
    files: tuple[str, ...]
    actors: tuple[TrueActor, ...]
    indicators: dict[str, str]
    vulnerabilities: tuple[str, ...]
    contradictions: tuple[Planted, ...]
    dangling: int
    rejected: int
    revoked: tuple[str, ...]
    delivered: int
    distinct: int
