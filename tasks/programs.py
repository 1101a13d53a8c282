"""Programs for the tree, built once per process from small values that a task can carry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from models.embedded import EmbeddedAnalyst
from schemas.context import ContextInfo
from schemas.ports import Program
from sentree.analysis.program import TimelineProgram
from sentree.engine.tree import TreeLimits
from sentree.lake.context import Context


@dataclass(frozen=True, slots=True)
class ProgramRef:
    """Names a program: the context file it reads, and what decides its nodes' results.

    `key` covers the context's content and the analyst's version; the path is where the file
    happens to be and must not count when results are looked up.
    """

    context_path: str
    key: str
    leaf_characters: int


def program_ref(info: ContextInfo, limits: TreeLimits) -> ProgramRef:
    """Name the timeline's program over an exported context."""
    return ProgramRef(
        # A worker may have been started in another folder.
        context_path=str(Path(info.path).resolve()),
        key=f"{info.content_hash}:{EmbeddedAnalyst().version}",
        leaf_characters=limits.leaf_characters,
    )


@lru_cache(maxsize=4)
def load_program(ref: ProgramRef) -> Program:
    """Open the context and give the program that reads it."""
    context = Context.open(Path(ref.context_path))
    return TimelineProgram(context, EmbeddedAnalyst(), ref.leaf_characters)
