"""One budget for a whole tree: reserved before a call, settled after it, shared by all threads."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import NamedTuple

from schemas.budget import Caps, Estimate, Remaining, Usage
from sentree.errors import LimitReachedError


class Reservation(NamedTuple):
    """A call's place in the budget, from before it is made until it is settled."""

    number: int
    estimate: Estimate


class Budget:
    """Spending of one run. Reserved and spent together never pass a cap.

    A reservation holds the most a call can use; settling replaces it by what was used, so the
    caps hold however many children race, as long as a reply keeps to its request's allowance.
    `elapsed` is the time that the run had taken before this process took it up.
    """

    def __init__(
        self, caps: Caps, *, clock: Callable[[], float] = monotonic, elapsed: float = 0.0
    ) -> None:
        self._caps = caps
        self._clock = clock
        self._started = clock() - elapsed
        self._lock = Lock()
        self._spent = Usage()
        self._open: dict[int, Estimate] = {}
        self._number = 0

    @property
    def caps(self) -> Caps:
        """The run's caps."""
        return self._caps

    @property
    def spent(self) -> Usage:
        """What settled calls used."""
        with self._lock:
            return self._spent

    def reserve(self, estimate: Estimate) -> Reservation:
        """Take a place for one call, before it is made.

        Raises:
            LimitReachedError: the call could pass a cap; nothing has been reserved.
        """
        with self._lock:
            self._check(estimate)
            self._number += 1
            self._open[self._number] = estimate
            return Reservation(self._number, estimate)

    def settle(self, reservation: Reservation, usage: Usage) -> None:
        """Replace a reservation by what the call used; settling twice counts once."""
        with self._lock:
            if self._open.pop(reservation.number, None) is not None:
                self._spent += usage

    def release(self, reservation: Reservation) -> None:
        """Give a place back: the call was not made, or was not charged."""
        with self._lock:
            self._open.pop(reservation.number, None)

    def replay(self, usage: Usage) -> None:
        """Count a call that this run paid for before it was interrupted."""
        with self._lock:
            self._spent += usage

    def remaining(self) -> Remaining:
        """Give what is left for new calls: caps less what is spent and reserved."""
        with self._lock:
            held = self._held()
            caps = self._caps
            return Remaining(
                usd=None if caps.usd is None else max(0.0, caps.usd - held.usd),
                tokens=None if caps.tokens is None else max(0, caps.tokens - held.tokens),
                calls=None if caps.calls is None else max(0, caps.calls - held.calls),
                seconds=None if caps.seconds is None else max(0.0, caps.seconds - self._elapsed()),
            )

    def check_time(self) -> None:
        """Raise if the run's time is over.

        Raises:
            LimitReachedError: it is.
        """
        if self._caps.seconds is not None and self._elapsed() >= self._caps.seconds:
            raise LimitReachedError("seconds", self._caps.seconds, self._elapsed())

    def _check(self, estimate: Estimate) -> None:
        self.check_time()
        held, caps = self._held(), self._caps
        wanted = (
            ("calls", caps.calls, held.calls + 1),
            ("tokens", caps.tokens, held.tokens + estimate.tokens),
            ("usd", caps.usd, held.usd + estimate.usd),
        )
        for name, cap, amount in wanted:
            if cap is not None and amount > cap:
                raise LimitReachedError(name, cap, amount)

    def _held(self) -> Usage:
        usage = self._spent
        for estimate in self._open.values():
            usage += Usage(
                calls=1,
                input_tokens=estimate.input_tokens,
                output_tokens=estimate.output_tokens,
                usd=estimate.usd,
            )
        return usage

    def _elapsed(self) -> float:
        return self._clock() - self._started
