"""What is true of accounts of incidents that were generated or taken from a corpus."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Frozen


class ChainSpec(Frozen):
    """All that determines generated accounts; equal specifications give equal bytes."""

    seed: int = 7
    accounts: int = Field(default=10, ge=1, le=2_000)
    steps: int = Field(default=14, ge=2, le=200)
    branching: float = Field(default=0.2, ge=0.0, le=1.0)


class TrueStep(Frozen):
    """A step and the technique it is; None where a corpus gives a tactic alone."""

    step_uid: str
    name: str
    description: str
    technique: str | None


class TrueAccount(Frozen):
    """An account with its truth: links are pairs of step uids, in the direction of time."""

    name: str
    steps: tuple[TrueStep, ...]
    links: tuple[tuple[str, str], ...]
