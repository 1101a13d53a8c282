"""A loopback server that speaks the Messages API: strict about requests, and faulty on purpose."""

from __future__ import annotations

import hashlib
import json
import random
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Lock, Thread
from typing import Any, Self

from models.prices import PriceBook, load_prices

_VERSION = "anthropic-version"
_FIELDS = {
    "model", "max_tokens", "messages", "system", "tools", "tool_choice", "stream", "thinking",
    "output_config", "metadata", "stop_sequences", "service_tier", "cache_control",
}  # fmt: skip
_BLOCKS = {
    "user": {"text", "tool_result"},
    "assistant": {"text", "tool_use", "thinking", "redacted_thinking"},
}


class Fault(StrEnum):
    """What goes wrong with one answer."""

    RATE_LIMIT = "429 with retry-after"
    OVERLOADED = "529"
    SERVER_ERROR = "500"
    RESET = "connection reset"
    SLOW_DRIP = "slow drip"
    CUT = "cut JSON or stream"
    WRONG_SCHEMA = "not a message"
    REFUSAL = "refusal"
    MAX_TOKENS = "max_tokens stop"
    EMPTY = "empty content"
    UNKNOWN_TOOL = "unknown tool"
    BAD_ARGUMENTS = "tool call with bad arguments"
    TWO_TOOLS = "two tool calls at once"
    NO_USAGE = "missing usage"


TRANSIENT = (
    Fault.RATE_LIMIT, Fault.OVERLOADED, Fault.SERVER_ERROR, Fault.RESET, Fault.SLOW_DRIP,
    Fault.CUT, Fault.WRONG_SCHEMA,
)  # fmt: skip


class Invalid(Exception):
    """The request breaks the API's rules."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Answer:
    """What the model says; token counts that are None follow from lengths."""

    content: list[dict[str, Any]] = field(default_factory=list)
    stop_reason: str = "end_turn"
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read: int = 0
    cache_write: int = 0


def say(text: str, **more: Any) -> Answer:
    """Answer with text."""
    return Answer(content=[{"type": "text", "text": text}], **more)


def use(name: str, given: Any, uid: str = "toolu_1", **more: Any) -> Answer:
    """Answer with a tool call."""
    block = {"type": "tool_use", "id": uid, "name": name, "input": given}
    return Answer(content=[block], stop_reason="tool_use", **more)


def echo(body: dict[str, Any]) -> Answer:
    """Answer with the hash of what was asked, so that every request has its own right answer."""
    return say(f"echo {request_hash(body)[:16]}")


def request_hash(body: dict[str, Any]) -> str:
    """Name a request by its content; whether it is streamed makes no difference."""
    kept = {name: value for name, value in body.items() if name != "stream"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


class FaultPlan:
    """Draws a fault for a share of the requests, the same for the same seed and order."""

    def __init__(
        self, share: float = 0.0, kinds: Sequence[Fault] = tuple(Fault), seed: int = 0
    ) -> None:
        self.share = share
        self._kinds = tuple(kinds)
        self._random = random.Random(seed)
        self._lock = Lock()

    def draw(self) -> Fault | None:
        """Give the next request's fault."""
        with self._lock:
            return self._random.choice(self._kinds) if self._random.random() < self.share else None


class Script(FaultPlan):
    """Faults one after the other, then none."""

    def __init__(self, *faults: Fault | None) -> None:
        super().__init__()
        self._faults = list(faults)

    def draw(self) -> Fault | None:
        with self._lock:
            return self._faults.pop(0) if self._faults else None


