"""Estimates what a CVE record doesn't say: exploitation, automation, impact, and EPSS without EPSS.

Small logistic models over the named signals of `triage_signals`. Every weight stands in
`models/data/triage.json`, and every estimate comes with the weights that made it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from models.triage_signals import NOT_LISTED, Signal, Signals, logit, read_signals
from schemas.vulnerability import Vulnerability

EPSS = "EPSS"
"""The name of the weight of the log-odds of EPSS, or of its estimate."""

TARGETS = ("active", "poc", "automatable", "automatable by text", "total", "total by text", "epss")
"""The models: exploited or not; proof or nothing, if not exploited; can be automated; total
impact; each of the latter two again for records without a vector; log-odds of EPSS."""


class Linear(NamedTuple):
    """A linear score in log-odds: an intercept and a weight per signal."""

    intercept: float
    weights: Mapping[str, float]


class Effect(NamedTuple):
    """What one signal did: its effect in log-odds, and the words or value that show it."""

    signal: str
    effect: float
    shown: str


class Estimate(NamedTuple):
    """Probabilities, 0 to 1, and the effects behind each; `epss` is None where EPSS was given.

    `poc` is that of a public proof if there is no exploitation.
    """

    active: float
    poc: float
    automatable: float
    total: float
    epss: float | None
    effects: Mapping[str, tuple[Effect, ...]]


Weights = Mapping[str, Linear]


def estimate(
    one: Vulnerability, weights: Weights | None = None, *, not_in_kev: bool = False
) -> Estimate:
    """Estimate a vulnerability's decision points from its record and EPSS, if it has that.

    Neither KEV entry nor SSVC assessment is looked at: who has them needs no estimate.
    `not_in_kev`: a catalogue of exploited vulnerabilities was looked into, and it isn't there.
    """
    signals = read_signals(one)
    if not_in_kev:
        signals[NOT_LISTED] = Signal(1.0, "KEV was looked into")
    return estimate_signals(signals, one.epss.score if one.epss else None, weights)


def estimate_signals(
    signals: Signals, epss: float | None, weights: Weights | None = None
) -> Estimate:
    """Estimate from signals already read."""
    models = weights or shipped()
    guessed, guess_effects = _apply(models["epss"], signals)
    odds = guessed if epss is None else logit(epss)
    exploited = {**signals, EPSS: Signal(odds, f"{sigmoid(odds):.5f}")}
    vector = "vector open" in signals or "vector blocked" in signals
    suffix = "" if vector else " by text"
    scores: dict[str, float] = {}
    effects: dict[str, tuple[Effect, ...]] = {"epss": guess_effects if epss is None else ()}
    for name, key, given in (
        ("active", "active", exploited),
        ("poc", "poc", exploited),
        ("automatable", f"automatable{suffix}", signals),
        ("total", f"total{suffix}", signals),
    ):
        scores[name], effects[name] = _apply(models[key], given)
    return Estimate(
        sigmoid(scores["active"]),
        sigmoid(scores["poc"]),
        sigmoid(scores["automatable"]),
        sigmoid(scores["total"]),
        sigmoid(guessed) if epss is None else None,
        effects,
    )


def sigmoid(odds: float) -> float:
    """Give the probability of log-odds."""
    return 1 / (1 + math.exp(-max(-35.0, min(35.0, odds))))


@lru_cache(maxsize=1)
def shipped() -> Weights:
    """Load the weights that come with the product."""
    return read_weights((files("models") / "data" / "triage.json").read_text("utf-8"))


def read_weights(text: str) -> Weights:
    """Read weights from the text of a weights file: those fitted, with those set on top."""
    data = json.loads(text)
    return {
        target: Linear(
            float(data["fitted"][target]["intercept"]),
            {**data["fitted"][target]["weights"], **data["set"].get(target, {})},
        )
        for target in TARGETS
    }


def _apply(model: Linear, signals: Signals) -> tuple[float, tuple[Effect, ...]]:
    total = model.intercept
    effects: list[Effect] = []
    for name, weight in model.weights.items():
        signal = signals.get(name)
        if signal is not None:
            total += weight * signal.value
            effects.append(Effect(name, weight * signal.value, signal.shown))
    effects.sort(key=lambda one: -abs(one.effect))
    return total, tuple(effects)
