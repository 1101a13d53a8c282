"""The gate, the real SDK and a server that fails 30 % of the time, or a process that is killed."""

from __future__ import annotations

import multiprocessing
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from conversation import RUN_PYTHON, asking
from gate_child import QUESTIONS, make_calls
from messages_server import Answer, Fault, FaultPlan, MessagesServer, Script, echo, say

from models.claude import ClaudeModel
from schemas.budget import Caps
from schemas.calls import request_key
from schemas.model import ModelReply
from sentree.engine.budget import Budget
from sentree.engine.gate import Gate, RetryPolicy
from sentree.engine.gate_batch import call_batch
from sentree.errors import LimitReachedError, ModelError, SentreeError
from sentree.lake.calls import SqliteCallStore

QUICK = RetryPolicy(attempts=12, first=0.001, longest=0.01)
# A server that reports no usage can only be estimated, so it is no part of exact accounting.
EXACT = tuple(fault for fault in Fault if fault is not Fault.NO_USAGE)


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
def test_with_three_faults_in_ten_calls_every_cent_is_accounted_for(
    tmp_path: Path, streaming: bool
) -> None:
    plan = FaultPlan(0.3, EXACT, seed=7)
    with (
        MessagesServer(echo, plan, drip_seconds=0.1) as server,
        SqliteCallStore(tmp_path / "calls.sqlite") as store,
    ):
        model = ClaudeModel("k", server.url, streaming=streaming, timeout=4.0)
        gate = Gate(model, Budget(Caps()), store, run_uid="run", concurrency=8, retry=QUICK)

        def ask(number: int) -> ModelReply | SentreeError:
            # Every question is asked twice, often while its twin is under way.
            request = asking(f"question {number % 120}", tools=(RUN_PYTHON,))
            try:
                return gate.call(request, f"node-{number}")
            except SentreeError as error:
                return error

        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(ask, range(240)))
        spent = store.spent("run")
        assert sum(server.faults.values()) > 30 and len(server.faults) >= 11
        assert all(isinstance(outcome, ModelReply | ModelError) for outcome in outcomes)
        assert sum(isinstance(outcome, ModelReply) for outcome in outcomes) >= 238
        assert max(server.answered.values()) == 1
        assert round(spent.usd, 9) == round(float(server.charged), 9)
        assert spent.tokens == server.tokens
        assert gate.budget.spent.tokens == spent.tokens
        assert sum(record.usage.tokens for record in gate.records()) == spent.tokens
        assert server.most_at_once <= 8 + server.faults[Fault.SLOW_DRIP]
        assert not server.refused


def test_under_a_small_budget_and_faults_nothing_is_overspent(tmp_path: Path) -> None:
    caps = Caps(usd=0.02, calls=25, tokens=30_000)
    with (
        MessagesServer(echo, FaultPlan(0.3, EXACT, seed=3), drip_seconds=0.1) as server,
        SqliteCallStore(tmp_path / "calls.sqlite") as store,
    ):
        model = ClaudeModel("k", server.url, timeout=4.0)
        gate = Gate(model, Budget(caps), store, run_uid="run", concurrency=8, retry=QUICK)

        def ask(number: int) -> bool:
            try:
                gate.call(asking(f"question {number}"), "n")
            except LimitReachedError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            served = list(pool.map(ask, range(60)))
        spent = store.spent("run")
        assert 0 < sum(served) <= 25
        assert float(server.charged) <= 0.02 and spent.tokens <= 30_000
        assert round(spent.usd, 9) == round(float(server.charged), 9)


def test_missing_usage_is_estimated_and_the_record_says_so(tmp_path: Path) -> None:
    with (
        MessagesServer(echo, Script(Fault.NO_USAGE)) as server,
        SqliteCallStore(tmp_path / "calls.sqlite") as store,
    ):
        gate = Gate(ClaudeModel("k", server.url), Budget(Caps()), store, run_uid="run")
        record = gate.ask(asking("q"), "n").record
        assert record.usage.tokens > 0 and store.spent("run").usd > 0
        assert any("no usage" in note for note in record.notes)