class MessagesServer:
    """Serves on a free loopback port while it is open, and keeps count of everything.

    `lacks` names what this server does not have: `count_tokens`, `batches`, or a request field.
    `charged` is the sum of what answers reported as used, the cut ones included as far as sent.
    """

    def __init__(
        self,
        respond: Callable[[dict[str, Any]], Answer] = echo,
        plan: FaultPlan | None = None,
        *,
        lacks: Sequence[str] = (),
        prices: PriceBook | None = None,
        retry_after: str = "0.01",
        drip_seconds: float = 0.05,
        batch_polls: int = 2,
    ) -> None:
        self.respond = respond
        self.plan = plan or FaultPlan()
        self.lacks = frozenset(lacks)
        self.prices = prices or load_prices()
        self.retry_after = retry_after
        self.drip_seconds = drip_seconds
        self.batch_polls = batch_polls
        self.lock = Lock()
        self.seen: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.faults: Counter[Fault] = Counter()
        self.refused: list[str] = []
        self.raw: list[bytes] = []
        self.bodies: list[dict[str, Any]] = []
        self.charged = Decimal(0)
        self.tokens = 0
        self.counted = 0
        self.at_once = 0
        self.most_at_once = 0
        self.batches: dict[str, dict[str, Any]] = {}
        self.on_batch: Callable[[], None] | None = None
        self.on_poll: Callable[[], None] | None = None
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def settle(self) -> None:
        """Wait until every request of clients that are gone has been dealt with and counted."""
        # Connections are taken in order: with this one, all before it have been.
        with socket.create_connection(self._server.server_address[:2]) as last:
            last.sendall(b"GET / HTTP/1.0\r\n\r\n")
            last.recv(1)
        with self._server.changed:
            self._server.changed.wait_for(lambda: self._server.connections <= 0, 30)

    def charge(self, model: str, usage: dict[str, Any] | None, *, batch: bool = False) -> None:
        """Count what an answer reported."""
        from models.claude_wire import usage_from

        used = usage_from(usage)
        if used is not None:
            with self.lock:
                self.charged += self.prices.cost(model, used, batch=batch) or 0
                self.tokens += used.tokens


