"""How probable each link is when every step but the first has exactly one that led to it.

All the ways to join steps into such a tree are weighed at once by the matrix-tree theorem
(Tutte 1948; as used for dependency trees by Koo et al. 2007).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

WIDEST = 25.0
"""Log weights further than this below the best count as this far, so that nothing degenerates."""


def link_probabilities(weights: Doubles) -> Doubles:
    """Give the probability of each link under trees grown forward, and backward, averaged.

    `weights[i, j]` is the log weight of i leading to j. Forward trees give each step one that
    led to it, backward ones give each step one that it led to: a chain satisfies both.
    """
    if len(weights) < 2:
        return np.zeros_like(weights)
    return (_forward(weights) + _forward(weights.T).T) / 2


def _forward(weights: Doubles) -> Doubles:
    size = len(weights)
    off = ~np.eye(size, dtype=bool)
    shares = np.exp(np.maximum(weights - weights[off].max(), -WIDEST))
    shares[~off] = 0.0
    # Any step may be the first; the weight of being so is that of a middling link.
    first = np.full(size, shares.sum() / size / size)
    laplacian = np.diag(shares.sum(axis=0)) - shares
    laplacian[0] = first
    inverse = np.linalg.pinv(laplacian)
    diagonal = np.diag(inverse)
    gained = shares * diagonal[None, :]
    gained[:, 0] = 0.0
    lost = shares * inverse.T
    lost[0] = 0.0
    return np.clip(gained - lost, 0.0, 1.0)
