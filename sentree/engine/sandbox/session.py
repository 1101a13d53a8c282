"""One session of sandboxed Python: runs cells, calls host functions, survives what cells do."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Self

import pydantic_monty as monty

from schemas.sandbox import CellOutput, SandboxLimits
from sentree.engine.sandbox.boundary import MARK, plain_result, raised, read_request
from sentree.engine.sandbox.cell import SHOW, with_last_value
from sentree.engine.sandbox.output import HeadTail, clip
from sentree.errors import SandboxError

RAW = "__sentree__"
PRELUDE_NAMES = ("Any", "BUILTINS", "build")
TIMED_OUT = "time limit exceeded"
STORED_SHARE = 3
OWN = ("show_vars", "ip_in", "is_private")
NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?")
SHOWN = re.compile(r"__show__\(\((.*\n *?) {10}(?=[~^])()")
HELPER_FRAME = re.compile(
    r' +File "<python-input-\d+>", line \d+, in helper\n +return raw\(\)\n +~+\n'
)
SOURCE_NAME = re.compile(r"<python-input-\d+>")
FRESH = "the session was stopped and a fresh one started: all variables are gone"


class SessionLost(Exception):
    """The interpreter can't go on with this session."""


class PythonSession:
    """Runs the cells of one node of the tree. Use it from one thread.

    Functions appear under their names; a dotted name such as `ctx.peek` makes an object `ctx`
    with a method `peek`. All names are bound anew before each cell, so whatever a cell did to
    them holds for that cell only.
    """

    def __init__(
        self,
        checkout: Callable[[], monty.MontySession],
        builtins: list[Any],
        functions: Mapping[str, Callable[..., Any]],
        *,
        calls: int,
        limits: SandboxLimits,
        state: bytes | None = None,
    ) -> None:
        self.functions = dict(functions)
        self.calls_left = calls
        self.limits = limits
        self._calls = calls
        self._checkout = checkout
        self._builtins = builtins
        self._lookups = 0
        self._prelude = prelude(tuple(self.functions))
        self._session = self._open(state)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, code: str) -> CellOutput:
        """Run one cell; whatever it does, this returns and the session can be used again.

        The value of a last expression is shown as a notebook shows it. Only what is no
        `Exception` (an interrupt) raised by a host function passes through.
        """
        if len(code) > self.limits.code_characters:
            return CellOutput(
                text="",
                error=f"cell of {len(code):,} characters refused; "
                f"the limit is {self.limits.code_characters:,}",
            )
        before, cell = self.calls_left, _Cell(self.limits)
        error, killed = None, False
        try:
            self._feed_prelude()
            source = with_last_value(_encodable(code), self._parses)
            self._drive(source, cell)
        except SessionLost as lost:
            error, killed = str(lost), True
        except monty.MontyCrashedError as crash:
            error = self._slow if crash.timed_out else "the interpreter crashed"
            killed = True
        except monty.MontyError as failure:
            text = _text(failure)
            timed = TIMED_OUT in text[-200:]
            error = self._slow if timed else _described(text, self.limits)
            killed = timed or not self._alive()
        except RuntimeError:
            error, killed = "the interpreter is gone", True
        except BaseException:
            self._replace()
            raise
        self._lookups += cell.lookups
        if killed:
            self._replace()
        elif self._lookups > self.limits.lookups // 2:
            killed = not self._renew()
        if killed:
            error = f"{error}\n{FRESH}" if error else FRESH
        return CellOutput(
            text=cell.output.text(),
            error=error,
            true_length=cell.output.length,
            killed=killed,
            calls=before - self.calls_left,
        )

    def dump(self) -> bytes:
        """Give the session's variables and definitions, for `PythonSandbox.restore`.

        Raises:
            SandboxError: they are too big to be stored; the session goes on all the same, and
                an older state of it is still good.
        """
        if self._resident() > self.limits.memory // STORED_SHARE:
            raise SandboxError("the session's variables are too big to be stored")
        try:
            return self._session.dump()
        except (monty.MontyError, RuntimeError):
            self._replace()
            raise SandboxError(f"the session could not be stored; {FRESH}") from None

    def close(self) -> None:
        """End the session and its process."""
        with contextlib.suppress(Exception):
            self._session.__exit__(None, None, None)

    def _open(self, state: bytes | None = None) -> monty.MontySession:
        self._lookups = 0
        try:
            session = self._checkout().__enter__()
        except (OSError, monty.MontyError):
            raise SandboxError("no Python interpreter is free, or none can be started") from None
        if state is not None:
            try:
                session.load_session(state)
            except (RuntimeError, ValueError, monty.MontyError):
                session.__exit__(None, None, None)
                raise SandboxError("the stored session can't be read") from None
        return session

    @property
    def _slow(self) -> str:
        return f"TimeoutError: the cell ran longer than {self.limits.seconds:g} s"

    def _replace(self, state: bytes | None = None) -> None:
        self.close()
        self._session = self._open(state)

    def _renew(self) -> bool:
        """Go on in a new process, which counts lookups from zero; tell if variables were kept."""
        try:
            state = self.dump()
        except SandboxError:
            self._replace()
            return False
        self._replace(state)
        return True

    def _resident(self) -> int:
        """Give the bytes that the interpreter holds.

        Storing fails, and ends the interpreter, when the state is above a quarter of the memory
        limit; this is never less than the state, and mostly more.
        """
        try:
            pages = Path(f"/proc/{self._session.worker_pid}/statm").read_text().split()[1]
        except OSError:
            return 0
        return int(pages) * 4096

    def _alive(self) -> bool:
        """Tell whether the next cell could run; variables may fill the memory to the brim."""
        try:
            self._feed_prelude()
        except SessionLost:
            return False
        return True

    def _parses(self, source: str) -> bool:
        try:
            self._session.feed_start(source, print_callback=_silent)
        except monty.MontySyntaxError:
            return False
        except monty.MontyRuntimeError:
            return True
        return True

    def _feed_prelude(self) -> None:
        try:
            snapshot = self._session.feed_start(
                self._prelude,
                inputs={"__raw": _raw_function(), "__builtins": self._builtins},
                print_callback=_silent,
            )
            if not isinstance(snapshot, monty.MontyComplete):
                raise SessionLost("the session can't go on")
        except monty.MontyError as failure:
            kind = failure.exception().__class__.__name__
            raise SessionLost(f"the session can't go on: {kind}") from None
        except RuntimeError:
            raise SessionLost("the interpreter is gone") from None

    def _drive(self, source: str, cell: _Cell) -> None:
        snapshot = self._session.feed_start(source, print_callback=cell.write)
        while not isinstance(snapshot, monty.MontyComplete):
            cell.lookups += 1
            if isinstance(snapshot, monty.NameLookupSnapshot):
                snapshot = snapshot.resume()
            elif not isinstance(snapshot, monty.FunctionSnapshot):
                raise SessionLost("waiting for something that never comes")
            elif snapshot.is_os_function:
                snapshot = snapshot.resume_not_handled()
            elif snapshot.function_name == RAW and snapshot.object_id is None:
                snapshot = snapshot.resume(self._answer(cell))
            else:
                name = str(snapshot.function_name)[:100]
                snapshot = snapshot.resume(
                    {"exc_type": "NameError", "message": f"name '{name}' is not defined"}
                )

    def _answer(self, cell: _Cell) -> Any:
        """Answer a call. The interpreter's own arguments are never converted; see `boundary`."""
        try:
            request = read_request(cell.take_request(), self.limits)
            function = self.functions.get(request.name)
            if function is None:
                raise ValueError("no such helper")
            if self.calls_left <= 0:
                return {
                    "exc_type": "RuntimeError",
                    "message": f"no calls left (allowed {self._calls})",
                }
            self.calls_left -= 1
            result = function(*request.arguments, **request.keywords)
            return {"return_value": plain_result(result, self.limits)}
        except Exception as error:
            return raised(error)


