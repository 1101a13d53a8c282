"""What an experiment is and what it measured: paths compared on the same cases (DESIGN §9)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from schemas.base import Frozen


class EvalPath(StrEnum):
    """How a question was answered."""

    DIRECT = "direct"
    """The whole context, or as much as fits, in one prompt."""
    RLM_PLANNED = "rlm-planned"
    """Parts cut by plan, each read by one call, folded by code."""
    RLM_AGENT = "rlm-agent"
    """The model drives the REPL (RLM paper)."""
    RETRIEVAL = "retrieval"
    """The records that a search finds, in one prompt."""


class EvalOutcome(StrEnum):
    """What became of a trial."""

    ANSWERED = "answered"
    DECLINED = "declined"
    """No answer was claimed: of no use, but nobody is misled."""
    LIMITED = "limited"
    """A cap ended the work; what was found until then is scored."""
    FAILED = "failed"
    """The model refused, was unreachable, or the context did not fit. Scored as 0."""


class Trial(Frozen):
    """One case answered once: by one path, with one model, at one size.

    `case_uid` is the same for every path and model that was given the same question on the same
    records; comparisons are paired by it.
    """

    experiment: str
    task: str = Field(description="Such as needle, counting, pairing, timeline, chain.")
    case_uid: str
    size_tokens: int = Field(ge=1, description="The size asked for.")
    context_tokens: int = Field(ge=0, description="The size that the context has.")
    path: EvalPath
    model: str
    seed: int = Field(ge=0, description="Which repetition of the same kind of case.")
    score: float = Field(ge=0, le=1, description="The task's own metric, 1 is best.")
    metrics: Mapping[str, float] = Field(default={}, description="What else the task measures.")
    outcome: EvalOutcome
    failure: str | None = None
    seconds: float = Field(ge=0)
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    cached_tokens: int = Field(default=0, ge=0)
    usd: float | None = Field(default=None, ge=0, description="None for a model without price.")
    calls: int = Field(default=0, ge=0)
    sub_calls: int = Field(default=0, ge=0)
    turns: int = Field(default=0, ge=0)
    peak_context_tokens: int = Field(default=0, ge=0, description="The longest single prompt.")
    peak_memory_bytes: int | None = Field(default=None, ge=0)
    citations_valid: float | None = Field(default=None, ge=0, le=1)
    coverage: float | None = Field(default=None, ge=0, le=1, description="Share of events read.")
    peeked: bool = False
    grepped: bool = False
    partitioned: bool = False
    router_path: EvalPath | None = Field(
        default=None, description="What the router chooses for this question and context."
    )
    language_model: bool = Field(default=True, description="False for the embedded analyst.")
    simulated: bool = Field(default=False, description="True where no real model answered.")
    run_uid: str | None = None
    trial_uid: str = Field(default="", description="Hash of all that determines the trial.")
    answer: str = Field(default="", description="What was answered, its beginning.")
