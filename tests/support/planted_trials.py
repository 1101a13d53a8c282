"""Trials with a planted truth: scores are drawn around known means, so the answer is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log2

import numpy as np

from schemas.experiment import EvalOutcome, EvalPath, Trial

TASKS = ("chain", "counting", "needle", "timeline")
SIZES = (4_096, 16_384, 65_536, 262_144)

Mean = Callable[[str, int], float]
"""The expected score of a task at a size."""


def flat(level: float) -> Mean:
    """Give a path whose score does not depend on the size."""
    return lambda task, size: level


def rotting(start: float, per_doubling: float) -> Mean:
    """Give a path that loses so much with every doubling, from the smallest size on."""
    return lambda task, size: start - per_doubling * log2(size / SIZES[0])


def planted(
    base: Mean,
    treated: Mean,
    *,
    seed: int = 0,
    seeds: int = 12,
    tasks: Sequence[str] = TASKS,
    sizes: Sequence[int] = SIZES,
    path: EvalPath = EvalPath.RLM_PLANNED,
    usd: tuple[float, float] | None = (0.10, 0.12),
    seconds: tuple[float, float] = (20.0, 40.0),
    noise: float = 0.12,
    steps: int = 20,
    simulated: bool = True,
    route: Callable[[str, int], EvalPath] | None = None,
) -> list[Trial]:
    """Draw trials: each case has a difficulty that both paths share, and luck of its own.

    Scores are shares of `steps` steps got right (binomial), so their mean is what was planted.
    """
    random = np.random.default_rng(seed)
    trials: list[Trial] = []
    for task in tasks:
        for repetition in range(seeds):
            shared = random.uniform(-noise, noise)
            for size in sizes:
                for which, mean in enumerate((base, treated)):
                    chance = min(max(mean(task, size) + shared, 0.0), 1.0)
                    score = float(random.binomial(steps, chance)) / steps
                    trials.append(
                        Trial(
                            experiment="planted",
                            task=task,
                            case_uid=f"{task}-{size}-{repetition}",
                            size_tokens=size,
                            context_tokens=size,
                            path=path if which else EvalPath.DIRECT,
                            model="simulated:planted",
                            seed=repetition,
                            score=score,
                            metrics={"exact": float(score == 1)},
                            outcome=EvalOutcome.ANSWERED,
                            seconds=float(seconds[which] * random.lognormal(0, 0.2)),
                            input_tokens=size,
                            output_tokens=500,
                            usd=usd and float(usd[which] * random.lognormal(0, 0.3)),
                            calls=1 + 4 * which,
                            sub_calls=4 * which,
                            peeked=bool(which and random.random() < 0.8),
                            grepped=bool(which and random.random() < 0.5),
                            partitioned=bool(which),
                            citations_valid=0.98,
                            coverage=1.0,
                            router_path=route(task, size) if route else None,
                            simulated=simulated,
                        )
                    )
    return trials
