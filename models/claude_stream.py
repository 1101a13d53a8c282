"""A streamed message put together from its events, so strictly that a cut one can't pass."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, cast

from sentree.errors import TransientModelError


class StreamError(Exception):
    """The server reported an error in the middle of a stream."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def read_events(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Split a body of server-sent events into the JSON objects it carries.

    Raises:
        TransientModelError: an event is not JSON; the stream was cut or is not one.
    """
    pending = b""
    for chunk in chunks:
        pending = (pending + chunk).replace(b"\r\n", b"\n")
        *complete, pending = pending.split(b"\n\n")
        for event in complete:
            yield from _event(event)
    if pending.strip():
        yield from _event(pending)


class MessageBuilder:
    """Collects events into one message; `usage` is what the server has reported so far."""

    def __init__(self) -> None:
        self.usage: dict[str, Any] = {}
        self.model: object = None
        self._message: dict[str, Any] | None = None
        self._blocks: dict[int, dict[str, Any]] = {}
        self._inputs: dict[int, list[str]] = {}
        self._open: set[int] = set()
        self._ended = False

    def add(self, event: dict[str, Any]) -> None:
        """Take one event.

        Raises:
            StreamError: the event is an error.
            TransientModelError: the event does not fit what came before.
        """
        try:
            self._add(event)
        except (KeyError, TypeError, AttributeError, ValueError):
            raise TransientModelError("the stream is garbled") from None

    def message(self) -> dict[str, Any]:
        """Give the whole message.

        Raises:
            TransientModelError: the stream ended before the message did.
        """
        if self._message is None or self._open or not self._ended:
            raise TransientModelError("the stream was cut before its end")
        content = [self._finished(index) for index in sorted(self._blocks)]
        return {**self._message, "content": content, "usage": self.usage or None}

    def _add(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "message_start":
            self._message = dict(event["message"])
            self.model = self._message.get("model")
            self._count(self._message.get("usage"))
        elif kind == "content_block_start":
            self._blocks[event["index"]] = dict(event["content_block"])
            self._open.add(event["index"])
        elif kind == "content_block_delta":
            self._delta(event["index"], event["delta"])
        elif kind == "content_block_stop":
            self._open.remove(event["index"])
        elif kind == "message_delta" and self._message is not None:
            self._message.update(event["delta"])
            self._count(event.get("usage"))
        elif kind == "message_stop":
            self._ended = True
        elif kind == "error":
            error = event.get("error") or {}
            raise StreamError(str(error.get("type")), str(error.get("message"))[:200])

    def _delta(self, index: int, delta: dict[str, Any]) -> None:
        block = self._blocks[index]
        kind = delta["type"]
        if kind == "text_delta":
            block["text"] = block.get("text", "") + delta["text"]
        elif kind == "thinking_delta":
            block["thinking"] = block.get("thinking", "") + delta["thinking"]
        elif kind == "signature_delta":
            block["signature"] = block.get("signature", "") + delta["signature"]
        elif kind == "input_json_delta":
            self._inputs.setdefault(index, []).append(delta["partial_json"])

    def _finished(self, index: int) -> dict[str, Any]:
        block = self._blocks[index]
        text = "".join(self._inputs.get(index, ()))
        if block.get("type") == "tool_use" and text:
            try:
                block["input"] = json.loads(text)
            except (ValueError, RecursionError):
                # Kept as text: the reader of replies turns it into a call with an error.
                block["input"] = text
        return block

    def _count(self, usage: object) -> None:
        if isinstance(usage, dict):
            given = cast(dict[str, Any], usage)
            self.usage |= {name: value for name, value in given.items() if value is not None}


def _event(event: bytes) -> Iterator[dict[str, Any]]:
    data = [
        line[5:].strip() for line in event.replace(b"\r", b"").split(b"\n") if line[:5] == b"data:"
    ]
    if not data:
        return
    try:
        found = json.loads(b"\n".join(data))
    except (ValueError, RecursionError):
        raise TransientModelError("the stream was cut or is not JSON") from None
    if isinstance(found, dict):
        yield cast(dict[str, Any], found)
