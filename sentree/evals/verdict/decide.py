"""From effects to Adopt, Monitor or Defer, and to a verdict on H-RLM-CYBER-01.

An inequality holds, or fails, only if the whole 95 % interval lies on that side of its threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.verdict import (
    Criteria,
    Crossover,
    CrossoverKind,
    Decision,
    Estimate,
    Hypothesis,
    HypothesisState,
    Inequality,
    Standing,
    TaskEffect,
)
from sentree.evals.verdict.inequality import (
    FAILS,
    HOLDS,
    UNDECIDED,
    above,
    below,
    cost,
    enough,
    floor_note,
    percent,
    size_of,
)

UID = "H-RLM-CYBER-01"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision with the inequalities it rests on."""

    decision: Decision
    settled: bool
    reason: str
    inequalities: tuple[Inequality, ...]
    more_cases: int | None
    more_runs: int | None


def decide(
    pooled: TaskEffect,
    tasks: Sequence[TaskEffect],
    large: TaskEffect | None,
    crossover: Crossover,
    p95_seconds: Estimate | None,
    rule: Criteria,
) -> Verdict:
    """Judge a path by the rule of the experiment.

    Adopt: better by more than the threshold on enough tasks, in time, and cheap enough. Defer: not
    better by a margin worth watching, neither over all contexts nor over large ones, or far too
    dear for a gain that is not shown. Monitor: everything else.

    Args:
        pooled: all tasks, each counting once.
        tasks: each task.
        large: all tasks over large contexts; None if there are none.
        crossover: of all tasks.
        p95_seconds: the time by which 95 % of the path's answers came.
        rule: the thresholds.
    """
    found = _Conditions.of(pooled, tasks, large, p95_seconds, rule)
    tasks_pass = found.enough.standing is HOLDS
    gain = found.watch.standing
    gain_late = found.watch_large.standing if found.watch_large else FAILS
    late = gain_late is HOLDS or crossover.kind is CrossoverKind.OVERTAKES
    if found.standings == {HOLDS} and gain is not FAILS:
        return found.verdict(Decision.ADOPT, "every inequality holds")
    if gain is FAILS and not (tasks_pass or late):
        if found.watch_large is None:
            reason = (
                f"{_no_gain(pooled, rule)}; but nothing above {rule.large_tokens:,} tokens was "
                "tested, where a recursive path has most to gain"
            )
            return found.verdict(Decision.DEFER, reason, settled=False)
        open_ones = [found.watch_large] if gain_late is UNDECIDED else []
        return found.verdict(Decision.DEFER, _no_gain(pooled, rule), open_ones)
    if found.dear.standing is FAILS and not tasks_pass:
        reason = (
            f"it costs more than {rule.falsified_cost:g} times the baseline, "
            f"and a gain on {rule.tasks} tasks is not shown"
        )
        open_ones = [found.enough] if found.enough.standing is UNDECIDED else []
        return found.verdict(Decision.DEFER, reason, open_ones)
    if FAILS in (*found.standings, gain) and late and gain is not HOLDS:
        return found.verdict(
            Decision.MONITOR,
            "no gain over all sizes is shown, but one in large contexts: route by size, and judge "
            "the large ones by themselves (--above)",
        )
    if FAILS in (*found.standings, gain):
        open_ones = [found.watch] if gain is UNDECIDED else []
        return found.verdict(Decision.MONITOR, _but(pooled, found), open_ones)
    open_ones = [one for one in found.needed if one.standing is UNDECIDED]
    reason = "undecided: " + "; ".join(map(_said, open_ones))
    if late:
        reason += "; a gain in large contexts is shown (--above judges them by themselves)"
    return found.verdict(Decision.MONITOR, reason, open_ones)


@dataclass(frozen=True, slots=True)
class _Conditions:
    tasks: tuple[Inequality, ...]
    enough: Inequality
    in_time: Inequality
    cheap: Inequality
    watch: Inequality
    watch_large: Inequality | None
    dear: Inequality

    @staticmethod
    def of(
        pooled: TaskEffect,
        tasks: Sequence[TaskEffect],
        large: TaskEffect | None,
        p95_seconds: Estimate | None,
        rule: Criteria,
    ) -> _Conditions:
        each = tuple(
            above(
                f"improvement:{one.task}",
                f"{one.task}: improvement > {percent(rule.improvement)}",
                one.improvement,
                rule.improvement,
                size_of(one, rule),
                note=floor_note(one, rule),
            )
            for one in tasks
        )
        watching, least = rule.worth_watching, percent(rule.worth_watching)
        return _Conditions(
            tasks=each,
            enough=enough(each, tasks, rule),
            in_time=below(
                "latency",
                f"95 % of answers come within {rule.seconds:g} s",
                p95_seconds,
                rule.seconds,
                None,
                unit="seconds",
                missing="no trial was started",
            ),
            cheap=cost("cost", "cost ratio <", pooled, rule.cost_ratio, rule),
            watch=above(
                "worth-watching",
                f"improvement over all tasks ≥ {least}",
                pooled.improvement,
                watching,
                size_of(pooled, rule),
            ),
            watch_large=large
            and above(
                "worth-watching-large",
                f"improvement above {rule.large_tokens:,} tokens ≥ {least}",
                large.improvement,
                watching,
                size_of(large, rule),
            ),
            dear=cost("too-dear", "cost ratio ≤", pooled, rule.falsified_cost, rule),
        )

    @property
    def needed(self) -> tuple[Inequality, ...]:
        """What Adopt asks for."""
        return (self.enough, self.in_time, self.cheap)

    @property
    def standings(self) -> set[Standing]:
        return {one.standing for one in self.needed}

    def verdict(
        self,
        decision: Decision,
        reason: str,
        open_ones: Sequence[Inequality] = (),
        settled: bool | None = None,
    ) -> Verdict:
        shown = (*self.tasks, *self.needed, self.watch, self.watch_large, self.dear)
        cases, runs = _most(open_ones)
        return Verdict(
            decision,
            not open_ones if settled is None else settled,
            reason,
            tuple(one for one in shown if one is not None),
            cases,
            runs,
        )


