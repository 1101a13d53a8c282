"""Pieces of text that can't harm a terminal: one line, a block, evidence marks."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.claim import Evidence
from sentree.report.citations import Citations
from sentree.report.escape import cut, terminal, visible

WIDTH = 120
MAX_RAW = 12_000
MAX_MARKS = 4


def one_line(text: str, limit: int) -> str:
    """Make text one harmless line of at most `limit` characters."""
    escaped = terminal(text)
    return escaped if len(escaped) <= limit else f"{escaped[: limit - 1]}…"


def marks_of(citations: Citations, evidence: Sequence[Evidence]) -> str:
    """Give the first marks of the evidence, and how many more there are."""
    marks = citations.marks(evidence)
    more = f" +{len(marks) - MAX_MARKS}" if len(marks) > MAX_MARKS else ""
    return " ".join(f"[{mark}]" for mark in marks[:MAX_MARKS]) + more


def block(text: str, width: int) -> list[str]:
    """Cut text into indented lines of at most `width` characters."""
    lines: list[str] = []
    for line in visible(cut(text, MAX_RAW)).splitlines() or [""]:
        plain = line.replace("\t", "    ")
        lines += [f"  {plain[at : at + width - 2]}" for at in range(0, len(plain) or 1, width - 2)]
    return lines
