"""What an experiment compares: cases by sizes, paths, models and repetitions, within caps."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Frozen
from schemas.budget import Caps
from schemas.experiment import EvalPath
from schemas.simulated import SimulatedProfile

CHARACTERS_A_TOKEN = 4
"""How sizes are counted, for every model alike; a model's own count is in its usage."""


class Conditions(Frozen):
    """What trials have in common, beside case, path and model. Sizes are in tokens.

    `caps` are those of one trial. A direct prompt holds what fits into `direct_tokens`; a
    retrieval prompt what a search finds first; a reader one part of `leaf_tokens`.
    """

    direct_tokens: int = Field(default=200_000, ge=500)
    retrieval_tokens: int = Field(default=16_000, ge=500)
    leaf_tokens: int = Field(default=25_000, ge=500)
    turns: int = Field(default=20, ge=1, le=200)
    max_tokens: int = Field(default=8_000, ge=256)
    thinking_tokens: int | None = Field(default=None, ge=1_024)
    workers: int = Field(default=8, ge=1, le=64)
    caps: Caps = Caps()


class ExperimentPlan(Frozen):
    """An experiment. `caps` bound all of it, `conditions.caps` one trial.

    `at_once` trials are made side by side; with more than one, memory is not measured, and
    latencies disturb each other.
    """

    experiment: str = Field(min_length=1, max_length=80, pattern=r"^[\w.-]+$")
    tasks: tuple[str, ...] = Field(min_length=1)
    sizes: tuple[int, ...] = Field(min_length=1)
    paths: tuple[EvalPath, ...] = Field(min_length=1)
    models: tuple[str, ...] = Field(min_length=1)
    seeds: int = Field(default=3, ge=1, le=1_000)
    at_once: int = Field(default=1, ge=1, le=64)
    conditions: Conditions = Conditions()
    caps: Caps = Caps()


class CaseSpec(Frozen):
    """One case, before it is made: equal specifications give equal records and questions.

    `task` may name a file or folder after a colon; `source` is then the hash of its content.
    """

    task: str
    size_tokens: int = Field(ge=1)
    seed: int = Field(ge=0)
    source: str = ""

    @property
    def kind(self) -> str:
        """The task without its file."""
        return self.task.partition(":")[0]

    @property
    def uid(self) -> str:
        """The case's name: the same for every path and model."""
        source = f"-{self.source[:8]}" if self.source else ""
        return f"{self.kind}{source}-{self.size_tokens}-{self.seed}"


class TrialSpec(Frozen):
    """One trial, before it is made; `trial_uid` is the hash of everything that determines it."""

    trial_uid: str
    experiment: str
    case: CaseSpec
    path: EvalPath
    model: str
    profile: SimulatedProfile | None = None

    @property
    def label(self) -> str:
        """The trial in words, for lists and graphs."""
        size = self.case.size_tokens
        tokens = f"{size // 1_000}k" if size < 1_000_000 else f"{size / 1_000_000:g}M"
        return f"{self.case.kind} {tokens} #{self.case.seed} {self.path} {self.model}"


class Unasked(Frozen):
    """A combination that can't be asked, and why; `size_tokens` where it is only this size."""

    task: str
    size_tokens: int | None = None
    path: EvalPath
    model: str
    reason: str
