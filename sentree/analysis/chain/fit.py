"""Fits the weights of the order models on flows whose links are known.

`python -m sentree.analysis.chain.fit FLOWS.jsonl` writes `weights.json`. What the weights are
worth is measured by leaving one flow out at a time (`sentree/evals/measures/chain.py`), never
on these.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sentree.analysis.chain.features import NAMES, PlacedStep, pair_features
from sentree.analysis.chain.order import OrderWeights
from sentree.analysis.chain.sources import Account, read_source

Doubles = npt.NDArray[np.float64]

BEFORE_PENALTY = 3.0
LINK_PENALTY = 10.0
NEWTON_STEPS = 60


class KnownOrder(NamedTuple):
    """Steps with the links between them, as pairs of places."""

    steps: tuple[PlacedStep, ...]
    links: frozenset[tuple[int, int]]


def fit_weights(known: Sequence[KnownOrder], note: str = "") -> OrderWeights:
    """Fit both models; needs at least one account with links."""
    features = [pair_features(one.steps) for one in known]
    ordered: list[Doubles] = []
    for one, found in zip(known, features, strict=True):
        reach = reachable(len(one.steps), one.links)
        ordered.append((found - found.transpose(1, 0, 2))[reach & ~reach.T])
    return OrderWeights(
        before=_named(_fit_before(np.concatenate(ordered))),
        link=_named(_fit_link(known, features)),
        trained_on=note,
    )


def reachable(size: int, links: frozenset[tuple[int, int]]) -> npt.NDArray[np.bool_]:
    """Give which step comes before which by following links."""
    found = np.zeros((size, size), dtype=bool)
    for source, target in links:
        found[source, target] = True
    for middle in range(size):
        found |= np.outer(found[:, middle], found[middle])
    return found


def known_order(account: Account) -> KnownOrder:
    """Give the steps of an account with the techniques and links that its file states."""
    place = {step.step_uid: number for number, step in enumerate(account.steps)}
    steps = tuple(
        PlacedStep(
            step.description or step.name,
            ((step.technique, 1.0),) if step.technique else (),
            step.tactic,
        )
        for step in account.steps
    )
    return KnownOrder(steps, frozenset((place[one], place[other]) for one, other in account.links))


def known_orders(paths: Sequence[str]) -> list[KnownOrder]:
    """Read the accounts of files that state links."""
    accounts = [one for path in paths for one in read_source(path).accounts]
    return [known_order(one) for one in accounts if one.links]


def _fit_before(pairs: Doubles) -> Doubles:
    """Fit by Newton's method which of two steps comes first; `pairs` are earlier minus later."""
    weights = np.zeros(pairs.shape[1])
    for _ in range(NEWTON_STEPS):
        wrong = 1.0 / (1.0 + np.exp(np.clip(pairs @ weights, -30, 30)))
        slope = BEFORE_PENALTY * weights - 2 * pairs.T @ wrong
        curve = 2 * (pairs * (wrong * (1 - wrong))[:, None]).T @ pairs
        step = np.linalg.solve(curve + BEFORE_PENALTY * np.eye(len(weights)), slope)
        weights -= step
        if float(np.abs(step).max()) < 1e-8:
            break
    return weights


def _fit_link(known: Sequence[KnownOrder], features: Sequence[Doubles]) -> Doubles:
    """Fit by Newton's method which step led to a step, among all, and which one it led to."""
    choices: list[tuple[Doubles, Doubles]] = []
    for one, found in zip(known, features, strict=True):
        size = len(one.steps)
        truth = np.zeros((size, size))
        for source, target in one.links:
            truth[source, target] = 1.0
        for wanted, options in ((truth, found), (truth.T, found.transpose(1, 0, 2))):
            for step in np.flatnonzero(wanted.sum(axis=0)):
                others = np.arange(size) != step
                right = wanted[others, step]
                choices.append((options[others, step], right / right.sum()))
    weights = np.zeros(len(NAMES))
    for _ in range(NEWTON_STEPS):
        slope = LINK_PENALTY * weights
        curve = LINK_PENALTY * np.eye(len(NAMES))
        for options, right in choices:
            score = options @ weights
            share = np.exp(score - score.max())
            share /= share.sum()
            mean = share @ options
            slope += mean - right @ options
            curve += (options * share[:, None]).T @ options - np.outer(mean, mean)
        step = np.linalg.solve(curve, slope)
        weights -= step
        if float(np.abs(step).max()) < 1e-8:
            break
    return weights


def _named(weights: Doubles) -> dict[str, float]:
    return {name: round(float(one), 4) for name, one in zip(NAMES, weights, strict=True)}


def main() -> None:
    """Fit on the files named and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", help="Attack Flow files, or JSON with links")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("weights.json"))
    given = parser.parse_args()
    known = known_orders(given.paths)
    links = sum(len(one.links) for one in known)
    steps = sum(len(one.steps) for one in known)
    weights = fit_weights(known, f"{len(known)} flows, {steps} steps, {links} links")
    given.out.write_text(weights.model_dump_json(indent=1) + "\n", encoding="utf-8")
    print(f"{weights.trained_on} -> {given.out}")


if __name__ == "__main__":
    main()
