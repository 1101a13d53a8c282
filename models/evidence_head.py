"""Proposes which checks are evidence for a control, by wording: a small linear head over features.

It holds weights on general features only: cues, sentence embeddings, words in common. It knows no
control and no check by name.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, FiniteFloat, model_validator

from models import evidence_cues as cues
from models.evidence_cues import CheckText, ControlText
from models.evidence_features import FEATURES, Doubles, Encoder, features
from models.evidence_kinds import Scannable
from models.stored import read_stored
from schemas.base import Frozen

HEAD_FILE = "evidence-head.json"
NEIGHBOURS = 6
NEIGHBOUR_SPREAD = 0.1
BORROWED_WEIGHT = 4.0
STEPS = 50
PRIOR: dict[str, float] = {
    "expected": 0.6,
    "expected_mean": 0.75,
    "expected_best": 0.75,
    "own_about": 0.3,
    "own_risk": 0.45,
    "whole_about": 0.25,
    "words": 0.3,
}
"""Where training starts, and is pulled to: how much each feature should count by itself."""


class HeadError(ValueError):
    """The head file is missing or damaged; one line of text."""


class TrainedOn(Frozen):
    """What the head was trained on, so that a second training can be compared."""

    frameworks: tuple[str, ...]
    controls: int
    checks: int
    pairs: int
    pull: float


class Weights(Frozen):
    """One linear head over standardised features."""

    mean: tuple[FiniteFloat, ...]
    scale: tuple[FiniteFloat, ...]
    weights: tuple[FiniteFloat, ...]
    bias: FiniteFloat

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        if {len(self.mean), len(self.scale), len(self.weights)} != {len(FEATURES)}:
            raise ValueError(f"a head weighs {len(FEATURES)} features")
        return self

    def logits(self, table: Doubles) -> Doubles:
        """Score pairs; features run along the last axis."""
        return ((table - np.array(self.mean)) / np.array(self.scale)) @ np.array(
            self.weights
        ) + self.bias


class Policy(Frozen):
    """How many checks are proposed for a control.

    All whose score is at least `share_of_best` of the best one's; if those are fewer than `least`,
    more down to `floor`; never more than `most`, and none where the best is below `none_below`.
    A check without a topic in common with the control needs a score of `apart_from`. A control for
    which checks are evidence at all with less than `scannable_from` gets none.
    """

    share_of_best: float = Field(default=0.2, gt=0, le=1)
    least: int = Field(default=12, ge=1)
    most: int = Field(default=20, ge=1)
    floor: float = Field(default=0.06, ge=0, le=1)
    apart_from: float = Field(default=0.5, ge=0, le=1)
    none_below: float = Field(default=0.06, ge=0, le=1)
    scannable_from: float = Field(default=0.27, ge=0, le=1)


class Mapped(NamedTuple):
    """Controls and checks with the truth between them: `pairs` is true where a check counts."""

    controls: Sequence[ControlText]
    checks: Sequence[CheckText]
    pairs: npt.NDArray[np.bool_]


class Head(Frozen):
    """The trained head: with sentence embeddings, and without where the model is not installed."""

    layout: Literal[2] = 2
    version: str
    training: TrainedOn
    cue_weights: tuple[FiniteFloat, ...]
    full: Weights
    lexical: Weights
    policy: Policy = Policy()
    scannable: Scannable | None = None
    calibration: tuple[FiniteFloat, FiniteFloat] = (1.0, 0.0)

    @classmethod
    def load(cls, file: pathlib.Path | None = None) -> Self:
        """Read the head that comes with the product, or another.

        Raises:
            HeadError: there is no such file, or its content is not sound.
        """
        file = file or pathlib.Path(__file__).parent / "data" / HEAD_FILE
        return read_stored(cls, file, "evidence head", HeadError)

    def scores(
        self,
        controls: Sequence[ControlText],
        checks: Sequence[CheckText],
        encoder: Encoder,
        references: Sequence[Mapped] = (),
    ) -> Doubles:
        """Score each check (column) as evidence for each control (row), 0 to 1; 0 is no candidate.

        A score is a rank, not a probability: `calibrated` turns it into one.
        """
        if not controls or not checks:
            return np.zeros((len(controls), len(checks)))
        table = features(controls, checks, np.array(self.cue_weights), encoder)
        weights = self.full if encoder.has_sentences else self.lexical
        logits = weights.logits(table)
        # Alike wording alone is a thin reason: without a topic in common it has to be very alike,
        # unless a reference says so.
        apart = table[:, :, FEATURES.index("expected_best")] <= 0
        names = {check.name: at for at, check in enumerate(checks)}
        for one in references:
            lent = _borrowed(controls, one, names, encoder)
            logits += BORROWED_WEIGHT * lent
            apart &= lent <= 0
        found = 1 / (1 + np.exp(-logits))
        return np.where(apart & (found < self.policy.apart_from), 0.0, found)

    def calibrated(self, scores: Doubles) -> Doubles:
        """Give the share of such proposals that a framework not trained on has in its mapping."""
        odds = np.log(np.clip(scores, 1e-9, 1 - 1e-9) / np.clip(1 - scores, 1e-9, 1))
        slope, offset = self.calibration
        return 1 / (1 + np.exp(-(slope * odds + offset)))

    def choose(self, controls: Sequence[ControlText], scores: Doubles) -> list[list[int]]:
        """Give the columns proposed for each control, the likeliest first."""
        beyond = self.beyond(controls, scores)
        return [
            [] if beyond[row] else _chosen(line, self.policy) for row, line in enumerate(scores)
        ]

    def beyond(self, controls: Sequence[ControlText], scores: Doubles) -> npt.NDArray[np.bool_]:
        """Tell which controls no check can be evidence for: they ask for papers and people."""
        found = cues.beyond_scans(controls)
        if self.scannable and scores.size:
            found |= self.scannable.chances(controls, scores) < self.policy.scannable_from
        return found


def train(frameworks: Sequence[Mapped], encoder: Encoder, pull: float) -> tuple[Doubles, Weights]:
    """Fit a head to mapped frameworks of equal weight; gives the cue weights and the head.

    A check that a framework maps to no control at all says nothing there and is left out.

    Args:
        frameworks: what to learn from.
        encoder: makes the features.
        pull: how strongly the weights are pulled to `PRIOR`.
    """
    weights = cue_weights([control for one in frameworks for control in one.controls])
    tables: list[Doubles] = []
    truths: list[Doubles] = []
    counts: list[Doubles] = []
    for one in frameworks:
        used = np.flatnonzero(one.pairs.any(axis=0))
        checks = [one.checks[int(at)] for at in used]
        table = features(one.controls, checks, weights, encoder)
        truth = one.pairs[:, used].astype(np.float64).ravel()
        tables.append(table.reshape(-1, len(FEATURES)))
        truths.append(truth)
        counts.append(np.full(truth.size, 1_000 / max(truth.sum(), 1)))
    return weights, _fit(np.vstack(tables), np.concatenate(truths), np.concatenate(counts), pull)


def calibrate(scored: Sequence[tuple[Doubles, npt.NDArray[np.bool_]]]) -> tuple[float, float]:
    """Fit slope and offset of the log odds to scores of frameworks that were not trained on."""
    flat = np.concatenate([score.ravel() for score, _ in scored])
    truth = np.concatenate([pairs.ravel() for _, pairs in scored]).astype(np.float64)
    truth, flat = truth[flat > 0], flat[flat > 0]
    odds = np.log(flat / (1 - flat))
    design = np.stack([odds, np.ones_like(odds)], axis=1)
    found = np.array([1.0, 0.0])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-(design @ found)))
        bend = (design * (chance * (1 - chance))[:, None]).T @ design
        found = found - np.linalg.solve(bend, design.T @ (chance - truth))
    return round(float(found[0]), 6), round(float(found[1]), 6)


def cue_weights(controls: Sequence[ControlText]) -> Doubles:
    """Weigh each control cue by how rare it is: a word that every control has tells little."""
    seen = (cues.control_cues(controls) > 0).sum(axis=0)
    return np.round(np.log((len(controls) + 1) / (seen + 1)) + 0.3, 6)


def _fit(table: Doubles, truth: Doubles, counts: Doubles, pull: float) -> Weights:
    """Solve a weighted logistic regression by Newton's method."""
    mean, scale = table.mean(axis=0), table.std(axis=0)
    scale = np.where(scale < 1e-9, 1.0, scale)
    design = np.hstack([(table - mean) / scale, np.ones((len(table), 1))])
    prior = np.array([PRIOR[name] for name in FEATURES] + [0.0])
    strength = np.array([pull] * len(FEATURES) + [1e-6])
    found: Doubles = prior.copy()
    found[-1] = -2.0

    def loss(at: Doubles) -> float:
        score = design @ at
        fit = counts @ (np.logaddexp(0, score) - truth * score)
        return float(fit + (strength * (at - prior) ** 2).sum() / 2)

    now = loss(found)
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-(design @ found)))
        slope = design.T @ (counts * (chance - truth)) + strength * (found - prior)
        bend = (design * (counts * chance * (1 - chance))[:, None]).T @ design
        step = np.asarray(np.linalg.solve(bend + np.diag(strength), slope), dtype=np.float64)
        # A full step may jump over the minimum: take the longest half that goes down.
        while loss(found - step) > now and np.abs(step).max() > 1e-9:
            step = step / 2
        found = found - step
        before, now = now, loss(found)
        if before - now < 1e-7:
            break
    return Weights(
        mean=tuple(np.round(mean, 6)),
        scale=tuple(np.round(scale, 6)),
        weights=tuple(np.round(found[:-1], 6)),
        bias=round(float(found[-1]), 6),
    )


