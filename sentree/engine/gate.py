"""The one place where model calls leave: remembered, budgeted, bounded, retried, written down."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from threading import BoundedSemaphore, Lock
from typing import NamedTuple

from schemas.budget import Estimate, Usage
from schemas.calls import CallRecord, StoredCall, request_key, request_text, text_key
from schemas.model import Model, ModelReply, ModelRequest
from schemas.redaction import RedactionPolicy
from sentree.engine.budget import Budget
from sentree.engine.calls import Answered, BatchModel, CallStore, TimedModel
from sentree.engine.gate_batch import Outcome, call_batch
from sentree.engine.redaction import Redactor
from sentree.errors import LimitReachedError, ModelError, TransientModelError

LOG = logging.getLogger("sentree.gate")
_NOTHING = Usage()
# Another run's refusal or cut answer is not worth having; this run's own is its history.
_WHOLE = ("end_turn", "tool_use", "stop_sequence")


class RetryPolicy(NamedTuple):
    """How often and how patiently a call is made again; seconds double from `first` to `longest`.

    A server that asks for a longer wait than `patience` is not waited for.
    """

    attempts: int = 6
    first: float = 0.5
    longest: float = 30.0
    patience: float = 120.0

    def delay(self, failed: int, asked: float | None, rng: random.Random) -> float:
        """Give the wait after that many failures: jittered, and never shorter than asked for."""
        ceiling = min(self.longest, self.first * 2 ** min(failed - 1, 30))
        return max(asked or 0.0, ceiling * rng.uniform(0.5, 1.0))


class _Asked(NamedTuple):
    """A call that a node asks for: the request, its text, and the key made of that."""

    request: ModelRequest
    text: str
    key: str
    node_uid: str


class _Attempts:
    """What the attempts at one call have used so far."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.sent = 0
        self.uncertain = 0
        self.usage = _NOTHING


