"""How many more cases it would take: the usual normal approximation, with a chance of 80 %."""

from __future__ import annotations

from math import ceil
from statistics import NormalDist

from schemas.verdict import Estimate

POWER = 0.80
SAME = 1e-9
MOST = 1_000
_TWO_SIDED = NormalDist().inv_cdf(0.975)
_REACH = _TWO_SIDED + NormalDist().inv_cdf(POWER)


def more_clusters(estimate: Estimate, threshold: float, min_clusters: int) -> int | None:
    """Give the clusters to add until the interval leaves the threshold, if the figure stays.

    None where the figure lies so near the threshold that no practicable number would do.
    """
    if estimate.low is None or estimate.high is None:
        return max(min_clusters - estimate.clusters, 1)
    error = (estimate.high - estimate.low) / (2 * _TWO_SIDED)
    gap = abs(estimate.value - threshold)
    if gap < SAME:
        return None
    needed = estimate.clusters * (_REACH * error / gap) ** 2
    added = max(ceil(needed - estimate.clusters), 1)
    return added if added <= MOST else None
