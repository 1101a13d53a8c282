"""The Python sandbox: a pool of interpreter processes, always with limits and without a host.

The interpreter is `pydantic-monty`: it has no files, network, processes or host objects to give.
Its processes get no environment, write no files and dump no core.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Self

import pydantic_monty as monty
from pydantic_monty._binary import find_monty_binary

from schemas.sandbox import SandboxLimits
from sentree.engine.sandbox.prelude import BUILTINS
from sentree.engine.sandbox.scratch import Scratch
from sentree.engine.sandbox.session import PythonSession, frozen_clock, valid_names
from sentree.errors import ConfigurationError

ADDRESS_SPACE = 1_500_000
"""Kilobytes; a backstop behind the interpreter's own count of its values."""

LAUNCHER = """#!/bin/sh
ulimit -c 0
ulimit -f 0
ulimit -v {address_space} 2>/dev/null
exec env -i {binary} "$@" 2>/dev/null
"""


class PythonSandbox:
    """Gives sessions of sandboxed Python, each in a process of its own.

    Use it as a context manager; sessions may run in different threads.
    """

    def __init__(self, limits: SandboxLimits | None = None, *, processes: int = 64) -> None:
        self.limits = limits or SandboxLimits()
        self._scratch = Scratch()
        try:
            self._pool = self._start(processes)
            with self._pool.checkout(limits=self._monty_limits(0)) as session:
                self._builtins: list[Any] = session.feed_run(f"[{', '.join(BUILTINS)}]")
        except (OSError, TimeoutError, monty.MontyError) as error:
            self._scratch.close()
            raise ConfigurationError(
                f"the Python sandbox can't be started ({type(error).__name__}): "
                "is pydantic-monty installed, and may programs run from the temporary folder?"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def session(
        self,
        functions: Mapping[str, Callable[..., Any]],
        *,
        calls: int,
        now: datetime,
        seed: int,
    ) -> PythonSession:
        """Open a session in which the functions can be called, `calls` times in all.

        Args:
            functions: what cells may call, by name; `ctx.peek` makes a method `peek` of `ctx`.
                Arguments arrive as plain JSON values; results must be plain values.
            calls: how many calls of them the session may make.
            now: the time that the sandbox's clock always shows.
            seed: where the sandbox's random numbers start.
        """
        return self._session(functions, calls, now, seed, None)

    def restore(
        self,
        state: bytes,
        functions: Mapping[str, Callable[..., Any]],
        *,
        calls: int,
        now: datetime,
        seed: int,
        left: int | None = None,
    ) -> PythonSession:
        """Open a session with the variables of a dumped one, perhaps in another process.

        The state must come from `PythonSession.dump` and be unchanged: it is trusted. Of its
        `calls`, that many are `left`: all of them by default.
        """
        session = self._session(functions, calls, now, seed, state)
        session.calls_left = calls if left is None else left
        return session

    def close(self) -> None:
        """End all processes."""
        with suppress(Exception):
            self._pool.__exit__(None, None, None)
        self._scratch.close()

    def _session(
        self,
        functions: Mapping[str, Callable[..., Any]],
        calls: int,
        now: datetime,
        seed: int,
        state: bytes | None,
    ) -> PythonSession:
        valid_names(functions)
        policy: monty.OSPolicy = {
            "datetime": frozen_clock(now),
            "timezone": "utc",
            "sleep": "zero",
            "random_start": {"seed": seed},
        }

        def checkout() -> monty.MontySession:
            return self._pool.checkout(limits=self._monty_limits(calls), os_policy=policy)

        return PythonSession(
            checkout, self._builtins, functions, calls=calls, limits=self.limits, state=state
        )

    def _monty_limits(self, calls: int) -> monty.ResourceLimits:
        return {
            "max_feed_duration_secs": self.limits.seconds,
            "max_turn_duration_secs": self.limits.seconds,
            "max_memory": self.limits.memory,
            "max_recursion_depth": self.limits.recursion,
            "max_suspensions": calls + self.limits.lookups,
            "max_total_sleep_secs": 0.0,
        }

    def _start(self, processes: int) -> monty.Monty:
        pool = monty.Monty(
            binary_path=self._launcher(),
            min_processes=1,
            max_processes=processes,
            checkout_timeout=30.0,
            request_timeout=self.limits.seconds + self.limits.grace,
            max_checkouts_per_worker=1,
            feed_duration_limit_grace=self.limits.grace,
            turn_duration_limit_grace=self.limits.grace,
        )
        return pool.__enter__()

    def _launcher(self) -> str:
        binary = find_monty_binary()
        if os.name != "posix":
            return binary
        path = self._scratch.path / "interpreter"
        path.write_text(
            LAUNCHER.format(address_space=ADDRESS_SPACE, binary=shlex.quote(binary)), "utf-8"
        )
        path.chmod(0o700)
        return str(path)
