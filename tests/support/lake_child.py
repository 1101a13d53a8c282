"""Commands in processes of their own that start at once: what they import is loaded before."""

from __future__ import annotations

import multiprocessing
import os
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

PRELOADED = [
    "lake_child",
    "sentree.cli.lake",
    "sentree.cli.load",
    "sentree.lake.compact",
    "sentree.lake.expire",
    "sentree.lake.forget",
    "sentree.lake.ingest",
    "sentree.lake.soundness",
    "sentree.report.upkeep_tables",
]


def start(log: Path, *words: str) -> BaseProcess:
    """Start `sentree` with these words; what it writes goes to the file."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=_command, args=(log, words), daemon=True)
    process.start()
    return process


def _command(log: Path, words: tuple[str, ...]) -> None:
    from sentree.cli import run

    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        code = run(list(words))
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
