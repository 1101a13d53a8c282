"""CISA's SSVC decision tree as a table, and the urgency that a path through it stands for."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files

from schemas.triage import DECISIONS, Decision
from schemas.vulnerability import Automatable, Exploitation, Mission, TechnicalImpact

EXPLOITATION: tuple[Exploitation, ...] = ("none", "poc", "active")
AUTOMATABLE: tuple[Automatable, ...] = ("no", "yes")
TECHNICAL_IMPACT: tuple[TechnicalImpact, ...] = ("partial", "total")
MISSION: tuple[Mission, ...] = ("low", "medium", "high")
"""The values of each decision point, mildest first."""


def decide(
    exploitation: Exploitation,
    automatable: Automatable,
    technical_impact: TechnicalImpact,
    mission: Mission,
) -> Decision:
    """Walk the tree: the decision for four decision points."""
    return _tree()[exploitation, automatable, technical_impact, mission]


def point_order(
    exploitation: Exploitation, automatable: Automatable, technical_impact: TechnicalImpact
) -> int:
    """Place three decision points in their lexicographic order, 0 to 11, gravest last."""
    return (
        4 * EXPLOITATION.index(exploitation)
        + 2 * AUTOMATABLE.index(automatable)
        + TECHNICAL_IMPACT.index(technical_impact)
    )


def decision_order(decision: Decision) -> int:
    """Place a decision, 0 (Track) to 3 (Act)."""
    return len(DECISIONS) - 1 - DECISIONS.index(decision)


@lru_cache(maxsize=64)
def urgency(
    exploitation: Exploitation,
    automatable: Automatable,
    technical_impact: TechnicalImpact,
    mission: Mission,
) -> float:
    """Give the urgency of a path, 0 to 1: the mean of its place by points and by decision.

    The tree alone gives four ranks and leaves most CVEs tied at Track; the order of the points
    alone doesn't know what is at stake. The mean keeps both readings of "ranked by SSVC".
    """
    by_points = point_order(exploitation, automatable, technical_impact) / 11
    decision = decide(exploitation, automatable, technical_impact, mission)
    return (by_points + decision_order(decision) / 3) / 2


@lru_cache(maxsize=1)
def _tree() -> dict[tuple[str, str, str, str], Decision]:
    text = (files("sentree.intel") / "ssvc.json").read_text("utf-8")
    return {
        (path["exploitation"], path["automatable"], path["technical impact"], mission): path[
            mission
        ]
        for path in json.loads(text)["paths"]
        for mission in MISSION
    }
