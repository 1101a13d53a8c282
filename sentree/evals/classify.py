"""How well classes of records agree with labels. Pure functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sentree.evals.metrics import Interval, bootstrap


class Labelled(NamedTuple):
    """A record's true class and the class it was given; `group` is what it was recorded with.

    Records of one recording are alike, so intervals draw recordings, not records.
    """

    wanted: int
    found: int
    group: str


class ClassScore(NamedTuple):
    """Accuracy with its 95 % interval, and how many records of how many recordings it rests on."""

    accuracy: Interval
    records: int
    groups: int


def score_classes(records: Iterable[Labelled]) -> ClassScore:
    """Give the share of records with the right class; 1.0 when there are none."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for one in records:
        groups[one.group].append(one.wanted == one.found)
    units = [groups[name] for name in sorted(groups)]
    total = sum(len(unit) for unit in units)
    if not units:
        return ClassScore(Interval(1.0, 1.0, 1.0), 0, 0)
    return ClassScore(bootstrap(units, _share), total, len(units))


def score_by_class(records: Iterable[Labelled]) -> dict[int, ClassScore]:
    """Give the accuracy of each true class, by its uid."""
    by_class: dict[int, list[Labelled]] = defaultdict(list)
    for one in records:
        by_class[one.wanted].append(one)
    return {uid: score_classes(by_class[uid]) for uid in sorted(by_class)}


def _share(units: Sequence[Sequence[bool]]) -> float:
    total = sum(len(unit) for unit in units)
    return sum(sum(unit) for unit in units) / total if total else 1.0