class _Server(ThreadingHTTPServer):
    owner: MessagesServer
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *given: Any) -> None:
        self.connections = 0
        self.changed = Condition()
        super().__init__(*given)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.changed:
            self.connections += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self.changed:
            self.connections -= 1
            self.changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed in the middle is no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    @property
    def owner(self) -> MessagesServer:
        return self.server.owner

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        raw = self.rfile.read(length)
        with self.owner.lock:
            self.owner.raw.append(str(self.headers).encode() + raw)
        if len(raw) < length:
            self.close_connection = True
            return
        try:
            self._check_headers()
            body = json.loads(raw)
            route = {
                "/v1/messages": self._messages,
                "/v1/messages/count_tokens": self._count,
                "/v1/messages/batches": self._submit,
            }.get(self.path)
            if route is None:
                raise Invalid("no such path", 404)
            route(body)
        except Invalid as error:
            self.owner.refused.append(str(error))
            kind = "not_found_error" if error.status == 404 else "invalid_request_error"
            self._error(error.status, kind, str(error))

    def do_GET(self) -> None:
        if self.path.partition("?")[0] == "/v1/messages/batches":
            self._list()
            return
        name, _, rest = self.path.removeprefix("/v1/messages/batches/").partition("/")
        batch = self.owner.batches.get(name)
        if batch is None:
            self._error(404, "not_found_error", "no such batch")
        elif rest == "results":
            lines = "".join(json.dumps(line) + "\n" for line in batch["results"])
            self._send(200, lines.encode(), kind="application/x-jsonl")
        elif (fault := self.owner.plan.draw()) in (Fault.OVERLOADED, Fault.SERVER_ERROR):
            self._faulty(fault, {}, {})
        else:
            batch["polls"] += 1
            if self.owner.on_poll is not None:
                self.owner.on_poll()
            self._send_json(self._batch(name, batch["polls"] > self.owner.batch_polls))

    def _list(self) -> None:
        if "batch list" in self.owner.lacks:
            self._error(404, "not_found_error", "no such path")
            return
        newest = [
            self._batch(uid, batch["polls"] > self.owner.batch_polls)
            for uid, batch in reversed(self.owner.batches.items())
        ]
        ends = {"first_id": None, "last_id": None, "has_more": False}
        self._send_json({"data": newest, **ends})

    def _messages(self, body: dict[str, Any]) -> None:
        check_request(body, self.owner.lacks)
        name = request_hash(body)
        fault = self.owner.plan.draw()
        with self.owner.lock:
            self.owner.seen[name] += 1
            self.owner.bodies.append(body)
            self.owner.at_once += 1
            self.owner.most_at_once = max(self.owner.most_at_once, self.owner.at_once)
            if fault is not None:
                self.owner.faults[fault] += 1
        try:
            message = self._message(body, fault)
            if fault in TRANSIENT:
                self._faulty(fault, body, message)
                return
            with self.owner.lock:
                self.owner.answered[name] += 1
            self.owner.charge(body["model"], message.get("usage"))
            if body.get("stream"):
                self._send(200, _events(message), kind="text/event-stream")
            else:
                self._send_json(message)
        finally:
            with self.owner.lock:
                self.owner.at_once -= 1

    def _count(self, body: dict[str, Any]) -> None:
        if "count_tokens" in self.owner.lacks:
            raise Invalid("no such path", 404)
        check_request({**body, "max_tokens": 1 << 20}, self.owner.lacks)
        self.owner.counted += 1
        self._send_json({"input_tokens": input_tokens(body)})

    def _submit(self, body: dict[str, Any]) -> None:
        if "batches" in self.owner.lacks:
            raise Invalid("no such path", 404)
        names = [item.get("custom_id") for item in body.get("requests", ())]
        if not names or len(set(names)) < len(names):
            raise Invalid("requests: custom_id must be unique")
        if any(not isinstance(name, str) or not 1 <= len(name) <= 64 for name in names):
            raise Invalid("custom_id: must have 1 to 64 characters")
        uid = f"msgbatch_{len(self.owner.batches):04d}"
        results = [self._batch_result(item) for item in body["requests"]]
        created = datetime.now(UTC).isoformat()
        self.owner.batches[uid] = {"polls": 0, "results": results, "created_at": created}
        if self.owner.on_batch is not None:
            self.owner.on_batch()
        self._send_json(self._batch(uid, ended=False))

    def _batch_result(self, item: dict[str, Any]) -> dict[str, Any]:
        fault = self.owner.plan.draw()
        params = item["params"]
        result: dict[str, Any]
        try:
            check_request(params, self.owner.lacks)
        except Invalid as error:
            return {
                "custom_id": item["custom_id"],
                "result": {
                    "type": "errored",
                    "error": _problem("invalid_request_error", str(error)),
                },
            }
        with self.owner.lock:
            self.owner.seen[request_hash(params)] += 1
        if fault in (Fault.RATE_LIMIT, Fault.OVERLOADED, Fault.SERVER_ERROR):
            result = {"type": "errored", "error": _problem("api_error", "internal error")}
        elif fault in TRANSIENT:
            result = {"type": "expired"}
        else:
            message = self._message(params, fault)
            with self.owner.lock:
                self.owner.answered[request_hash(params)] += 1
            self.owner.charge(params["model"], message.get("usage"), batch=True)
            result = {"type": "succeeded", "message": message}
        return {"custom_id": item["custom_id"], "result": result}

    def _batch(self, uid: str, ended: bool) -> dict[str, Any]:
        status = "ended" if ended else "in_progress"
        zero = {"processing": 0, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
        counts = {**zero, "processing": len(self.owner.batches[uid]["results"])}
        return {
            "id": uid,
            "type": "message_batch",
            "processing_status": status,
            "request_counts": counts,
            "created_at": self.owner.batches[uid]["created_at"],
            "expires_at": "2036-11-23T00:00:00Z",
            "ended_at": self.owner.batches[uid]["created_at"] if ended else None,
            "cancel_initiated_at": None,
            "archived_at": None,
            "results_url": f"{self.owner.url}/v1/messages/batches/{uid}/results" if ended else None,
        }

    def _message(self, body: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
        answer = misled(self.owner.respond(body), body, fault)
        usage: dict[str, Any] = {
            "input_tokens": input_tokens(body)
            if answer.input_tokens is None
            else answer.input_tokens,
            "output_tokens": len(json.dumps(answer.content)) // 4 + 1
            if answer.output_tokens is None
            else answer.output_tokens,
        }
        if "cache_control" not in self.owner.lacks:
            usage["cache_read_input_tokens"] = answer.cache_read
            usage["cache_creation_input_tokens"] = answer.cache_write
        message: dict[str, Any] = {
            "id": f"msg_{request_hash(body)[:24]}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": answer.content,
            "stop_reason": answer.stop_reason,
            "stop_sequence": None,
            "usage": usage,
        }
        if fault is Fault.NO_USAGE:
            del message["usage"]
        return message

    def _faulty(self, fault: Fault, body: dict[str, Any], message: dict[str, Any]) -> None:
        match fault:
            case Fault.RATE_LIMIT:
                headers = {"retry-after": self.owner.retry_after}
                self._error(429, "rate_limit_error", "slow down", headers)
            case Fault.OVERLOADED:
                self._error(529, "overloaded_error", "Overloaded")
            case Fault.SERVER_ERROR:
                self._error(500, "api_error", "Internal server error")
            case Fault.RESET:
                # A linger of zero turns the close into a reset.
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self._hang_up()
            case Fault.WRONG_SCHEMA:
                self._send_json({"id": "chatcmpl-1", "choices": [{"message": "hello"}]})
            case Fault.SLOW_DRIP:
                self._drip(_events(message) if body.get("stream") else json.dumps(message).encode())
            case _:
                self._cut(body, message)

    def _cut(self, body: dict[str, Any], message: dict[str, Any]) -> None:
        if body.get("stream"):
            whole = _events(message)
            end = b"content_block_stop" if message["content"] else b"message_delta"
            part = whole[: whole.index(b"event: " + end)]
            started = {**(message.get("usage") or {}), "output_tokens": 1}
            self.owner.charge(body["model"], started)
            self._send(200, part, kind="text/event-stream")
        else:
            part = json.dumps(message).encode()
            self._send(200, part[: len(part) // 2])
        self._hang_up()

    def _drip(self, payload: bytes) -> None:
        self._head(200, len(payload), "application/json", {})
        # It ends before it says what was used, for nothing is charged.
        told = payload[: min(len(payload) - 1, 400)].partition(b'"usage"')[0]
        try:
            for start in range(0, len(told), 4):
                self.wfile.write(told[start : start + 4])
                time.sleep(self.owner.drip_seconds)
        except OSError:
            pass
        self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True

    def _check_headers(self) -> None:
        if not self.headers.get(_VERSION):
            raise Invalid(f"{_VERSION}: header is required")
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not (bearer or self.headers.get("x-api-key")):
            raise Invalid("missing credentials", 401)
        if not self.headers.get("content-type", "").startswith("application/json"):
            raise Invalid("content-type: must be application/json")

    def _error(
        self, status: int, kind: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        self._send(status, json.dumps(_problem(kind, message)).encode(), headers=headers)

    def _send_json(self, found: dict[str, Any]) -> None:
        self._send(200, json.dumps(found).encode())

    def _send(
        self,
        status: int,
        payload: bytes,
        *,
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        # Headers and body leave in one write: two cost 40 ms of delayed acknowledgement.
        self._head(status, len(payload), kind, headers or {}, flush=False)
        self._headers_buffer.append(payload)
        try:
            self.flush_headers()
        except OSError:
            self._hang_up()

    def _head(
        self, status: int, length: int, kind: str, headers: dict[str, str], *, flush: bool = True
    ) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(length), **headers}.items():
            self.send_header(name, value)
        self._headers_buffer: list[bytes]
        self._headers_buffer.append(b"\r\n")
        if flush:
            self.flush_headers()


def misled(answer: Answer, body: dict[str, Any], fault: Fault | None) -> Answer:
    """Give the answer a model gives that goes wrong in that way."""
    tools = [tool["name"] for tool in body.get("tools", ())] or ["run_python"]
    match fault:
        case Fault.REFUSAL:
            return Answer(stop_reason="refusal")
        case Fault.MAX_TOKENS:
            return Answer(content=answer.content, stop_reason="max_tokens")
        case Fault.EMPTY:
            return Answer()
        case Fault.UNKNOWN_TOOL:
            return use("delete_everything", {"path": "/"})
        case Fault.BAD_ARGUMENTS:
            return use(tools[0], ["not", "an", "object"])
        case Fault.TWO_TOOLS:
            both = use(tools[0], {"code": "1"}, "toolu_1").content
            both += use(tools[-1], {"code": "2"}, "toolu_2").content
            return Answer(content=both, stop_reason="tool_use")
        case _:
            return answer


def input_tokens(body: dict[str, Any]) -> int:
    """Count a request's tokens the server's way: one for four characters."""
    kept = {name: body.get(name) for name in ("system", "messages", "tools")}
    return len(json.dumps(kept)) // 4 + 1


def check_request(body: dict[str, Any], lacks: frozenset[str] = frozenset()) -> None:
    """Refuse what the API refuses.

    Raises:
        Invalid: says which rule is broken.
    """
    unknown = sorted(set(body) - (_FIELDS - lacks))
    if unknown:
        raise Invalid(f"{unknown[0]}: Extra inputs are not permitted")
    if "cache_control" in lacks and '"cache_control"' in json.dumps(body):
        raise Invalid("cache_control: Extra inputs are not permitted")
    for name, kind in (("model", str), ("max_tokens", int), ("messages", list)):
        if not isinstance(body.get(name), kind) or not body[name]:
            raise Invalid(f"{name}: Field required")
    if body["max_tokens"] < 1:
        raise Invalid("max_tokens: must be at least 1")
    if json.dumps(body).count('"cache_control"') > 4:
        raise Invalid("A maximum of 4 blocks with cache_control may be provided")
    for part in body.get("system") or ():
        if isinstance(part, dict) and not part.get("text"):
            raise Invalid("system: text content blocks must be non-empty")
    for tool in body.get("tools", ()):
        if tool.get("input_schema", {}).get("type") != "object" or not tool.get("name"):
            raise Invalid("tools: name and input_schema of type object are required")
    thinking = body.get("thinking") or {}
    if thinking.get("type") == "enabled" and not (
        1024 <= thinking.get("budget_tokens", 0) < body["max_tokens"]
    ):
        raise Invalid("thinking.budget_tokens: must be at least 1024 and less than max_tokens")
    shape = (body.get("output_config") or {}).get("format")
    if shape is not None:
        if shape.get("type") != "json_schema":
            raise Invalid("output_config.format.type: must be json_schema")
        _check_closed(shape.get("schema"), "output_config.format.schema")
    _check_messages(body["messages"])


def _check_messages(messages: list[dict[str, Any]]) -> None:
    asked: set[str] = set()
    for number, message in enumerate(messages):
        role = "user" if number % 2 == 0 else "assistant"
        where = f"messages.{number}"
        if message.get("role") != role:
            raise Invalid(f"{where}: roles must alternate, beginning with user")
        content = message.get("content")
        if not content:
            raise Invalid(f"{where}: content must be non-empty")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        results: list[str] = []
        used: list[str] = []
        for block in content:
            extra = set(block) - {
                "type", "text", "id", "name", "input", "tool_use_id", "content", "is_error",
                "thinking", "signature", "data", "cache_control",
            }  # fmt: skip
            if extra or block["type"] not in _BLOCKS[role]:
                raise Invalid(f"{where}: block {block['type']} {sorted(extra)} not permitted")
            if block["type"] == "text" and not block["text"]:
                raise Invalid(f"{where}: text content blocks must be non-empty")
            if block["type"] == "tool_result":
                results.append(block["tool_use_id"])
            if block["type"] == "tool_use":
                if not isinstance(block["input"], dict):
                    raise Invalid(f"{where}: tool_use.input must be an object")
                used.append(block["id"])
        if role == "user" and (set(results) != asked or len(results) != len(asked)):
            raise Invalid(f"{where}: tool_use ids must be answered by tool_result blocks at once")
        if len(set(used)) != len(used):
            raise Invalid(f"{where}: tool_use ids must be unique")
        asked = set(used)


def _check_closed(schema: Any, where: str) -> None:
    if isinstance(schema, list):
        for item in schema:
            _check_closed(item, where)
    elif isinstance(schema, dict):
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
            raise Invalid(f"{where}: additionalProperties must be false")
        if "minimum" in schema or "maximum" in schema or "maxLength" in schema:
            raise Invalid(f"{where}: numerical and length limits are not supported")
        for name, value in schema.items():
            if name not in ("enum", "const", "default", "examples"):
                _check_closed(value, where)


def _problem(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def _events(message: dict[str, Any]) -> bytes:
    usage = message.get("usage")
    started = {**message, "content": [], "stop_reason": None}
    if usage is not None:
        started["usage"] = {**usage, "output_tokens": 1}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": started}, {"type": "ping"}]
    for index, block in enumerate(message["content"]):
        empty, deltas = _deltas(block)
        events.append({"type": "content_block_start", "index": index, "content_block": empty})
        events += [
            {"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas
        ]
        events.append({"type": "content_block_stop", "index": index})
    end: dict[str, Any] = {
        "type": "message_delta",
        "delta": {"stop_reason": message["stop_reason"], "stop_sequence": None},
    }
    if usage is not None:
        end["usage"] = {"output_tokens": usage["output_tokens"]}
    events += [end, {"type": "message_stop"}]
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events
    )


def _deltas(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if block["type"] == "text":
        parts = [block["text"][i : i + 7] for i in range(0, len(block["text"]), 7)]
        return {**block, "text": ""}, [{"type": "text_delta", "text": part} for part in parts]
    if block["type"] == "tool_use":
        text = block["input"] if isinstance(block["input"], str) else json.dumps(block["input"])
        parts = [text[i : i + 9] for i in range(0, len(text), 9)]
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in parts]
        return {**block, "input": {}}, deltas
    if block["type"] == "thinking":
        deltas = [
            {"type": "thinking_delta", "thinking": block["thinking"]},
            {"type": "signature_delta", "signature": block.get("signature", "")},
        ]
        return {"type": "thinking", "thinking": "", "signature": ""}, deltas
    return block, []
