"""Searches the parts of a plan, each on a connection of its own if need be."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sentree.errors import LakeError
from sentree.lake.db import Lake
from sentree.lake.detections import begin_hits, read_hits
from sentree.rules.chunks import sql_file
from sentree.rules.correlate import TABLES
from sentree.rules.load import Rule
from sentree.rules.plan import Part
from sentree.rules.search import Outcome, Search
from sentree.rules.taxonomy import Taxonomy

_TABLES = (
    "sigma_chunk",
    "sigma_layouts",
    "sigma_bucket",
    "rule_hits",
    "found_matches",
    "unexplained",
    "run_detections",
)


class Searches:
    """The rules of a plan's parts, made ready once for each set of rules. Threads may share it.

    Args:
        taxonomy: where log sources and fields stand.
        rules: all rules that parts may name.
    """

    def __init__(self, taxonomy: Taxonomy, rules: Sequence[Rule]) -> None:
        self._taxonomy = taxonomy
        self._rules = tuple(rules)
        self._ready: dict[frozenset[str], Search] = {}
        self._lock = threading.Lock()

    def of(self, part: Part) -> Search:
        """Give the search of a part's rules."""
        with self._lock:
            if part.rules not in self._ready:
                rules = [rule for rule in self._rules if rule.rule_uid in part.rules]
                self._ready[part.rules] = Search(self._taxonomy, rules)
            return self._ready[part.rules]


def search_part(lake: Lake, searches: Searches, part: Part) -> tuple[Outcome, Any]:
    """Search one part on a connection of its own.

    Returns:
        What the search showed, and its hits as an Arrow table of `rule_uid`, `event_uid`, `time`.

    Raises:
        LakeError: the part could not be read.
    """
    begin_search(lake)
    try:
        outcome = searches.of(part).run(lake, part.chunk)
        return outcome, read_hits(lake)
    finally:
        end_search(lake)


def begin_search(lake: Lake) -> None:
    """Make a connection ready to be searched, and `rule_hits` empty."""
    lake.execute(sql_file("macros"))
    begin_hits(lake)


def end_search(lake: Lake) -> None:
    """Drop what a search made of temporary tables."""
    for table in (*_TABLES, *TABLES):
        # What went wrong before, if anything did, is what the caller must hear of.
        with suppress(LakeError):
            lake.execute(f"DROP TABLE IF EXISTS temp.{table}")
