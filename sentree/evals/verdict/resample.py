"""The paired cluster bootstrap: clusters are drawn again within each task, figures follow.

One set of draws serves every figure of a comparison, so that whatever belongs together (two paths,
all sizes of one case) is drawn together. Efron & Tibshirani 1993; the correction of the interval
for few clusters is Hesterberg's (2015).
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.verdict import Estimate

Floats = npt.NDArray[np.float64]

ROUNDS = 4_000
LEVEL = 0.975
_CHUNK = 2_000_000
_NORMAL = NormalDist()


class Cluster(NamedTuple):
    """What is drawn as one; clusters of one origin stand for each other, those of others don't."""

    origin: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A figure of the trials, and of every draw; NaN where a draw does not define it.

    `origins` names the sets of clusters it was drawn from, and how many clusters of each have a
    part in it.
    """

    point: float
    draws: Floats
    origins: Mapping[str, int]

    @property
    def clusters(self) -> int:
        """How many clusters the figure rests on."""
        return sum(self.origins.values())

    @property
    def free(self) -> int:
        """The degrees of freedom; 0 if a cluster stands alone, which no draw can vary."""
        alone = any(count < 2 for count in self.origins.values())
        return 0 if alone else self.clusters - len(self.origins)

    def minus(self, other: Drawn) -> Drawn:
        """Subtract a figure of the same draws."""
        return Drawn(self.point - other.point, self.draws - other.draws, self.origins)

    def over(self, other: Drawn, floor: float = 0.0) -> Drawn:
        """Divide by a figure of the same draws; what is below `floor` counts as the floor."""
        below = max(other.point, floor)
        with np.errstate(divide="ignore", invalid="ignore"):
            draws = self.draws / np.maximum(other.draws, floor)
        return Drawn(self.point / below if below else float("nan"), draws, self.origins)


class Resampler:
    """Draws of clusters with replacement, origin by origin; equal seeds give equal draws."""

    def __init__(self, clusters: Iterable[Cluster], *, rounds: int = ROUNDS, seed: int = 0) -> None:
        self.rounds = rounds
        self._column: dict[Cluster, int] = {}
        drawn: list[Floats] = []
        named: dict[str, list[Cluster]] = {}
        for cluster in sorted(set(clusters)):
            named.setdefault(cluster.origin, []).append(cluster)
        for origin, some in named.items():
            for cluster in some:
                self._column[cluster] = len(self._column)
            # The draws of one origin do not depend on which others there are.
            random = np.random.default_rng([seed, zlib.crc32(origin.encode())])
            chances = np.full(len(some), 1 / len(some))
            drawn.append(random.multinomial(len(some), chances, rounds).astype(np.float64))
        self._drawn: Floats = np.concatenate(drawn, axis=1) if drawn else np.empty((rounds, 0))

    def mean(self, clusters: Sequence[Cluster], values: Sequence[float]) -> Drawn:
        """Give the mean of values, one cluster named for each."""
        weights, places = self._weights(clusters)
        sums, counts = _sums(places, values, weights), _sums(places, None, weights)
        with np.errstate(divide="ignore", invalid="ignore"):
            draws = (weights @ sums) / (weights @ counts)
        return Drawn(float(sums.sum() / counts.sum()), draws, _origins(clusters))

    def slope(self, clusters: Sequence[Cluster], x: Sequence[float], y: Sequence[float]) -> Drawn:
        """Give the least-squares slope of `y` on `x`; `x` must have two values."""
        weights, places = self._weights(clusters)
        across, up = np.asarray(x, np.float64), np.asarray(y, np.float64)
        across = across - across.mean()
        parts = [
            _sums(places, part, weights)
            for part in (None, across, up, across * up, across * across)
        ]

        def fit(n: Floats, sx: Floats, sy: Floats, sxy: Floats, sxx: Floats) -> Floats:
            spread = n * sxx - sx * sx
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.where(spread > 1e-9, (n * sxy - sx * sy) / spread, np.nan)

        point = fit(*(np.asarray(part.sum()) for part in parts))
        draws = fit(*(weights @ part for part in parts))
        return Drawn(float(point), draws, _origins(clusters))

    def quantile(self, clusters: Sequence[Cluster], values: Sequence[float], level: float) -> Drawn:
        """Give a quantile of values, one cluster named for each."""
        order = np.argsort(np.asarray(values, np.float64), kind="stable")
        ranked = np.asarray(values, np.float64)[order]
        columns = np.array([self._column[clusters[place]] for place in order])
        draws = np.empty(self.rounds)
        step = max(_CHUNK // len(ranked), 1)
        for start in range(0, self.rounds, step):
            part = slice(start, start + step)
            total = np.cumsum(self._drawn[part][:, columns], axis=1)
            reached = total >= level * total[:, -1:] - 1e-9
            draws[part] = np.where(total[:, -1] > 0, ranked[reached.argmax(axis=1)], np.nan)
        count = len(ranked)
        place = min(max(int(np.ceil(level * count - 1e-9)) - 1, 0), count - 1)
        return Drawn(float(ranked[place]), draws, _origins(clusters))

    def _weights(self, clusters: Sequence[Cluster]) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Give the draws of the clusters that have a part, and the place of each among them."""
        columns = np.fromiter((self._column[one] for one in clusters), np.int64, len(clusters))
        used, places = np.unique(columns, return_inverse=True)
        return self._drawn[:, used], places


