"""What passes between a model and the engine: submissions, leaf answers, and how a run ended."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.base import Frozen
from schemas.budget import Usage
from schemas.claim import Claim, Verification
from schemas.result import LimitHit
from schemas.trajectory import NodeRecord


class _FromModel(BaseModel):
    """Written by a model: unknown fields are ignored, known ones are checked."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class SubmittedEvidence(_FromModel):
    """A citation as a model writes it; `event_uid` may be wrong and is checked."""

    event_uid: str = Field(max_length=200)
    quote: str | None = Field(default=None, max_length=4_000)


class SubmittedClaim(_FromModel):
    """A claim as a model writes it."""

    text: str = Field(min_length=1, max_length=2_000)
    evidence: list[SubmittedEvidence] = Field(max_length=200)
    against: list[SubmittedEvidence] = Field(default=[], max_length=200)
    techniques: list[str] = Field(default=[], max_length=50)


class Submission(_FromModel):
    """The input of the tool `submit`, and the answer of a direct call."""

    answer: str = Field(min_length=1, max_length=20_000)
    claims: list[SubmittedClaim] = Field(max_length=200)
    ruled_out: list[str] = Field(default=[], max_length=100)


class LeafAnswer(_FromModel):
    """The answer of a reader to a question about one part."""

    answer: str = Field(max_length=20_000)
    evidence: list[SubmittedEvidence] = Field(default=[], max_length=1_000)
    data: Any = None


Ending = Literal["submitted", "turns", "budget", "refused", "failed"]


class AgentAnswer(Frozen):
    """How an agent run ended. Whatever the ending, the claims in it have been checked.

    `shown` are the rows of the context that a model was shown, as the engine's `RowSet` writes
    them.
    """

    answer: str
    claims: tuple[Claim, ...] = ()
    ruled_out: tuple[str, ...] = ()
    verification: Verification = Verification()
    ending: Ending
    reason: str = ""
    limit: LimitHit | None = None
    turns: int = 0
    usage: Usage = Usage()
    records: tuple[NodeRecord, ...] = ()
    parts_read: tuple[str, ...] = ()
    shown: str = ""
