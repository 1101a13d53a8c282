"""What a case is: records in a context, a question, how it is worked in parts, and its truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from schemas.base import Frozen
from schemas.context import ContextInfo
from schemas.experiment import EvalOutcome, EvalPath
from schemas.experiment_plan import CaseSpec, Conditions
from schemas.simulated import SimulatedTruth

Found = Mapping[str, Any]


class Scored(NamedTuple):
    """How an answer does: the task's own metric from 0 to 1, and what else it measures."""

    score: float
    metrics: Mapping[str, float]
    answer: str
    outcome: EvalOutcome = EvalOutcome.ANSWERED


class Parts(NamedTuple):
    """How the case is worked in parts: what each reader is asked, and the form of its answer.

    `scenario` names the prompt that says what the records are; `beside` is shown with every part.
    Of a `leaf` only the items whose citations hold are kept.
    """

    question: str
    schema: dict[str, Any]
    leaf: type[Frozen] | None = None
    scenario: str | None = None
    beside: str = ""


class Case(Protocol):
    """One question about one context, scored alike whoever answers.

    `typed`: a direct call answers in the form of a reader, not in words.
    """

    @property
    def info(self) -> ContextInfo:
        """The context."""
        ...

    @property
    def typed(self) -> bool:
        """Whether one call over everything answers in the form of a reader."""
        ...

    @property
    def question(self) -> str:
        """What one prompt, or an agent, is asked; the form of the answer is in it."""
        ...

    @property
    def topic(self) -> str:
        """The question alone: what a search looks for, and what the router reads."""
        ...

    @property
    def parts(self) -> Parts:
        """How it is worked in parts."""
        ...

    def of_text(self, text: str) -> Scored:
        """Score an answer in words."""
        ...

    def of_parts(self, found: Sequence[Found]) -> Scored:
        """Fold what readers of parts gave as `data`, by code, and score that."""
        ...

    def embedded(self) -> Scored:
        """Let the embedded analyst answer, and score that."""
        ...

    def truth(self, conditions: Conditions) -> SimulatedTruth:
        """Give what a simulated model is told beforehand."""
        ...


Make = Callable[[CaseSpec, Path], Case]


class Task(NamedTuple):
    """A kind of case. `make` writes the records into a folder, or finds them there.

    `unasked` says of the paths on which it can't be asked, why. Tasks with the same `records`
    have the same records at the same size and seed. `simulated` tells whether a simulated model
    can be told its truth. Sizes reach from `smallest` to `largest`, where its source ends.
    """

    name: str
    about: str
    records: str
    make: Make
    unasked: Mapping[EvalPath, str] = {}
    embedded_paths: tuple[EvalPath, ...] = (EvalPath.DIRECT,)
    simulated: bool = True
    smallest: int = 2_000
    largest: int = 20_000_000
