"""The chain scenario: accounts of an incident in, its techniques and their transitions out."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen, UtcTime
from schemas.claim import Evidence
from schemas.query import Query
from schemas.timeline import Transition

Order = Literal["auto", "stated", "inferred"]
"""Whose order holds: the file's, the one inferred from the texts, or the likelier of the two."""

OrderBasis = Literal["links", "times", "text", "inferred"]
"""What an order rests on: links or times the file states, the order of its text, or inference."""

LabelBasis = Literal["stated", "name", "text", "tactic"]
"""How a technique is known: its id is given, its name is, the words fit, or only a tactic."""


class ChainRequest(Frozen):
    """Accounts to read: prose, JSON, Attack Flow files; files, folders or glob patterns.

    `examples` are STIX files whose relationships are labelled procedures to learn words from;
    `blind` hides the ids and links a file states, as an examination does.
    """

    paths: tuple[str, ...]
    title: str = ""
    order: Order = "auto"
    blind: bool = False
    examples: tuple[str, ...] = ()
    tenant_uid: str = "default"
    formats: tuple[str, ...] = ("html", "md", "navigator")

    @property
    def query(self) -> Query:
        """The request as a query."""
        what = self.title or ", ".join(self.paths[:3]) + (", …" if len(self.paths) > 3 else "")
        return Query(
            text=f"Which techniques do these steps describe, and which followed which? ({what})",
            tenant_uid=self.tenant_uid,
        )


class AccountStep(Frozen):
    """One step as somebody tells it. `technique` and `tactics` are what the file itself states.

    `line` is the 1-based line it begins on; `tactic` is a short name such as `initial-access`.
    """

    step_uid: str
    name: str
    description: str
    file: str
    line: int
    raw: str
    technique: str | None = None
    tactic: str | None = None
    time: UtcTime | None = None

    @property
    def text(self) -> str:
        """Name and description, as one text."""
        if not self.name or self.description.startswith(self.name):
            return self.description or self.name
        return f"{self.name}. {self.description}" if self.description else self.name


class TechniqueGuess(Frozen):
    """A technique a step may be, how probable that is, and the words it rests on."""

    technique: str
    name: str
    probability: float
    basis: LabelBasis
    quote: str = ""


class ProseStep(Frozen):
    """A step in its place in the chain: `position` counts from 1; guesses, likeliest first."""

    step_uid: str
    position: int
    summary: str
    guesses: tuple[TechniqueGuess, ...]
    tactics: tuple[str, ...] = ()
    time: UtcTime | None = None

    @property
    def technique(self) -> str | None:
        """The likeliest technique, if any is likely enough to be named."""
        return self.guesses[0].technique if self.guesses else None


class StepLink(Frozen):
    """Step `source_uid` led to step `target_uid`; `reasons` say why, strongest first."""

    source_uid: str
    target_uid: str
    probability: float
    reasons: tuple[str, ...]


class ProseChain(Frozen):
    """The chain of one account: steps in order, links between them, technique transitions."""

    name: str
    file: str
    order_basis: OrderBasis
    order_note: str = ""
    steps: tuple[ProseStep, ...]
    links: tuple[StepLink, ...] = ()
    transitions: tuple[Transition, ...] = ()


class RejectedStep(Frozen):
    """What could not be used, where it stands, and why."""

    file: str
    line: int
    reason: str


class ChainReport(Frozen):
    """The chains of all accounts that were read."""

    chains: tuple[ProseChain, ...]
    rejected: tuple[RejectedStep, ...] = ()


class StepReading(Frozen):
    """What a language model reads from one step: its technique, and the steps it came after."""

    step_uid: str
    technique: str
    probability: float
    evidence: tuple[Evidence, ...]
    after_step_uids: tuple[str, ...] = ()


class ChainLeaf(Frozen):
    """What a language model gives for one part of the steps; code folds the parts."""

    readings: tuple[StepReading, ...] = ()
