"""Applies Sigma filter documents: conditions that are added to rules, as their author asks.

The condition of a filter is joined to a rule's own with AND, as written: who wants to leave out
what a selection matches writes `not selection`.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sentree.rules.ir import And, Node

if TYPE_CHECKING:
    from sigma.filters import SigmaFilter

    from sentree.rules.load import LogSource, Rule


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter document. `rules` are names or ids; None means every rule of the log source."""

    title: str
    path: str
    line: int
    content_sha256: str
    logsource: LogSource
    rules: tuple[str, ...] | None
    condition: Node
    keeps: bool
    """Whether the condition keeps what it matches: most likely its author meant the opposite."""

    def covers(self, rule: Rule) -> bool:
        """Tell whether the log source of the filter takes in that of a rule."""
        return all(
            wanted is None or wanted == found
            for wanted, found in (
                (self.logsource.category, rule.logsource.category),
                (self.logsource.product, rule.logsource.product),
                (self.logsource.service, rule.logsource.service),
            )
        )


def parse_filter(value: Mapping[str, Any]) -> SigmaFilter:
    """Let pySigma read a filter document; mistakes are in its `errors`."""
    from sigma.filters import SigmaFilter

    from sentree.rules.regex import POLICY

    return SigmaFilter.from_dict(dict(value), collect_errors=True, policy=POLICY)


def read_filter(
    parsed: SigmaFilter, *, path: str, line: int, digest: str, logsource: LogSource
) -> Filter:
    """Give what a filter document says.

    Raises:
        NotRunnable: a value of it has no meaning that could be run.
        sigma.exceptions.SigmaError: its condition does not parse.
    """
    from sentree.rules.compile import compile_detections

    rules = parsed.filter.rules
    return Filter(
        title=str(parsed.title or "(no title)"),
        path=path,
        line=line,
        content_sha256=digest,
        logsource=logsource,
        rules=None if isinstance(rules, str) else tuple(str(item.reference) for item in rules),
        condition=compile_detections(parsed.filter),
        keeps=not any(_negates(condition.parsed) for condition in parsed.filter.parsed_condition),
    )


def _negates(tree: Any) -> bool:
    from sigma.conditions import ConditionNOT

    return isinstance(tree, ConditionNOT) or any(map(_negates, getattr(tree, "args", ())))


def apply_filters(
    rules: Iterable[Rule], filters: Sequence[Filter]
) -> tuple[list[Rule], list[tuple[Filter, str]]]:
    """Add each filter to the rules it is for, and say which filter is in vain or doubtful.

    A filter is for a rule that it names, or for any rule, if its log source takes in the rule's.
    Correlations are filtered through the rules that they refer to.
    """
    remarks: list[tuple[Filter, str]] = []
    filtered = list(rules)
    places: dict[str, list[int]] = {}
    for place, rule in enumerate(filtered):
        for name in {rule.rule_uid, rule.name or rule.rule_uid}:
            places.setdefault(name, []).append(place)
    for one in filters:
        if one.keeps:
            remarks.append((one, "its condition has no 'not': only what it matches is kept"))
        wanted = range(len(filtered)) if one.rules is None else _named(one, places, remarks)
        touched = 0
        for place in wanted:
            rule = filtered[place]
            if rule.condition is not None and one.covers(rule):
                filtered[place] = _added(rule, one)
                touched += 1
        if not touched:
            remarks.append((one, f"is for no rule of its log source {one.logsource}"))
    return filtered, remarks


def _named(
    one: Filter, places: Mapping[str, list[int]], remarks: list[tuple[Filter, str]]
) -> list[int]:
    found: dict[int, None] = {}
    for name in one.rules or ():
        if name not in places:
            remarks.append((one, f"names the rule '{name}', which is not loaded"))
        found |= dict.fromkeys(places.get(name, ()))
    return list(found)


def _added(rule: Rule, one: Filter) -> Rule:
    assert rule.condition is not None
    both = f"{rule.content_sha256}\n{one.content_sha256}"
    return dataclasses.replace(
        rule,
        condition=And((rule.condition, one.condition)),
        content_sha256=hashlib.sha256(both.encode()).hexdigest(),
    )
