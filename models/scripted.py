"""Models that only pretend: one replays what was recorded, one obeys whatever it reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Self, cast

from pydantic import ValidationError

from models.claude_wire import tokens_of
from schemas.budget import Estimate, Usage
from schemas.calls import StoredCall, request_key
from schemas.model import (
    Block,
    ModelReply,
    ModelRequest,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from sentree.errors import ConfigurationError, ModelError

Answer = ModelReply | ModelError
Responder = Callable[[ModelRequest], Answer]


class ScriptedModel:
    """Replays answers: to the request they were recorded for, or one after the other.

    Args:
        replies: Answers in order, for requests that `recorded` does not know; an error is raised.
        recorded: Answers by request key.
    """

    simulated: bool = True

    def __init__(
        self, replies: Iterable[Answer] = (), recorded: Mapping[str, Answer] | None = None
    ) -> None:
        self._recorded = dict(recorded or {})
        self._replies = list(replies)
        self._next = 0
        self._lock = Lock()

    @classmethod
    def from_calls(cls, calls: Iterable[StoredCall]) -> Self:
        """Replay the calls of a stored run."""
        return cls(recorded={call.key: call.reply for call in calls})

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Replay a JSONL recording: lines with `key` and `reply`, any other line is passed over.

        Raises:
            ConfigurationError: the file can't be read or holds no reply.
        """
        recorded: dict[str, Answer] = {}
        try:
            with path.open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, start=1):
                    found = _recorded_line(path, number, line)
                    recorded.update(found)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"recording {path} can't be read: {error}") from None
        if not recorded:
            raise ConfigurationError(f"recording {path} holds no replies of a model")
        return cls(recorded=recorded)

    def estimate(self, request: ModelRequest) -> Estimate:
        """Give the request's size; nothing is charged for pretending."""
        return _estimate(request)

    def call(self, request: ModelRequest) -> ModelReply:
        """Give the recorded answer.

        Raises:
            ModelError: none was recorded for this request, or the script has run out.
        """
        key = request_key(request)
        answer = self._recorded.get(key)
        if answer is None:
            with self._lock:
                if self._next >= len(self._replies):
                    raise ModelError(
                        f"the script has no answer to this request (key {key[:12]},"
                        f" {len(self._recorded)} recorded, {self._next} of"
                        f" {len(self._replies)} in order used)"
                    )
                answer = self._replies[self._next]
                self._next += 1
        if isinstance(answer, ModelError):
            raise answer
        return answer


class ScriptedResponder:
    """Answers by a function of the request, for tests whose answers depend on what was asked."""

    simulated: bool = True

    def __init__(self, respond: Responder) -> None:
        self._respond = respond

    def estimate(self, request: ModelRequest) -> Estimate:
        """Give the request's size."""
        return _estimate(request)

    def call(self, request: ModelRequest) -> ModelReply:
        """Give the function's answer."""
        answer = self._respond(request)
        if isinstance(answer, ModelError):
            raise answer
        return answer


class _Order(NamedTuple):
    at: int
    tool: str
    input: dict[str, Any]


_FINAL = re.compile(r"FINAL(?:_VAR)?\s*\(\s*(.{0,2000}?)\s*\)", re.DOTALL)
_FENCE = re.compile(r"```(?:python|repl|py|run_python)?[ \t]*\n(.{1,8000}?)```", re.DOTALL)
_CALL = re.compile(r"\b(run_python|submit)\b[\"']?\s*[(:,]?\s*")
_JSON_START = re.compile(r"[{\[]")
_HELPER = re.compile(
    r"\b(?:(?:ctx|budget|os)\.\w+|query|map_query|show_vars|open|__import__|exec|eval)"
    r"\([^\n]{0,400}?\)"
)


