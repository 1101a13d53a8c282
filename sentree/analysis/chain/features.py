"""What speaks for one step of an account leading to another, as numbers per ordered pair.

A step's technique may be uncertain: every number that rests on techniques is the mean over the
guesses of both steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sentree.analysis.chain.priors import UNKNOWN_STAGE, follows, stage
from sentree.analysis.chain.words import StepWords, rarities, step_words

Doubles = npt.NDArray[np.float64]
Scorer = Callable[[str, str], float]

STAGE_EDGES = (-1000.0, -40.0, -20.0, -8.0, -2.0, 2.0, 8.0, 16.0, 30.0, 1000.0)
"""Where differences in stage (later minus earlier) are cut into classes."""

NAMES = (
    *(f"stage {low:+g} to {high:+g}" for low, high in pairwise(STAGE_EDGES)),
    "typically follows",
    "typically precedes",
    "same technique",
    "same parent",
    "shared things",
    "shared words",
    "brings what it uses",
    "uses what it brings",
    "target speaks of before",
    "source speaks of before",
    *(
        f"{name}, against other {side}"
        for name in ("typically follows", "shared things", "shared words", "brings what it uses")
        for side in ("sources", "targets")
    ),
)
"""What each number of a pair means, in the order of the last axis of `pair_features`."""

MOST_GUESSES = 3
MOST_SHARED = 3.0


class PlacedStep(NamedTuple):
    """What ordering sees of a step: its prose, and its technique guesses with probabilities."""

    text: str
    guesses: tuple[tuple[str, float], ...]
    tactic: str | None = None


def pair_features(steps: Sequence[PlacedStep]) -> Doubles:
    """Give the numbers of every ordered pair, shape (steps, steps, names)."""
    size = len(steps)
    found = np.zeros((size, size, len(NAMES)))
    stages = np.array([_stage(one) for one in steps])
    gaps = stages[None, :] - stages[:, None]
    for number, (low, high) in enumerate(pairwise(STAGE_EDGES)):
        found[:, :, number] = (gaps >= low) & (gaps < high)
    at = len(STAGE_EDGES) - 1
    after = _expected(steps, follows)
    found[:, :, at] = after
    found[:, :, at + 1] = after.T
    same = _expected(steps, lambda one, other: float(one == other))
    parents = _expected(steps, lambda one, other: float(_parent(one) == _parent(other)))
    found[:, :, at + 2] = same
    found[:, :, at + 3] = parents - same
    words = [step_words(one.text) for one in steps]
    found[:, :, at + 4 : at + 8] = _word_features(words)
    later = np.array([float(one.later) for one in words])
    found[:, :, at + 8] = later[None, :]
    found[:, :, at + 9] = later[:, None]
    found[np.arange(size), np.arange(size)] = 0.0
    for number, one in enumerate((at, at + 4, at + 5, at + 6)):
        for axis in (0, 1):
            best = found[:, :, one].max(axis=axis, keepdims=True)
            found[:, :, at + 10 + 2 * number + axis] = found[:, :, one] / np.maximum(best, 1e-9)
    return found


def _stage(step: PlacedStep) -> float:
    guesses = step.guesses[:MOST_GUESSES]
    total = sum(share for _, share in guesses)
    if not total:
        return stage(None, step.tactic)
    mean = sum(share * stage(uid) for uid, share in guesses) / total
    rest = stage(None, step.tactic) if step.tactic else UNKNOWN_STAGE
    sure = min(total, 1.0)
    return sure * mean + (1 - sure) * rest


def _expected(steps: Sequence[PlacedStep], of: Scorer) -> Doubles:
    """Give the mean of a number over the guesses of both steps of each pair."""
    uids = sorted({uid for step in steps for uid, _ in step.guesses[:MOST_GUESSES]})
    place = {uid: number for number, uid in enumerate(uids)}
    shares = np.zeros((len(steps), len(uids)))
    for number, step in enumerate(steps):
        for uid, share in step.guesses[:MOST_GUESSES]:
            shares[number, place[uid]] += share
    table = np.array([[of(one, other) for other in uids] for one in uids]).reshape(
        len(uids), len(uids)
    )
    return shares @ table @ shares.T


def _word_features(words: Sequence[StepWords]) -> Doubles:
    size = len(words)
    found = np.zeros((size, size, 4))
    rarity = rarities(words)
    seldom = max(2.0, size / 4)
    rare = {word for word, weight in rarity.items() if weight >= _weight(seldom, size)}
    for one in range(size):
        for other in range(size):
            if one == other:
                continue
            shared = words[one].words & words[other].words
            if not shared:
                continue
            things = sum(rarity[word] for word in shared if word.thing)
            plain = sum(rarity[word] for word in shared if not word.thing)
            telling = min(sum(word in rare for word in shared), MOST_SHARED)
            found[one, other] = (
                min(things, MOST_SHARED),
                min(plain, MOST_SHARED),
                telling * (words[one].brings and words[other].uses),
                telling * (words[other].brings and words[one].uses),
            )
    return found


def _weight(count: float, size: int) -> float:
    return math.log((size + 1) / count) / math.log(size + 1)


def _parent(uid: str) -> str:
    return uid.partition(".")[0]
