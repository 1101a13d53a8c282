"""Rank coefficients agree with their definitions and with SciPy, ties and all."""

from __future__ import annotations

import math
from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentree.evals.ranking import agreement, kendall_tau_b, mid_ranks, spearman_rho

pairs = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=40)


def sign(number: float) -> int:
    return (number > 0) - (number < 0)


@given(pairs)
def test_tau_b_agrees_with_counting_every_pair(drawn: list[tuple[int, int]]) -> None:
    total = one = other = 0
    for (a, x), (b, y) in combinations(drawn, 2):
        total += sign(a - b) * sign(x - y)
        one += a != b
        other += x != y
    wanted = total / math.sqrt(one * other) if one and other else 0.0
    assert kendall_tau_b(*zip(*drawn, strict=True)) == pytest.approx(wanted)


def test_both_agree_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    random = Random(5)
    for size in (2, 5, 30, 200):
        first = [random.randint(0, size // 2) for _ in range(size)]
        second = [*(random.choice((0.0, 0.5, 1.0)) for _ in range(size - 2)), 0.0, 2.0]
        first[:2] = [0, 1]
        assert kendall_tau_b(first, second) == pytest.approx(stats.kendalltau(first, second)[0])
        assert spearman_rho(first, second) == pytest.approx(stats.spearmanr(first, second)[0])


@given(st.lists(st.integers(0, 9), max_size=30))
def test_an_order_agrees_with_itself_and_not_with_its_reverse(values: list[int]) -> None:
    wanted = 1.0 if len(set(values)) > 1 else 0.0
    assert kendall_tau_b(values, values) == pytest.approx(wanted)
    assert spearman_rho(values, [-value for value in values]) == pytest.approx(-wanted)


def test_equal_values_share_their_rank() -> None:
    assert mid_ranks([3.0, 1.0, 3.0]) == [2.5, 1.0, 2.5]


def test_orders_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError):
        kendall_tau_b([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="1 and 2"):
        spearman_rho([1.0], [1.0, 2.0])


def test_the_intervals_hold_the_figures() -> None:
    found = agreement([1, 2, 3, 4, 5, 6, 7], [1, 3, 2, 4, 6, 5, 7], rounds=200)
    assert found.tau_b.low <= found.tau_b.value <= found.tau_b.high
    assert found.n == 7
