"""Cuts the events in scope into chunks that fit in memory, and stages one chunk at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import resources
from itertools import pairwise

from schemas.window import Window
from sentree.lake.added_rows import added_rows
from sentree.lake.db import Lake
from sentree.rules.taxonomy import Source, Taxonomy, plain_word

CHUNK_EVENTS = 50_000
# An hour with more events than a chunk holds is cut by the first two digits of the event uid.
UID_PREFIXES = 256


@dataclass(frozen=True, slots=True)
class Scope:
    """Which events a run looks at: a relation of the lake, a condition and its bound values."""

    relation: str
    sql: str
    parameters: dict[str, object] = field(default_factory=dict[str, object])

    def narrowed(self, sql: str, **parameters: object) -> Scope:
        """Give the scope with one more condition."""
        return Scope(self.relation, f"{self.sql} AND {sql}", {**self.parameters, **parameters})


def scope_of(
    lake: Lake,
    tenant: str,
    window: Window | None,
    since_snapshot: int | None,
    snapshot: int | None = None,
) -> tuple[Scope, int]:
    """Give the events of a tenant and window as of now, and the snapshot that now is.

    With `since_snapshot`, only events that were loaded after that snapshot; with `snapshot`, as of
    that one.
    """
    snapshot = lake.snapshot_id() if snapshot is None else snapshot
    relation = f"events AT (VERSION => {snapshot:d})"
    if since_snapshot is not None:
        relation = added_rows(lake, "events", since_snapshot, snapshot)
    scope = Scope(relation, "tenant_uid = $tenant", {"tenant": tenant})
    if window is not None:
        start, end = window.start.replace(tzinfo=None), window.end.replace(tzinfo=None)
        scope = scope.narrowed("time >= $start AND time < $end", start=start, end=end)
    return scope, snapshot


def plan_chunks(lake: Lake, scope: Scope, size: int = CHUNK_EVENTS) -> tuple[list[Scope], int]:
    """Cut a scope into chunks of about `size` events, in time order, and count the events."""
    hours = lake.query(
        "SELECT time_bucket(INTERVAL 1 HOUR, time) AS hour, count(*) AS events"
        f" FROM {scope.relation} WHERE {scope.sql} GROUP BY ALL ORDER BY hour NULLS LAST",
        scope.parameters,
    )
    total = sum(row["events"] for row in hours)
    if total <= size:
        return ([scope] if total else []), total
    chunks: list[Scope] = []
    start, end, held = None, None, 0
    for row in hours:
        hour, events = row["hour"], row["events"]
        if start is not None and (hour is None or held + events > size):
            chunks += _between(scope, start, end, held, size)
            start, held = None, 0
        if hour is None:
            chunks += _split(scope.narrowed("time IS NULL"), events, size)
            continue
        start = hour if start is None else start
        end, held = hour + timedelta(hours=1), held + events
    if start is not None:
        chunks += _between(scope, start, end, held, size)
    return chunks, total


def _between(scope: Scope, start: object, end: object, events: int, size: int) -> list[Scope]:
    part = scope.narrowed("time >= $from AND time < $until", **{"from": start, "until": end})
    return _split(part, events, size)


def _split(scope: Scope, events: int, size: int) -> list[Scope]:
    parts = min(-(-events // size), UID_PREFIXES)
    if parts <= 1:
        return [scope]
    cuts = [f"{number * UID_PREFIXES // parts:02x}" for number in range(1, parts)]
    chunks = [scope.narrowed("event_uid < $below", below=cuts[0])]
    for low, high in pairwise(cuts):
        test = "event_uid >= $above AND event_uid < $below"
        chunks.append(scope.narrowed(test, above=low, below=high))
    return [*chunks, scope.narrowed("event_uid >= $above", above=cuts[-1])]


def stage_chunk(
    lake: Lake, scope: Scope, taxonomy: Taxonomy, sources: Iterable[Source] = ()
) -> None:
    """Fill the temporary tables `sigma_chunk` and `sigma_layouts` from a chunk's events.

    `sources` are those that will be asked for: names are looked for where one of them needs it.
    """
    sql = sql_file("chunk").replace("{relation}", scope.relation).replace("{scope}", scope.sql)
    containers = [*taxonomy.containers, *taxonomy.open_containers]
    words = {test.named for source in sources for test in source.any if test.named}
    lake.execute(
        sql, {**scope.parameters, "containers": containers, "words": sorted(map(plain_word, words))}
    )
    lake.execute(sql_file("layouts"))


def make_macros(lake: Lake) -> None:
    """Make the functions that rules' statements call, for this connection."""
    lake.execute_together(sql_file("macros"))


def sql_file(name: str) -> str:
    """Read a statement of the rules' `sql` folder."""
    return (resources.files("sentree.rules") / "sql" / f"{name}.sql").read_text("utf-8")
