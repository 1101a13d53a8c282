"""A process that asks one question through the command line until it is done or killed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout

import duckdb as duckdb

import models.claude as claude
import sentree.analysis.ask as analysis
from sentree.cli import run

PRELOADED = [
    "ask_child",
    "anthropic",
    "anthropic.resources.messages",
    "httpcore2",
    "h2.connection",
    "truststore",
    "pandas",
    "sentree.cli.ask",
    "sentree.report.document",
    "sentree.report.terminal",
    "safetensors.numpy",
    "threadpoolctl",
    "tokenizers",
]
LOADED = (claude, analysis)


def ask_once(words: Sequence[str]) -> None:
    """Run the command and leave with its exit code."""
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
    ):
        code = run(words)
    sys.exit(code)
