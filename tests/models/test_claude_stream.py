"""Streams put together from their events, however the bytes are cut."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.claude_stream import MessageBuilder, StreamError, read_events
from sentree.errors import TransientModelError

MESSAGE: list[dict[str, Any]] = [
    {
        "type": "message_start",
        "message": {"model": "m", "content": [], "usage": {"input_tokens": 5, "output_tokens": 1}},
    },
    {"type": "ping"},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "née "}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "data:"}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {"output_tokens": 9},
    },
    {"type": "message_stop"},
]


def wire(events: list[dict[str, Any]], newline: str = "\n") -> bytes:
    lines = [
        f"event: {event['type']}{newline}data: {json.dumps(event, ensure_ascii=False)}"
        for event in events
    ]
    return "".join(line + newline * 2 for line in lines).encode()


def build(chunks: list[bytes]) -> dict[str, Any]:
    builder = MessageBuilder()
    for event in read_events(chunks):
        builder.add(event)
    return builder.message()


@given(st.lists(st.integers(0, 1000), max_size=30), st.sampled_from(["\n", "\r\n"]))
def test_the_message_is_the_same_wherever_the_bytes_are_cut(cuts: list[int], newline: str) -> None:
    body = wire(MESSAGE, newline)
    edges = [0, *sorted(cut % len(body) for cut in cuts), len(body)]
    found = build([body[a:b] for a, b in pairwise(edges)])
    assert found["content"] == [{"type": "text", "text": "née data:"}]
    assert found["usage"] == {"input_tokens": 5, "output_tokens": 9}


@given(st.integers(0, len(wire(MESSAGE)) - 3))
def test_a_stream_cut_anywhere_is_never_a_message(length: int) -> None:
    with pytest.raises(TransientModelError):
        build([wire(MESSAGE)[:length]])


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["type", "index", "delta", "message", "content_block", "usage"]),
            st.one_of(
                st.none(),
                st.integers(),
                st.sampled_from([event["type"] for event in MESSAGE]),
                st.dictionaries(st.sampled_from(["type", "text"]), st.integers()),
                st.lists(st.integers()),
            ),
        ),
        max_size=8,
    )
)
def test_garbled_events_end_in_a_typed_error(events: list[dict[str, Any]]) -> None:
    builder = MessageBuilder()
    try:
        for event in events:
            builder.add(event)
        builder.message()
    except (TransientModelError, StreamError):
        pass


def test_an_error_in_the_stream_says_what_kind_it_is() -> None:
    with pytest.raises(StreamError) as caught:
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
        build([wire([MESSAGE[0], error])])
    assert caught.value.kind == "overloaded_error"
