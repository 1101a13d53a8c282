"""The score: the expected urgency of a CVE's path through the SSVC tree, as far as it is known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
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
    table = _urgencies(mission)
    total = 0.0
    for exploited, p_exploited in enumerate(exploitation):
        if p_exploited:
            mild, grave = table[exploited][0], table[exploited][1]
            total += p_exploited * (
                automatable[0] * (impact[0] * mild[0] + impact[1] * mild[1])
                + automatable[1] * (impact[0] * grave[0] + impact[1] * grave[1])
            )
    return total


@lru_cache(maxsize=3)
def _urgencies(mission: Mission) -> list[list[list[float]]]:
    return [
        [[urgency(one, two, three, mission) for three in TECHNICAL_IMPACT] for two in AUTOMATABLE]
        for one in EXPLOITATION
    ]


def likeliest(shares: Sequence[float]) -> int:
    """Give the place of the likeliest value; the graver one of two that are equally likely."""
    return max(range(len(shares)), key=lambda place: (shares[place], place))
