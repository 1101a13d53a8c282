"""The tree reads every event once, whatever the sizes, and says which parts failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from contexts import MemoryContext, event_row
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.claim import Evidence
from schemas.finding import Finding, FindingKind, LeafResult, Tally
from schemas.trajectory import Node, NodeKind, Partition
from schemas.window import Window
from sentree.engine.merge import SAMPLE_SIZE, merge_results
from sentree.engine.partition import FAN_OUT, root_partition, split_partition
from sentree.engine.threads import ThreadExecutor
from sentree.engine.tree import TreeLimits, TreeRun, run_tree

START = datetime(2026, 1, 5, tzinfo=UTC)
WINDOW = Window(start=START, end=START + timedelta(days=3))


def uid_of(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()[:32]


class ReadsUids:
    """A program whose leaf result is one finding per event, so a lost or doubled event shows."""

    def __init__(self, context: MemoryContext, leaf: int, broken_host: str | None = None) -> None:
        self._context = context
        self._leaf = leaf
        self._broken_host = broken_host

    def split(self, node: Node) -> Sequence[Partition]:
        return split_partition(self._context, node.partition, self._leaf)

    def leaf(self, node: Node) -> LeafResult:
        if self._broken_host is not None and node.partition.hosts == (self._broken_host,):
            raise OSError("the disk under this host is gone")
        where, values = node.partition.predicate()
        rows = self._context.query(
            f"SELECT event_uid, time, host, chars FROM events WHERE {where}", values
        )
        findings = tuple(
            Finding(
                finding_uid=row["event_uid"],
                kind=FindingKind.EXECUTION,
                time=row["time"],
                statement="It ran.",
                evidence=(Evidence(event_uid=row["event_uid"]),),
                fact=row["event_uid"],
            )
            for row in rows
        )
        read = sum(row["chars"] for row in rows)
        return merge_results(
            [LeafResult(findings=findings, events_read=len(rows), chars_read=read)]
        )

    def reduce(self, node: Node, parts: Sequence[LeafResult]) -> LeafResult:
        return merge_results(parts)


def read_all(
    context: MemoryContext, leaf: int, max_depth: int = 8, broken_host: str | None = None
) -> TreeRun:
    program = ReadsUids(context, leaf, broken_host)
    with ThreadExecutor(program, workers=4) as executor:
        return run_tree(root_partition(context, WINDOW), executor, TreeLimits(leaf, max_depth))


events_strategy = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=200),
        st.sampled_from(["ws01", "ws02", "dc01", None]),
        st.integers(min_value=1, max_value=500),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=25, deadline=None)
@given(events=events_strategy, leaf=st.integers(min_value=50, max_value=5000))
def test_every_event_is_read_exactly_once_whatever_the_leaf_size(
    events: list[tuple[int, str | None, int]], leaf: int
) -> None:
    context = MemoryContext(
        [
            event_row(uid_of(n), START + timedelta(minutes=minute), host, chars)
            for n, (minute, host, chars) in enumerate(events)
        ]
    )
    run = read_all(context, leaf)
    assert [one.finding_uid for one in run.result.findings] == [
        row["event_uid"]
        for row in context.query("SELECT event_uid FROM events ORDER BY time, event_uid")
    ]
    assert run.result.events_read == len(events)
    leaves = [record for record in run.records if record.kind is NodeKind.LEAF]
    assert sum(record.events_read for record in leaves) == len(events)


def test_leaves_hold_their_budget_unless_one_event_is_bigger() -> None:
    rows = [event_row(uid_of(n), START, "ws01", 300) for n in range(50)]
    rows += [event_row(uid_of(99), START + timedelta(hours=1), "ws01", 9_000)]
    run = read_all(MemoryContext(rows), leaf=2_000)
    leaves = [record for record in run.records if record.kind is NodeKind.LEAF]
    assert all(record.chars_read <= 2_000 or record.events_read == 1 for record in leaves)


def test_many_hosts_stay_within_the_fan_out_of_a_node() -> None:
    rows = [event_row(uid_of(n), START, f"host{n:03d}", 1_000) for n in range(400)]
    run = read_all(MemoryContext(rows), leaf=5_000)
    assert max(len(record.children) for record in run.records) <= FAN_OUT
    assert run.result.events_read == 400


def test_a_failed_leaf_is_reported_and_the_others_are_kept() -> None:
    rows = [event_row(uid_of(n), START, f"ws{n % 2}", 1_000) for n in range(20)]
    run = read_all(MemoryContext(rows), leaf=10_000, broken_host="ws1")
    assert run.result.events_read == 10
    assert [partition.hosts for partition in run.failed] == [("ws1",)]
    failed = [record for record in run.records if record.state == "failed"]
    assert [record.error for record in failed] == ["OSError: the disk under this host is gone"]


def test_depth_limit_ends_the_recursion() -> None:
    rows = [event_row(uid_of(n), START + timedelta(minutes=n), "ws01", 100) for n in range(200)]
    run = read_all(MemoryContext(rows), leaf=100, max_depth=1)
    assert max(record.depth for record in run.records) == 1
    assert run.result.events_read == 200


def test_an_empty_context_gives_an_empty_result() -> None:
    run = read_all(MemoryContext(), leaf=100)
    assert run.result == LeafResult()


tallies_strategy = st.builds(
    Tally,
    key=st.tuples(st.sampled_from(["a", "b"])),
    count=st.integers(min_value=1, max_value=9),
    first=st.just(START),
    last=st.datetimes(datetime(2026, 1, 6), datetime(2026, 1, 9)),
    sample=st.lists(
        st.tuples(st.datetimes(datetime(2026, 1, 6), datetime(2026, 1, 9)), st.text(max_size=3)),
        max_size=40,
    ).map(lambda pairs: tuple(sorted((when.replace(tzinfo=UTC), uid) for when, uid in pairs))),
)


@settings(max_examples=40, deadline=None)
@given(
    parts=st.lists(
        st.builds(LeafResult, tallies=st.lists(tallies_strategy, max_size=3).map(tuple)),
        max_size=6,
    ),
    data=st.data(),
)
def test_merging_does_not_depend_on_order_or_grouping(
    parts: list[LeafResult], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(parts))
    cut = data.draw(st.integers(min_value=0, max_value=len(shuffled)))
    grouped = merge_results([merge_results(shuffled[:cut]), merge_results(shuffled[cut:])])
    assert grouped == merge_results(parts)
    assert all(len(tally.sample) <= SAMPLE_SIZE for tally in grouped.tallies)


@pytest.mark.parametrize("workers", [1, 8])
def test_the_result_does_not_depend_on_the_number_of_workers(workers: int) -> None:
    rows = [event_row(uid_of(n), START + timedelta(seconds=n), "ws01", 50) for n in range(100)]
    context = MemoryContext(rows)
    program = ReadsUids(context, 500)
    with ThreadExecutor(program, workers=workers) as executor:
        run = run_tree(root_partition(context, WINDOW), executor, TreeLimits(500, 8))
    assert run.result == read_all(context, 10**9).result.model_copy()
