"""The gate: remembered, budgeted, bounded, retried; with models that only pretend."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, Lock
from typing import Any

import pytest
from conversation import MODEL, asking

from models.scripted import ScriptedModel, ScriptedResponder
from schemas.budget import Caps, Usage
from schemas.calls import request_key
from schemas.model import ModelReply, ModelRequest, StopReason, TextBlock
from sentree.engine.budget import Budget
from sentree.engine.gate import Gate, RetryPolicy
from sentree.errors import LakeError, LimitReachedError, ModelError, TransientModelError
from sentree.lake.calls import SqliteCallStore

USAGE = Usage(calls=1, input_tokens=10, output_tokens=5, usd=0.01)


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def reply(text: str = "ok", usage: Usage = USAGE, stop: StopReason = "end_turn") -> ModelReply:
    return ModelReply(model=MODEL, content=(TextBlock(text=text),), stop_reason=stop, usage=usage)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteCallStore]:
    with SqliteCallStore(tmp_path / "calls.sqlite") as opened:
        yield opened


def gate_for(model: Any, store: SqliteCallStore, caps: Caps | None = None, **more: Any) -> Gate:
    clock = more.pop("clock", None) or Clock()
    budget = Budget(caps or Caps(), clock=clock)
    more.setdefault("run_uid", "run-1")
    return Gate(model, budget, store, clock=clock, sleep=clock.sleep, **more)


def test_an_answer_is_stored_before_it_counts(store: SqliteCallStore) -> None:
    gate = gate_for(ScriptedModel([reply("first")]), store)
    request = asking("q")
    answered = gate.ask(request, "node-1")
    stored = store.find(request_key(request), "run-1")
    assert stored is not None and stored.reply == answered.reply and stored.node_uid == "node-1"
    assert store.spent("run-1") == gate.budget.spent == answered.record.usage == USAGE
    assert (answered.record.state, answered.record.attempts) == ("called", 1)


def test_the_same_question_again_is_answered_from_the_store_and_costs_once(
    store: SqliteCallStore,
) -> None:
    gate = gate_for(ScriptedModel([reply()]), store)
    states = [gate.ask(asking("q"), f"node-{n}").record.state for n in range(3)]
    assert states == ["called", "replayed", "replayed"]
    assert gate.budget.spent.calls == 1
    assert [record.node_uid for record in gate.records("node-2")] == ["node-2"]


def test_a_run_taken_up_again_has_spent_what_it_spent_before(store: SqliteCallStore) -> None:
    gate_for(ScriptedModel([reply()]), store).call(asking("q"), "n")
    again = gate_for(ScriptedModel([]), store, Caps(calls=1))
    assert again.budget.spent == USAGE
    assert again.ask(asking("q"), "n").record.state == "replayed"
    assert again.budget.spent == USAGE
    with pytest.raises(LimitReachedError):
        again.call(asking("another"), "n")


def test_another_runs_answer_is_free_and_flagged(store: SqliteCallStore) -> None:
    gate_for(ScriptedModel([reply()]), store).call(asking("q"), "n")
    other = gate_for(ScriptedModel([]), store, run_uid="run-2")
    record = other.ask(asking("q"), "n").record
    assert (record.state, record.usage) == ("reused", Usage())
    assert other.budget.spent == store.spent("run-2") == Usage()


def test_another_runs_answer_is_not_used_when_fresh_samples_are_wanted(
    store: SqliteCallStore,
) -> None:
    gate_for(ScriptedModel([reply("a")]), store).call(asking("q"), "n")
    fresh = gate_for(ScriptedModel([reply("b")]), store, run_uid="run-2", reuse_other_runs=False)
    assert fresh.call(asking("q"), "n").text == "b"


@pytest.mark.parametrize("stop", ["refusal", "max_tokens"])
def test_another_runs_refusal_or_cut_answer_is_asked_again(
    store: SqliteCallStore, stop: StopReason
) -> None:
    gate_for(ScriptedModel([reply(stop=stop)]), store).call(asking("q"), "n")
    other = gate_for(ScriptedModel([reply("better")]), store, run_uid="run-2")
    assert other.call(asking("q"), "n").text == "better"


def test_a_real_run_never_gets_a_pretended_answer(store: SqliteCallStore) -> None:
    gate_for(ScriptedModel([reply("pretended")]), store).call(asking("q"), "n")

    class Real(ScriptedModel):
        simulated = False  # pyright: ignore[reportAssignmentType]

    gate = gate_for(Real([reply("real")]), store, run_uid="run-2")
    assert gate.call(asking("q"), "n").text == "real"


def test_passing_errors_are_waited_out_as_long_as_the_server_asks(store: SqliteCallStore) -> None:
    clock = Clock()
    script = [TransientModelError("busy", retry_after=9.0), TransientModelError("busy"), reply()]
    gate = gate_for(ScriptedModel(script), store, clock=clock, rng=random.Random(1))
    record = gate.ask(asking("q"), "n").record
    assert record.attempts == 3
    assert clock.slept[0] == 9.0 and 0.5 <= clock.slept[1] <= 1.0


def test_waits_double_are_jittered_and_bounded(store: SqliteCallStore) -> None:
    clock = Clock()
    script = [TransientModelError("busy") for _ in range(10)]
    policy = RetryPolicy(attempts=10, first=1.0, longest=8.0)
    gate = gate_for(ScriptedModel(script), store, clock=clock, retry=policy)
    with pytest.raises(ModelError, match="given up after 10 attempts"):
        gate.call(asking("q"), "n")
    ceilings = [1, 2, 4, 8, 8, 8, 8, 8, 8]
    assert all(c / 2 <= s <= c for s, c in zip(clock.slept, ceilings, strict=True))
    (record,) = gate.records()
    assert (record.state, record.attempts) == ("failed", 10)


def test_a_server_that_asks_for_an_hour_is_not_waited_for(store: SqliteCallStore) -> None:
    clock = Clock()
    script = [TransientModelError("busy", retry_after=3600.0), reply()]
    gate = gate_for(ScriptedModel(script), store, clock=clock)
    with pytest.raises(ModelError, match="asked to wait 3600 s"):
        gate.call(asking("q"), "n")
    assert clock.slept == []


def test_no_wait_goes_beyond_the_runs_time(store: SqliteCallStore) -> None:
    clock = Clock()
    script = [TransientModelError("busy") for _ in range(99)]
    policy = RetryPolicy(attempts=99, first=4.0)
    gate = gate_for(ScriptedModel(script), store, Caps(seconds=60), clock=clock, retry=policy)
    with pytest.raises(LimitReachedError, match="seconds"):
        gate.call(asking("q"), "n")
    assert clock.now < 60 and gate.budget.remaining().tokens is None


def test_final_errors_are_not_tried_again(store: SqliteCallStore) -> None:
    gate = gate_for(ScriptedModel([ModelError("401"), reply()]), store, Caps(calls=1))
    with pytest.raises(ModelError, match="401"):
        gate.call(asking("q"), "n")
    assert gate.records()[0].attempts == 1
    assert gate.call(asking("q"), "n").text == "ok"


def test_what_a_failed_attempt_was_charged_is_in_ledger_and_budget(
    store: SqliteCallStore,
) -> None:
    charged = Usage(calls=1, input_tokens=100, usd=0.5)
    script = [TransientModelError("cut", usage=charged), TransientModelError("cut"), reply()]
    gate = gate_for(ScriptedModel(script), store)
    record = gate.ask(asking("q"), "n").record
    assert record.usage == store.spent("run-1") == gate.budget.spent == charged + USAGE


def test_the_budget_is_asked_before_the_call(store: SqliteCallStore) -> None:
    def never(request: ModelRequest) -> ModelReply:
        raise AssertionError("the call was made")

    gate = gate_for(ScriptedResponder(never), store, Caps(tokens=10))
    with pytest.raises(LimitReachedError, match="tokens"):
        gate.call(asking("q"), "n")
    assert gate.records()[0].state == "failed" and gate.records()[0].attempts == 0


def test_thirty_two_children_racing_for_the_last_calls_do_not_overspend(
    store: SqliteCallStore,
) -> None:
    made: list[str] = []
    lock, barrier = Lock(), Barrier(32)

    def respond(request: ModelRequest) -> ModelReply:
        with lock:
            made.append(request_key(request))
        return reply()

    gate = gate_for(ScriptedResponder(respond), store, Caps(calls=3), concurrency=32)

    def child(number: int) -> bool:
        barrier.wait()
        try:
            gate.call(asking(f"q{number}"), f"n{number}")
        except LimitReachedError:
            return False
        return True

    with ThreadPoolExecutor(32) as pool:
        served = list(pool.map(child, range(32)))
    assert sum(served) == len(made) == gate.budget.spent.calls == store.spent("run-1").calls == 3


def test_identical_requests_under_way_share_one_call(store: SqliteCallStore) -> None:
    started, release = Event(), Event()
    calls: list[int] = []

    def respond(request: ModelRequest) -> ModelReply:
        calls.append(1)
        started.set()
        release.wait(10)
        return reply()

    gate = gate_for(ScriptedResponder(respond), store, Caps(calls=1), concurrency=1)
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(gate.ask, asking("q"), "n0")
        started.wait(10)
        others = [pool.submit(gate.ask, asking("q"), f"n{n}") for n in range(1, 9)]
        release.set()
        states = [future.result(10).record.state for future in [first, *others]]
    assert len(calls) == 1 and states[0] == "called"
    assert set(states[1:]) <= {"shared", "replayed"}


def test_those_who_share_a_call_share_its_failure(store: SqliteCallStore) -> None:
    started, release = Event(), Event()

    def respond(request: ModelRequest) -> ModelReply | ModelError:
        started.set()
        release.wait(10)
        return ModelError("403")

    gate = gate_for(ScriptedResponder(respond), store)
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(gate.call, asking("q"), "n0")]
        started.wait(10)
        futures.append(pool.submit(gate.call, asking("q"), "n1"))
        release.set()
        errors = [type(future.exception(10)) for future in futures]
    assert errors == [ModelError, ModelError]


def test_no_more_calls_are_under_way_than_allowed(store: SqliteCallStore) -> None:
    lock = Lock()
    now = most = 0

    def respond(request: ModelRequest) -> ModelReply:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        Event().wait(0.002)
        with lock:
            now -= 1
        return reply()

    gate = gate_for(ScriptedResponder(respond), store, concurrency=3)
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda n: gate.call(asking(f"q{n}"), "n"), range(40)))
    assert most <= 3


def test_an_answer_that_could_not_be_stored_is_still_counted(
    store: SqliteCallStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise LakeError("disk full")

    monkeypatch.setattr(store, "save", full)
    gate = gate_for(ScriptedModel([reply()]), store)
    with pytest.raises(LakeError):
        gate.call(asking("q"), "n")
    assert gate.budget.spent == USAGE


def test_the_key_changes_with_everything_that_decides_the_answer() -> None:
    base = asking("q")
    changes: list[Callable[[], ModelRequest]] = [
        lambda: asking("r"),
        lambda: asking("q", model="claude-opus-5-5"),
        lambda: asking("q", max_tokens=501),
        lambda: asking("q", output_schema={"type": "object"}),
        lambda: asking("q", thinking_tokens=2048),
        lambda: asking("q", system=()),
    ]
    keys = {request_key(base), *(request_key(change()) for change in changes)}
    assert len(keys) == len(changes) + 1
    assert request_key(base) == request_key(asking("q"))
