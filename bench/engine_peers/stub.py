"""A loopback server of the Messages API that answers at once, from a script; nothing is thought.

`POST /script` sets what it answers, `GET /stats` tells how many calls it had, how long it took
over them, and where it wrote their bodies. Standard library only, so that any environment runs it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from time import perf_counter
from typing import Any

READ = "READ THIS PART."
"""How a peer's sub-call begins; Sentree's own are known by the schema they ask for."""

Body = dict[str, Any]


class Script:
    """What a root is answered, turn by turn, and what every sub-call is answered."""

    def __init__(self, turns: list[list[Body]], leaf: str) -> None:
        self.turns = turns
        self.leaf = leaf
        self.asked = 0
        self.leaves = 0
        self.seconds = 0.0
        self._answered = 0.0

    def answer(self, body: Mapping[str, Any]) -> Body:
        """Answer one call; a root makes one call after the other.

        `seconds` is how long after its first answer a root came back: as long as its cell took.
        """
        if "output_config" in body or last_text(body["messages"]).startswith(READ):
            self.leaves += 1
            return message([{"type": "text", "text": self.leaf}])
        self.asked += 1
        if self.asked > 1 and not self.seconds:
            self.seconds = perf_counter() - self._answered
        self._answered = perf_counter()
        return message(self.turns[min(self.asked, len(self.turns)) - 1])


def last_text(messages: list[Body]) -> str:
    """Give the text of the last message."""
    content = messages[-1]["content"]
    if isinstance(content, str):
        return content
    return next((block["text"] for block in content if block["type"] == "text"), "")


def message(content: list[Body]) -> Body:
    """Give a whole answer of the Messages API."""
    used = any(block["type"] == "tool_use" for block in content)
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "stub",
        "content": content,
        "stop_reason": "tool_use" if used else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 10},
    }


class Stub:
    """The server's state: its script, its counts, and the file that takes the bodies."""

    def __init__(self) -> None:
        self.script = Script([[{"type": "text", "text": "nothing"}]], "nothing")
        self.log: str | None = None
        self.busy = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until the other end closes it."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                method, path, _ = lines[0].split(" ", 2)
                fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
                body = await reader.readexactly(int(fields.get("content-length", "0")))
                started = perf_counter()
                status, found = self.answer(method, path.split("?")[0], body)
                out = json.dumps(found).encode()
                writer.write(
                    f"HTTP/1.1 {status} -\r\ncontent-type: application/json\r\n"
                    f"content-length: {len(out)}\r\n\r\n".encode()
                    + out
                )
                if path.startswith("/v1/"):
                    self.busy += perf_counter() - started
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Body]:
        """Give status and body of the answer to one request."""
        if path == "/v1/messages":
            if self.log is not None:
                with open(self.log, "ab") as file:
                    file.write(body + b"\n")
            return 200, self.script.answer(json.loads(body))
        if path == "/script" and method == "POST":
            order = json.loads(body)
            self.script = Script(order["turns"], order["leaf"])
            self.log, self.busy = order.get("log"), 0.0
            return 200, {}
        if path == "/stats":
            script = self.script
            return 200, {"leaves": script.leaves, "busy": self.busy, "cell": script.seconds}
        return 404, {"type": "error", "error": {"type": "not_found_error", "message": path}}


async def run() -> None:
    """Serve on a free port, which is the first thing printed, until standard input closes."""
    stub = Stub()
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0, limit=64 * 1024 * 1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(run())
