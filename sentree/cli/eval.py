"""The commands of `eval`: what Sentree measures of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common
from sentree.errors import ExitCode, UsageError

COMMAND = "sentree eval accuracy"


def accuracy(
    *,
    scenario: tuple[str, ...] = (),
    seeds: int | None = None,
    out: Path | None = None,
    format: Annotated[
        Literal["text", "md", "json"], Parameter(help="text and md: a Markdown table; or JSON.")
    ] = "text",
    common: Common = COMMON,
) -> int:
    """Generate data with known truth, let the embedded analyst answer, and print how it did.

    Each figure comes with its 95 % bootstrap interval over cases, their number, and the command
    that gives it again.

    Args:
        scenario: Only these scenarios; without it, all.
        seeds: How many generated cases, numbered from 0; by default what a scenario finds enough.
        out: Write the table to this file as well.
        format: How stdout and the file are written.
        common: Options of every command.
    """
    from sentree.evals.measures.registry import choose
    from sentree.evals.measures.table import Measured, as_json, as_markdown

    if seeds is not None and seeds < 1:
        raise UsageError("--seeds: at least 1")
    measured: list[Measured] = []
    for one in choose(scenario):
        if one.generated is None:
            continue
        common.say(f"measuring {one.name}")
        command = f"{COMMAND} --scenario {one.name}" + (f" --seeds {seeds}" if seeds else "")
        measured.append(Measured(command, one.measure_generated(seeds)))
    text = as_json(measured) if format == "json" else as_markdown(measured)
    if out is not None:
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--out {out}: {error.strerror}") from None
    common.emit(text, lambda: text)
    return ExitCode.DONE