class _Cell:
    """What one cell printed, and the request that it is making."""

    def __init__(self, limits: SandboxLimits) -> None:
        self.output = HeadTail(limits.output_characters)
        self.lookups = 0
        self._most = limits.argument_characters
        self._request: list[str] | None = None
        self._length = 0

    def write(self, stream: str, text: str) -> None:
        """Take printed text; on the error stream, what follows a mark is a request."""
        if stream != "stderr":
            self.output.write(text)
            return
        before, mark, after = text.rpartition(MARK)
        if mark:
            if self._request is None:
                self.output.write(before)
            self._request, self._length = [], 0
            text = after
        if self._request is None:
            self.output.write(text)
            return
        self._length += len(text)
        if self._length <= self._most:
            self._request.append(text)

    def take_request(self) -> str | None:
        """Give the text of the request being made; None if it was too long."""
        parts, self._request = self._request, None
        return "".join(parts or ()) if self._length <= self._most else None


def prelude(names: tuple[str, ...]) -> str:
    """Give the source that binds all helpers anew."""
    source = resources.files("sentree.engine.sandbox").joinpath("prelude.py").read_text("utf-8")
    source = source.split("import Any\n", 1)[1]
    objects = sorted({name.split(".")[0] for name in names if "." in name})
    own = (*OWN, *PRELUDE_NAMES, *objects, *(name for name in names if "." not in name))
    lines = [
        "from typing import Any",
        "__known = None",
        "__known = locals()",
        source,
        "class __Handle:\n    def __repr__(self):\n        return '<helpers>'",
        "import json as __json, sys as __sys, datetime as __datetime",
        "__bind, __show__, show_vars, ip_in, is_private = build("
        f"__raw, __json.dumps, __sys.stderr, __datetime.date, __builtins, __known, {own!r})",
        *(f"{name} = __Handle()" for name in objects),
        *(f"{name} = __bind({name!r})" for name in names),
    ]
    return "\n".join(lines)


def frozen_clock(now: datetime) -> datetime:
    """Give the instant that the sandbox's clock shows, always in UTC."""
    return now.replace(tzinfo=UTC) if now.tzinfo is None else now.astimezone(UTC)


def _raw_function() -> Callable[[], None]:
    def call() -> None: ...

    call.__name__ = RAW
    return call


def _silent(_stream: str, _text: str) -> None:
    return


def _encodable(code: str) -> str:
    return code.encode("utf-8", "replace").decode("utf-8")


def _text(failure: monty.MontyError) -> str:
    if isinstance(failure, (monty.MontyRuntimeError, monty.MontySyntaxError)):
        return failure.display()
    return str(failure)


def _described(text: str, limits: SandboxLimits) -> str:
    """Write a traceback for the author of the cell: no frames of ours, no counters."""
    text = clip(text, 3 * limits.error_characters)
    text = SHOWN.sub(r"\1\2", text).replace(SHOW, "")
    text = HELPER_FRAME.sub("", text)
    return clip(SOURCE_NAME.sub("<cell>", text), limits.error_characters)


def valid_names(functions: Mapping[str, Callable[..., Any]]) -> None:
    """Check the names under which functions are given.

    Raises:
        ValueError: a name is none, or is one of the sandbox's own.
    """
    for name in functions:
        if not NAME.fullmatch(name) or name.split(".")[0] in (*OWN, *PRELUDE_NAMES):
            raise ValueError(f"no name for a function in the sandbox: {name!r}")
