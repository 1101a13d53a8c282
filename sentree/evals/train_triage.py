"""Fits the weights of triage and measures them on CVEs of vendors that were held out.

Run `python -m sentree.evals.train_triage FILE...` on records with SSVC assessments to print the
measurement, with `--write` to fit the shipped weights again. No vendor is in two folds: what is
learned of a vendor's advisories can't be tested on that vendor.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.triage import EPSS, TARGETS, Estimate, Linear, Weights, estimate_signals, read_weights
from models.triage_signals import NOT_LISTED, Signal, Signals, logit, read_signals
from schemas.vulnerability import SsvcPoints, Vulnerability
from sentree.intel.cve_merge import merge
from sentree.intel.cve_read import read_cve_file

Doubles = npt.NDArray[np.float64]

SHIPPED = Path(__file__).parents[2] / "models" / "data" / "triage.json"
FOLDS = 5
SHUFFLES = 5
SEED = 20
STRENGTH = 1.0
"""Inverse strength of the quadratic penalty on weights; intercepts are free."""

PRODUCT_KINDS = ("perimeter", "platform", "server", "web add-on")
FITTED: dict[str, tuple[str, ...]] = {
    "active": (*PRODUCT_KINDS, "small product", "local", "memory", "maturity", EPSS),
    "poc": ("publishes proof", "withholds proof", "located", "memory", EPSS),
    "automatable": ("vector open", "needs a person"),
    "automatable by text": (
        "open text",
        "needs a person",
        "needs a login",
        "critical score",
        "modest score",
    ),
    "total": ("all lost", "part lost", "total text"),
    "total by text": ("total text", "partial text", "memory", "critical score", "modest score"),
    "epss": ("perimeter", "server", "web add-on", "withholds proof", "vector open"),
}
"""The signals that each model may use: few, chosen by meaning, the same in every fold."""

SET: dict[str, dict[str, float]] = {
    "active": {"stated exploited": 5.0, "exploit list of CISA": 5.0, NOT_LISTED: -4.0},
    "poc": {
        "stated proof": 2.5,
        "proof reference": 3.0,
        "proof catalogue": 1.0,
        "maturity": 2.0,
    },
    "automatable": {"vector blocked": 0.0},
    "total": {"little lost": 0.0},
}
"""Weights set by hand: statements are worth more than any sample of them can show, and the sample
has no references. A list that names an exploit today says little of what an assessor saw when the
CVE was published, hence the small weight of catalogues. Weights of 0 are in the intercept and only
put a reason into words."""

HOW = (
    "Log-odds per signal. 'fitted': logistic regression (least squares for epss) with quadratic "
    "penalty on CVEs assessed by CISA, by sentree.evals.train_triage; 'set': by hand, see there."
)


class Sample(NamedTuple):
    """A CVE with its true SSVC points; `group` joins those that must not be split over folds."""

    cve: str
    signals: Signals
    epss: float | None
    truth: SsvcPoints
    group: str


def read_samples(paths: Sequence[str], *, catalogues: bool = False) -> list[Sample]:
    """Read assessed CVEs; the assessment goes to the truth, KEV and EPSS lists are dropped.

    `catalogues` keeps the lists of exploits that a record names.
    """
    holding = merge([read_cve_file(path) for path in paths])
    return [
        sample(one, catalogues=catalogues)
        for _, one in sorted(holding.vulnerabilities.items())
        if one.ssvc and one.ssvc.exploitation and not one.withdrawn
    ]


def sample(one: Vulnerability, *, catalogues: bool = False, not_in_kev: bool = False) -> Sample:
    """Make a sample of a vulnerability that has been assessed.

    `not_in_kev`: the catalogue is shown, and it isn't there.

    Raises:
        ValueError: it has no assessment.
    """
    if one.ssvc is None:
        raise ValueError(f"{one.cve} has no SSVC assessment")
    shown = one if catalogues else replace(one, catalogues=())
    vendor = next((product.vendor for product in one.products if product.vendor), "")
    signals = read_signals(replace(shown, ssvc=None, kev=None))
    if not_in_kev:
        signals[NOT_LISTED] = Signal(1.0, "KEV was looked into")
    return Sample(
        one.cve,
        signals,
        one.epss.score if one.epss else None,
        one.ssvc,
        vendor.casefold() or one.cve,
    )


def fit(samples: Sequence[Sample]) -> dict[str, Linear]:
    """Fit every model; those of text alone are fitted as if there were no vector."""
    epss = [one for one in samples if one.epss is not None]
    fitted = {
        "epss": _least_squares(
            _matrix(epss, FITTED["epss"]),
            np.array([logit(one.epss or 0.0) for one in epss]),
            FITTED["epss"],
        )
    }
    truths: dict[str, list[bool | None]] = {
        "active": [one.truth.exploitation == "active" for one in samples],
        "poc": [
            None if one.truth.exploitation == "active" else one.truth.exploitation == "poc"
            for one in samples
        ],
        "automatable": [_is(one.truth.automatable, "yes") for one in samples],
        "total": [_is(one.truth.technical_impact, "total") for one in samples],
    }
    for target in TARGETS:
        if target == "epss":
            continue
        truth = truths[target.removesuffix(" by text")]
        used = [(one, told) for one, told in zip(samples, truth, strict=True) if told is not None]
        names = FITTED[target]
        rows = _matrix([one for one, _ in used], names)
        if EPSS in names:
            odds = [_odds(one, fitted["epss"]) for one, _ in used]
            rows[:, names.index(EPSS)] = odds
        fitted[target] = _logistic(rows, np.array([float(told) for _, told in used]), names)
    return fitted


def weights_text(fitted: Mapping[str, Linear], count: int) -> str:
    """Write the weights file."""
    document: dict[str, Any] = {
        "comment": HOW,
        "samples": count,
        "fitted": {
            target: {
                "intercept": round(fitted[target].intercept, 3),
                "weights": {name: round(w, 3) for name, w in fitted[target].weights.items()},
            }
            for target in TARGETS
        },
        "set": SET,
    }
    return json.dumps(document, indent=1) + "\n"


def cross_validate(
    samples: Sequence[Sample], *, show_epss: bool, shuffles: int = SHUFFLES
) -> list[Estimate]:
    """Estimate every sample by models that saw nothing of its group, averaged over shuffles."""
    sums = np.zeros((len(samples), 4))
    for shuffle in range(shuffles):
        fold_of = folds([one.group for one in samples], SEED + shuffle)
        for fold in range(FOLDS):
            train = [one for one, its in zip(samples, fold_of, strict=True) if its != fold]
            weights = fitted_weights(train)
            for place, one in enumerate(samples):
                if fold_of[place] == fold:
                    made = estimate_signals(one.signals, one.epss if show_epss else None, weights)
                    sums[place] += (made.active, made.poc, made.automatable, made.total)
    means = sums / shuffles
    return [Estimate(float(a), float(p), float(u), float(t), None, {}) for a, p, u, t in means]


def fitted_weights(samples: Sequence[Sample]) -> Weights:
    """Fit on samples and add the weights set by hand, as the shipped file has them."""
    return read_weights(weights_text(fit(samples), len(samples)))


def folds(groups: Sequence[str], seed: int) -> list[int]:
    """Deal groups into folds at random, the largest first into the emptiest fold."""
    sizes: dict[str, int] = {}
    for group in groups:
        sizes[group] = sizes.get(group, 0) + 1
    names = sorted(sizes)
    Random(seed).shuffle(names)
    names.sort(key=lambda name: -sizes[name])
    filled = [0] * FOLDS
    dealt: dict[str, int] = {}
    for name in names:
        fold = min(range(FOLDS), key=filled.__getitem__)
        dealt[name] = fold
        filled[fold] += sizes[name]
    return [dealt[group] for group in groups]


def _is(value: str | None, wanted: str) -> bool | None:
    return None if value is None else value == wanted


def _odds(one: Sample, model: Linear) -> float:
    if one.epss is not None:
        return logit(one.epss)
    return model.intercept + sum(
        weight * one.signals[name].value
        for name, weight in model.weights.items()
        if name in one.signals
    )


def _matrix(samples: Sequence[Sample], names: Sequence[str]) -> Doubles:
    rows = [
        [one.signals[name].value if name in one.signals else 0.0 for name in names]
        for one in samples
    ]
    return np.array(rows, dtype=np.float64).reshape(len(samples), len(names))


def _logistic(rows: Doubles, truth: Doubles, names: Sequence[str]) -> Linear:
    """Fit by Newton's method; weights are penalised, the intercept is not."""
    with_one = np.hstack([np.ones((len(rows), 1)), rows])
    penalty = np.diag([1e-6, *([1 / STRENGTH] * len(names))])
    beta = np.zeros(len(names) + 1)
    for _ in range(50):
        odds = np.clip(with_one @ beta, -30, 30)
        chance = 1 / (1 + np.exp(-odds))
        gradient = with_one.T @ (chance - truth) + penalty @ beta
        curvature = (with_one * (chance * (1 - chance))[:, None]).T @ with_one + penalty
        step = np.linalg.solve(curvature, gradient)
        beta -= step
        if np.abs(step).max() < 1e-8:
            break
    return Linear(float(beta[0]), dict(zip(names, map(float, beta[1:]), strict=True)))


def _least_squares(rows: Doubles, truth: Doubles, names: Sequence[str]) -> Linear:
    with_one = np.hstack([np.ones((len(rows), 1)), rows])
    penalty = np.diag([1e-6, *([1 / STRENGTH] * len(names))])
    beta = np.linalg.solve(with_one.T @ with_one + penalty, with_one.T @ truth)
    return Linear(float(beta[0]), dict(zip(names, map(float, beta[1:]), strict=True)))


def main(arguments: Sequence[str]) -> int:
    """Print the cross-validated measurement; with `--write`, fit and store the weights."""
    from sentree.evals.triage import score_estimates

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", help="records with SSVC assessments")
    parser.add_argument("--write", action="store_true", help="fit the shipped weights again")
    given = parser.parse_args(arguments)
    samples = read_samples(given.paths)
    for name, shown in (("EPSS shown", True), ("EPSS hidden", False)):
        for line in score_estimates(samples, cross_validate(samples, show_epss=shown)):
            print(f"{name}: {line}")
    if given.write:
        SHIPPED.write_text(weights_text(fit(samples), len(samples)), encoding="utf-8")
        print(f"{SHIPPED.name}: {sum(len(v) for v in FITTED.values())} weights, n={len(samples)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
