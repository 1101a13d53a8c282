"""Reads the case files of the sandbox tests and measures what a case costs the host."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).resolve().parents[1] / "data" / "sandbox"
FILLS = {
    "{open_parens}": "(" * 20_000,
    "{close_parens}": ")" * 20_000,
    "{open_brackets}": "[" * 4_000,
    "{close_brackets}": "]" * 4_000,
    "{minuses}": "- " * 9_000,
    "{many_strings}": " ".join(['"a"'] * 20_000),
    "{nul}": "\x00",
}


class Case(NamedTuple):
    """One text to run: its name, and what the case file says of it."""

    name: str
    expected: str
    text: str


class Cost:
    """How long a block took and by how much the host's memory peaked meanwhile."""

    seconds = 0.0
    growth = 0


def cases(file: str, canary: Path) -> list[Case]:
    found: list[Case] = []
    for block in ("\n" + (DATA / file).read_text("utf-8")).split("\n### ")[1:]:
        title, _, text = block.partition("\n")
        for mark, fill in {**FILLS, "{canary}": str(canary)}.items():
            text = text.replace(mark, fill)
        if ".sql" in file:
            expected, _, name = title.partition(" ") if "attacks" in file else ("rows", "", title)
        else:
            name, _, expected = title.partition(" -> ")
        found.append(Case(name, expected, text))
    return found


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure a block; the peak is the kernel's own, so a short one is not missed."""
    cost = Cost()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    before, begin = status("VmRSS"), time.monotonic()
    yield cost
    cost.seconds = time.monotonic() - begin
    cost.growth = max(status("VmHWM") - before, 0)


def status(field: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":"))
