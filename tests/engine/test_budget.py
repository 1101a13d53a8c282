"""The budget holds, whoever races for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.budget import Caps, Estimate, Usage
from sentree.engine.budget import Budget
from sentree.errors import LimitReachedError

SMALL = Estimate(input_tokens=100, output_tokens=50, usd=0.01)


def test_of_32_children_that_race_for_the_last_call_one_gets_it() -> None:
    budget = Budget(Caps(calls=10))
    for _ in range(9):
        budget.settle(budget.reserve(SMALL), Usage(calls=1))
    barrier = Barrier(32)

    def race(_: int) -> bool:
        barrier.wait()
        try:
            budget.reserve(SMALL)
        except LimitReachedError:
            return False
        return True

    with ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(race, range(32))) == 1


def test_a_call_that_could_pass_the_cap_is_refused_before_it_is_made() -> None:
    budget = Budget(Caps(tokens=200))
    budget.settle(budget.reserve(SMALL), Usage(calls=1, input_tokens=100, output_tokens=1))
    with pytest.raises(LimitReachedError) as caught:
        budget.reserve(SMALL)
    assert (caught.value.limit, caught.value.allowed, caught.value.spent) == ("tokens", 200, 251)


def test_a_failed_call_gives_its_place_back() -> None:
    budget = Budget(Caps(calls=1))
    budget.release(budget.reserve(SMALL))
    budget.reserve(SMALL)


def test_settling_twice_counts_once() -> None:
    budget = Budget(Caps())
    reservation = budget.reserve(SMALL)
    budget.settle(reservation, Usage(calls=1, usd=0.5))
    budget.settle(reservation, Usage(calls=1, usd=0.5))
    assert budget.spent == Usage(calls=1, usd=0.5)


def test_time_ends_the_run() -> None:
    now = [0.0]
    budget = Budget(Caps(seconds=60), clock=lambda: now[0])
    budget.reserve(SMALL)
    now[0] = 61.0
    with pytest.raises(LimitReachedError):
        budget.reserve(SMALL)
    assert budget.remaining().seconds == 0.0


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["reserve", "settle", "release"]),
            st.integers(min_value=0, max_value=300),
            st.integers(min_value=0, max_value=300),
        ),
        max_size=40,
    )
)
def test_spent_and_reserved_never_pass_a_cap(steps: list[tuple[str, int, int]]) -> None:
    caps = Caps(tokens=1_000, calls=8, usd=1.0)
    budget = Budget(caps)
    open_ones = []
    for action, tokens_in, tokens_out in steps:
        if action == "reserve":
            price = (tokens_in + tokens_out) / 500
            wanted = Estimate(input_tokens=tokens_in, output_tokens=tokens_out, usd=price)
            try:
                open_ones.append(budget.reserve(wanted))
            except LimitReachedError:
                continue
        elif open_ones and action == "settle":
            one = open_ones.pop()
            used = Usage(
                calls=1,
                input_tokens=one.estimate.input_tokens,
                output_tokens=one.estimate.output_tokens // 2,
                usd=one.estimate.usd / 2,
            )
            budget.settle(one, used)
        elif open_ones:
            budget.release(open_ones.pop())
        spent = budget.spent
        assert spent.calls + len(open_ones) <= 8
        assert spent.tokens + sum(one.estimate.tokens for one in open_ones) <= 1_000
        assert spent.usd + sum(one.estimate.usd for one in open_ones) <= 1.0 + 1e-9
