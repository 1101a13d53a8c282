"""A question put to the lake, and the decision on how to answer it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.base import Frozen
from schemas.window import Window


class Path(StrEnum):
    """How a query is answered: one direct call (or one SQL), or the recursive tree."""

    DIRECT = "direct"
    RLM = "rlm"


class Scenario(StrEnum):
    """The kind of analysis a query asks for; some are made by name only, never asked for."""

    LOOKUP = "lookup"
    TIMELINE = "timeline"
    CHAIN = "chain"
    CORRELATE = "correlate"
    EVIDENCE = "evidence"
    INTEL = "intel"
    TRIAGE = "triage"
    MAP_RULES = "map_rules"
    CLASSIFY = "classify"
    DIGEST = "digest"
    METRICS = "metrics"
    SEARCH = "search"
    PIVOT = "pivot"
    HUNT = "hunt"


_BY_NAME = (Scenario.DIGEST, Scenario.METRICS, Scenario.SEARCH, Scenario.PIVOT, Scenario.HUNT)

ASKED = tuple(one for one in Scenario if one not in _BY_NAME)
"""What the router chooses from."""


class Query(Frozen):
    """A question and its scope. `entity` narrows to a host, user or IP address."""

    text: str = Field(description="The question, in plain words.")
    window: Window | None = Field(
        default=None, description="From when to when (UTC); without it, everything there is."
    )
    tenant_uid: str = Field(
        default="default", title="Tenant", description="Whose events are looked at."
    )
    where: str | None = Field(
        default=None, description="Only events that meet this SQL condition over their columns."
    )
    entity: str | None = Field(
        default=None, description="Only events that name this host, user or IP address."
    )


class ContextFacts(Frozen):
    """Measured facts about a query's context that a routing decision may rest on."""

    events: int
    characters: int
    partitions: int

    @property
    def tokens(self) -> int:
        """A rough token count: four characters a token."""
        return self.characters // 4


class RouteDecision(Frozen):
    """Which path was chosen, how sure the classifier was, and every reason in plain words."""

    path: Path
    scenario: Scenario
    path_probabilities: dict[str, float]
    scenario_probabilities: dict[str, float]
    decided_by: str
    reasons: tuple[str, ...]
    router_version: str


class RouteSignal(Frozen):
    """How much one feature of a question speaks for the label chosen, in log-odds.

    `target` is path or scenario; `against` is the label that comes second.
    """

    target: str
    label: str
    against: str
    feature: str
    weight: float


class SimilarQuery(Frozen):
    """A labelled training query, and how near it is to a question (cosine, 1 is the same)."""

    text: str
    path: Path
    scenario: Scenario
    similarity: float


class RouteExplanation(Frozen):
    """A route decision with what spoke for it, and what other context facts would make of it.

    `small` and `large` are the paths over a context that one call can read and one that it can't.
    """

    query: str
    decision: RouteDecision
    signals: tuple[RouteSignal, ...]
    nearest: tuple[SimilarQuery, ...]
    small: Path
    large: Path
    direct_below_tokens: int
