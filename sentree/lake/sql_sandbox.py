"""The SQL sandbox: runs a model's SELECTs in a process that can see one context file, no more.

The process is warm and is killed and started again when a query takes too long; whoever asked
gets an error, and the run goes on.
"""

from __future__ import annotations

import json
import os
import selectors
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from schemas.sandbox import SqlLimits, SqlResult
from sentree.errors import LakeError, SqlFailed, SqlRefused

START_SECONDS = 20.0
MOST_BYTES = 64 * 1024 * 1024
COMMAND = (sys.executable, "-I", "-B", "-m", "sentree.lake.sql_worker")


class SqlSandbox:
    """Runs SELECTs over the listed tables of one context file. Safe to use from many threads."""

    def __init__(
        self, context_file: Path, tables: Collection[str], limits: SqlLimits | None = None
    ) -> None:
        self.context_file = context_file.resolve()
        self.tables = tuple(tables)
        self.limits = limits or SqlLimits()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        if not self.context_file.is_file():
            raise LakeError(f"no context file '{self.context_file.name}'")
        with self._lock:
            self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def select(self, sql: str, scope: str | None = None) -> SqlResult:
        """Run one SELECT and give its first rows.

        Args:
            sql: the statement, from a model.
            scope: a condition over `events`, from us, that the evidence tables are narrowed to.

        Raises:
            SqlRefused: it may not run; the text says why.
            SqlFailed: it ran into an error or a limit.
        """
        if len(sql) > self.limits.sql_characters:
            raise SqlRefused(
                f"query of {len(sql):,} characters refused; "
                f"the limit is {self.limits.sql_characters:,}"
            )
        if "\x00" in sql:
            raise SqlRefused("query holds a zero byte")
        with self._lock:
            answer, milliseconds = self._ask(sql, scope)
        if "refused" in answer:
            raise SqlRefused(_line(answer["refused"]))
        if "failed" in answer:
            raise SqlFailed(_line(answer["failed"]))
        try:
            return SqlResult.model_validate({**answer, "milliseconds": milliseconds})
        except (ValidationError, RecursionError):
            raise SqlFailed("the result can't be read") from None

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._stop()

    def _ask(self, sql: str, scope: str | None) -> tuple[dict[str, Any], float]:
        self._await_ready()
        begin = time.monotonic()
        try:
            text = sql.encode("utf-8", "replace").decode("utf-8")
            self._send({"sql": text, "scope": scope})
            answer = self._receive(begin + self.limits.seconds)
        except TimeoutError:
            self._restart()
            raise SqlFailed(
                f"stopped after {self.limits.seconds:g} s: ask for less at once"
            ) from None
        except (OSError, EOFError, ValueError, RecursionError):
            self._restart()
            raise SqlFailed("stopped at a limit of memory or time: ask for less at once") from None
        except BaseException:
            self._restart()
            raise
        return answer, (time.monotonic() - begin) * 1000

    def _start(self) -> None:
        self._ready = False
        self._process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            close_fds=True,
            start_new_session=True,
        )
        functions = resources.files("sentree.lake").joinpath("sql/functions.json")
        self._send(
            {
                "path": str(self.context_file),
                "tables": list(self.tables),
                "functions": str(functions),
                **self.limits.model_dump(exclude={"sql_characters"}),
            }
        )

    def _await_ready(self) -> None:
        if self._process is None:
            self._start()
        if self._ready:
            return
        try:
            answer = self._receive(time.monotonic() + START_SECONDS)
        except (OSError, EOFError, ValueError):
            answer = {"failed": "the SQL sandbox can't be started"}
        if "failed" in answer:
            self._stop()
            raise SqlFailed(_line(answer["failed"]))
        self._ready = True

    def _restart(self) -> None:
        self._stop()
        self._start()

    def _stop(self) -> None:
        process, self._process, self._ready = self._process, None, False
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream:
                with suppress(OSError):
                    stream.close()
        process.wait()

    def _send(self, message: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            raise EOFError
        body = json.dumps(message).encode("ascii")
        with suppress(BrokenPipeError):
            self._process.stdin.write(struct.pack(">I", len(body)) + body)
            self._process.stdin.flush()

    def _receive(self, deadline: float) -> dict[str, Any]:
        length = struct.unpack(">I", self._read(4, deadline))[0]
        if length > MOST_BYTES:
            raise ValueError("answer too long")
        answer: Any = json.loads(self._read(length, deadline))
        if not isinstance(answer, dict):
            raise ValueError("no answer")
        return answer

    def _read(self, count: int, deadline: float) -> bytes:
        if self._process is None or self._process.stdout is None:
            raise EOFError
        descriptor = self._process.stdout.fileno()
        parts: list[bytes] = []
        while count:
            left = deadline - time.monotonic()
            if left <= 0 or not _readable(descriptor, left):
                raise TimeoutError
            part = os.read(descriptor, min(count, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def _readable(descriptor: int, seconds: float) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        return bool(selector.select(seconds))


def _line(value: object) -> str:
    """Give one bounded line of text."""
    return " ".join(str(value).split())[:600]
