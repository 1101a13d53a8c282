"""Verdicts on trials with a planted truth: what was planted is found, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from planted_trials import SIZES, TASKS, flat, planted, rotting

from schemas.experiment import EvalOutcome, EvalPath, Trial
from schemas.verdict import (
    POOLED,
    Comparison,
    Criteria,
    CrossoverKind,
    Decision,
    HypothesisState,
    Standing,
    VerdictReport,
)
from sentree.errors import UnreadableInputError, UsageError
from sentree.evals.verdict import judge

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ROUNDS = 800


def judged(trials: Sequence[Trial], criteria: Criteria | None = None, **more: object) -> Comparison:
    return report(trials, criteria, **more).comparisons[0]


def report(
    trials: Sequence[Trial], criteria: Criteria | None = None, **more: object
) -> VerdictReport:
    return judge(trials, now=NOW, criteria=criteria, rounds=ROUNDS, **more)  # type: ignore[arg-type]


def standing(one: Comparison, key: str) -> Standing:
    return next(found.standing for found in one.inequalities if found.key == key)


def test_a_planted_crossover_is_found_within_its_interval():
    # 0.9 minus 0.1 a doubling meets 0.6 three doublings after the smallest size.
    one = judged(planted(rotting(0.9, 0.1), flat(0.6)))
    found = one.crossovers[0]
    assert found.task == POOLED and found.kind is CrossoverKind.OVERTAKES
    assert found.low is not None and found.high is not None
    assert found.low <= SIZES[0] * 2**3 <= found.high
    assert SIZES[0] < found.low and found.high < SIZES[-1]
    assert one.decision is Decision.MONITOR and one.settled
    assert "route by size" in one.reason


def test_a_path_that_falls_behind_is_not_said_to_overtake():
    found = judged(planted(flat(0.6), rotting(0.9, 0.1))).crossovers[0]
    assert found.kind is CrossoverKind.FALLS_BEHIND
    assert found.low is not None and found.high is not None
    assert found.low <= SIZES[0] * 2**3 <= found.high


def test_without_a_difference_it_says_so_and_defers():
    one = judged(planted(flat(0.6), flat(0.6), seed=3, seeds=24))
    assert one.pooled.difference.low is not None and one.pooled.difference.high is not None
    assert one.pooled.difference.low < 0 < one.pooled.difference.high
    assert one.decision is Decision.DEFER
    assert "no difference is shown" in one.reason
    assert one.crossovers[0].kind is CrossoverKind.NO_DIFFERENCE
    assert "No crossover in the tested range" in one.crossovers[0].statement
    assert one.hypothesis.state is not HypothesisState.SUPPORTED


def test_a_worse_path_is_deferred_and_the_hypothesis_falsified():
    one = judged(planted(flat(0.7), flat(0.5)))
    assert (one.decision, one.settled) == (Decision.DEFER, True)
    assert "worse" in one.reason
    assert one.hypothesis.state is HypothesisState.FALSIFIED
    assert one.crossovers[0].kind is CrossoverKind.BEHIND


def test_small_contexts_alone_never_settle_that_a_path_is_of_no_use():
    one = judged(planted(flat(0.8), flat(0.7), sizes=SIZES[:3]))
    assert (one.decision, one.settled, one.more_cases) == (Decision.DEFER, False, None)
    assert "nothing above 100,000 tokens was tested" in one.reason
    assert one.hypothesis.state is HypothesisState.UNDECIDED and one.hypothesis.pairs == 0


def test_a_path_that_is_better_cheap_and_fast_is_adopted():
    one = judged(planted(flat(0.5), flat(0.75)))
    assert (one.decision, one.settled) == (Decision.ADOPT, True)
    assert one.hypothesis.state is HypothesisState.SUPPORTED
    assert one.crossovers[0].kind is CrossoverKind.AHEAD


def test_each_condition_of_adoption_can_fail_by_itself():
    dear = judged(planted(flat(0.5), flat(0.75), usd=(0.1, 0.25)))
    assert (dear.decision, standing(dear, "cost")) == (Decision.MONITOR, Standing.FAILS)
    assert dear.hypothesis.state is HypothesisState.SUPPORTED
    slow = judged(planted(flat(0.5), flat(0.75), seconds=(20, 900)))
    assert (slow.decision, standing(slow, "latency")) == (Decision.MONITOR, Standing.FAILS)
    two = judged(planted(flat(0.5), lambda task, _: 0.8 if task in TASKS[:2] else 0.5))
    assert (two.decision, standing(two, "tasks")) == (Decision.MONITOR, Standing.FAILS)


def test_three_times_the_cost_falsifies_the_hypothesis_however_good_the_answers():
    one = judged(planted(flat(0.4), flat(0.8), usd=(0.1, 0.5)))
    assert one.hypothesis.state is HypothesisState.FALSIFIED
    assert one.decision is Decision.MONITOR


def test_few_cases_are_undecided_and_the_number_of_runs_needed_is_given():
    small = planted(flat(0.5), flat(0.66), seeds=5, sizes=SIZES[2:], seed=2)
    one = judged(small)
    assert (one.decision, one.settled) == (Decision.MONITOR, False)
    assert one.more_cases is not None and one.more_runs is not None
    assert one.more_runs >= 2 * one.more_cases


def test_the_runs_asked_for_decide_what_was_undecided():
    few = judged(planted(flat(0.5), flat(0.72), seeds=5, sizes=SIZES[2:], seed=4))
    open_ones = [one for one in few.inequalities if one.key.startswith("improvement:")]
    asked = max(one.more_cases or 0 for one in open_ones)
    assert asked > 0
    enough = judged(planted(flat(0.5), flat(0.72), seeds=5 + asked, sizes=SIZES[2:], seed=4))
    decided = [one for one in enough.inequalities if one.key.startswith("improvement:")]
    # Asked for with a chance of 80 % each, from scatter that was itself estimated.
    assert sum(one.standing is Standing.HOLDS for one in decided) >= 3


def test_fewer_than_three_tasks_can_never_be_adopted():
    one = judged(planted(flat(0.4), flat(0.9), tasks=TASKS[:2]))
    assert one.decision is Decision.MONITOR and not one.settled
    (tasks,) = (found for found in one.inequalities if found.key == "tasks")
    assert tasks.standing is Standing.UNDECIDED and "only 2" in tasks.note


def test_many_cases_of_one_task_do_not_outweigh_the_others():
    some = planted(flat(0.5), flat(0.5), tasks=TASKS[:3], seeds=8)
    many = planted(flat(0.3), flat(0.9), tasks=TASKS[3:], seeds=80)
    one = judged([*some, *many])
    gain = next(task for task in one.tasks if task.task == TASKS[3]).difference.value
    assert gain > 0.5
    assert one.pooled.difference.value == pytest.approx(
        sum(task.difference.value for task in one.tasks) / 4
    )
    assert one.pooled.difference.value < 0.25


def test_without_a_price_nothing_is_adopted_and_no_runs_are_asked_for():
    one = judged(planted(flat(0.5), flat(0.8), usd=None))
    assert one.decision is Decision.MONITOR and standing(one, "cost") is Standing.UNDECIDED
    assert one.more_cases is None and not one.settled
    assert one.hypothesis.state is HypothesisState.UNDECIDED


def test_a_free_baseline_is_dearer_by_any_ratio_but_two_free_paths_are_equal():
    one = judged(planted(flat(0.5), flat(0.8), usd=(0.0, 0.1)))
    assert one.pooled.cost_ratio is None and standing(one, "cost") is Standing.FAILS
    free = judged(planted(flat(0.5), flat(0.8), usd=(0.0, 0.0)))
    assert free.pooled.cost_ratio is not None and free.pooled.cost_ratio.value == 1
    assert free.decision is Decision.ADOPT


def test_a_small_gain_on_a_baseline_of_nothing_is_no_large_improvement():
    one = judged(planted(flat(0.0), flat(0.03), noise=0.0, seeds=20))
    assert one.pooled.floored
    assert one.pooled.improvement.value == pytest.approx(one.pooled.difference.value / 0.25)
    assert one.decision is not Decision.ADOPT
    large = judged(planted(flat(0.0), flat(0.6), noise=0.0, seeds=20))
    assert large.decision is Decision.ADOPT


def changed(trials: Sequence[Trial], path: EvalPath, **update: object) -> list[Trial]:
    return [one.model_copy(update=update) if one.path is path else one for one in trials]


def test_failed_and_declined_trials_score_nothing_whatever_is_recorded():
    trials = planted(flat(0.9), flat(0.5), seeds=6)
    for outcome in (EvalOutcome.FAILED, EvalOutcome.DECLINED):
        lost = changed(trials, EvalPath.DIRECT, outcome=outcome, score=1.0)
        one = judged(lost)
        assert one.pooled.base.value == 0
        assert one.pooled.both_answered is None
    (direct, _) = report(changed(trials, EvalPath.DIRECT, outcome=EvalOutcome.DECLINED)).paths
    assert (direct.declined, direct.failed, direct.answered) == (direct.trials, 0, 0)


def test_what_failed_before_its_first_call_is_no_cheap_or_fast_baseline():
    trials = planted(flat(0.5), flat(0.8), seeds=8, usd=(0.1, 0.15))
    cut = [
        one.model_copy(
            update={
                "outcome": EvalOutcome.FAILED,
                "failure": "the context does not fit",
                "calls": 0,
                "usd": 0.0,
                "seconds": 0.01,
            }
        )
        if one.path is EvalPath.DIRECT and one.size_tokens == SIZES[-1]
        else one
        for one in trials
    ]
    found = report(cut)
    ratio = found.comparisons[0].pooled.cost_ratio
    assert ratio is not None and ratio.value == pytest.approx(1.5, abs=0.2)
    direct = found.paths[0]
    assert direct.not_started == direct.failed == 32
    assert direct.failures == (("the context does not fit", 32),)
    assert direct.seconds is not None and direct.seconds.trials == direct.trials - 32


def test_cases_without_a_partner_are_counted_and_never_paired():
    trials = planted(flat(0.5), flat(0.6), seeds=6)
    missing = [one for one in trials if not (one.path is EvalPath.DIRECT and one.seed in (0, 1))]
    one = judged(missing)
    assert one.unpaired == 2 * len(SIZES) * len(TASKS)
    assert one.pairs == 4 * len(SIZES) * len(TASKS)
    alone = planted(flat(0.5), flat(0.6), seeds=6, seed=9)
    strangers = [
        one.model_copy(update={"case_uid": f"other-{one.case_uid}"})
        for one in alone
        if one.path is EvalPath.DIRECT
    ]
    with_strangers = judged([*trials, *strangers])
    without = judged(trials)
    assert with_strangers.unpaired == len(strangers)
    assert with_strangers.pooled.difference == without.pooled.difference


def test_models_are_never_paired_with_each_other():
    trials = planted(flat(0.5), flat(0.9), seeds=6)
    apart = [
        one.model_copy(update={"model": "first" if one.path is EvalPath.DIRECT else "second"})
        for one in trials
    ]
    with pytest.raises(UnreadableInputError, match="nothing can be compared"):
        judge(apart, now=NOW)


def test_the_order_of_trials_and_second_deliveries_change_nothing():
    trials = planted(rotting(0.9, 0.1), flat(0.6), seeds=6)
    shuffled = [*trials, *trials[:10]]
    random.Random(1).shuffle(shuffled)
    first, second = report(trials), report(shuffled)
    assert second.reading.repeated == 10
    assert first.reading.sha256 == second.reading.sha256
    assert first.comparisons == second.comparisons
    assert first.paths == second.paths and first.slopes == second.slopes


def test_repeated_asking_of_a_case_is_one_pair_of_means():
    trials = planted(flat(0.5), flat(0.6), seeds=8)
    again = [one.model_copy(update={"run_uid": "again", "score": 1 - one.score}) for one in trials]
    one = judged([*trials, *again])
    assert one.pairs == judged(trials).pairs
    assert one.pooled.base.value == pytest.approx(0.5)


def test_the_slope_of_context_rot_is_what_was_planted():
    found = report(planted(rotting(0.9, 0.08), flat(0.6), noise=0.05))
    slope = {one.path: one.per_doubling for one in found.slopes if one.task == POOLED}
    direct, planned = slope[EvalPath.DIRECT], slope[EvalPath.RLM_PLANNED]
    assert direct.low is not None and direct.high is not None
    assert direct.low <= -0.08 <= direct.high < 0
    assert planned.low is not None and planned.high is not None
    assert planned.low <= 0 <= planned.high
    difference = found.comparisons[0].rot_difference
    assert difference is not None and difference.low is not None and difference.low > 0


def test_decisions_can_rest_on_large_contexts_alone():
    one = judged(planted(rotting(0.9, 0.1), flat(0.7)), Criteria(above_tokens=100_000))
    assert one.decision is Decision.ADOPT
    assert one.pairs == len(TASKS) * len(SIZES) * 12
    assert one.pooled.pairs == len(TASKS) * 12
    assert one.crossovers[0].kind is CrossoverKind.OVERTAKES


def test_the_router_is_judged_by_the_path_that_won():
    def route(task: str, size: int) -> EvalPath:
        return EvalPath.DIRECT if size < 20_000 else EvalPath.RLM_PLANNED

    trials = planted(rotting(0.95, 0.15), flat(0.5), noise=0.02, steps=100, route=route)
    (regret,) = report(trials).regret
    lost = {one.name: one.lost_score.value for one in regret.policies}
    assert regret.cases == len(TASKS) * len(SIZES) * 12
    assert regret.right.value > 0.95
    assert lost["router"] < 0.02 < lost["always direct"]
    assert lost["always rlm-planned"] > 0.1
    wrong = planted(
        rotting(0.95, 0.15),
        flat(0.5),
        noise=0.02,
        steps=100,
        route=lambda task, size: EvalPath.RLM_PLANNED if size < 20_000 else EvalPath.DIRECT,
    )
    (other,) = report(wrong).regret
    assert other.right.value < 0.05 and other.policies[0].lost_score.value > 0.2


def test_a_route_to_a_path_that_was_not_run_is_counted_apart():
    trials = planted(flat(0.5), flat(0.6), seeds=6, route=lambda task, size: EvalPath.RLM_AGENT)
    assert report(trials).regret == ()
    mixed = [
        one.model_copy(update={"router_path": EvalPath.DIRECT}) if one.seed < 5 else one
        for one in trials
    ]
    (regret,) = report(mixed).regret
    assert regret.not_run == len(TASKS) * len(SIZES)


def test_simulated_trials_stamp_everything_they_are_part_of():
    assert report(planted(flat(0.5), flat(0.6), seeds=5)).simulated
    real = planted(flat(0.5), flat(0.6), seeds=5, simulated=False)
    assert not report(real).simulated and report(real).language_model
    one_of_them = [real[0].model_copy(update={"simulated": True}), *real[1:]]
    found = report(one_of_them)
    assert found.simulated and found.comparisons[0].simulated
    analyst = [one.model_copy(update={"language_model": False}) for one in real]
    assert not report(analyst).language_model


def test_what_can_not_be_judged_is_said_in_one_line():
    trials = planted(flat(0.5), flat(0.6), seeds=5)
    with pytest.raises(UnreadableInputError, match="no trial"):
        judge([], now=NOW)
    other = [one.model_copy(update={"experiment": "b"}) for one in trials]
    with pytest.raises(UsageError, match="several experiments, name one: b, planted"):
        judge([*trials, *other], now=NOW)
    with pytest.raises(UsageError, match="no trial of model 'x'"):
        judge(trials, now=NOW, models=["x"])
    with pytest.raises(UsageError, match="itself"):
        judge(trials, now=NOW, paths=[EvalPath.DIRECT])
