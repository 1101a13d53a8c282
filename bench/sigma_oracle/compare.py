"""Holds three sets of hits against each other, and finds why two of them differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from bench.sigma_oracle.reference import Rule
from bench.sigma_oracle.ways import SPECIFIED, Record, Way, Ways

Hit = tuple[str, int]
"""A rule's uid and an event's number."""

AT_ONCE = 3
EVERY_WAY: Ways = frozenset(Way)
_SETS = [
    *(frozenset(some) for count in range(1, AT_ONCE + 1) for some in combinations(Way, count)),
    EVERY_WAY,
]


@dataclass(frozen=True, slots=True)
class Difference:
    """A hit that one side has alone. `ways` explain it: read so, the rule gives the other's."""

    hit: Hit
    ours: bool
    theirs: bool
    plain: bool | None
    ways: Ways | None

    @property
    def words(self) -> str:
        """The explanation, or what is known without one."""
        if self.ways:
            return " and ".join(sorted(way.value for way in self.ways))
        if self.plain is None:
            return "no plain reading of the rule"
        sides = "Sentree" if self.plain is self.ours else "the other engine"
        return f"unexplained; the plain reading says as {sides} does"


def differences(
    ours: set[Hit],
    theirs: set[Hit],
    rules: Mapping[str, Rule],
    record: Callable[[Hit], Record],
) -> Iterable[Difference]:
    """Give every hit of one side alone, in order, explained where it can be."""
    usual: list[Ways] = []
    for hit in sorted(ours ^ theirs):
        rule = rules.get(hit[0])
        if rule is None:
            yield Difference(hit, hit in ours, hit in theirs, None, None)
            continue
        given = record(hit)
        plain = rule.matches(given, SPECIFIED)
        ways = None
        if plain is (hit in ours):
            # The smallest sets first; of equal ones that which explained others before.
            tried = sorted(_SETS, key=lambda one: (len(one), one not in usual))
            ways = next((w for w in tried if rule.matches(given, w) is not plain), None)
        if ways is not None and ways not in usual:
            usual.append(ways)
        yield Difference(hit, hit in ours, hit in theirs, plain, ways)
