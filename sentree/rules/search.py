"""Searches chunks of events with rules that were made ready once."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from sentree.lake.db import Lake
from sentree.rules.buckets import Bucket, find_layouts
from sentree.rules.chunks import Scope, stage_chunk
from sentree.rules.load import LogSource, Rule
from sentree.rules.taxonomy import Taxonomy


@dataclass(slots=True)
class Seen:
    """What was met of a log source: so many events, with these fields."""

    events: int = 0
    present: set[str | None] = field(default_factory=set[str | None])

    def add(self, other: Seen) -> None:
        """Take in what was met elsewhere."""
        self.events += other.events
        self.present |= other.present


@dataclass(slots=True)
class Outcome:
    """What a search showed beside its hits: what was met by rule, and why some rules failed."""

    met: dict[str, Seen] = field(default_factory=dict[str, Seen])
    failed: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, other: Outcome) -> None:
        """Take in what another search showed."""
        for rule_uid, seen in other.met.items():
            self.met.setdefault(rule_uid, Seen()).add(seen)
        self.failed |= other.failed


class Search:
    """Rules by log source. Threads may share it, each with a connection of its own.

    Args:
        taxonomy: where log sources and fields stand.
        rules: those that can't be run, or have no known log source, are left out.
        problems: uids of rules that are not to be run.
    """

    def __init__(
        self, taxonomy: Taxonomy, rules: Sequence[Rule], problems: Container[str] = ()
    ) -> None:
        self._taxonomy = taxonomy
        self._rules: dict[LogSource, list[Rule]] = defaultdict(list)
        for rule in rules:
            source = taxonomy.source(rule.logsource)
            if rule.rule_uid not in problems and rule.condition is not None and source is not None:
                self._rules[source.logsource].append(rule)
        self._ready: dict[LogSource, Bucket] = {}
        self._lock = threading.Lock()

    def run(self, lake: Lake, chunk: Scope, *, unless: Container[str] = ()) -> Outcome:
        """Add a chunk's hits to `rule_hits`; rules in `unless` are not run.

        Raises:
            LakeError: the chunk could not be read.
        """
        outcome = Outcome({rule.rule_uid: Seen() for each in self._rules.values() for rule in each})
        if not self._rules:
            return outcome
        sources = [self._taxonomy.resolved(logsource) for logsource in self._rules]
        stage_chunk(lake, chunk, self._taxonomy, sources)
        for logsource, layouts in find_layouts(lake, self._taxonomy, sources).items():
            found = self._bucket(lake, logsource).run(lake, layouts, unless=unless)
            outcome.failed |= found.failed
            for rule in self._rules[logsource]:
                outcome.met[rule.rule_uid].add(Seen(found.events, found.present))
        return outcome

    def _bucket(self, lake: Lake, logsource: LogSource) -> Bucket:
        with self._lock:
            bucket = self._ready.get(logsource)
            if bucket is None:
                source, rules = self._taxonomy.resolved(logsource), self._rules[logsource]
                bucket = self._ready[logsource] = Bucket(lake, self._taxonomy, source, rules)
            return bucket