def judge_hypothesis(large: TaskEffect | None, rule: Criteria) -> Hypothesis:
    """Judge H-RLM-CYBER-01 by the pairs whose context is larger than its size; None for no pair."""
    statement = (
        f"Above {rule.large_tokens:,} tokens the path is better by more than "
        f"{percent(rule.supported)}; falsified if by less than {percent(rule.falsified)}, or at "
        f"more than {rule.falsified_cost:g} times the cost."
    )
    if large is None:
        return Hypothesis(
            uid=UID,
            statement=statement,
            state=HypothesisState.UNDECIDED,
            reason=f"no pair has more than {rule.large_tokens:,} tokens",
            pairs=0,
            inequalities=(),
        )
    size = size_of(large, rule)
    gain = large.improvement
    more = above(
        "supported", f"improvement > {percent(rule.supported)}", gain, rule.supported, size
    )
    some = above(
        "not-falsified", f"improvement ≥ {percent(rule.falsified)}", gain, rule.falsified, size
    )
    cheap = cost("cost", "cost ratio ≤", large, rule.falsified_cost, rule)
    cases = runs = None
    if FAILS in (some.standing, cheap.standing):
        state = HypothesisState.FALSIFIED
        failed = [one.statement for one in (some, cheap) if one.standing is FAILS]
        reason = "fails: " + "; ".join(failed)
    elif more.standing is HOLDS and cheap.standing is HOLDS:
        state, reason = HypothesisState.SUPPORTED, "both inequalities hold"
    else:
        state = HypothesisState.UNDECIDED
        reason, open_ones = _why_open(more, some, cheap, rule)
        cases, runs = _most(open_ones)
    return Hypothesis(
        uid=UID,
        statement=statement,
        state=state,
        reason=reason,
        pairs=large.pairs,
        inequalities=(more, some, cheap),
        more_cases=cases,
        more_runs=runs,
    )


def _why_open(
    more: Inequality, some: Inequality, cheap: Inequality, rule: Criteria
) -> tuple[str, list[Inequality]]:
    between = more.standing is FAILS and some.standing is HOLDS
    if between:
        return (
            f"the improvement lies between {percent(rule.falsified)} and "
            f"{percent(rule.supported)}: by its own terms neither supported nor "
            "falsified, and no further run would change that",
            [],
        )
    open_ones: list[Inequality] = []
    if more.estimate is not None and more.standing is UNDECIDED:
        toward_no = more.estimate.value < rule.falsified and some.standing is UNDECIDED
        open_ones.append(some if toward_no else more)
    elif some.standing is UNDECIDED:
        open_ones.append(some)
    if cheap.standing is UNDECIDED:
        open_ones.append(cheap)
    return "undecided: " + "; ".join(one.statement for one in open_ones), open_ones


def _said(one: Inequality) -> str:
    return f"{one.statement} ({one.note})" if one.note else one.statement


def _most(open_ones: Sequence[Inequality]) -> tuple[int | None, int | None]:
    """Give what settles all of them: the same new cases serve every one."""
    cases = [one.more_cases for one in open_ones if one.more_cases is not None]
    runs = [one.more_runs for one in open_ones if one.more_runs is not None]
    if not cases or len(cases) < len(open_ones):
        return None, None
    return max(cases), max(runs)


def _no_gain(pooled: TaskEffect, rule: Criteria) -> str:
    gain = pooled.difference
    if gain.high is not None and gain.high < 0:
        return "it is worse than the baseline"
    if gain.low is not None and gain.low > 0:
        return f"it is better, but by less than {percent(rule.worth_watching)}"
    return f"no difference is shown, and a gain of {percent(rule.worth_watching)} is excluded"


def _but(pooled: TaskEffect, found: _Conditions) -> str:
    if found.watch.standing is HOLDS:
        better = "it is better over all tasks"
    elif found.watch.standing is FAILS:
        better = "it is better on some tasks and not over all of them"
    else:
        better = f"a gain is not settled ({100 * pooled.improvement.value:+.0f} %)"
    failing = [one.statement for one in found.needed if one.standing is FAILS]
    return better + (f", but this fails: {'; '.join(failing)}" if failing else "")
