"""Tells controls that checks of a system can be evidence for from those that ask for other proof.

Policies, duties, training, buildings and contracts are proven by papers and people. A small head
over wording weighs that; it knows no control by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import yaml
from pydantic import FiniteFloat, model_validator

from models.evidence_cues import ControlText, Doubles, control_topics, found_in
from schemas.base import Frozen

STEPS = 50
PULL = 20.0
BEST_CHECKS = 5
LEAST_SCORE = 1e-3
MOST_TOPICS = 5
USUAL_WORDS = 20
PRIOR_KIND = -1.0
PRIOR_REST = (-0.5, -1.0, 0.4, 0.0, 0.5)
"""Where training starts for: kinds in the title, area, technical topics, length, best checks."""


class Scannable(Frozen):
    """Weights of the head that says whether checks are evidence for a control at all."""

    weights: tuple[FiniteFloat, ...]
    bias: FiniteFloat

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        if len(self.weights) != (wanted := len(_tables().own) + len(PRIOR_REST)):
            raise ValueError(f"this head weighs {wanted} features")
        return self

    def chances(self, controls: Sequence[ControlText], scores: Doubles) -> Doubles:
        """Give, for each control, how likely any check is evidence for it, 0 to 1.

        Where it was trained, as many controls had evidence as had none, so 0.5 leans to neither.
        """
        logits = kind_features(controls, scores) @ np.array(self.weights) + self.bias
        return 1 / (1 + np.exp(-logits))


class _Tables(NamedTuple):
    own: tuple[re.Pattern[str], ...]
    area: re.Pattern[str]
    technical: tuple[str, ...]


def kind_features(controls: Sequence[ControlText], scores: Doubles) -> Doubles:
    """Give a row per control: its kinds, its area, its technical topics, how well checks fit."""
    tables = _tables()
    titles = found_in(tables.own, [one.title for one in controls]).sum(axis=1)
    areas = found_in((tables.area,), [f"{one.family} {one.section}" for one in controls])
    topics = control_topics(controls, tables.technical).sum(axis=1)
    words = np.array([max(len(one.own.split()), 1) for one in controls])
    best = np.sort(np.clip(scores, LEAST_SCORE, 1 - LEAST_SCORE), axis=1)[:, -BEST_CHECKS:]
    rest = (
        np.minimum(titles, 2),
        areas[:, 0],
        np.minimum(topics, MOST_TOPICS),
        np.log(words / USUAL_WORDS),
        np.log(best / (1 - best)).mean(axis=1),
    )
    return np.hstack([found_in(tables.own, [one.own for one in controls]), np.stack(rest, axis=1)])


def train_scannable(
    known: Sequence[tuple[Sequence[ControlText], Doubles, npt.NDArray[np.bool_]]],
) -> Scannable | None:
    """Fit the head to controls, the scores of checks for them, and whether they have evidence.

    Controls with and without evidence weigh alike. Nothing can be learned, and None is given,
    where all are of one sort.
    """
    table = np.vstack([kind_features(controls, scores) for controls, scores, _ in known])
    truth = np.concatenate([has for _, _, has in known]).astype(np.float64)
    if not 0 < truth.sum() < truth.size:
        return None
    counts = np.where(truth > 0, 0.5 / truth.sum(), 0.5 / (truth.size - truth.sum())) * truth.size
    design = np.hstack([table, np.ones((len(table), 1))])
    kinds = table.shape[1] - len(PRIOR_REST)
    prior = np.array([PRIOR_KIND] * kinds + [*PRIOR_REST, 0.0])
    strength = np.array([PULL] * table.shape[1] + [1e-6])
    found: Doubles = prior.copy()
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-(design @ found)))
        slope = design.T @ (counts * (chance - truth)) + strength * (found - prior)
        bend = (design * (counts * chance * (1 - chance))[:, None]).T @ design
        step = np.asarray(np.linalg.solve(bend + np.diag(strength), slope), dtype=np.float64)
        # Far from the minimum a whole step may overshoot.
        found = found - np.clip(step, -1, 1)
    rounded = [round(float(one), 6) for one in found]
    return Scannable(weights=tuple(rounded[:-1]), bias=rounded[-1])


@cache
def _tables() -> _Tables:
    read: dict[str, Any] = yaml.safe_load(
        (files("models") / "data" / "evidence_kinds.yml").read_text("utf-8")
    )
    own = tuple(re.compile(pattern) for pattern in read["own"].values())
    return _Tables(own, re.compile(read["area"]), tuple(read["technical"]))