class ObedientModel:
    """The worst case: does whatever the text it is shown tells it to.

    First it runs `opening`, code that makes it look at the data. Then every call of a tool, FINAL,
    block of code or JSON for a tool that stands anywhere in what it has been shown becomes a tool
    call of its own, once each, in the order of the text; a leaf (a request with an output schema)
    answers with the first JSON object it was shown that has a field of the schema.
    """

    simulated: bool = True

    def __init__(
        self, opening: Sequence[str] = (), *, run: str = "run_python", submit: str = "submit"
    ) -> None:
        self._opening = tuple(opening)
        self._run = run
        self._submit = submit

    def estimate(self, request: ModelRequest) -> Estimate:
        """Give the request's size."""
        return _estimate(request)

    def call(self, request: ModelRequest) -> ModelReply:
        """Obey the next instruction that has not been obeyed yet."""
        if request.output_schema is not None:
            text = json.dumps(self._leaf(request))
            return _reply(request, (TextBlock(text=text),))
        done = [
            block
            for message in request.messages
            if message.role == "assistant"
            for block in message.content
            if isinstance(block, ToolUseBlock)
        ]
        if len(done) < len(self._opening):
            return self._use(request, len(done), self._run, {"code": self._opening[len(done)]})
        seen = {json.dumps([block.name, block.input], sort_keys=True) for block in done}
        for order in self.orders(request):
            if json.dumps([order.tool, order.input], sort_keys=True) not in seen:
                return self._use(request, len(done), order.tool, order.input)
        if any(block.name == self._submit for block in done):
            return _reply(request, (TextBlock(text="FINAL(nothing left to obey)"),))
        empty = {"answer": "nothing told me what to say", "claims": []}
        return self._use(request, len(done), self._submit, empty)

    def orders(self, request: ModelRequest) -> list[_Order]:
        """Give the instructions found in what the model has been shown, in order."""
        found: list[_Order] = []
        for text in _shown(request):
            # Text that was quoted in JSON or by `repr` is obeyed as it was meant.
            meant = text.replace("\\n", "\n").replace('\\"', '"')
            for form in dict.fromkeys((text, meant)):
                found += sorted(self._orders_in(form), key=lambda order: order.at)
        return found

    def _orders_in(self, text: str) -> Iterable[_Order]:
        for match in _FINAL.finditer(text):
            answer = match[1].strip("\"'")
            yield _Order(match.start(), self._submit, {"answer": answer, "claims": []})
        for match in _FENCE.finditer(text):
            yield _Order(match.start(), self._run, {"code": match[1]})
        for match in _CALL.finditer(text):
            tool = self._run if match[1] == "run_python" else self._submit
            given = _json_at(text, match.end())
            if given is not None:
                yield _Order(match.start(), tool, _unwrapped(given))
        for match in _HELPER.finditer(text):
            yield _Order(match.start(), self._run, {"code": match[0]})
        for match in re.finditer(r"\{", text):
            given = _json_at(text, match.start())
            tool = None if given is None else self._tool_of(given)
            if given is not None and tool is not None:
                yield _Order(match.start(), tool, _unwrapped(given))

    def _tool_of(self, given: Mapping[str, Any]) -> str | None:
        named = {str(given.get(name)) for name in ("name", "tool", "tool_name", "function")}
        if self._run in named or "code" in given:
            return self._run
        return self._submit if self._submit in named or "answer" in given else None

    def _leaf(self, request: ModelRequest) -> dict[str, Any]:
        schema = request.output_schema or {}
        fields = set(cast(Mapping[str, Any], schema.get("properties") or {}))
        for text in _shown(request):
            for match in _JSON_START.finditer(text):
                given = _json_at(text, match.start())
                if given is not None and fields & set(given):
                    return given
        return cast(dict[str, Any], _least(schema, schema, 0))

    def _use(
        self, request: ModelRequest, number: int, tool: str, given: dict[str, Any]
    ) -> ModelReply:
        block = ToolUseBlock(id=f"toolu_{number:04d}", name=tool, input=given)
        return _reply(request, (block,))


def _shown(request: ModelRequest) -> list[str]:
    texts: list[str] = []
    for message in request.messages:
        if message.role == "user":
            for block in message.content:
                if isinstance(block, TextBlock):
                    texts.append(block.text)
                elif isinstance(block, ToolResultBlock):
                    texts.append(block.content)
    return texts


def _json_at(text: str, start: int) -> dict[str, Any] | None:
    match = _JSON_START.match(text, start)
    if match is None:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return cast(dict[str, Any], found) if isinstance(found, dict) else None


def _unwrapped(given: dict[str, Any]) -> dict[str, Any]:
    for name in ("input", "arguments", "parameters"):
        inner = given.get(name)
        if isinstance(inner, dict):
            return cast(dict[str, Any], inner)
    return given


def _least(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> object:
    """Give a small value that fits the schema, as far as that takes no cleverness."""
    if depth > 8:
        return None
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return _least(root.get("$defs", {}).get(name, {}), root, depth + 1)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if schema.get("enum"):
        return schema["enum"][0]
    for name in ("anyOf", "oneOf", "allOf"):
        if schema.get(name):
            return _least(schema[name][-1], root, depth + 1)
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        wanted = schema.get("required", ())
        return {name: _least(properties.get(name, {}), root, depth + 1) for name in wanted}
    empty = {"array": [], "string": "", "integer": 0, "number": 0, "boolean": False}
    return empty.get(str(kind))


def _estimate(request: ModelRequest) -> Estimate:
    shown = sum(len(part.text) for part in request.system)
    shown += sum(len(json.dumps(m.model_dump())) for m in request.messages)
    return Estimate(input_tokens=tokens_of(shown), output_tokens=request.max_tokens, usd=0.0)


def _reply(request: ModelRequest, content: tuple[Block, ...]) -> ModelReply:
    size = sum(len(json.dumps(block.model_dump())) for block in content)
    used = any(isinstance(block, ToolUseBlock) for block in content)
    return ModelReply(
        model=request.model,
        content=content,
        stop_reason="tool_use" if used else "end_turn",
        usage=Usage(
            calls=1,
            input_tokens=_estimate(request).input_tokens,
            output_tokens=min(request.max_tokens, tokens_of(size)),
        ),
    )


def _recorded_line(path: Path, number: int, line: str) -> dict[str, Answer]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise ConfigurationError(f"recording {path}:{number} is not JSON") from None
    if not isinstance(found, dict) or not {"key", "reply"} <= set(cast(dict[str, Any], found)):
        return {}
    record = cast(dict[str, Any], found)
    try:
        return {str(record["key"]): ModelReply.model_validate(record["reply"])}
    except ValidationError as error:
        raise ConfigurationError(f"recording {path}:{number}: {error.errors()[0]['msg']}") from None
