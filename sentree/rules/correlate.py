"""Runs the correlations of a detection run: from the hits of rules to stored detections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from schemas.detection import CorrelationHit
from sentree.lake.correlations import store_matches
from sentree.lake.db import Lake
from sentree.rules.chunks import Scope, plan_chunks
from sentree.rules.correlation_facts import Facts
from sentree.rules.correlation_plan import Plan
from sentree.rules.correlation_run import correlate
from sentree.rules.load import Rule
from sentree.rules.taxonomy import Taxonomy

TABLES = (
    "correlation_base",
    "correlation_facts",
    "correlation_matches",
    "correlation_events",
    "known_matches",
    "merged_matches",
)


class Search(Protocol):
    """Adds the hits of rules in chunks of events to `rule_hits`."""

    def __call__(self, rules: Sequence[Rule], chunks: Sequence[Scope], /) -> object:
        """Search the chunks."""
        ...


@dataclass(frozen=True, slots=True)
class Around:
    """The events that a run looks at; when these are only new ones, also `all` that there are."""

    searched: Scope
    all: Scope | None = None


@dataclass(frozen=True, slots=True)
class Correlated:
    """What correlations found, how much of it is new, and why some found nothing or failed."""

    new: int = 0
    hits: tuple[CorrelationHit, ...] = ()
    empty: Mapping[str, str] = field(default_factory=dict[str, str])
    failed: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def matches(self) -> dict[str, int]:
        """How many matches each correlation that has any had."""
        return Counter(hit.rule_uid for hit in self.hits)


def begin_correlations(lake: Lake, plan: Plan) -> None:
    """Set aside the hits in `rule_hits` that correlations rest on; a hit needs a time."""
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE correlation_base AS"
        " SELECT DISTINCT rule_uid, event_uid, time FROM rule_hits"
        " WHERE time IS NOT NULL AND list_contains(CAST(? AS VARCHAR[]), rule_uid)",
        [list(plan.base)],
    )


def run_correlations(
    lake: Lake,
    taxonomy: Taxonomy,
    plan: Plan,
    rules: Sequence[Rule],
    tenant: str,
    around: Around,
    size: int,
    search: Search,
) -> Correlated:
    """Find what the correlations match and store it.

    When the run looks at new events only, the rules that correlations rest on search all events
    around the new ones, as far as a match can reach: so it is found however its events came in.

    Raises:
        LakeError: the lake could not be read or written.
    """
    scope, since = around.searched, None
    if around.all is not None:
        [span] = lake.query(
            f"SELECT min(time) AS first, max(time) AS last FROM {scope.relation} WHERE {scope.sql}",
            scope.parameters,
        )
        if span["first"] is None:
            return Correlated()
        since, reach = span["first"], timedelta(seconds=plan.seconds)
        scope = around.all.narrowed(
            "time BETWEEN CAST($new_from AS TIMESTAMP) - to_seconds($reach)"
            " AND CAST($new_to AS TIMESTAMP) + to_seconds($reach)",
            new_from=span["first"],
            new_to=span["last"],
            reach=int(reach.total_seconds()),
        )
        lake.execute("DELETE FROM rule_hits")
        base = [rule for rule in rules if rule.rule_uid in plan.base]
        search(base, plan_chunks(lake, scope, size)[0])
        begin_correlations(lake, plan)
    facts = Facts(taxonomy, plan, rules)
    facts.read(lake, scope, size)
    outcome = correlate(lake, plan, facts, since=since)
    new, stored = store_matches(lake, tenant)
    by_uid = {rule.rule_uid: rule for rule in rules}
    hits = [
        CorrelationHit(
            detection_uid=row["detection_uid"],
            rule_uid=row["rule_uid"],
            title=by_uid[row["rule_uid"]].title,
            level=by_uid[row["rule_uid"]].level,
            group=tuple(zip(row["group_names"], row["group_values"], strict=True)),
            value=row["value"],
            events=row["events"],
            first=row["first_time"],
            last=row["last_time"],
        )
        for row in stored
    ]
    return Correlated(new, tuple(hits), outcome.empty, outcome.failed)
