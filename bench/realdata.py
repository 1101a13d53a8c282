"""Measure every scenario on a folder of real data: `python bench/realdata.py --data FOLDER`.

Prints Markdown, or JSON with `--format json`: each figure with its interval, its number of cases,
and the command that gives it again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from sentree.errors import SentreeError  # noqa: E402
from sentree.evals.measures.registry import choose  # noqa: E402
from sentree.evals.measures.table import Measured, as_json, as_markdown  # noqa: E402

COMMAND = "python bench/realdata.py"
DATA = Path("../shared/data")


def measure(data: Path, names: Sequence[str]) -> list[Measured]:
    """Measure the named scenarios, or all; what the folder lacks the data for is told and left out.

    Raises:
        FileNotFoundError: a scenario that was named lacks its data.
        UsageError: a name is no scenario's.
    """
    found: list[Measured] = []
    for one in choose(names):
        if one.real is None:
            continue
        print(f"measuring {one.name}", file=sys.stderr)
        try:
            rows = one.measure_real(data)
        except FileNotFoundError as error:
            if names:
                raise
            print(f"left out {one.name}: no {error.filename or error}", file=sys.stderr)
            continue
        if rows:
            found.append(Measured(f"{COMMAND} --only {one.name}", rows))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure every scenario on real data.")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of real data")
    parser.add_argument("--only", nargs="+", default=[], metavar="SCENARIO")
    parser.add_argument("--out", type=Path, help="write the table to this file as well")
    parser.add_argument("--format", choices=("md", "json"), default="md")
    chosen = parser.parse_args(arguments)
    if not chosen.data.is_dir():
        print(f"{chosen.data}: no such folder; name one with --data", file=sys.stderr)
        return 2
    try:
        measured = measure(chosen.data, chosen.only)
    except FileNotFoundError as error:
        print(f"{error.filename or error} is missing", file=sys.stderr)
        return 4
    except SentreeError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    text = as_json(measured) if chosen.format == "json" else as_markdown(measured)
    if chosen.out:
        chosen.out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
