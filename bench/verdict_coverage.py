"""How often the verdict's 95 % intervals hold the planted truth.

Run `python -m bench.verdict_coverage`. In each experiment a cluster shares a difficulty over both
paths, all tasks and sizes; scores are shares of so many steps got right; costs are log-normal.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from schemas.verdict import POOLED, Criteria, Estimate
from sentree.evals.verdict.effect import effect
from sentree.evals.verdict.pairs import Pair, Side
from sentree.evals.verdict.resample import Cluster, Resampler

EXPERIMENTS = 200
ROUNDS = 600
SIZES = (4_096, 16_384, 65_536, 262_144)
BASE, GAIN, COST = (0.6, 0.4), (0.1, 0.2), 1.5
FIGURES = ("base", "treated", "difference", "improvement", "cost_ratio")


def drawn_pairs(
    random: np.random.Generator,
    *,
    clusters: int,
    base: Sequence[float] = BASE,
    gain: Sequence[float] = GAIN,
    steps: int = 20,
    tasks: Sequence[str] = ("one", "two"),
) -> list[Pair]:
    """Draw the pairs of one experiment; `base` and `gain` hold a mean per size."""
    pairs: list[Pair] = []
    for task in tasks:
        for cluster in range(clusters):
            shared = random.uniform(-0.12, 0.12)
            for size, mean, more in zip(SIZES, base, gain, strict=False):
                chance = np.clip((mean + shared, mean + more + shared), 0, 1)
                first, second = (float(one) / steps for one in random.binomial(steps, chance))
                usd, dearer = (float(one) for one in random.lognormal(0, 0.5, 2))
                pairs.append(
                    Pair(
                        task=task,
                        cluster=Cluster("seeds", str(cluster)),
                        size_tokens=size,
                        context_tokens=size,
                        base=side(first, usd),
                        treated=side(second, COST * dearer),
                    )
                )
    return pairs


def side(score: float, usd: float = 1.0) -> Side:
    """Give what one path measured."""
    return Side(score=score, answered=True, usd=usd, seconds=1.0, tokens=1.0)


def resampler(pairs: Sequence[Pair], seed: int, rounds: int = ROUNDS) -> Resampler:
    """Draw the clusters of an experiment."""
    return Resampler([pair.cluster for pair in pairs], rounds=rounds, seed=seed)


def covers(found: Estimate | None, truth: float) -> bool:
    """Tell whether an interval holds the truth; one without a bound is no interval."""
    if found is None or found.low is None or found.high is None:
        raise ValueError("no interval")
    return found.low <= truth <= found.high


def coverage(
    clusters: int, *, steps: int = 20, single: bool = False, experiments: int = EXPERIMENTS
) -> dict[str, float]:
    """Give the share of experiments whose interval holds the truth, figure by figure.

    `single`: one task at one size, so that a cluster is a single pair.
    """
    random = np.random.default_rng(clusters)
    sizes = 1 if single else len(BASE)
    base, gain = BASE[:sizes], GAIN[:sizes]
    low, more = sum(base) / sizes, sum(gain) / sizes
    truth = dict(zip(FIGURES, (low, low + more, more, more / low, COST), strict=True))
    hits = dict.fromkeys(FIGURES, 0)
    for number in range(experiments):
        pairs = drawn_pairs(
            random,
            clusters=clusters,
            base=base,
            gain=gain,
            steps=steps,
            tasks=("one",) if single else ("one", "two"),
        )
        found = effect(POOLED, pairs, resampler(pairs, number), Criteria())
        for name, value in truth.items():
            hits[name] += covers(getattr(found, name), value)
    return {name: count / experiments for name, count in hits.items()}


def main() -> None:
    """Print a Markdown table."""
    print(f"Share of {EXPERIMENTS} simulated experiments whose 95 % interval holds the truth\n")
    print("| clusters | pairs of each | scores | " + " | ".join(FIGURES) + " |")
    print("|---" * (len(FIGURES) + 3) + "|")
    for single, steps, scores in (
        (False, 20, "of 20 steps"),
        (False, 1, "yes or no"),
        (True, 1, "yes or no"),
    ):
        for clusters in (5, 8, 12, 20):
            found = coverage(clusters, steps=steps, single=single)
            cells = " | ".join(f"{value:.3f}" for value in found.values())
            print(f"| {clusters} | {1 if single else 4} | {scores} | {cells} |")


if __name__ == "__main__":
    main()
