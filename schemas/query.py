"""A question put to the lake, and the decision on how to answer it."""

from __future__ import annotations

from enum import StrEnum

from schemas.base import Frozen
from schemas.window import Window


class Path(StrEnum):
    """How a query is answered: one direct call (or one SQL), or the recursive tree."""

    DIRECT = "direct"
    RLM = "rlm"


class Scenario(StrEnum):
    """The kind of analysis a query asks for."""

    LOOKUP = "lookup"
    TIMELINE = "timeline"
    CHAIN = "chain"
    CORRELATE = "correlate"
    EVIDENCE = "evidence"
    INTEL = "intel"
    TRIAGE = "triage"
    MAP_RULES = "map_rules"
    CLASSIFY = "classify"


class Query(Frozen):
    """A question and its scope. `entity` narrows to a host, user or IP address."""

    text: str
    window: Window | None = None
    tenant_uid: str = "default"
    where: str | None = None
    entity: str | None = None


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
