"""How well `sentree map-rules` agrees with the tags of public rules, by cross-validation.

Five folds by the hash of the rule's id. "untrained" has no labelled rule to compare with; its few
coefficients are fitted on the other folds. The baseline is fitted on the same folds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from models.techniques import Example, TechniqueRanker
from models.techniques.catalogue import Doubles
from models.techniques.signals import Reading
from sentree.analysis.map_rules.mapper import Ground, load_ground, today
from sentree.analysis.map_rules.reading import read_rule_file
from sentree.evals import map_rules as score
from sentree.evals.map_rules import Judged
from sentree.evals.measures.measure import Measure
from sentree.evals.metrics import bootstrap
from sentree.settings import Settings

FOLDS = 5
NEIGHBOURS = 10
UNSEEN = (2, 3, 4)
"""Folds whose rules nobody looked at while the cues were written; 0 and 1 were read for errors."""


class Case(NamedTuple):
    """A rule as it is judged, and what its author tagged."""

    uid: str
    example: Example
    reading: Reading
    fold: int


def rows(data: Path, home: Path | None = None) -> list[Measure]:
    """Measure on the sample's rules: untrained, trained, and the baseline."""
    ground = load_ground(Settings(home=home) if home else Settings())
    start = process_time()
    cases = load_cases(data / "sigma", ground)
    speed = len(cases) / (process_time() - start)
    found: list[Measure] = []
    for name, fit in (
        ("baseline: kNN + linear head on MiniLM, kNN on TF-IDF", _baseline),
        ("untrained", _untrained),
        ("trained", _trained),
    ):
        judged, probabilities = validate(ground, cases, fit)
        task = f"map-rules, {name}"
        found += measures(task, judged)
        unseen = [
            one for one, case in zip(judged, in_order(cases), strict=True) if case.fold in UNSEEN
        ]
        found += measures(f"{task}; folds not looked at", unseen)
        if name != "baseline: kNN + linear head on MiniLM, kNN on TF-IDF":
            bins = score.reliability(probabilities, [one.wanted for one in judged])
            error = score.calibration_error(bins)
            note = ", ".join(f"{b.said:.2f}:{b.right:.2f} ({b.number})" for b in bins)
            number = sum(one.number for one in bins)
            found.append(Measure(task, "calibration error", error, None, None, number, note))
        if name == "trained":
            found += [
                Measure(
                    f"{task}, {tactic}",
                    "micro-F1",
                    value.f1,
                    None,
                    None,
                    value.hits + value.missed,
                    f"recall {value.recall:.2f}, precision {value.precision:.2f}",
                )
                for tactic, value in score.by_tactic(judged).items()
            ]
    found.append(Measure("map-rules", "rules made ready a second", speed, None, None, len(cases)))
    return found


def measures(task: str, judged: Sequence[Judged]) -> list[Measure]:
    """Give the figures of one way to map; the interval draws rules again."""
    figures: dict[str, Callable[[Sequence[Judged]], float]] = {
        "micro-F1": lambda some: score.micro(some).f1,
        "micro-F1 of parents": lambda some: score.micro(some, parents=True).f1,
        "recall@3": lambda some: score.recall_at(some, 3),
        "recall@3 of parents": lambda some: score.recall_at(some, 3, parents=True),
    }
    found = [
        Measure(task, name, *bootstrap(judged, figure), len(judged))
        for name, figure in figures.items()
    ]
    for name, parents in (("macro-F1", False), ("macro-F1 of parents", True)):
        value = score.macro_f1(judged, parents=parents)
        labels = len(score.by_label(judged, parents=parents))
        found.append(Measure(task, name, value, None, None, labels, "n counts techniques"))
    return found


def load_cases(folder: Path, ground: Ground) -> list[Case]:
    """Read the rules and their labels; a rule's fold is a hash of its id."""
    truth: dict[str, list[str]] = {}
    for line in (folder / "truth.jsonl").read_text("utf-8").splitlines():
        one = json.loads(line)
        truth[str(one["id"])] = [str(uid) for uid in one["techniques"]]
    rules = [
        rule
        for uid in sorted(truth)
        for rule in read_rule_file(str(folder / "rules" / f"{uid}.yml")).rules
    ]
    readings = ground.signals.read([rule.text for rule in rules])
    return [
        Case(
            rule.uid,
            Example(rule.text, today(truth[rule.uid]), rule.title),
            reading,
            int(sha256(rule.uid.encode()).hexdigest(), 16) % FOLDS,
        )
        for rule, reading in zip(rules, readings, strict=True)
    ]


def in_order(cases: Sequence[Case], folds: Sequence[int] = range(FOLDS)) -> list[Case]:
    """List cases fold by fold, as `validate` judges them."""
    return [case for fold in folds for case in cases if case.fold == fold]