def test_a_killed_run_never_asks_again_what_had_been_answered(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["gate_child", "anthropic", "anthropic.resources.messages"])
    rng = random.Random(11)
    path = tmp_path / "calls.sqlite"
    reached = Event()
    goal = 0

    def respond(body: dict[str, Any]) -> Answer:
        nonlocal goal
        goal -= 1
        if goal <= 0:
            reached.set()
        return echo(body)

    plan = FaultPlan(0.1, (Fault.OVERLOADED, Fault.RESET), seed=5)
    with MessagesServer(respond, plan) as server, SqliteCallStore(path) as store:

        def stored() -> set[str]:
            return {call.reply.text.removeprefix("echo ") for call in store.calls("run")}

        def seen() -> Counter[str]:
            with server.lock:
                return Counter({name[:16]: n for name, n in server.seen.items()})

        answered: dict[str, int] = {}
        kills = 0
        while kills < 20:
            goal = rng.randint(1, 5)
            reached.clear()
            child = context.Process(target=make_calls, args=(server.url, str(path), 3))
            child.start()
            while child.is_alive() and not reached.wait(0.05):
                pass
            child.join(rng.random() * 0.01)
            child.kill()
            child.join(30)
            server.settle()
            kills += 1
            requests = seen()
            assert all(requests[name] == times for name, times in answered.items())
            answered = {name: requests[name] for name in stored()}
        assert 10 < len(answered) < QUESTIONS
        last = context.Process(target=make_calls, args=(server.url, str(path), 3))
        last.start()
        last.join(60)
        assert last.exitcode == 0 and len(stored()) == QUESTIONS
        requests = seen()
        assert all(requests[name] == times for name, times in answered.items())
        lost = float(server.charged) - store.spent("run").usd
        assert 0 <= lost <= kills * 3 * 0.001


def test_a_batch_is_collected_and_not_handed_in_again_after_a_kill(tmp_path: Path) -> None:
    requests = [(asking(f"q{n}"), f"n{n}") for n in range(4)]
    keys = tuple(request_key(request) for request, _ in requests)
    with (
        MessagesServer(lambda body: say("hi")) as server,
        SqliteCallStore(tmp_path / "calls.sqlite") as store,
    ):
        model = ClaudeModel("k", server.url, sleep=lambda seconds: None)
        uid = model.submit_batch(dict(zip(keys, (r for r, _ in requests), strict=True)))
        store.open_batch("run", uid, keys)
        budget = Budget(Caps())
        outcomes = call_batch(model, budget, store, "run", requests)
        assert all(isinstance(outcome, ModelReply) for outcome in outcomes)
        assert len(server.batches) == 1 and store.open_batches("run") == {}
        assert budget.spent.usd == pytest.approx(float(server.charged))
        assert call_batch(model, budget, store, "run", requests) == outcomes
        assert len(server.batches) == 1


def test_a_batch_takes_what_the_budget_allows_and_reports_the_rest(tmp_path: Path) -> None:
    requests = [(asking(f"q{n}"), f"n{n}") for n in range(5)]
    plan = Script(None, Fault.SERVER_ERROR)
    with (
        MessagesServer(lambda body: say("hi"), plan) as server,
        SqliteCallStore(tmp_path / "calls.sqlite") as store,
    ):
        model = ClaudeModel("k", server.url, sleep=lambda seconds: None)
        budget = Budget(Caps(calls=3))
        kinds = [type(o) for o in call_batch(model, budget, store, "run", requests)]
        assert kinds[0] is kinds[2] is ModelReply and issubclass(kinds[1], ModelError)
        assert kinds[3:] == [LimitReachedError] * 2
        assert store.spent("run").calls == budget.spent.calls == 2
