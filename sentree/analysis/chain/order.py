"""The order of shuffled steps and the links between them, by a model of few named weights.

Two log-linear models read the same numbers of a pair: one says how likely the first step comes
anywhere before the second, the other how likely it leads straight to it, among all steps that
might. Links are weighed against one another as trees. The order is the one that both models
contradict least, and links that still run against it are dropped.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from schemas.base import Frozen
from sentree.analysis.chain.features import NAMES, PlacedStep, pair_features
from sentree.analysis.chain.trees import WIDEST, link_probabilities

Doubles = npt.NDArray[np.float64]

ROUNDS = 30
SHUFFLES = 400
NO_LINK = -50.0


class OrderWeights(Frozen):
    """The weights of both models by name, and how links are chosen.

    `agreement` says how much a link counts for the order, `least` is the probability from which
    a link is told.
    """

    before: dict[str, float]
    link: dict[str, float]
    agreement: float = 10.0
    least: float = 0.09
    trained_on: str = ""

    def vector(self, weights: dict[str, float]) -> Doubles:
        """Put weights in the order of the features; a name without a weight weighs nothing."""
        return np.array([weights.get(name, 0.0) for name in NAMES])


class OrderedSteps(Frozen):
    """Places of steps in the order inferred, and each link with its probability.

    `reasons` are the features that speak for the link most, with what each adds to its log odds.
    """

    order: tuple[int, ...]
    links: tuple[tuple[int, int, float], ...]
    reasons: tuple[tuple[str, ...], ...] = ()


@cache
def shipped_weights() -> OrderWeights:
    """Load the weights that ship with the product."""
    resource = files("sentree.analysis.chain") / "weights.json"
    return OrderWeights.model_validate_json(resource.read_text(encoding="utf-8"))


def infer_order(
    steps: Sequence[PlacedStep],
    weights: OrderWeights | None = None,
    fixed: Sequence[int] | None = None,
) -> OrderedSteps:
    """Order steps and link them; with `fixed` the order is given, and only links are inferred."""
    weights = weights or shipped_weights()
    size = len(steps)
    if size < 2:
        return OrderedSteps(order=tuple(range(size)), links=())
    features = pair_features(steps)
    odds = link_odds(features, weights)
    chances = link_probabilities(odds)
    order = list(fixed) if fixed is not None else _order(features, chances, weights)
    forward = _forward_pairs(order)
    if fixed is not None:
        chances = link_probabilities(np.where(forward, odds, odds.max() - WIDEST))
    chances = np.where(forward, chances, 0.0)
    found = [
        (int(one), int(other), float(chances[one, other]))
        for one, other in np.argwhere(chances >= weights.least)
    ]
    place = {step: number for number, step in enumerate(order)}
    found.sort(key=lambda link: (place[link[0]], place[link[1]]))
    vector = weights.vector(weights.link)
    return OrderedSteps(
        order=tuple(order),
        links=tuple(found),
        reasons=tuple(_reasons(features[one, other] * vector) for one, other, _ in found),
    )


def order_likelihood(steps: Sequence[PlacedStep], weights: OrderWeights | None = None) -> float:
    """Say how well the steps' own order fits: the share of random orders that fit less well."""
    weights = weights or shipped_weights()
    if len(steps) < 3:
        return 1.0
    gain = _before(pair_features(steps), weights)
    random = np.random.default_rng(len(steps))
    own = _agreement(gain, np.arange(len(steps)))
    others = [_agreement(gain, random.permutation(len(steps))) for _ in range(SHUFFLES)]
    return float(np.mean([other < own for other in others]))


def link_odds(features: Doubles, weights: OrderWeights) -> Doubles:
    """Give the log weight of each pair being a link; of a step with itself, as good as none."""
    odds = features @ weights.vector(weights.link)
    np.fill_diagonal(odds, NO_LINK)
    return odds


def _before(features: Doubles, weights: OrderWeights) -> Doubles:
    """Give the probability, less a half, of each step coming before each other one."""
    score = features @ weights.vector(weights.before)
    return 1.0 / (1.0 + np.exp(-(score - score.T))) - 0.5


def _order(features: Doubles, chances: Doubles, weights: OrderWeights) -> list[int]:
    """Find the order that pairs contradict least, by moving one step at a time."""
    gain = _before(features, weights) + weights.agreement * (chances - chances.T)
    order = [int(one) for one in np.argsort(-gain.sum(axis=1), kind="stable")]
    for _ in range(ROUNDS):
        moved = False
        for step in list(order):
            here = order.index(step)
            rest = order[:here] + order[here + 1 :]
            steps = gain[rest, step] - gain[step, rest]
            gains = np.concatenate(([0.0], np.cumsum(steps)))
            best = int(np.argmax(gains))
            if gains[best] > gains[here] + 1e-9:
                order = [*rest[:best], step, *rest[best:]]
                moved = True
        if not moved:
            break
    return order


def _forward_pairs(order: Sequence[int]) -> npt.NDArray[np.bool_]:
    place = np.empty(len(order), dtype=int)
    place[list(order)] = np.arange(len(order))
    return place[:, None] < place[None, :]


def _agreement(gain: Doubles, order: npt.NDArray[np.int64]) -> float:
    return float(np.triu(gain[np.ix_(order, order)], 1).sum())


def _reasons(parts: Doubles) -> tuple[str, ...]:
    """Name what speaks for a link, the weightiest first."""
    best = sorted(
        ((float(value), name) for value, name in zip(parts, NAMES, strict=True)), reverse=True
    )
    return tuple(name for value, name in best if value > 0.1)[:3]


def read_weights(text: str) -> OrderWeights:
    """Read weights from JSON, as the fit command writes them."""
    return OrderWeights.model_validate(json.loads(text))
