"""Events a model was shown: each counts once, whatever parts it was in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_lake import small_lake

from schemas.trajectory import Predicate
from sentree.engine.direct import pick
from sentree.engine.looked_at import RowSet, union
from sentree.engine.parts import Parts
from sentree.engine.verify import EVERYWHERE
from sentree.lake.context import Context, export_context
from sentree.lake.db import Lake

ROWS = st.sets(st.integers(0, 2_000), max_size=200)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("looked-at")
    settings = small_lake(folder, 150)
    with Lake.open(settings) as lake:
        info = export_context(lake, folder, tenant=settings.tenant)
    with Context.open(Path(info.path)) as opened:
        yield opened


def rows_of(found: RowSet) -> set[int]:
    return {row for low, high in zip(*found.spans(), strict=True) for row in range(low, high + 1)}


@given(ROWS, ROWS)
def test_a_set_of_rows_is_one_whatever_is_done_with_it(first: set[int], second: set[int]) -> None:
    one, other = (RowSet(sum(1 << row for row in rows)) for rows in (first, second))
    assert rows_of(one) == first and len(one) == len(first)
    assert rows_of(RowSet.load(one.dump())) == first
    assert rows_of(one | other) == first | second
    assert rows_of(union([one.dump(), other.dump(), one.dump()])) == first | second


def test_overlapping_parts_count_each_event_once(context: Context) -> None:
    parts = Parts(context, EVERYWHERE, "all of it")
    cuts = [part for by in ("size", "time") for part in parts.cut(by, size=2_000)]
    assert sum(part.events for part in cuts) == 300
    found = RowSet.of(context, [part.predicate for part in cuts])
    assert len(found) == 150
    [some, *_] = cuts
    uids = [row["event_uid"] for row in context.query("SELECT event_uid FROM events LIMIT 9")]
    assert len(RowSet.of(context, [some.predicate], [*uids, *uids, "no such event"])) == max(
        some.events, 9
    )
    assert len(RowSet.of(context, [Predicate("FALSE", ())])) == 0


def test_what_was_looked_at_is_told_by_source(context: Context) -> None:
    half = RowSet.of(context, [Predicate("rowid % 2 = 0", ())])
    assert half.by(context, "source_path") == {"auth.log": 75}
    assert RowSet().by(context, "source_path") == {}


def test_a_part_that_is_a_list_of_events_can_be_asked_for(context: Context) -> None:
    """So a direct call shows what a search picked of a context that does not fit."""
    picked = pick(context, Parts(context, EVERYWHERE, "all"), "who is user3?", 2_000)
    assert 0 < picked.part.events < 150
    twice = (picked.part.predicate, picked.part.predicate)
    assert len(RowSet.of(context, twice)) == picked.part.events
