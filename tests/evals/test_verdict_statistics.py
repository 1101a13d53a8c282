"""The statistics themselves: coverage of the intervals, symmetry, and hard corners."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_trials import SIZES, flat, planted, rotting

from bench.verdict_coverage import EXPERIMENTS, coverage, covers, drawn_pairs, resampler, side
from schemas.experiment import EvalPath, Trial
from schemas.verdict import POOLED, Criteria, TaskEffect
from sentree.evals.verdict.crossover import find_crossover, isotonic
from sentree.evals.verdict.effect import effect
from sentree.evals.verdict.pairs import Pair, grouping, make_pairs
from sentree.evals.verdict.power import more_clusters
from sentree.evals.verdict.resample import Cluster, Resampler, interval, student

RULE = Criteria()
DIRECT, PLANNED = EvalPath.DIRECT, EvalPath.RLM_PLANNED


def share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits)


@pytest.mark.parametrize("clusters", [8, 20])
def test_intervals_cover_the_truth_in_95_of_100_experiments(clusters: int):
    for name, covered in coverage(clusters).items():
        assert 0.90 <= covered <= 0.99, (name, covered)


def test_the_interval_of_the_crossover_covers_the_planted_one():
    random = np.random.default_rng(5)
    truth = SIZES[0] * 2**3
    hits: list[bool] = []
    for number in range(EXPERIMENTS // 2):
        # From +0.3 to -0.3 over six doublings: equal after three.
        pairs = drawn_pairs(
            random, base=(0.8, 0.6, 0.4, 0.2), gain=(-0.3, -0.1, 0.1, 0.3), clusters=10
        )
        one = find_crossover(POOLED, pairs, resampler(pairs, number), RULE)
        hits.append((one.low or 0) <= truth <= (one.high or float("inf")))
    assert 0.90 <= share(hits) <= 1.0


def test_a_difference_of_nothing_is_rarely_taken_for_one():
    random = np.random.default_rng(6)
    wrong: list[bool] = []
    for number in range(EXPERIMENTS):
        pairs = drawn_pairs(random, base=(0.5, 0.5), gain=(0.0, 0.0), clusters=10)
        one = effect(POOLED, pairs, resampler(pairs, number), RULE)
        wrong.append(not covers(one.difference, 0.0))
    assert share(wrong) <= 0.10


def swapped(trials: Sequence[Trial]) -> list[Trial]:
    other = {DIRECT: PLANNED, PLANNED: DIRECT}
    return [one.model_copy(update={"path": other[one.path]}) for one in trials]


def pooled(trials: Sequence[Trial], seed: int = 1) -> TaskEffect:
    group = grouping(trials, RULE.min_cases)
    pairs, _ = make_pairs(trials, DIRECT, PLANNED, group)
    drawn = Resampler([pair.cluster for pair in pairs], rounds=400, seed=seed)
    return effect(POOLED, pairs, drawn, RULE)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 9), st.sampled_from([0.2, 0.5, 0.8]))
def test_swapping_the_paths_turns_every_difference_round(seed: int, seeds: int, level: float):
    trials = planted(flat(0.5), flat(level), seed=seed, seeds=seeds, sizes=SIZES[:2])
    one, other = pooled(trials), pooled(swapped(trials))
    assert one.difference.value == pytest.approx(-other.difference.value)
    assert one.difference.low is not None and other.difference.high is not None
    assert one.difference.low == pytest.approx(-other.difference.high)
    assert (one.wins, one.ties, one.losses) == (other.losses, other.ties, other.wins)
    assert one.base == other.treated


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 1_000))
def test_the_order_of_trials_plays_no_part(random: object, seed: int):
    trials = planted(flat(0.5), flat(0.6), seed=seed, seeds=6, sizes=SIZES[:2])
    mixed = list(trials)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert pooled(mixed) == pooled(trials)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_missing_trial_drops_its_pair_and_no_other(data: st.DataObject):
    trials = planted(flat(0.5), flat(0.6), seeds=5, sizes=SIZES[:2])
    gone = data.draw(st.sets(st.sampled_from(range(len(trials))), max_size=len(trials) - 1))
    kept = [one for place, one in enumerate(trials) if place not in gone]
    pairs, unpaired = make_pairs(kept, DIRECT, PLANNED, grouping(trials, RULE.min_cases))
    assert 2 * len(pairs) + unpaired == len(kept)
    score = {(one.case_uid, one.path): one.score for one in trials}
    whole, _ = make_pairs(trials, DIRECT, PLANNED, grouping(trials, RULE.min_cases))
    assert set(pairs) <= set(whole)
    assert len({(pair.base.score, pair.treated.score) for pair in pairs}) <= len(score)


def test_equal_clusters_still_leave_room_for_different_ones():
    pairs = [Pair("one", Cluster("seeds", str(n)), 1, 1, side(1.0), side(1.0)) for n in range(10)]
    found = effect(POOLED, pairs, resampler(pairs, 1), RULE).difference
    assert found.value == 0
    # Of ten equal ones, up to 31 % different ones are not excluded.
    assert found.low == pytest.approx(-0.3085, abs=1e-3)
    assert found.high == pytest.approx(0.3085, abs=1e-3)


def test_few_clusters_give_no_interval_and_ask_for_more():
    pairs = [
        Pair("one", Cluster("seeds", str(n)), 1, 1, side(0.2), side(0.2 + n / 10)) for n in range(4)
    ]
    found = effect(POOLED, pairs, resampler(pairs, 1), RULE).difference
    assert (found.low, found.high, found.clusters) == (None, None, 4)
    assert more_clusters(found, 0.2, RULE.min_cases) == 1


def test_many_cases_of_few_seeds_are_not_taken_for_many():
    few = planted(flat(0.5), flat(0.6), seeds=5, sizes=[4_096 * n for n in range(1, 40)])
    assert pooled(few).clusters == 5


def test_seeds_that_repeat_the_asking_are_not_clusters():
    trials = planted(flat(0.5), flat(0.6), seeds=6, tasks=["needle"], sizes=SIZES[:2])
    asked = [
        one.model_copy(update={"case_uid": f"{one.size_tokens}-{one.seed % 3}"}) for one in trials
    ]
    assert grouping(trials, 5) == {"needle": "seed"}
    assert grouping(asked, 5) == {"needle": "case"}


def test_three_seeds_are_drawn_size_by_size_and_place_a_crossover_still():
    trials = planted(rotting(0.9, 0.1), flat(0.6), seeds=3, noise=0.05)
    group = grouping(trials, RULE.min_cases)
    assert set(group.values()) == {"records"}
    pairs, _ = make_pairs(trials, DIRECT, PLANNED, group)
    drawn = Resampler([pair.cluster for pair in pairs], rounds=600)
    found = find_crossover(POOLED, pairs, drawn, RULE)
    assert found.low is not None and found.high is not None
    assert found.low <= SIZES[0] * 2**3 <= found.high
    # A size by itself has three clusters: no interval of its own.
    assert all(cell.difference.low is None for cell in found.sizes)
    assert effect(POOLED, pairs, drawn, RULE).clusters == 3 * len(SIZES)


def test_students_quantiles_are_those_of_the_tables():
    for free, known in ((4, 2.776), (5, 2.571), (9, 2.262), (19, 2.093), (99, 1.984)):
        assert student(free) == pytest.approx(known, abs=2e-3)


def test_a_quantile_of_costs_comes_with_an_interval_that_holds_it():
    values = [float(n) for n in range(1, 101)]
    rows = [Cluster("cases", str(n)) for n in range(100)]
    drawn = Resampler(rows, seed=1).quantile(rows, values, 0.95)
    found = interval(drawn, 5)
    assert found.value == 95
    assert found.low is not None and found.high is not None
    assert 85 <= found.low < 95 < found.high <= 100


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-1, 1), min_size=1, max_size=7),
    st.integers(1, 5),
)
def test_the_monotone_fit_never_falls_and_keeps_what_rises(values: list[float], weight: int):
    row = np.array([values])
    weights = np.full(len(values), float(weight))
    fitted = isotonic(row, weights)[0]
    assert all(one <= other + 1e-12 for one, other in pairwise(fitted))
    assert fitted.mean() == pytest.approx(float(np.mean(values)), abs=1e-9)
    rising = np.sort(row)
    assert isotonic(rising, weights)[0] == pytest.approx(rising[0], abs=1e-9)


def test_the_crossover_needs_two_sizes():
    trials = planted(rotting(0.9, 0.1), flat(0.6), sizes=SIZES[:1], seeds=6)
    group = grouping(trials, RULE.min_cases)
    pairs, _ = make_pairs(trials, DIRECT, PLANNED, group)
    drawn = Resampler([pair.cluster for pair in pairs], rounds=100)
    found = find_crossover(POOLED, pairs, drawn, RULE)
    assert (found.tokens, found.kind.value) == (None, "too few")
