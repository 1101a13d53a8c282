"""Trains the head that tells the OCSF class of lines of unknown formats, and measures it.

Run `python -m sentree.evals.train_classes` to print the measurement on products, syntaxes and
words that were held out, with `--write` to make the shipped head again. All lines are generated.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.class_features import features
from models.class_head import ClassHead, write_head
from ocsf.classes import category_uid
from sentree.evals.generate.log_lines import SYNTAXES, Line, known_classes, write_lines

SHIPPED = Path(__file__).parents[2] / "models" / "data" / "class_head.npz"
TRAINED = range(0, 140)
TESTED = range(10_000, 10_060)
LINES = 2
LEAST_PRODUCTS = 4
MOST_FEATURES = 12_000
STRENGTH = 20.0
ROUNDS = 60
BAR = 0.5
HELD_OUT_SYNTAXES = ("nested json", "key=value in syslog", "csv", "leef")


class Score(NamedTuple):
    """How good guesses on some lines are."""

    lines: int
    right: float
    right_category: float
    said: float
    right_of_said: float
    off_by: float
    """Expected calibration error: mean gap of probability and share right, in ten bins."""


def train(lines: Sequence[Line], calibration: Sequence[Line], seed: int = 5) -> ClassHead:
    """Fit a head on lines, and its temperature on lines of other products."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    found = [features(line.text) for line in lines]
    names = _common(found, lines)
    kept = set(names)
    frequency = Counter(name for each in found for name in each if name in kept)
    inverse = np.array([1 + np.log(len(found) / (1 + frequency[name])) for name in names])
    weight = dict(zip(names, inverse, strict=True))
    make: Any = DictVectorizer
    vectorizer = make(dtype=np.float32)
    vectorizer.fit([dict.fromkeys(names, 1.0)])
    table = vectorizer.transform([_normal(each, weight) for each in found])
    order = [vectorizer.vocabulary_[name] for name in names]
    model: Any = LogisticRegression(C=STRENGTH, max_iter=ROUNDS, random_state=seed, tol=1e-3)
    model.fit(table, [line.class_uid for line in lines])
    head = ClassHead(
        classes=tuple(int(uid) for uid in model.classes_),
        places={name: place for place, name in enumerate(names)},
        inverse_frequency=inverse.astype(np.float32),
        weights=np.ascontiguousarray(model.coef_.T[order]).astype(np.float32),
        intercepts=model.intercept_.astype(np.float32),
        temperature=1.0,
        bar=BAR,
        names=tuple(names),
    )
    return head._replace(temperature=_temperature(head, calibration))


def measure(head: ClassHead, lines: Sequence[Line]) -> Score:
    """Measure a head on lines of known classes."""
    right, category, said, chances = [], [], [], []
    for line in lines:
        guess = head.guess(line.text)
        uid, chance = (guess.class_uid, guess.probability) if guess else (0, 0.0)
        right.append(uid == line.class_uid)
        category.append(category_uid(uid) == category_uid(line.class_uid))
        chances.append(chance)
        said.append(chance >= head.bar)
    hits, given = np.array(right, float), np.array(said)
    return Score(
        len(lines),
        float(hits.mean()),
        float(np.mean(category)),
        float(given.mean()),
        float(hits[given].mean()) if given.any() else 1.0,
        _calibration_error(np.array(chances), hits),
    )


def main(arguments: Sequence[str]) -> int:
    """Print the measurement; write the shipped head where it is asked for."""
    parser = argparse.ArgumentParser(prog="train_classes", description=__doc__)
    parser.add_argument("--write", action="store_true", help="make the shipped head again")
    parser.add_argument("--products", type=int, default=len(TRAINED))
    options = parser.parse_args(arguments)
    products = range(options.products)
    known = [each for each in SYNTAXES if each not in HELD_OUT_SYNTAXES]
    print(f"{len(known_classes())} classes, {options.products} products to learn from")
    part = write_lines(products, LINES, kept_back=False, syntaxes=known)
    head = train(part, write_lines(range(5_000, 5_030), 1, kept_back=True, syntaxes=known))
    cases = {
        "unknown products": write_lines(TESTED, 1, kept_back=False, syntaxes=known),
        "unknown products and syntaxes": write_lines(
            TESTED, 1, kept_back=False, syntaxes=HELD_OUT_SYNTAXES
        ),
        "unknown products and words": write_lines(TESTED, 1, kept_back=True, syntaxes=known),
        "unknown products, words and syntaxes": write_lines(
            TESTED, 1, kept_back=True, syntaxes=HELD_OUT_SYNTAXES
        ),
    }
    for name, lines in cases.items():
        _show(name, measure(head, lines))
    worst = cases["unknown products and words"]
    for syntax in sorted({line.syntax for line in worst}):
        _show(f"  {syntax}", measure(head, [each for each in worst if each.syntax == syntax]))
    if options.write:
        # What is shipped knows all words and syntaxes; the figures above are of the part.
        every = write_lines(products, LINES, kept_back=False) + write_lines(
            range(20_000, 20_000 + options.products // 3), LINES, kept_back=True
        )
        shipped = train(every, part[:1])._replace(temperature=head.temperature)
        write_head(shipped, SHIPPED)
        print(f"written: {SHIPPED.name}, {SHIPPED.stat().st_size:,} bytes")
    return 0


def _show(name: str, score: Score) -> None:
    print(
        f"{name:40} n={score.lines:5} class {score.right:.3f} category {score.right_category:.3f}"
        f" said {score.said:.2f}, of these right {score.right_of_said:.3f}"
        f" calibration error {score.off_by:.3f}"
    )


def _common(found: Sequence[dict[str, float]], lines: Sequence[Line]) -> list[str]:
    """Choose features that stand in lines of several products, most common first."""
    products: dict[str, set[int]] = {}
    for each, line in zip(found, lines, strict=True):
        for name in each:
            products.setdefault(name, set()).add(line.product)
    ranked = sorted(products, key=lambda name: (-len(products[name]), name))
    return sorted(name for name in ranked[:MOST_FEATURES] if len(products[name]) >= LEAST_PRODUCTS)


def _normal(found: dict[str, float], weight: dict[str, float]) -> dict[str, float]:
    kept = {name: weight[name] for name in found if name in weight}
    norm = float(np.sqrt(sum(value**2 for value in kept.values()))) or 1.0
    return {name: value / norm for name, value in kept.items()}


def _temperature(head: ClassHead, lines: Sequence[Line]) -> float:
    """Find the temperature at which the classes of lines are the likeliest."""
    place = {uid: at for at, uid in enumerate(head.classes)}
    scores = np.stack([_scores(head, line.text) for line in lines])
    truth = np.array([place[line.class_uid] for line in lines])

    def loss(temperature: float) -> float:
        scaled = scores / temperature
        top = scaled.max(axis=1)
        total = np.log(np.exp(scaled - top[:, None]).sum(axis=1)) + top
        return float((total - scaled[np.arange(len(truth)), truth]).mean())

    return min((float(each) for each in np.geomspace(0.3, 4, 60)), key=loss)


def _scores(head: ClassHead, text: str) -> npt.NDArray[np.float32]:
    rows, values = head.vector(text)
    return values @ head.weights[rows] + head.intercepts


def _calibration_error(chances: npt.NDArray[Any], hits: npt.NDArray[Any]) -> float:
    bins = np.minimum((chances * 10).astype(int), 9)
    gaps = [
        abs(float(chances[bins == each].mean() - hits[bins == each].mean()))
        * float((bins == each).mean())
        for each in range(10)
        if (bins == each).any()
    ]
    return float(sum(gaps))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
