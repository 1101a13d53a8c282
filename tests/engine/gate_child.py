"""A process that makes a run's calls until it is done or killed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from conversation import asking

from models.claude import ClaudeModel
from schemas.budget import Caps
from sentree.engine.budget import Budget
from sentree.engine.gate import Gate, RetryPolicy
from sentree.lake.calls import SqliteCallStore

QUESTIONS = 150


def make_calls(url: str, path: str, threads: int) -> None:
    """Ask all questions of the run."""
    model = ClaudeModel("k", url, counting=False)
    policy = RetryPolicy(attempts=20, first=0.001, longest=0.01)
    with SqliteCallStore(Path(path)) as store:
        gate = Gate(model, Budget(Caps()), store, run_uid="run", concurrency=threads, retry=policy)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda n: gate.call(asking(f"q{n}"), f"n{n}"), range(QUESTIONS)))