class Gate:
    """Makes a run's model calls. One gate a run; any number of threads.

    An answer is stored before anything else is done with it, so a run killed at any point never
    pays for it again. What the run was charged before it was interrupted counts from the start.

    Every request is redacted here, by the default policy where none is given: what is counted,
    stored and remembered is what was sent. Replies come back with pseudonyms turned back.
    """

    def __init__(
        self,
        model: Model,
        budget: Budget,
        store: CallStore,
        *,
        run_uid: str,
        concurrency: int = 4,
        retry: RetryPolicy | None = None,
        reuse_other_runs: bool = True,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self._redactor = redactor or Redactor(RedactionPolicy())
        self._model = model
        self._timed = model if isinstance(model, TimedModel) else None
        self._budget = budget
        self._store = store
        self._run_uid = run_uid
        self._slots = BoundedSemaphore(concurrency)
        self._retry = retry or RetryPolicy()
        self._reuse_other_runs = reuse_other_runs
        self._clock = clock
        self._sleep = sleep
        self._rng = rng or random.Random(run_uid)
        self._lock = Lock()
        self._under_way: dict[str, Future[ModelReply]] = {}
        self._records: list[CallRecord] = []
        budget.replay(store.spent(run_uid))

    @property
    def simulated(self) -> bool:
        """Whether the answers are replayed or made up."""
        return self._model.simulated

    @property
    def budget(self) -> Budget:
        """The run's budget."""
        return self._budget

    def records(self, node_uid: str | None = None) -> tuple[CallRecord, ...]:
        """Give the records of all calls asked for so far, or of one node's."""
        with self._lock:
            found = tuple(self._records)
        return tuple(r for r in found if node_uid is None or r.node_uid == node_uid)

    def charges(self) -> Mapping[str, Usage]:
        """Give what the run was charged by node, also before it was interrupted."""
        return self._store.charges(self._run_uid)

    def call_batch(self, asked: Sequence[tuple[ModelRequest, str]]) -> list[Outcome] | None:
        """Hand (request, node_uid) pairs in as one batch; None if the model takes no batches.

        Of these calls there are no records; what they cost is among `charges`.
        """
        if not isinstance(self._model, BatchModel):
            return None
        sent = [(self._redactor.request(request), node_uid) for request, node_uid in asked]
        outcomes = call_batch(self._model, self._budget, self._store, self._run_uid, sent)
        return [
            self._redactor.reply(one) if isinstance(one, ModelReply) else one for one in outcomes
        ]

    def key(self, request: ModelRequest) -> str:
        """Give the key of a call: of what would be sent."""
        return request_key(self._redactor.request(request))

    def call(self, request: ModelRequest, node_uid: str) -> ModelReply:
        """Give the reply to a request: remembered, shared with an identical one, or paid for.

        Raises:
            LimitReachedError: the call could pass a cap; it was not made.
            ModelError: the model refused or failed for good, or too often.
        """
        return self.ask(request, node_uid).reply

    def recall(self, request: ModelRequest) -> ModelReply | None:
        """Give the stored reply that `call` would give; nothing is sent or written down."""
        stored = self._stored(self.key(request))
        return None if stored is None else self._redactor.reply(stored.reply)

    def ask(self, request: ModelRequest, node_uid: str) -> Answered:
        """Do as `call` does, and give the record as well."""
        started = self._clock()
        answered = self._ask(self._redactor.request(request), node_uid, started)
        return answered._replace(reply=self._redactor.reply(answered.reply))

    def _ask(self, sent: ModelRequest, node_uid: str, started: float) -> Answered:
        text = request_text(sent)
        asked = _Asked(sent, text, text_key(text), node_uid)
        key = asked.key
        with self._lock:
            future = self._under_way.get(key)
            owner = future is None
            if future is None:
                future = self._under_way[key] = Future()
        if not owner:
            reply = future.result()
            return self._answered(reply, key, node_uid, "shared", started)
        try:
            answered = self._remembered(asked, started) or self._paid(asked, started)
        except BaseException as error:
            self._finish(key)
            future.set_exception(error)
            raise
        self._finish(key)
        future.set_result(answered.reply)
        return answered

    def _finish(self, key: str) -> None:
        with self._lock:
            del self._under_way[key]

    def _stored(self, key: str) -> StoredCall | None:
        stored = self._store.find(
            key, self._run_uid, other_runs=self._reuse_other_runs, simulated=self._model.simulated
        )
        foreign = stored is not None and stored.run_uid != self._run_uid
        if stored is None or (foreign and stored.reply.stop_reason not in _WHOLE):
            return None
        return stored

    def _remembered(self, asked: _Asked, started: float) -> Answered | None:
        stored = self._stored(asked.key)
        if stored is None:
            return None
        state = "replayed" if stored.run_uid == self._run_uid else "reused"
        return self._answered(stored.reply, asked.key, asked.node_uid, state, started)

    def _paid(self, asked: _Asked, started: float) -> Answered:
        attempts = _Attempts(started)
        try:
            self._budget.check_time()
            estimate = self._model.estimate(asked.request)
            while True:
                try:
                    return self._attempt(asked, estimate, attempts)
                except TransientModelError as error:
                    attempts.uncertain += error.uncertain
                    self._wait(error, attempts)
        except BaseException as error:
            self._record(
                CallRecord(
                    key=asked.key,
                    node_uid=asked.node_uid,
                    model=asked.request.model,
                    state="failed",
                    attempts=attempts.sent,
                    uncertain=attempts.uncertain,
                    milliseconds=self._since(started),
                    usage=attempts.usage,
                    error=f"{type(error).__name__}: {error}",
                )
            )
            raise

    def _attempt(self, asked: _Asked, estimate: Estimate, attempts: _Attempts) -> Answered:
        reservation = self._budget.reserve(estimate)
        try:
            with self._slots:
                self._budget.check_time()
                attempts.sent += 1
                reply = self._send(asked.request)
            stored = StoredCall(
                key=asked.key,
                run_uid=self._run_uid,
                node_uid=asked.node_uid,
                reply=reply,
                attempts=attempts.sent,
                milliseconds=self._since(attempts.started),
                simulated=self._model.simulated,
            )
            try:
                self._store.save(stored, asked.text)
            finally:
                attempts.usage += reply.usage
                self._budget.settle(reservation, reply.usage)
        except ModelError as error:
            if error.usage is not None:
                self._store.charge(
                    self._run_uid, asked.key, asked.node_uid, error.usage, str(error)
                )
                attempts.usage += error.usage
                self._budget.settle(reservation, error.usage)
            raise
        finally:
            self._budget.release(reservation)
        return self._answered(
            reply, asked.key, asked.node_uid, "called", attempts.started, attempts
        )

    def _send(self, request: ModelRequest) -> ModelReply:
        seconds = self._budget.remaining().seconds
        if seconds is not None and self._timed is not None:
            return self._timed.call_within(request, seconds)
        return self._model.call(request)

    def _wait(self, error: TransientModelError, attempts: _Attempts) -> None:
        asked = error.retry_after
        too_long = asked is not None and asked > self._retry.patience
        if attempts.sent >= self._retry.attempts or too_long:
            why = f"asked to wait {asked:g} s" if asked is not None and too_long else "given up"
            times = "attempt" if attempts.sent == 1 else "attempts"
            raise ModelError(f"{error} ({why} after {attempts.sent} {times})") from error
        with self._lock:
            delay = self._retry.delay(attempts.sent, asked, self._rng)
        caps, remaining = self._budget.caps, self._budget.remaining()
        if caps.seconds is not None and delay >= (remaining.seconds or 0.0):
            spent = caps.seconds - (remaining.seconds or 0.0)
            raise LimitReachedError("seconds", caps.seconds, spent) from error
        self._sleep(delay)

    def _answered(
        self,
        reply: ModelReply,
        key: str,
        node_uid: str,
        state: str,
        started: float,
        attempts: _Attempts | None = None,
    ) -> Answered:
        record = CallRecord.model_validate(
            {
                "key": key,
                "node_uid": node_uid,
                "model": reply.model,
                "state": state,
                "attempts": attempts.sent if attempts else 0,
                "uncertain": attempts.uncertain if attempts else 0,
                "milliseconds": self._since(started),
                "usage": attempts.usage if attempts else _NOTHING,
                "stop_reason": reply.stop_reason,
                "notes": reply.notes,
            }
        )
        self._record(record)
        return Answered(reply, record)

    def _record(self, record: CallRecord) -> None:
        self._log(record)
        with self._lock:
            self._records.append(record)

    def _log(self, record: CallRecord) -> None:
        fields = record.model_dump(
            include={"node_uid", "model", "state", "attempts", "milliseconds", "error"}
        )
        usage = record.usage.model_dump(include={"input_tokens", "output_tokens", "usd"})
        level = logging.WARNING if record.error else logging.INFO
        LOG.log(level, "model call", extra={"run_uid": self._run_uid, **fields, **usage})

    def _since(self, started: float) -> float:
        return round((self._clock() - started) * 1000, 3)
