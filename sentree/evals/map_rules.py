"""How well mapped techniques agree with the tags of rules. Pure functions.

A technique and its parent are two things for the exact scores; the parent scores compare parent
techniques alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.map_rules import TrainingReport
from sentree.analysis.map_rules.training import Training
from sentree.evals.metrics import SetScore, compare_sets, pooled
from sentree.intel import attack


class Judged(NamedTuple):
    """One rule: the techniques it should get, those named, and all in order of probability."""

    wanted: tuple[str, ...]
    named: tuple[str, ...]
    ranked: tuple[str, ...]


class Reliability(NamedTuple):
    """Techniques given a probability in one tenth: how many, mean probability, share right."""

    number: int
    said: float
    right: float


def micro(judged: Sequence[Judged], *, parents: bool = False) -> SetScore:
    """Pool hits, misses and wrong techniques over rules."""
    return pooled(
        compare_sets(_lifted(one.wanted, parents), _lifted(one.named, parents)) for one in judged
    )


def macro_f1(judged: Sequence[Judged], *, parents: bool = False) -> float:
    """Average the F1 of every technique that some rule should get."""
    scores = by_label(judged, parents=parents)
    return sum(one.f1 for one in scores.values()) / max(len(scores), 1)


def by_label(judged: Sequence[Judged], *, parents: bool = False) -> dict[str, SetScore]:
    """Score each technique that some rule should get."""
    pairs = [(_lifted(one.wanted, parents), _lifted(one.named, parents)) for one in judged]
    labels = sorted({uid for wanted, _ in pairs for uid in wanted})
    return {
        uid: pooled(compare_sets(wanted & {uid}, named & {uid}) for wanted, named in pairs)
        for uid in labels
    }


def by_tactic(judged: Sequence[Judged]) -> dict[str, SetScore]:
    """Score techniques tactic by tactic, in matrix order; one of two tactics counts in both."""
    found: dict[str, SetScore] = {}
    for tactic in attack.TACTICS:
        pairs = [(_within(one.wanted, tactic), _within(one.named, tactic)) for one in judged]
        if any(wanted or named for wanted, named in pairs):
            found[tactic] = pooled(compare_sets(wanted, named) for wanted, named in pairs)
    return found


def recall_at(judged: Sequence[Judged], top: int, *, parents: bool = False) -> float:
    """Average over rules the share of their techniques among the first `top` that are ranked."""
    shares: list[float] = []
    for one in judged:
        wanted = _lifted(one.wanted, parents)
        order = [uid.partition(".")[0] for uid in one.ranked] if parents else one.ranked
        first = set(list(dict.fromkeys(order))[:top])
        shares.append(len(wanted & first) / len(wanted) if wanted else 1.0)
    return sum(shares) / max(len(shares), 1)


def reliability(
    probabilities: Sequence[Mapping[str, float]], wanted: Sequence[Sequence[str]]
) -> list[Reliability]:
    """Compare probabilities with how often they were right, by tenths from 5 % on."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for given, right in zip(probabilities, wanted, strict=True):
        for uid, probability in given.items():
            if probability >= 0.05:
                place = min(int(probability * 10), 9)
                bins.setdefault(place, []).append((probability, uid in right))
    return [
        Reliability(
            len(pairs),
            sum(said for said, _ in pairs) / len(pairs),
            sum(hit for _, hit in pairs) / len(pairs),
        )
        for _, pairs in sorted(bins.items())
    ]


def calibration_error(bins: Sequence[Reliability]) -> float:
    """Average the distance of said and right over bins, weighed by their size (ECE)."""
    total = sum(one.number for one in bins)
    return sum(one.number * abs(one.said - one.right) for one in bins) / max(total, 1)


def training_report(training: Training) -> TrainingReport:
    """Say what training learned from, each rule judged as if it had not been there."""
    ranker = training.ranker
    uids = [one.uid for one in ranker.known.techniques]
    judged: list[Judged] = []
    for number, one in enumerate(training.examples):
        found = ranker.own_probabilities(number)
        order = sorted(range(len(uids)), key=lambda place: -float(found[place]))[:20]
        judged.append(
            Judged(
                one.techniques, tuple(ranker.named(found)), tuple(uids[place] for place in order)
            )
        )
    return TrainingReport(
        rules=len(training.examples),
        without_label=training.without_label,
        rejected=len(training.rejected),
        techniques=len({uid for one in training.examples for uid in one.techniques}),
        unknown=training.unknown,
        cut=ranker.weights.cut,
        micro_f1=micro(judged).f1,
        parent_micro_f1=micro(judged, parents=True).f1,
        recall_at_3=recall_at(judged, 3),
    )


def _lifted(uids: Sequence[str], parents: bool) -> set[str]:
    return {uid.partition(".")[0] for uid in uids} if parents else set(uids)


def _within(uids: Sequence[str], tactic: str) -> set[str]:
    return {uid for uid in uids if tactic in attack.current(uid).tactics}
