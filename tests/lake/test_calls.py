"""The store of model calls, on disk, from threads and processes."""

from __future__ import annotations

import multiprocessing
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conversation import MODEL, asking

from schemas.budget import Usage
from schemas.calls import StoredCall, request_key, request_text
from schemas.model import ModelReply, TextBlock, ThinkingBlock, ToolUseBlock
from sentree.errors import LakeError
from sentree.lake.calls import SqliteCallStore

USAGE = Usage(
    calls=1,
    input_tokens=3,
    output_tokens=2,
    cache_read_tokens=5,
    cache_write_tokens=7,
    usd=0.000000123,
)


def answered(text: str, run_uid: str = "run", usage: Usage = USAGE) -> StoredCall:
    reply = ModelReply(
        model=MODEL,
        content=(
            ThinkingBlock(thinking="", signature="s", redacted="r"),
            TextBlock(text=f"{text} \x00\u202e\U0001f600"),
            ToolUseBlock(id="t", name="submit", input={"a": [1, None, {"b": 2.5}]}, error="e"),
        ),
        stop_reason="tool_use",
        usage=usage,
        notes=("note",),
    )
    key = request_key(asking(text))
    return StoredCall(
        key=key, run_uid=run_uid, node_uid="n", reply=reply, attempts=2, milliseconds=1.5
    )


def save_many(path: str, run_uid: str, first: int, number: int) -> None:
    with SqliteCallStore(Path(path)) as store:
        for index in range(first, first + number):
            store.save(answered(f"q{index}", run_uid), request_text(asking(f"q{index}")))


def test_what_was_saved_is_found_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "new" / "calls.sqlite"
    call = answered("q")
    with SqliteCallStore(path) as store:
        store.save(call, request_text(asking("q")))
    with SqliteCallStore(path) as store:
        assert store.find(call.key, "run") == call
        assert store.find("0" * 64, "run") is None
        assert list(store.calls("run")) == [call]
        assert store.spent("run") == USAGE and store.spent("other") == Usage()


def test_the_runs_own_answer_comes_before_an_older_one_of_another(tmp_path: Path) -> None:
    with SqliteCallStore(tmp_path / "calls.sqlite") as store:
        old, own = answered("q", "old"), answered("q", "own")
        store.save(old, request_text(asking("q")))
        assert store.find(own.key, "own") == old
        assert store.find(own.key, "own", other_runs=False) is None
        store.save(own, request_text(asking("q")))
        assert store.find(own.key, "own") == own


def test_an_answer_paid_twice_is_charged_twice_and_kept_once(tmp_path: Path) -> None:
    with SqliteCallStore(tmp_path / "calls.sqlite") as store:
        store.save(answered("q"), request_text(asking("q")))
        store.save(answered("q"), request_text(asking("q")))
        assert len(list(store.calls("run"))) == 1
        assert store.spent("run") == USAGE + USAGE


def test_a_thousand_small_charges_add_up_exactly(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    with SqliteCallStore(path) as store:
        for _ in range(1000):
            store.charge("run", "k", "n", Usage(usd=0.000000001), "cut")
        assert store.spent("run").usd == 0.000001


def test_threads_and_processes_write_at_once_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    context = multiprocessing.get_context("spawn")
    children = [
        context.Process(target=save_many, args=(str(path), f"run{n}", 0, 40)) for n in range(2)
    ]
    for child in children:
        child.start()
    with SqliteCallStore(path) as store, ThreadPoolExecutor(4) as pool:
        list(
            pool.map(
                lambda n: store.save(answered(f"t{n}", "threads"), request_text(asking(f"t{n}"))),
                range(60),
            )
        )
        for child in children:
            child.join(60)
        assert [child.exitcode for child in children] == [0, 0]
        assert [store.spent(run).calls for run in ("threads", "run0", "run1")] == [60, 40, 40]
        assert len(list(store.calls("threads"))) == 60


def test_an_answer_that_can_not_be_read_any_more_counts_as_absent(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    with SqliteCallStore(path) as store:
        store.save(answered("q"), request_text(asking("q")))
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE model_calls SET reply = '{\"model\": 1}'")
        connection.close()
        assert store.find(answered("q").key, "run") is None
        assert store.spent("run") == USAGE


def test_batches_are_open_until_they_are_closed(tmp_path: Path) -> None:
    with SqliteCallStore(tmp_path / "calls.sqlite") as store:
        store.open_batch("run", "b1", ("k1", "k2"))
        store.open_batch("run", "b2", ("k3",))
        store.open_batch("other", "b3", ("k1",))
        assert store.open_batches("run") == {"b1": ("k1", "k2"), "b2": ("k3",)}
        store.close_batch("run", "b1")
        assert store.open_batches("run") == {"b2": ("k3",)}


def test_a_file_that_is_no_store_is_a_typed_error(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    path.write_text("this is not a database, " * 100)
    with pytest.raises(LakeError, match=r"calls\.sqlite"):
        SqliteCallStore(path)