def _sums(
    places: npt.NDArray[np.int64], values: Sequence[float] | Floats | None, weights: Floats
) -> Floats:
    """Add up values cluster by cluster; None counts them."""
    of_each = None if values is None else np.asarray(values, np.float64)
    return np.bincount(places, of_each, weights.shape[1]).astype(np.float64)


def _origins(clusters: Iterable[Cluster]) -> Counter[str]:
    return Counter(cluster.origin for cluster in set(clusters))


def across_tasks(parts: Sequence[Drawn]) -> Drawn:
    """Give the mean over tasks, in which every task counts once, however many cases it has."""
    point = sum(part.point for part in parts) / len(parts)
    return Drawn(point, np.mean([part.draws for part in parts], axis=0), all_origins(parts))


def all_origins(parts: Iterable[Drawn]) -> dict[str, int]:
    """Give all origins of some figures; clusters that they share count once."""
    origins: dict[str, int] = {}
    for part in parts:
        for origin, count in part.origins.items():
            origins[origin] = max(origins.get(origin, 0), count)
    return origins


def interval(
    drawn: Drawn, min_clusters: int, bounds: tuple[float, float] | None = None
) -> Estimate:
    """Give the figure with its 95 % percentile interval, widened for few clusters.

    Args:
        drawn: the figure and its draws.
        min_clusters: fewer give no interval.
        bounds: what one cluster's value can be. Where all clusters are equal, the draws know
            nothing of others; then the interval reaches as far as the largest share of different
            clusters that so many equal ones don't exclude (Clopper & Pearson 1934).
    """
    count, free = drawn.clusters, drawn.free
    known = drawn.draws[~np.isnan(drawn.draws)]
    if count < min_clusters or free < min(4, min_clusters - 1) or 2 * len(known) < len(drawn.draws):
        return Estimate(value=drawn.point, clusters=count)
    if bounds is not None and known.max() - known.min() < 1e-12:
        unseen = 1 - (1 - LEVEL) ** (1 / count)
        low = drawn.point - unseen * (drawn.point - bounds[0])
        high = drawn.point + unseen * (bounds[1] - drawn.point)
        return Estimate(value=drawn.point, low=low, high=high, clusters=count)
    tail = tail_level(count, free)
    low, high = (_finite(float(np.quantile(known, one))) for one in (tail, 1 - tail))
    return Estimate(value=drawn.point, low=low, high=high, clusters=count)


def tail_level(clusters: int, free: int, level: float = LEVEL) -> float:
    """Give the quantile at which an interval ends, with so many degrees of freedom.

    `level` is 0.975 for a two-sided interval of 95 %.
    """
    return _NORMAL.cdf(-student(free, level) * sqrt(clusters / free))


def student(free: int, level: float = LEVEL) -> float:
    """Give a quantile of Student's t (Fisher & Cornish 1960): at 97.5 % to 0.2 % from 3 up."""
    z = _NORMAL.inv_cdf(level)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / free**power for power, term in enumerate(terms, start=1))


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
