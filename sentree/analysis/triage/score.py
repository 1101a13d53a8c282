"""The score: the expected urgency of a CVE's path through the SSVC tree, as far as it is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from schemas.vulnerability import Exposure, Mission
from sentree.intel.ssvc import AUTOMATABLE, EXPLOITATION, TECHNICAL_IMPACT, urgency

EXPOSURE_FACTOR: dict[Exposure, float] = {
    "internet": 1.0,
    "unknown": 1.0,
    "internal": 0.75,
    "none": 0.5,
}
"""How much of its urgency a vulnerability keeps on an asset so exposed."""


class Spread(NamedTuple):
    """How likely each value of three decision points is, mildest first, each adding up to 1."""

    exploitation: tuple[float, float, float]
    automatable: tuple[float, float]
    impact: tuple[float, float]


def spread(active: float, poc: float, automatable: float, total: float) -> Spread:
    """Spread probabilities over the values; `poc` is that of a proof if nothing is exploited."""
    return Spread(
        ((1 - active) * (1 - poc), (1 - active) * poc, active),
        (1 - automatable, automatable),
        (1 - total, total),
    )


def expected_urgency(
    exploitation: Sequence[float],
    automatable: Sequence[float],
    impact: Sequence[float],
    mission: Mission,
) -> float:
    """Give the mean urgency over all paths, each as likely as its values, 0 to 1."""
    return sum(
        p_exploited * p_automatable * p_impact * urgency(exploited, automated, total, mission)
        for exploited, p_exploited in zip(EXPLOITATION, exploitation, strict=True)
        for automated, p_automatable in zip(AUTOMATABLE, automatable, strict=True)
        for total, p_impact in zip(TECHNICAL_IMPACT, impact, strict=True)
    )


def middle(shares: Sequence[float]) -> int:
    """Give the median value of an ordered decision point: half of the weight is at or above it."""
    above = 0.0
    for place in range(len(shares) - 1, 0, -1):
        above += shares[place]
        if above >= 0.5:
            return place
    return 0
