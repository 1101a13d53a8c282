"""A run killed around a Message Batch: the batch is found again and paid for once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path
from threading import Event

import pytest
from ask_child import PRELOADED, ask_once
from messages_server import MessagesServer
from played_agent import Played
from small_lake import run_folders, small_lake, words

from sentree.lake.calls import SqliteCallStore
from sentree.report.document import load_result
from sentree.settings import Settings

WAIT = 60.0


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Settings]:
    yield small_lake(tmp_path, 120)


def forkserver() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def killed_at(reached: Event, command: list[str]) -> None:
    child = forkserver().Process(target=ask_once, args=(command,))
    child.start()
    assert reached.wait(WAIT)
    child.kill()
    child.join(WAIT)
    assert child.exitcode == -9


def finished(command: list[str]) -> int | None:
    child = forkserver().Process(target=ask_once, args=(command,))
    child.start()
    child.join(WAIT)
    return child.exitcode


def check_paid_once(settings: Settings, server: MessagesServer) -> None:
    [folder] = run_folders(settings)
    result = load_result(folder / "result.json")
    assert len(server.batches) == 1 and not server.refused
    assert max(server.seen.values()) == 1
    with SqliteCallStore(settings.home / "calls.sqlite") as store:
        spent = store.spent(folder.name)
        assert store.planned_batches(folder.name) == [] and store.open_batches(folder.name) == {}
    assert round(spent.usd, 9) == round(float(server.charged), 9)
    readings = [node for node in result.trajectory if node.kind == "subcall"]
    assert len(readings) > 3 and all(node.state == "completed" for node in readings)


def test_a_run_killed_while_it_waits_collects_its_batch(lake: Settings) -> None:
    polled = Event()

    with MessagesServer(Played(), batch_polls=1) as server:
        server.on_poll = polled.set
        command = words(lake, server.url, "--batch", "3")
        killed_at(polled, command)
        assert finished(command) == 0
        check_paid_once(lake, server)


def test_a_run_killed_before_it_knew_its_batch_finds_it_on_the_server(lake: Settings) -> None:
    taken, killed = Event(), Event()

    def hold() -> None:
        taken.set()
        killed.wait(WAIT)

    with MessagesServer(Played(), batch_polls=0) as server:
        server.on_batch = hold
        command = words(lake, server.url, "--batch", "3")
        killed_at(taken, command)
        server.on_batch = None
        killed.set()
        # Another batch of as many requests is not taken for it.
        [uid] = server.batches
        other = {**server.batches[uid], "polls": 9}
        other["results"] = [{**one, "custom_id": f"x{n}"} for n, one in enumerate(other["results"])]
        server.batches["msgbatch_other"] = other
        assert finished(command) == 0
        del server.batches["msgbatch_other"]
        check_paid_once(lake, server)


def test_with_a_server_that_lists_no_batches_it_is_handed_in_again(lake: Settings) -> None:
    taken, killed = Event(), Event()

    def hold() -> None:
        taken.set()
        killed.wait(WAIT)

    with MessagesServer(Played(), batch_polls=0, lacks=("batch list",)) as server:
        server.on_batch = hold
        command = words(lake, server.url, "--batch", "3")
        killed_at(taken, command)
        server.on_batch = None
        killed.set()
        assert finished(command) == 0
        assert len(server.batches) == 2
