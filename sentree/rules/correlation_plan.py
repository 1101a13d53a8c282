"""Puts correlations in order: who refers to whom, which fields are asked of whose hits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sentree.rules.correlation import NUMERIC, Correlation
from sentree.rules.load import Rule

MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Step:
    """A correlation with the rules whose hits it looks at, in the order it names them.

    `asked` are the names of fields that correlations above it want to know of its hits.
    """

    rule: Rule
    correlation: Correlation
    refs: tuple[Rule, ...]
    asked: tuple[str, ...]

    def place(self, name: str) -> int:
        """Give the number of the rule that is called so here."""
        return self.correlation.rules.index(name)


@dataclass(frozen=True, slots=True)
class Plan:
    """Correlations that can be run, each after those that it refers to.

    `base` are the plain rules that they rest on, with the fields asked of their hits; `silenced`
    rules don't alert on their own; `problems` are the reasons of those that can't be run;
    `seconds` is how far apart the events of one match can lie.
    """

    steps: tuple[Step, ...]
    base: Mapping[str, tuple[str, ...]]
    silenced: frozenset[str]
    problems: Mapping[str, str]
    seconds: int


def plan_correlations(rules: Sequence[Rule], problems: Mapping[str, str]) -> Plan:
    """Resolve the references of all correlations; `problems` are rules known not to run."""
    resolver = _Resolver(rules, problems)
    ordered = [rule for rule in rules if rule.correlation is not None]
    for rule in ordered:
        resolver.visit(rule)
    runnable = list(resolver.refs)
    by_uid = {rule.rule_uid: rule for rule in rules}
    asked: dict[str, dict[str, None]] = defaultdict(dict)
    for uid in reversed(runnable):
        _ask(by_uid[uid], resolver.refs[uid], asked)
    steps: list[Step] = []
    depths: dict[str, int] = {}
    heard: set[str] = set()
    referred: set[str] = set()
    for uid in runnable:
        rule, refs = by_uid[uid], resolver.refs[uid]
        assert rule.correlation is not None
        steps.append(Step(rule, rule.correlation, refs, tuple(asked[uid])))
        depths[uid] = rule.correlation.seconds + max(depths.get(ref.rule_uid, 0) for ref in refs)
        names = {ref.rule_uid for ref in refs}
        referred |= names
        if rule.correlation.generate:
            heard |= names
    return Plan(
        steps=tuple(steps),
        base={
            uid: tuple(asked[uid]) for uid in sorted(referred) if by_uid[uid].correlation is None
        },
        silenced=frozenset(referred - heard),
        problems=resolver.problems,
        seconds=max(depths.values(), default=0),
    )


def _ask(rule: Rule, refs: Sequence[Rule], asked: dict[str, dict[str, None]]) -> None:
    """Pass on which fields a correlation must know of the hits it looks at."""
    correlation = rule.correlation
    assert correlation is not None
    passed = [name for name in asked[rule.rule_uid] if name not in correlation.group_by]
    for called, ref in zip(correlation.rules, refs, strict=True):
        for name in (*correlation.group_by, *correlation.fields, *passed):
            asked[ref.rule_uid].setdefault(correlation.resolved(name, called))


class _Resolver:
    """Finds the rules that correlations name; `refs` holds those that can be run, in order."""

    def __init__(self, rules: Sequence[Rule], known: Mapping[str, str]) -> None:
        self._known = known
        self._uids = {rule.rule_uid.lower(): rule for rule in rules}
        self._names: dict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            if rule.name:
                self._names[rule.name].append(rule)
        self._open: list[str] = []
        self.refs: dict[str, tuple[Rule, ...]] = {}
        self.problems: dict[str, str] = {}

    def visit(self, rule: Rule) -> str | None:
        """Resolve a correlation and those below it; give the reason when it can't be run."""
        uid = rule.rule_uid
        if rule.correlation is None or uid in self._known:
            return self._known.get(uid)
        if uid in self._open:
            return "it refers to itself"
        if len(self._open) >= MAX_DEPTH:
            return f"correlations refer to one another more than {MAX_DEPTH} deep"
        if uid not in self.refs and uid not in self.problems:
            self._open.append(uid)
            refs: list[Rule] = []
            reason = next(self._reasons(rule, rule.correlation, refs), None)
            self._open.pop()
            if reason is None:
                self.refs[uid] = tuple(refs)
            else:
                self.problems[uid] = reason
        return self.problems.get(uid)

    def _reasons(self, rule: Rule, correlation: Correlation, refs: list[Rule]) -> Iterator[str]:
        for called in correlation.rules:
            found = self._uids.get(called.lower())
            named = [found] if found else self._names.get(called, [])
            # A name is unique among the rules of a correlation, which often share its file.
            near = [one for one in named if one.path == rule.path] or named
            if not near:
                yield f"it refers to '{called}', which is not loaded"
            elif len(near) > 1:
                yield f"it refers to '{called}', which is the name of {len(near)} rules"
            else:
                below = self.visit(near[0])
                if below is not None:
                    yield f"it refers to '{called}', which can't be run: {below}"
                elif near[0].correlation is not None and correlation.type in NUMERIC:
                    yield f"it refers to '{called}': a {correlation.type} needs plain rules"
                elif near[0] in refs:
                    yield f"it refers to '{called}' a second time by another name"
                refs.append(near[0])
