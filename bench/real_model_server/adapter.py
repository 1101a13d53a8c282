"""Translates the Messages API to chat completions, for a model whose template knows no tools.

The schema of the tools, or of the answer, becomes the grammar that the server lets the model write
in, with short strings and lists, since a very small model never ends one by itself; and the first
turn of a conversation must run code. So even such a model makes calls that can be read.
Standard library only.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

Body = dict[str, Any]
STOPS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}
MOST_TOKENS = 400
MOST_CHARACTERS = 80
MOST_ITEMS = 1


def to_chat(body: Mapping[str, Any], most_tokens: int = MOST_TOKENS) -> Body:
    """Give the chat completion that stands for a call of the Messages API."""
    system = body.get("system") or []
    parts = [system] if isinstance(system, str) else [part["text"] for part in system]
    tools: list[Body] = body.get("tools") or []
    if tools:
        named = "\n".join(f"- {tool['name']}: {tool['description']}" for tool in tools)
        parts.append(f'Answer with one JSON object: {{"tool": …, "input": …}}. Tools:\n{named}')
    messages: list[Body] = [{"role": "system", "content": "\n\n".join(parts)}] if parts else []
    messages += [
        {"role": one["role"], "content": as_text(one["content"])} for one in body["messages"]
    ]
    chat: Body = {
        "messages": messages,
        "max_tokens": min(body["max_tokens"], most_tokens),
        "temperature": 0.0,
    }
    if (schema := wanted(body)) is not None:
        named_schema = {"name": "answer", "strict": True, "schema": schema}
        chat["response_format"] = {"type": "json_schema", "json_schema": named_schema}
    return chat


def wanted(body: Mapping[str, Any]) -> Body | None:
    """Give the schema that the answer must have, if there is one."""
    if "output_config" in body:
        return short(body["output_config"]["format"]["schema"])
    forms: list[Body] = [
        {
            "type": "object",
            "properties": {"tool": {"const": tool["name"]}, "input": tool["input_schema"]},
            "required": ["tool", "input"],
            "additionalProperties": False,
        }
        for tool in (body.get("tools") or [])[: 1 if len(body["messages"]) == 1 else None]
    ]
    return short({"anyOf": forms}) if forms else None


def short(schema: Any) -> Any:
    """Give a schema whose strings and lists end."""
    if isinstance(schema, list):
        return [short(one) for one in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    limited = {name: short(one) for name, one in cast(Body, schema).items()}
    if limited.get("type") == "string":
        limited["maxLength"] = MOST_CHARACTERS
    if limited.get("type") == "array":
        limited["maxItems"] = MOST_ITEMS
    return limited


def as_text(content: str | list[Body]) -> str:
    """Give a message's blocks as the text that this model reads."""
    if isinstance(content, str):
        return content
    texts: list[str] = []
    for block in content:
        match block["type"]:
            case "tool_use":
                texts.append(json.dumps({"tool": block["name"], "input": block["input"]}))
            case "tool_result":
                texts.append(as_text(block["content"]))
            case _:
                texts.append(block.get("text", ""))
    return "\n\n".join(texts)


def to_message(chat: Mapping[str, Any], body: Mapping[str, Any]) -> Body:
    """Give the answer of the Messages API that a chat completion stands for."""
    choice = chat["choices"][0]
    text: str = choice["message"].get("content") or ""
    stop = STOPS.get(choice.get("finish_reason"), "end_turn")
    content: list[Body] = [{"type": "text", "text": text}] if text else []
    if body.get("tools") and (call := tool_call(text)) is not None:
        number = sum(one["role"] == "assistant" for one in body["messages"])
        content, stop = [{"type": "tool_use", "id": f"toolu_{number:04d}", **call}], "tool_use"
    usage = chat.get("usage") or {}
    return {
        "id": str(chat.get("id", "msg")),
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {
            "input_tokens": usage.get("prompt_tokens", 0),
            "output_tokens": usage.get("completion_tokens", 0),
        },
    }


def tool_call(text: str) -> Body | None:
    """Give the name and input of the call that a text is; None where it is cut or no call."""
    try:
        found: Any = json.loads(text)
        return {"name": str(found["tool"]), "input": found["input"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def adapter(upstream: str, most_tokens: int = MOST_TOKENS) -> ThreadingHTTPServer:
    """Give a server on a free loopback port that speaks the Messages API for `upstream`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length", "0"))))
            if self.path != "/v1/messages":
                self.answer(404, problem("not_found_error", self.path))
                return
            try:
                chat = post(f"{upstream}/v1/chat/completions", to_chat(body, most_tokens))
            except urllib.error.HTTPError as error:
                said = error.read().decode("utf-8", "replace")[:500]
                self.answer(error.code, problem("invalid_request_error", said))
            except OSError as error:
                self.answer(503, problem("api_error", str(error)))
            else:
                self.answer(200, to_message(chat, body))

        def answer(self, status: int, body: Body) -> None:
            out = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(out)))
            self.end_headers()
            self.wfile.write(out)

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def problem(kind: str, message: str) -> Body:
    """Give an error as the Messages API says it."""
    return {"type": "error", "error": {"type": kind, "message": message}}


def post(url: str, body: Body) -> Body:
    """Send JSON and give the JSON that comes back."""
    request = urllib.request.Request(url, json.dumps(body).encode(), method="POST")
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer)
