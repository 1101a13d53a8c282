"""How well an answer agrees with the truth of a labelled incident. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from datetime import datetime
from random import Random
from typing import NamedTuple, TypeVar

Unit = TypeVar("Unit")


class PairScore(NamedTuple):
    """Pairs of rows with different times, and how many of them stand in the right order."""

    ordered: int
    pairs: int

    @property
    def score(self) -> float:
        """The share in the right order; 1.0 when there is nothing to order."""
        return self.ordered / self.pairs if self.pairs else 1.0


class SetScore(NamedTuple):
    """What was found of what should be, and what was found besides."""

    hits: int
    missed: int
    wrong: int

    @property
    def recall(self) -> float:
        """The share of the wanted that was found; 1.0 when nothing is wanted."""
        wanted = self.hits + self.missed
        return self.hits / wanted if wanted else 1.0

    @property
    def precision(self) -> float:
        """The share of the found that is wanted; 1.0 when nothing was found."""
        found = self.hits + self.wrong
        return self.hits / found if found else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        total = 2 * self.hits + self.missed + self.wrong
        return 2 * self.hits / total if total else 1.0


class Interval(NamedTuple):
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


def ordered_pairs(times: Sequence[datetime] | Sequence[float]) -> PairScore:
    """Count the pairs in right order, given the true times of rows in the order they are shown.

    Pairs of equal times have no right order and don't count. Takes n log n steps, so that a
    timeline of 100,000 rows is no trouble.
    """
    rank = {time: n for n, time in enumerate(sorted(set(times)), start=1)}
    size = len(rank)
    # A Fenwick tree over ranks: how many earlier rows have a time up to a given one.
    tree = [0] * (size + 1)
    same = [0] * (size + 1)
    ordered = pairs = 0
    for before, time in enumerate(times):
        place = rank[time]
        smaller, node = 0, place - 1
        while node:
            smaller += tree[node]
            node &= node - 1
        ordered += smaller
        pairs += before - same[place]
        same[place] += 1
        node = place
        while node <= size:
            tree[node] += 1
            node += node & -node
    return PairScore(ordered, pairs)


def compare_sets(
    wanted: Collection[Hashable], found: Collection[Hashable], neutral: Collection[Hashable] = ()
) -> SetScore:
    """Compare what was found with what should be; `neutral` finds count neither way."""
    should, did = set(wanted), set(found)
    hits = len(should & did)
    return SetScore(hits, len(should) - hits, len(did - should - set(neutral)))


def compare_transitions(
    wanted: Iterable[tuple[str, str]], found: Iterable[tuple[str, str]], *, parents: bool = False
) -> SetScore:
    """Compare technique transitions as sets of pairs.

    Args:
        wanted: the true (source, target) pairs.
        found: the answer's pairs.
        parents: compare parent techniques (T1059 for T1059.001); a pair of one parent is left out.
    """
    return compare_sets(_pairs(wanted, parents), _pairs(found, parents))


def pooled(scores: Iterable[SetScore]) -> SetScore:
    """Add up the counts of several comparisons (micro average)."""
    hits = missed = wrong = 0
    for one in scores:
        hits, missed, wrong = hits + one.hits, missed + one.missed, wrong + one.wrong
    return SetScore(hits, missed, wrong)


def bootstrap(
    units: Sequence[Unit],
    statistic: Callable[[Sequence[Unit]], float],
    *,
    rounds: int = 1_000,
    seed: int = 7,
) -> Interval:
    """Give a figure over units with the percentile bootstrap interval (Efron 1979).

    Args:
        units: what is drawn again with replacement: cases, never rows of one case.
        statistic: the figure of some units.
        rounds: how often to draw.
        seed: equal seeds give equal intervals.
    """
    random = Random(seed)
    drawn = sorted(statistic(random.choices(units, k=len(units))) for _ in range(rounds))
    low, high = drawn[int(0.025 * rounds)], drawn[min(int(0.975 * rounds), rounds - 1)]
    return Interval(statistic(units), low, high)


def _pairs(transitions: Iterable[tuple[str, str]], parents: bool) -> set[tuple[str, str]]:
    if not parents:
        return set(transitions)
    lifted = ((source.split(".")[0], target.split(".")[0]) for source, target in transitions)
    return {pair for pair in lifted if pair[0] != pair[1]}
