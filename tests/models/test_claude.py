"""The anthropic SDK behind `ClaudeModel`, against a server that is strict and misbehaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conversation import MODEL, RUN_PYTHON, asking
from messages_server import Answer, Fault, MessagesServer, Script, say, use

from models.claude import ClaudeModel
from models.prices import PriceBook
from schemas.budget import Usage
from schemas.model import (
    Message,
    SystemPart,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from sentree.errors import ConfigurationError, ModelError, TransientModelError

Serve = Callable[..., tuple[MessagesServer, ClaudeModel]]


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    """A server and a client for it, in both modes."""
    opened: list[MessagesServer] = []

    def start(
        respond: Callable[[dict[str, Any]], Answer] | None = None, *faults: Fault, **more: Any
    ) -> tuple[MessagesServer, ClaudeModel]:
        options = {name: more.pop(name) for name in ("lacks", "retry_after") if name in more}
        answer = respond or (lambda body: say("hello"))
        server = MessagesServer(answer, Script(*faults), **options).__enter__()
        opened.append(server)
        return server, ClaudeModel(
            "test-key", server.url, streaming=request.param, **{"timeout": 10.0, **more}
        )

    yield start
    for server in opened:
        server.__exit__()


def test_a_text_answer_comes_back_with_usage_and_exact_price(serve: Serve) -> None:
    server, model = serve(
        lambda body: say("héllo", input_tokens=1234, output_tokens=56, cache_read=789)
    )
    reply = model.call(asking("hi"))
    assert (reply.text, reply.stop_reason, reply.model) == ("héllo", "end_turn", MODEL)
    assert reply.usage == Usage(
        calls=1,
        input_tokens=1234,
        output_tokens=56,
        cache_read_tokens=789,
        usd=(1234 * 2 + 56 * 10 + 789 * 0.1) / 1e6,
    )
    assert reply.usage.usd == float(server.charged)
    assert not reply.notes and not server.refused


def test_a_whole_turn_of_tools_and_thinking_goes_back_as_the_server_wants_it(serve: Serve) -> None:
    server, model = serve(
        lambda body: (
            Answer(
                content=[
                    {"type": "thinking", "thinking": "let me look", "signature": "sig"},
                    {"type": "redacted_thinking", "data": "b64"},
                    {"type": "text", "text": "I look."},
                    {
                        "type": "tool_use",
                        "id": "t1",
                        "name": "run_python",
                        "input": {"code": "1+1"},
                    },
                ],
                stop_reason="tool_use",
            )
            if len(body["messages"]) == 1
            else say("two")
        )
    )
    first = asking("how much?", tools=(RUN_PYTHON,), thinking_tokens=2000, max_tokens=4000)
    reply = model.call(first)
    assert reply.content[0] == ThinkingBlock(thinking="let me look", signature="sig")
    assert [use.input for use in reply.tool_uses] == [{"code": "1+1"}]
    result = ToolResultBlock(tool_use_id="t1", content="2")
    second = first.model_copy(
        update={
            "messages": (
                *first.messages,
                Message(role="assistant", content=(*reply.content, TextBlock(text=""))),
                Message(role="user", content=(result,)),
            )
        }
    )
    assert model.call(second).text == "two"
    sent = server.bodies[-1]["messages"][1]["content"]
    assert [block["type"] for block in sent] == [
        "thinking", "redacted_thinking", "text", "tool_use",
    ]  # fmt: skip
    assert server.bodies[-1]["thinking"] == {"type": "adaptive"}
    assert not server.refused


def test_cached_parts_are_marked_and_never_more_than_the_api_allows(serve: Serve) -> None:
    server, model = serve()
    parts = tuple(SystemPart(text=f"part {n}", cached=True) for n in range(6))
    turns = tuple(
        Message(role=role, content=(TextBlock(text=f"turn {n}"),))
        for n, role in enumerate(("user", "assistant", "user"))
    )
    model.call(asking("x", system=parts, messages=turns))
    system = server.bodies[0]["system"]
    assert ["cache_control" in part for part in system] == [False] * 3 + [True] * 3
    assert server.bodies[0]["messages"][-1]["content"][-1]["cache_control"] == {"type": "ephemeral"}


def test_a_leaf_schema_is_sent_closed_and_without_limits_the_api_refuses(serve: Serve) -> None:
    server, model = serve(lambda body: say('{"hosts": []}'))
    schema = {
        "type": "object",
        "properties": {
            "hosts": {"type": "array", "items": {"type": "object", "properties": {}}},
            "n": {"type": "integer", "minimum": 1},
        },
        "required": ["hosts"],
    }
    assert model.call(asking("x", output_schema=schema)).text == '{"hosts": []}'
    assert server.bodies[0]["output_config"]["format"]["schema"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("fault", "uncertain"),
    [
        (Fault.RATE_LIMIT, False),
        (Fault.OVERLOADED, False),
        (Fault.SERVER_ERROR, False),
        (Fault.RESET, True),
        (Fault.CUT, None),
        (Fault.WRONG_SCHEMA, None),
        (Fault.SLOW_DRIP, True),
    ],
)
def test_passing_faults_are_told_apart_from_final_ones(
    serve: Serve, fault: Fault, uncertain: bool | None
) -> None:
    server, model = serve(None, fault, retry_after="7", timeout=0.4)
    with pytest.raises(TransientModelError) as caught:
        model.call(asking("x"))
    assert "\n" not in str(caught.value)
    assert caught.value.retry_after == (7.0 if fault is Fault.RATE_LIMIT else None)
    if uncertain is not None:
        assert caught.value.uncertain is uncertain
    charged = caught.value.usage.usd if caught.value.usage else 0.0
    assert charged == float(server.charged)


def test_the_server_is_not_retried_behind_the_gates_back(serve: Serve) -> None:
    server, model = serve(None, Fault.OVERLOADED, Fault.OVERLOADED)
    with pytest.raises(TransientModelError):
        model.call(asking("x"))
    assert sum(server.seen.values()) == 1


def test_a_request_the_server_refuses_is_a_final_error(serve: Serve) -> None:
    _, model = serve()
    wrong = asking("x", messages=(Message(role="assistant", content=(TextBlock(text="x"),)),))
    with pytest.raises(ModelError, match="roles must alternate") as caught:
        model.call(wrong)
    assert not isinstance(caught.value, TransientModelError)


def test_a_refusal_is_an_answer(serve: Serve) -> None:
    _, model = serve(None, Fault.REFUSAL)
    reply = model.call(asking("x"))
    assert (reply.stop_reason, reply.content) == ("refusal", ())
    assert "empty" in reply.notes[0]


def test_missing_usage_is_estimated_and_flagged(serve: Serve) -> None:
    _, model = serve(None, Fault.NO_USAGE)
    reply = model.call(asking("x" * 3500))
    assert 900 < reply.usage.input_tokens < 1300 and reply.usage.usd > 0
    assert any("no usage" in note for note in reply.notes)


def test_bad_arguments_become_a_call_that_carries_its_error(serve: Serve) -> None:
    _, model = serve(None, Fault.BAD_ARGUMENTS)
    (call,) = model.call(asking("x", tools=(RUN_PYTHON,))).tool_uses
    assert call.input == {} and "not a JSON object" in call.error


def test_half_a_program_is_never_taken_for_a_whole_one(serve: Serve) -> None:
    _, model = serve(lambda body: use("run_python", {"code": "delete("}), Fault.MAX_TOKENS)
    (call,) = model.call(asking("x", tools=(RUN_PYTHON,))).tool_uses
    assert call.input == {} and "max_tokens" in call.error


def test_two_tool_calls_at_once_are_both_there(serve: Serve) -> None:
    _, model = serve(None, Fault.TWO_TOOLS)
    assert len(model.call(asking("x", tools=(RUN_PYTHON,))).tool_uses) == 2


@pytest.mark.parametrize(
    "block",
    [
        {"type": "server_tool_use", "id": "x", "name": "y", "input": {}},
        {"type": "from_the_future", "data": 1},
    ],
)
def test_blocks_of_an_unknown_kind_are_left_out_with_a_note(
    serve: Serve, block: dict[str, Any]
) -> None:
    _, model = serve(lambda body: Answer(content=[block, {"type": "text", "text": "ok"}]))
    reply = model.call(asking("x"))
    assert reply.text == "ok" and block["type"] in reply.notes[0]


def test_text_that_utf8_can_not_hold_is_replaced(serve: Serve) -> None:
    _, model = serve(lambda body: say("a\ud800b"))
    assert model.call(asking("x")).text == "a?b"


def test_an_unknown_stop_reason_is_noted(serve: Serve) -> None:
    _, model = serve(lambda body: say("x", stop_reason="bored"))
    reply = model.call(asking("x"))
    assert reply.stop_reason == "end_turn" and "bored" in reply.notes[0]


def test_long_answers_are_streamed_whatever_the_setting(serve: Serve) -> None:
    server, model = serve()
    assert model.call(asking("x", max_tokens=30_000)).text == "hello"
    assert server.bodies[0]["stream"] is True


def test_the_servers_count_bounds_the_call_from_above(serve: Serve) -> None:
    server, model = serve()
    request = asking("x" * 4000)
    estimate, usage = model.estimate(request), model.call(request).usage
    assert server.counted == 1
    assert estimate.input_tokens >= usage.input_tokens and estimate.usd >= usage.usd
    assert estimate.output_tokens == request.max_tokens


@pytest.mark.parametrize(
    ("lack", "note"),
    [("count_tokens", "can't count"), ("cache_control", "without it"), ("thinking", "without it")],
)
def test_a_server_that_lacks_a_feature_is_served_without_it(
    serve: Serve, lack: str, note: str
) -> None:
    server, model = serve(lacks=(lack,))
    parts = (SystemPart(text="shared", cached=True),)
    request = asking("x", system=parts, thinking_tokens=1500, max_tokens=3000)
    assert model.estimate(request).input_tokens > 0
    assert model.call(request).text == "hello"
    refused = len(server.refused)
    assert model.call(request).text == "hello" and model.estimate(request).input_tokens > 0
    assert len(server.refused) == refused
    assert any(note in line for line in model.notes)


def test_a_model_of_another_vendor_costs_nothing_and_says_so(serve: Serve) -> None:
    _, model = serve()
    reply = model.call(asking("x", model="qwen3-coder:30b"))
    assert reply.usage.usd == 0.0 and "no price" in reply.notes[0]


def test_given_less_time_the_call_ends_in_less(serve: Serve) -> None:
    _, model = serve(None, Fault.SLOW_DRIP)
    with pytest.raises(TransientModelError, match=r"too long|cut|in time"):
        model.call_within(asking("x"), 0.2)


def test_without_key_and_server_the_error_names_what_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    with pytest.raises(ConfigurationError, match=r"ANTHROPIC_API_KEY.*base_url"):
        ClaudeModel()


def test_the_environments_key_is_not_sent_to_another_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret-of-the-environment")
    seen: list[str] = []
    with MessagesServer() as server:
        server.respond = lambda body: say("hello")
        model = ClaudeModel(base_url=server.url)
        seen.append(str(model._client.api_key))  # pyright: ignore[reportPrivateUsage]
        assert model.call(asking("x")).text == "hello"
    assert seen == ["none"]


def test_an_unreachable_server_is_worth_another_try() -> None:
    model = ClaudeModel("k", "http://127.0.0.1:9", timeout=2.0)
    with pytest.raises(TransientModelError, match="can't be reached"):
        model.call(asking("x"))


def test_a_batch_gives_replies_and_errors_in_order_at_half_the_price(prices: PriceBook) -> None:
    waits: list[float] = []
    faults = (None, Fault.SERVER_ERROR, Fault.SLOW_DRIP, None)
    with MessagesServer(lambda body: say("hi"), Script(*faults)) as server:
        model = ClaudeModel("k", server.url, sleep=waits.append)
        first, second, third, fourth = model.call_batch([asking(f"q{n}") for n in range(4)])
    assert not isinstance(first, ModelError) and not isinstance(fourth, ModelError)
    assert isinstance(second, TransientModelError) and isinstance(third, TransientModelError)
    whole = prices.cost(MODEL, first.usage)
    assert whole is not None and first.usage.usd == float(whole / 2)
    assert first.usage.usd + fourth.usage.usd == pytest.approx(float(server.charged))
    assert waits == [5.0, 7.5]


def test_polling_a_batch_outlives_passing_faults(prices: PriceBook) -> None:
    with MessagesServer(lambda body: say("hi"), Script(None, Fault.OVERLOADED)) as server:
        model = ClaudeModel("k", server.url, sleep=lambda seconds: None)
        (reply,) = model.call_batch([asking("q")])
    assert not isinstance(reply, ModelError) and reply.text == "hi"


def test_importing_the_client_does_not_import_the_sdk() -> None:
    import subprocess
    import sys

    code = "import models.claude, models.scripted, sys; sys.exit('anthropic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_tool_input_that_could_hurt_the_host_is_refused(serve: Serve) -> None:
    deep: Any = {}
    for _ in range(200):
        deep = {"a": deep}
    _, model = serve(lambda body: use("run_python", deep))
    (call,) = model.call(asking("x", tools=(RUN_PYTHON,))).tool_uses
    assert isinstance(call, ToolUseBlock) and "too deeply" in call.error
