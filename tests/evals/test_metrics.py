from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentree.evals.metrics import compare_sets, compare_transitions, ordered_pairs

times = st.lists(st.integers(0, 12).map(float), max_size=40)


@given(times)
def test_ordered_pairs_agree_with_counting_every_pair(shown: list[float]) -> None:
    pairs = [(a, b) for a, b in combinations(shown, 2) if a != b]
    score = ordered_pairs(shown)
    assert score.pairs == len(pairs)
    assert score.ordered == sum(a < b for a, b in pairs)


@given(times)
def test_a_sorted_timeline_has_every_pair_in_order_and_its_reverse_none(shown: list[float]) -> None:
    up = ordered_pairs(sorted(shown))
    assert up.score == 1.0
    assert ordered_pairs(sorted(shown, reverse=True)).ordered == 0


def test_one_swap_of_neighbours_costs_one_pair() -> None:
    assert ordered_pairs([1.0, 3.0, 2.0, 4.0]).score == pytest.approx(5 / 6)


@given(st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9)))
def test_set_scores_agree_with_their_definition(
    wanted: set[int], found: set[int], neutral: set[int]
) -> None:
    score = compare_sets(wanted, found, neutral)
    counted = {x for x in found if x in wanted or x not in neutral}
    if wanted:
        assert score.recall == len(wanted & found) / len(wanted)
    if counted:
        assert score.precision == len(wanted & counted) / len(counted)
    assert min(score.recall, score.precision) <= score.f1 + 1e-9
    assert score.f1 <= max(score.recall, score.precision) + 1e-9


def test_neutral_records_are_neither_right_nor_wrong() -> None:
    score = compare_sets({"a", "b"}, {"a", "x", "y"}, neutral={"x"})
    assert score == (1, 1, 1)
    assert (score.recall, score.precision) == (0.5, 0.5)


def test_transitions_can_be_compared_by_parent_technique() -> None:
    wanted = [("T1059.001", "T1105"), ("T1003.001", "T1003.003")]
    found = [("T1059", "T1105")]
    assert compare_transitions(wanted, found).hits == 0
    assert compare_transitions(wanted, found, parents=True) == (1, 0, 0)
