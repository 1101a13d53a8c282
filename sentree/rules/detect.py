"""Runs Sigma rules over the lake and stores what they detect, with an account of every rule."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from schemas.detection import DetectReport, RuleHits, RuleNote
from schemas.window import Window
from sentree.errors import LakeError
from sentree.lake.db import Lake
from sentree.lake.detections import begin_hits, store_hits
from sentree.rules.buckets import Bucket, find_layouts
from sentree.rules.chunks import CHUNK_EVENTS, plan_chunks, scope_of, sql_file, stage_chunk
from sentree.rules.ir import atoms, fields
from sentree.rules.load import LoadedRules, LogSource, Rule
from sentree.rules.taxonomy import Taxonomy, load_taxonomy

LOG = logging.getLogger("sentree.rules")
LEVELS = ("critical", "high", "medium", "low", "informational", "none")


@dataclass(slots=True)
class _Seen:
    """What all chunks together showed of a log source."""

    events: int = 0
    present: set[str | None] = field(default_factory=set[str | None])


def detect(
    lake: Lake,
    rules: LoadedRules,
    *,
    tenant: str,
    window: Window | None = None,
    since_snapshot: int | None = None,
    chunk_events: int = CHUNK_EVENTS,
    progress: Callable[[int, int], None] | None = None,
) -> DetectReport:
    """Run the rules over a tenant's events and store rules and detections.

    Running again over the same events changes nothing in the lake.

    Args:
        lake: the lake to read and to write.
        rules: what `load_rules` gave.
        tenant: the tenant whose events are looked at.
        window: only events in it; without it all events, also those without a time.
        since_snapshot: only events loaded after that snapshot of the lake.
        chunk_events: about how many events are held in memory at a time.
        progress: called with chunks done and chunks in all.

    Raises:
        LakeError: the lake could not be read or written.
    """
    taxonomy = load_taxonomy()
    lake.execute(sql_file("macros"))
    problems = _problems(taxonomy, rules.rules)
    buckets: dict[LogSource, list[Rule]] = defaultdict(list)
    for rule in rules.rules:
        source = taxonomy.source(rule.logsource)
        if rule.rule_uid not in problems and source is not None:
            buckets[source.logsource].append(rule)
    scope, snapshot = scope_of(lake, tenant, window, since_snapshot)
    chunks, events = plan_chunks(lake, scope, chunk_events)
    begin_hits(lake)
    ready: dict[LogSource, Bucket] = {}
    seen = {logsource: _Seen() for logsource in buckets}
    sources = [taxonomy.sources[logsource] for logsource in buckets]
    try:
        for done, chunk in enumerate(chunks if sources else []):
            if progress:
                progress(done, len(chunks))
            stage_chunk(lake, chunk, taxonomy)
            for logsource, layouts in find_layouts(lake, taxonomy, sources).items():
                if logsource not in ready:
                    source = taxonomy.sources[logsource]
                    ready[logsource] = Bucket(lake, taxonomy, source, buckets[logsource])
                outcome = ready[logsource].run(lake, layouts, unless=problems)
                seen[logsource].events += outcome.events
                seen[logsource].present |= outcome.present
                problems |= outcome.failed
        if progress and chunks:
            progress(len(chunks), len(chunks))
        if problems:
            lake.execute("DELETE FROM rule_hits WHERE list_contains(?, rule_uid)", [list(problems)])
        new = store_hits(lake, [rule.record for rule in rules.rules], tenant)
        hits = _hits(lake, rules.rules)
    finally:
        for table in ("sigma_chunk", "sigma_layouts", "sigma_bucket", "rule_hits"):
            # What went wrong before, if anything did, is what the caller must hear of.
            with suppress(LakeError):
                lake.execute(f"DROP TABLE IF EXISTS temp.{table}")
    fields = {"tenant": tenant, "rules": len(rules.rules), "events": events, "detections": new}
    LOG.info("rules searched", extra=fields)
    met = {rule.rule_uid: seen[logsource] for logsource in buckets for rule in buckets[logsource]}
    return _report(rules, problems, met, hits).model_copy(
        update={
            "snapshot_id": snapshot,
            "window": window,
            "events": events,
            "detections_new": new,
        }
    )


def _problems(taxonomy: Taxonomy, rules: Sequence[Rule]) -> dict[str, str]:
    """Say of every rule that can't be run why it can't."""
    problems: dict[str, str] = {}
    for rule in rules:
        if rule.problem is not None or rule.condition is None:
            problems[rule.rule_uid] = rule.problem or "the rule has no condition"
        elif taxonomy.source(rule.logsource) is None:
            problems[rule.rule_uid] = f"no events are known for the log source {rule.logsource}"
    return problems


def _hits(lake: Lake, rules: Sequence[Rule]) -> tuple[RuleHits, ...]:
    rows = lake.query(
        "SELECT rule_uid, count(DISTINCT event_uid) AS events FROM rule_hits GROUP BY ALL"
    )
    events = {row["rule_uid"]: row["events"] for row in rows}
    hits = [
        RuleHits(
            rule_uid=rule.rule_uid,
            title=rule.title,
            author=rule.author,
            level=rule.level,
            techniques=rule.techniques,
            events=events[rule.rule_uid],
        )
        for rule in rules
        if rule.rule_uid in events
    ]
    order = {level: place for place, level in enumerate(LEVELS)}
    hits.sort(key=lambda hit: (order.get(hit.level or "none", 99), hit.title, hit.rule_uid))
    return tuple(hits)


def _report(
    loaded: LoadedRules,
    problems: Mapping[str, str],
    met: Mapping[str, _Seen],
    hits: Sequence[RuleHits],
) -> DetectReport:
    matched = {hit.rule_uid for hit in hits}
    without: list[RuleNote] = []
    for rule in loaded.rules:
        if rule.rule_uid not in problems and rule.rule_uid not in matched:
            reason = _no_data(rule, met[rule.rule_uid])
            if reason:
                without.append(rule.note(reason))
    levels: dict[str, int] = defaultdict(int)
    for hit in hits:
        levels[hit.level or "none"] += hit.events
    return DetectReport(
        snapshot_id=0,
        window=None,
        events=0,
        rules_loaded=len(loaded.rules),
        rules_run=len(loaded.rules) - len(problems) - len(without),
        without_data=tuple(without),
        not_runnable=tuple(
            rule.note(problems[rule.rule_uid]) for rule in loaded.rules if rule.rule_uid in problems
        ),
        load_errors=tuple(
            RuleNote(path=error.path, line=error.line, reason=error.reason)
            for error in loaded.errors
        ),
        hits=tuple(hits),
        detections=sum(hit.events for hit in hits),
        by_level=tuple((level, levels[level]) for level in LEVELS if level in levels),
    )


def _no_data(rule: Rule, seen: _Seen) -> str | None:
    if not seen.events:
        return f"there are no events of the log source {rule.logsource}"
    assert rule.condition is not None
    named = fields(rule.condition)
    if (
        named
        and not named & seen.present
        and all(a.field is not None for a in atoms(rule.condition))
    ):
        return f"no event of its log source has a field {' or '.join(sorted(named))}"
    return None