def _borrowed(
    controls: Sequence[ControlText], other: Mapped, names: dict[str, int], encoder: Encoder
) -> Doubles:
    """Carry checks over from the most alike controls of a mapped framework."""
    alike = encoder.alike(
        [one.whole for one in controls], [one.whole for one in other.controls]
    ) + encoder.alike([one.own for one in controls], [one.own for one in other.controls])
    alike /= 2
    nearest = np.argsort(-alike, axis=1, kind="stable")[:, :NEIGHBOURS]
    near = np.take_along_axis(alike, nearest, axis=1)
    shares = np.exp((near - near.max(axis=1, keepdims=True)) / NEIGHBOUR_SPREAD)
    shares *= np.clip(near.max(axis=1, keepdims=True), 0, 1) / shares.sum(axis=1, keepdims=True)
    carried = np.zeros((len(controls), len(names)))
    known = [(at, names[one.name]) for at, one in enumerate(other.checks) if one.name in names]
    if known:
        theirs, ours = (list(part) for part in zip(*known, strict=True))
        pairs = other.pairs[:, theirs].astype(np.float64)
        carried[:, ours] = np.einsum("ij,ijk->ik", shares, pairs[nearest])
    return carried


def _chosen(line: Doubles, policy: Policy) -> list[int]:
    order = np.argsort(-line, kind="stable")
    best = line[order[0]] if line.size else 0.0
    if best < policy.none_below:
        return []
    near = int((line >= policy.share_of_best * best).sum())
    above = int((line >= policy.floor).sum())
    return [int(at) for at in order[: min(max(near, min(policy.least, above)), policy.most)]]
