"""A question's steps as Prefect tasks: scope, route, and every reading of a part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture

from schemas.ask import AskRequest
from sentree.analysis.ask_scope import Prepared, Scoped, decide, take_scope
from sentree.engine.readings import Answer, Perform, SubCall
from sentree.settings import Settings

LABEL = 80


@task(name="scope", task_run_name="scope {title}", cache_policy=NO_CACHE)
def scope_question(
    settings: Settings, request: AskRequest, resume: str | None, title: str
) -> Scoped:
    """Export the question's slice into its run folder, or take up a run that was cut off."""
    return take_scope(settings, request, resume)


@task(name="route", task_run_name="route {title}", cache_policy=NO_CACHE)
def route_question(scoped: Scoped, title: str) -> Prepared:
    """Decide between one direct call and the agent, and store the decision."""
    return decide(scoped)


# No retries: the gate makes a call again, and knows what each attempt cost.
@task(
    name="reading",
    task_run_name="d{depth} {label}",
    retries=0,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def read_part(depth: int, label: str, node_uid: str, reading: Callable[[], Answer]) -> Answer:
    """Let a reader answer a question about one part."""
    return reading()


class PrefectSubCalls:
    """Carries out sub-calls as task runs of the flow, one per part.

    A child agent makes sub-calls of its own and waits for them. It gets a plain thread, never a
    place among the tasks: a task that waits for tasks can wait for ever.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._lock = Lock()

    def __call__(self, calls: Sequence[SubCall], perform: Perform) -> list[Answer]:
        """Submit the readings, run the child agents, and wait for all."""
        with ThreadPoolExecutor(self._workers, thread_name_prefix="agent") as pool:
            outputs: list[Callable[[], Answer]] = []
            for call in calls:
                if call.agent:
                    future = pool.submit(copy_context().run, perform, call)
                    outputs.append(future.result)
                else:
                    outputs.append(self._submit(call, perform).result)
            return [output() for output in outputs]

    def _submit(self, call: SubCall, perform: Perform) -> PrefectFuture[Any]:
        # Agents submit from threads of their own, and Prefect numbers runs without a lock.
        with self._lock:
            return read_part.submit(
                call.depth, printable(call.part.label), call.node_uid, lambda: perform(call)
            )


def printable(text: str, characters: int = LABEL) -> str:
    """Give the beginning of a text that logs may have a part in, as a name for a run."""
    return "".join(one if one.isprintable() else " " for one in text[:characters]).strip() or "-"
