"""One budget for a whole experiment, in which each trial has a budget of its own."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.budget import Caps, Estimate, Usage
from schemas.experiment import Trial
from sentree.engine.budget import Budget, Reservation
from sentree.errors import LimitReachedError


def experiment_budget(caps: Caps, done: Iterable[Trial]) -> Budget:
    """Give the budget of an experiment, from which what its trials spent is taken already."""
    budget = Budget(caps)
    for trial in done:
        budget.replay(
            Usage(
                calls=trial.calls,
                input_tokens=trial.input_tokens,
                output_tokens=trial.output_tokens,
                cache_read_tokens=trial.cached_tokens,
                usd=trial.usd or 0.0,
            )
        )
    return budget


class TrialBudget(Budget):
    """A trial's budget, each call of which needs a place in the experiment's as well.

    `cut_short` is the refusal of the experiment's budget, if there was one: such a trial measured
    nothing and is made again when there is more to spend.
    """

    def __init__(self, caps: Caps, whole: Budget, *, elapsed: float = 0.0) -> None:
        super().__init__(caps, elapsed=elapsed)
        self._whole = whole
        self._outer: dict[int, Reservation] = {}
        self.cut_short: LimitReachedError | None = None

    def reserve(self, estimate: Estimate) -> Reservation:
        """Take a place in both budgets, or in none."""
        own = super().reserve(estimate)
        try:
            self._outer[own.number] = self._whole.reserve(estimate)
        except LimitReachedError as limit:
            super().release(own)
            self.cut_short = limit
            raise
        return own

    def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Count what a call used in both."""
        outer = self._outer.pop(reservation.number, None)
        if outer is not None:
            self._whole.settle(outer, usage)
        super().settle(reservation, usage)

    def release(self, reservation: Reservation) -> None:
        """Give both places back."""
        outer = self._outer.pop(reservation.number, None)
        if outer is not None:
            self._whole.release(outer)
        super().release(reservation)

    def replay(self, usage: Usage) -> None:
        """Count in both what this trial had paid for before it was cut off."""
        self._whole.replay(usage)
        super().replay(usage)
