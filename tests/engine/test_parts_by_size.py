"""Cutting by size: complete, disjoint, in reading order, and never above the size by choice."""

from __future__ import annotations

from datetime import datetime, timedelta

from contexts import MemoryContext, event_row
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.trajectory import Predicate
from sentree.engine.parts import Parts

START = datetime(2026, 1, 5)
EVERYTHING = Predicate("TRUE", ())


def filled(sizes: list[int]) -> MemoryContext:
    rows = [
        event_row(f"{number:032x}", START + timedelta(seconds=number), f"h{number % 3}", chars)
        for number, chars in enumerate(sizes)
    ]
    return MemoryContext(rows)


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 3_000), min_size=1, max_size=80),
    size=st.integers(1_000, 20_000),
    host=st.sampled_from([None, "h0", "h1"]),
)
def test_pieces_hold_every_row_once_in_order_and_fit(
    sizes: list[int], size: int, host: str | None
) -> None:
    context = filled(sizes)
    inside = EVERYTHING if host is None else Predicate("host = ?", (host,))
    parts = Parts(context, inside, "all")
    if not parts.whole.events:
        return
    pieces = parts.cut("size", size=size)
    found: list[str] = []
    for piece in pieces:
        rows = context.query(
            f"SELECT event_uid, chars FROM events WHERE {piece.predicate.sql} ORDER BY rowid",
            piece.predicate.parameters,
        )
        assert len(rows) == piece.events
        assert sum(row["chars"] for row in rows) == piece.characters
        assert piece.characters <= size or piece.events == 1
        found += [row["event_uid"] for row in rows]
    wanted = context.query(
        f"SELECT event_uid FROM events WHERE {inside.sql} ORDER BY rowid", inside.parameters
    )
    assert found == [row["event_uid"] for row in wanted]
    assert len(pieces) <= 2 * parts.whole.characters // size + 1


def test_a_piece_can_be_cut_again() -> None:
    parts = Parts(filled([500] * 100), EVERYTHING, "all")
    [first, *_] = parts.cut("size", size=10_000)
    again = parts.cut("size", first.name, 2_000)
    assert sum(piece.events for piece in again) == first.events
    assert all(piece.characters <= 2_000 for piece in again)


def test_a_context_is_cut_by_entity_and_by_document_too() -> None:
    parts = Parts(filled([100] * 9), EVERYTHING, "all")
    assert {piece.label for piece in parts.cut("entity")} == {"h0", "h1", "h2"}
    assert sum(piece.events for piece in parts.cut("document")) == 9
