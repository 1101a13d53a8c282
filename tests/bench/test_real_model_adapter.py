"""The adapter before a server of chat completions: what it asks, and what it makes of answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jsonschema_rs
import pytest
from adapter import MOST_CHARACTERS, adapter, short, to_chat, to_message, tool_call
from hypothesis import given
from hypothesis import strategies as st

from models.claude import ClaudeModel
from schemas.model import Message, ModelRequest, SystemPart, TextBlock
from sentree.engine.agent_tools import RUN_PYTHON, SUBMIT
from sentree.engine.reader import leaf_schema
from sentree.errors import ModelError

Respond = Callable[[dict[str, Any]], tuple[int, Any]]


def request(*messages: Message, **more: Any) -> ModelRequest:
    opening = Message(role="user", content=(TextBlock(text="Who logs in?"),))
    return ModelRequest(
        model="m",
        system=(SystemPart(text="Be brief."),),
        messages=messages or (opening,),
        max_tokens=1_000,
        **more,
    )


def completion(text: str, finish: str = "stop") -> dict[str, Any]:
    choice = {"finish_reason": finish, "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 7, "completion_tokens": 3}
    return {"id": "c", "choices": [choice], "usage": usage}


@pytest.fixture
def served() -> Iterator[Callable[[Respond], ClaudeModel]]:
    """Give a client of an adapter before a server that answers as told."""
    servers: list[HTTPServer] = []

    def serve(respond: Respond) -> ClaudeModel:
        class Upstream(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                status, found = respond(json.loads(self.rfile.read(length)))
                out = json.dumps(found).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(out)))
                self.end_headers()
                self.wfile.write(out)

            def log_message(self, *_: object) -> None: ...

        upstream = HTTPServer(("127.0.0.1", 0), Upstream)
        before = adapter(f"http://127.0.0.1:{upstream.server_port}")
        servers.extend((upstream, before))
        for server in (upstream, before):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        return ClaudeModel(base_url=f"http://127.0.0.1:{before.server_port}")

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_tool_call_comes_back_as_one_and_the_first_turn_must_run_code(
    served: Callable[[Respond], ClaudeModel],
) -> None:
    asked: list[dict[str, Any]] = []

    def respond(chat: dict[str, Any]) -> tuple[int, Any]:
        asked.append(chat)
        return 200, completion('{"tool": "run_python", "input": {"code": "print(1)"}}')

    reply = served(respond).call(request(tools=(RUN_PYTHON, SUBMIT)))
    [use] = reply.tool_uses
    assert (use.name, use.input, reply.stop_reason) == (
        "run_python",
        {"code": "print(1)"},
        "tool_use",
    )
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (7, 3)
    [form] = asked[0]["response_format"]["json_schema"]["schema"]["anyOf"]
    assert form["properties"]["tool"] == {"const": "run_python"}


def test_a_cut_call_is_text_and_says_that_it_was_cut(
    served: Callable[[Respond], ClaudeModel],
) -> None:
    cut = completion('{"tool": "submit", "input": {"answ', "length")
    reply = served(lambda chat: (200, cut)).call(request(tools=(RUN_PYTHON, SUBMIT)))
    assert (reply.tool_uses, reply.stop_reason) == ((), "max_tokens")


def test_a_leaf_gets_the_schema_that_it_asked_for_with_an_end_to_every_string(
    served: Callable[[Respond], ClaudeModel],
) -> None:
    def respond(chat: dict[str, Any]) -> tuple[int, Any]:
        schema = chat["response_format"]["json_schema"]["schema"]
        answer = {"answer": "x" * MOST_CHARACTERS, "evidence": []}
        assert jsonschema_rs.validator_for(schema).is_valid(answer)
        assert not jsonschema_rs.validator_for(schema).is_valid({**answer, "answer": "x" * 999})
        return 200, completion(json.dumps(answer))

    reply = served(respond).call(request(output_schema=leaf_schema(None)))
    assert json.loads(reply.text)["evidence"] == []


def test_what_the_server_refuses_is_an_error_of_ours(
    served: Callable[[Respond], ClaudeModel],
) -> None:
    refusing = served(lambda chat: (400, {"error": "the context is full"}))
    with pytest.raises(ModelError, match="the context is full"):
        refusing.call(request())


def test_a_conversation_keeps_its_order_and_its_calls() -> None:
    use = {"type": "tool_use", "id": "u", "name": "run_python", "input": {"code": "1"}}
    result = {"type": "tool_result", "tool_use_id": "u", "content": "2"}
    body = {
        "model": "m",
        "max_tokens": 10,
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [use]},
            {"role": "user", "content": [result, {"type": "text", "text": "one turn is left"}]},
        ],
    }
    said = [(one["role"], one["content"]) for one in to_chat(body)["messages"]]
    assert said == [
        ("system", "Be brief."),
        ("user", "go"),
        ("assistant", '{"tool": "run_python", "input": {"code": "1"}}'),
        ("user", "2\n\none turn is left"),
    ]


@given(st.text())
def test_no_text_of_a_model_breaks_the_adapter(text: str) -> None:
    body = {"model": "m", "messages": [], "tools": [{"name": "run_python"}]}
    message = to_message(completion(text), body)
    assert message["stop_reason"] in ("tool_use", "end_turn")
    assert (tool_call(text) is None) == (message["stop_reason"] == "end_turn")


def test_a_schema_is_shortened_at_every_depth_and_left_as_it_was() -> None:
    schema = {"type": "array", "items": {"anyOf": [{"type": "string"}, {"const": "a"}]}}
    before = json.dumps(schema)
    found = short(schema)
    assert found["maxItems"] == 1
    assert found["items"]["anyOf"] == [
        {"type": "string", "maxLength": MOST_CHARACTERS},
        {"const": "a"},
    ]
    assert json.dumps(schema) == before
