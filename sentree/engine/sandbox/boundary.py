"""What crosses between host and sandbox: requests as bounded JSON text, plain values back.

The values of a call are never taken from the interpreter's own conversion: a dictionary whose
integer keys share one hash, or a list that holds itself forty levels deep, would keep the host
busy for minutes before it could be looked at. JSON text has neither.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, cast

from schemas.sandbox import SandboxLimits
from sentree.engine.sandbox.output import clip, without_paths
from sentree.errors import SentreeError

MARK = "\x1e"
"""Precedes a request; JSON text never holds it."""

ERROR_CHARACTERS = 500
DEPTH = 60
RAISED = {
    "AssertionError",
    "AttributeError",
    "IndexError",
    "KeyError",
    "LookupError",
    "NotImplementedError",
    "TimeoutError",
    "TypeError",
    "ValueError",
}


class Request(NamedTuple):
    """A helper's name and its arguments, plain and bounded."""

    name: str
    arguments: list[Any]
    keywords: dict[str, Any]


def read_request(text: str | None, limits: SandboxLimits) -> Request:
    """Read a request.

    Raises:
        ValueError: it is no request, or too big; says which.
    """
    if text is None:
        raise ValueError("arguments are too long: pass less text, or a part instead of its text")
    try:
        request: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("arguments must be plain values") from None
    match request:
        case [str(name), list() as arguments, dict() as keywords]:
            plain: Any = Plain(limits.nodes, limits.argument_characters).copy([arguments, keywords])
            return Request(name, plain[0], plain[1])
        case _:
            raise ValueError("arguments must be plain values")


def plain_result(value: object, limits: SandboxLimits) -> Any:
    """Copy a host function's result into plain values.

    Raises:
        ValueError: it is too big or too deep.
        TypeError: it holds something that is no plain value.
    """
    return Plain(limits.nodes, limits.result_characters).copy(value)


class Plain:
    """Copies a value node by node, on a budget, so that no shape of it can hold up the host."""

    def __init__(self, nodes: int, characters: int) -> None:
        self.nodes = nodes
        self.characters = characters

    def copy(self, value: object, depth: int = 0) -> Any:
        """Copy a value.

        Raises:
            ValueError: it is too big or too deep.
            TypeError: it holds something that is no plain value.
        """
        self.nodes -= 1
        if self.nodes < 0 or depth > DEPTH:
            raise ValueError("value is too big or too deep")
        match value:
            case None | bool() | float() | datetime() | date() | timedelta():
                return value
            case int():
                return self._bounded_int(value)
            case str():
                return self._text(value)
            case Mapping():
                pairs = cast(Mapping[Any, Any], value)
                return {
                    self._text(key if isinstance(key, str) else str(self.copy(key, DEPTH))): (
                        self.copy(item, depth + 1)
                    )
                    for key, item in pairs.items()
                }
            case list() | tuple():
                items = cast("list[Any] | tuple[Any, ...]", value)
                return [self.copy(item, depth + 1) for item in items]
            case _:
                raise TypeError(f"no plain value: {type(value).__name__}")

    def _bounded_int(self, value: int) -> int:
        if value.bit_length() > 4096:
            raise ValueError("value is too big or too deep")
        return value

    def _text(self, value: str) -> str:
        self.characters -= len(value)
        if self.characters < 0:
            raise ValueError("value is too big or too deep")
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def raised(error: Exception) -> dict[str, Any]:
    """Describe a host function's error for the sandbox: kind and bounded text, no host paths."""
    kind = type(error).__name__
    if kind in RAISED:
        text = str(error.args[0]) if error.args else ""
    elif isinstance(error, SentreeError):
        kind, text = "RuntimeError", str(error)
    else:
        kind, text = "RuntimeError", f"the helper failed ({kind})"
    return {"exc_type": kind, "message": without_paths(clip(text, ERROR_CHARACTERS))}