Predict = Callable[[Case], tuple[Doubles, Sequence[str]]]
Fit = Callable[[Ground, Sequence[Case]], Predict]


def validate(
    ground: Ground, cases: Sequence[Case], fit: Fit
) -> tuple[list[Judged], list[dict[str, float]]]:
    """Judge every rule by what was fitted on the other folds."""
    uids = [one.uid for one in ground.signals.techniques]
    judged: list[Judged] = []
    probabilities: list[dict[str, float]] = []
    for fold in range(FOLDS):
        predict = fit(ground, [case for case in cases if case.fold != fold])
        for case in in_order(cases, (fold,)):
            found, named = predict(case)
            order = np.argsort(-found, kind="stable")[:30]
            judged.append(
                Judged(case.example.techniques, tuple(named), tuple(uids[i] for i in order))
            )
            probabilities.append({uids[i]: float(found[i]) for i in np.flatnonzero(found >= 0.05)})
    return judged, probabilities


def _untrained(ground: Ground, cases: Sequence[Case]) -> Predict:
    return _ranked(TechniqueRanker.fit_untrained(ground.signals, [one.example for one in cases]))


def _trained(ground: Ground, cases: Sequence[Case]) -> Predict:
    return _ranked(TechniqueRanker.fit(ground.signals, [one.example for one in cases]))


def _ranked(ranker: TechniqueRanker) -> Predict:
    def predict(case: Case) -> tuple[Doubles, Sequence[str]]:
        found = ranker.probabilities(case.reading)
        return found, ranker.named(found)

    return predict


def _baseline(ground: Ground, cases: Sequence[Case]) -> Predict:
    """Average kNN and a linear head on MiniLM with kNN on TF-IDF; the cut by inner folds."""
    uids = [one.uid for one in ground.signals.techniques]
    score_all = _baseline_scores(ground, cases)
    inner = [int(sha256(f"inner {one.uid}".encode()).hexdigest(), 16) % 3 for one in cases]
    held: list[tuple[Doubles, tuple[str, ...]]] = []
    for part in range(3):
        rest = [one for one, place in zip(cases, inner, strict=True) if place != part]
        scores = _baseline_scores(ground, rest)
        held += [
            (scores(one), one.example.techniques)
            for one, place in zip(cases, inner, strict=True)
            if place == part
        ]

    def named(found: Doubles, cut: float) -> list[str]:
        places = set(map(int, np.flatnonzero(found >= cut))) | {int(np.argmax(found))}
        return [uids[place] for place in places]

    def quality(cut: float) -> float:
        return score.micro(
            [Judged(wanted, tuple(named(found, cut)), ()) for found, wanted in held]
        ).f1

    best = max(map(float, np.linspace(0.02, 0.7, 35)), key=quality)

    def predict(case: Case) -> tuple[Doubles, Sequence[str]]:
        found = score_all(case)
        return found, named(found, best)

    return predict


def _baseline_scores(ground: Ground, cases: Sequence[Case]) -> Callable[[Case], Doubles]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    places = ground.signals.places
    labels = np.zeros((len(cases), len(places)))
    for row, one in zip(labels, cases, strict=True):
        row[[places[uid] for uid in one.example.techniques]] = 1
    vectors = np.stack([one.reading.vector for one in cases if one.reading.vector is not None])
    words = TfidfVectorizer(sublinear_tf=True)
    terms: Any = words.fit_transform([one.example.text for one in cases])
    heads = {
        int(column): LogisticRegression(C=10, class_weight="balanced", max_iter=200).fit(
            vectors, labels[:, column]
        )
        for column in np.flatnonzero(labels.any(axis=0))
    }

    def vote(alike: Doubles) -> Doubles:
        nearest = np.argsort(-alike)[:NEIGHBOURS]
        weights = np.maximum(alike[nearest], 0)
        return weights @ labels[nearest] / max(float(weights.sum()), 1e-9)

    def scores(case: Case) -> Doubles:
        vector = case.reading.vector
        assert vector is not None
        linear = np.zeros(len(places))
        for column, head in heads.items():
            linear[column] = head.predict_proba(vector[None])[0, 1]
        text: Any = words.transform([case.example.text])
        alike = np.asarray((vectors @ vector), dtype=float)
        return (vote(alike) + linear + vote((terms @ text.T).toarray()[:, 0])) / 3

    return scores


def main() -> None:
    """Print the figures as a table."""
    import sys

    for one in rows(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data")):
        low = "" if one.low is None else f" [{one.low:.3f}, {one.high:.3f}]"
        print(f"{one.task} | {one.metric} | {one.value:.3f}{low} | n={one.n} | {one.note}")


if __name__ == "__main__":
    main()
