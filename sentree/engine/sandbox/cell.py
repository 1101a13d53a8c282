"""The source of a cell: shows the value of a last expression, as a notebook does."""

from __future__ import annotations

from collections.abc import Callable

SHOW = "__show__(("
PROBE = "raise RuntimeError('probe')\n"
TRIES = 4


def with_last_value(code: str, parses: Callable[[str], bool]) -> str:
    """Wrap a last expression so that its value is shown inside the sandbox, bounded there.

    The value itself must never reach the host, and hostile source is parsed by the sandbox only:
    `parses` tells whether it reads a text as source; the texts begin by raising, so that
    nothing of them runs.
    """
    lines = code.split("\n")
    for start in _starts(lines):
        head, tail = "\n".join(lines[:start]), "\n".join(lines[start:])
        if parses(f"{PROBE}({tail}\n)") and parses(f"{PROBE}[{tail}\n]"):
            if not parses(PROBE + head):
                return code
            return (head + "\n" if start else "") + f"{SHOW}{tail}\n))"
    return code


def _starts(lines: list[str]) -> list[int]:
    """Give the lines where the last statement may begin, nearest to the end first."""
    starts = [
        number
        for number in range(len(lines) - 1, -1, -1)
        if lines[number][:1].strip() and lines[number][0] not in "#)]}\"'@"
    ]
    quoted = [n for n in range(len(lines) - 1, -1, -1) if lines[n][:1] in ("'", '"')]
    return starts[:TRIES] if starts else quoted[-1:]
