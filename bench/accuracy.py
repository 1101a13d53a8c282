"""Renew the tables of docs/accuracy.md from the commands that give them, or check them.

    python bench/accuracy.py --check                     # no table was typed or altered by hand
    python bench/accuracy.py --data ../shared/data       # run every command, write every table
    python bench/accuracy.py --only intel                # only the blocks of these scenarios

A block stands between `<!-- begin: COMMAND -->` and `<!-- end: HASH -->`; the hash is that of the
text between. Scenarios that have no block yet get one at the end of their part of the page.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from sentree.errors import UsageError  # noqa: E402
from sentree.evals.measures.registry import Scenario, find_scenarios  # noqa: E402
from sentree.evals.measures.table import Measured, as_markdown  # noqa: E402

PAGE = ROOT / "docs" / "accuracy.md"
GENERATED = "sentree eval accuracy --scenario"
REAL = "python bench/realdata.py --only"
GENERATED_PART = "<!-- new blocks of generated data go here -->"
REAL_PART = "<!-- new blocks of real data go here -->"
_BLOCK = re.compile(
    r"<!-- begin: (?P<command>[^\n]+?) -->\n(?P<body>.*?)<!-- end: (?P<hash>\S*) -->\n?", re.S
)
_TABLE = re.compile(r"^\s*\|", re.M)


class Block(NamedTuple):
    """One table of the page: the command it came from, its text, and the hash written under it."""

    command: str
    body: str
    written: str

    @property
    def sound(self) -> bool:
        """Tell whether the text is what the command's output was."""
        return digest(self.command, self.body) == self.written


def digest(command: str, body: str) -> str:
    """Give the hash that stands under a block."""
    return sha256(f"{command}\n{body.strip()}".encode()).hexdigest()[:16]


def blocks(page: str) -> list[Block]:
    """Find the blocks of a page."""
    return [Block(one["command"], one["body"], one["hash"]) for one in _BLOCK.finditer(page)]


def problems(page: str) -> list[str]:
    """Say what is wrong: blocks altered by hand, and tables outside any block."""
    found = [
        f"the table of '{one.command}' is not what the command printed"
        for one in blocks(page)
        if not one.sound
    ]
    left = _BLOCK.sub("", page)
    if _TABLE.search(left):
        found.append("a table stands outside the blocks: no figure is typed by hand")
    if "<!-- begin:" in left:
        found.append("a block has no end")
    return found


def block(command: str, body: str) -> str:
    """Write a block."""
    text = body.strip()
    return f"<!-- begin: {command} -->\n{text}\n<!-- end: {digest(command, text)} -->\n"


def renewed(page: str, run: Callable[[str], str | None]) -> str:
    """Write every block's text anew; where `run` gives None it stays as it is."""

    def one(found: re.Match[str]) -> str:
        text = run(found["command"])
        return found[0] if text is None else block(found["command"], text)

    return _BLOCK.sub(one, page)


def with_missing(page: str, scenarios: Sequence[Scenario]) -> str:
    """Add an empty block for each command that has none."""
    there = {one.command for one in blocks(page)}
    for one in scenarios:
        for lead, mark, has in (
            (GENERATED, GENERATED_PART, one.generated),
            (REAL, REAL_PART, one.real),
        ):
            command = f"{lead} {one.name}"
            if has and not any(each == command or each.startswith(f"{command} ") for each in there):
                page = page.replace(mark, f"{block(command, '')}\n{mark}")
    return page


def run_command(command: str, scenarios: dict[str, Scenario], data: Path | None) -> str | None:
    """Run what a block's command says, in this process; None when its data is not there.

    Raises:
        UsageError: the command is none of the two that measure.
    """
    words = shlex.split(command)
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--scenario", "--only")
    parser.add_argument("--seeds", type=int)
    chosen, other = parser.parse_known_args(words)
    scenario = scenarios.get(chosen.scenario or "")
    if scenario is None:
        raise UsageError(f"'{command}' names no scenario: {', '.join(scenarios)}")
    if other == ["sentree", "eval", "accuracy"]:
        rows = scenario.measure_generated(chosen.seeds)
    elif other == ["python", "bench/realdata.py"]:
        if data is None:
            return None
        rows = scenario.measure_real(data)
    else:
        raise UsageError(f"'{command}' is no command that measures")
    return as_markdown([Measured(command, rows)])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Renew or check docs/accuracy.md.")
    parser.add_argument("--check", action="store_true", help="run nothing; exit 1 if altered")
    parser.add_argument("--data", type=Path, help="folder of real data; without it those stay")
    parser.add_argument("--only", nargs="+", default=[], metavar="SCENARIO")
    parser.add_argument("--page", type=Path, default=PAGE)
    chosen = parser.parse_args(arguments)
    page = chosen.page.read_text("utf-8")
    if chosen.check:
        found = problems(page)
        print("\n".join(found), file=sys.stderr, end="\n" if found else "")
        return 1 if found else 0
    scenarios = find_scenarios()
    wanted = {name: scenarios[name] for name in chosen.only or scenarios if name in scenarios}
    page = with_missing(page, list(wanted.values()))

    def run(command: str) -> str | None:
        if not any(f" {name} " in f"{command} " for name in wanted):
            return None
        print(f"running {command}", file=sys.stderr)
        return run_command(command, scenarios, chosen.data)

    # Written after each block, so that what was measured stays when a later one fails.
    for one in blocks(page):
        page = renewed(page, lambda each, one=one: run(each) if each == one.command else None)
        chosen.page.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
