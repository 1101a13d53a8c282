"""Runs Sigma rules over the lake and stores what they detect, with an account of every rule."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from schemas.detection import DetectReport, RuleHits, RuleNote
from schemas.window import Window
from sentree.errors import LakeError
from sentree.lake.db import Lake
from sentree.lake.detections import begin_hits, store_hits
from sentree.rules.account import (
    LEVELS,
    add_correlations,
    begin_account,
    by_host,
    by_tactic,
    rule_hits,
)
from sentree.rules.buckets import find_layouts, run_bucket
from sentree.rules.chunks import (
    CHUNK_EVENTS,
    Scope,
    plan_chunks,
    scope_of,
    sql_file,
    stage_chunk,
)
from sentree.rules.correlate import TABLES, Around, Correlated, begin_correlations, run_correlations
from sentree.rules.correlation_plan import plan_correlations
from sentree.rules.evidence import store_evidence
from sentree.rules.ir import atoms, fields
from sentree.rules.load import LoadedRules, LogSource, Rule
from sentree.rules.taxonomy import Taxonomy, load_taxonomy

LOG = logging.getLogger("sentree.rules")


_TABLES = (
    "sigma_chunk",
    "sigma_layouts",
    "sigma_bucket",
    "rule_hits",
    "found_matches",
    "unexplained",
    "run_detections",
)


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
    scope, snapshot = scope_of(lake, tenant, window, since_snapshot)
    chunks, events = plan_chunks(lake, scope, chunk_events)
    begin_hits(lake)
    known = set(problems)
    try:
        search = partial(_search, lake, taxonomy, problems=problems)
        met = search(rules.rules, chunks, progress=progress)
        plan = plan_correlations(rules.rules, problems)
        begin_correlations(lake, plan)
        problems |= plan.problems
        known |= plan.problems.keys()
        unwanted = [*problems, *plan.silenced]
        if unwanted:
            lake.execute("DELETE FROM rule_hits WHERE list_contains(?, rule_uid)", [unwanted])
        new = store_hits(lake, [rule.record for rule in rules.rules], tenant)
        store_evidence(lake, taxonomy, rules.rules, rules.placeholders, scope, chunk_events)
        begin_account(lake)
        correlated = Correlated()
        if plan.steps and events:
            around = Around(
                scope, scope_of(lake, tenant, window, None)[0] if since_snapshot else None
            )
            correlated = run_correlations(
                lake, taxonomy, plan, rules.rules, tenant, around, chunk_events, search
            )
            problems |= correlated.failed
            if correlated.hits:
                add_correlations(lake)
        hits = rule_hits(lake, rules.rules)
        tactics, hosts = by_tactic(lake), by_host(lake)
    finally:
        for table in (*_TABLES, *TABLES):
            # What went wrong before, if anything did, is what the caller must hear of.
            with suppress(LakeError):
                lake.execute(f"DROP TABLE IF EXISTS temp.{table}")
    new += correlated.new
    fields = {"tenant": tenant, "rules": len(rules.rules), "events": events, "detections": new}
    LOG.info("rules searched", extra=fields)
    for step in plan.steps:
        met[step.rule.rule_uid] = _Seen(sum(met[ref.rule_uid].events for ref in step.refs))
    failed = {uid: reason for uid, reason in problems.items() if uid not in known}
    problems = {uid: reason for uid, reason in problems.items() if uid in known}
    return _report(rules, problems, failed, met, hits, correlated.empty).model_copy(
        update={
            "snapshot_id": snapshot,
            "window": window,
            "events": events,
            "detections_new": new,
            "by_tactic": tactics,
            "by_host": hosts,
            "silenced": len(plan.silenced),
            "correlations": correlated.hits,
        }
    )


def _search(
    lake: Lake,
    taxonomy: Taxonomy,
    rules: Sequence[Rule],
    chunks: Sequence[Scope],
    *,
    problems: dict[str, str],
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, _Seen]:
    """Add the hits of rules in chunks of events to `rule_hits`, and to `problems` what fails."""
    buckets: dict[LogSource, list[Rule]] = defaultdict(list)
    for rule in rules:
        source = taxonomy.source(rule.logsource)
        if rule.rule_uid not in problems and rule.condition is not None and source is not None:
            buckets[source.logsource].append(rule)
    seen = {logsource: _Seen() for logsource in buckets}
    sources = [taxonomy.sources[logsource] for logsource in buckets]
    for done, chunk in enumerate(chunks if sources else []):
        if progress:
            progress(done, len(chunks))
        stage_chunk(lake, chunk, taxonomy)
        for logsource, layouts in find_layouts(lake, taxonomy, sources).items():
            source = taxonomy.sources[logsource]
            ready = [rule for rule in buckets[logsource] if rule.rule_uid not in problems]
            outcome = run_bucket(lake, taxonomy, source, ready, layouts)
            seen[logsource].events += outcome.events
            seen[logsource].present |= outcome.present
            problems |= outcome.failed
    if progress and chunks:
        progress(len(chunks), len(chunks))
    return {rule.rule_uid: seen[logsource] for logsource in buckets for rule in buckets[logsource]}


def _problems(taxonomy: Taxonomy, rules: Sequence[Rule]) -> dict[str, str]:
    """Say of every rule that can't be run why it can't."""
    problems: dict[str, str] = {}
    for rule in rules:
        if rule.correlation is not None:
            continue
        if rule.problem is not None or rule.condition is None:
            problems[rule.rule_uid] = rule.problem or "the rule has no condition"
        elif taxonomy.source(rule.logsource) is None:
            problems[rule.rule_uid] = f"no events are known for the log source {rule.logsource}"
    return problems


def _report(
    loaded: LoadedRules,
    problems: Mapping[str, str],
    failed: Mapping[str, str],
    met: Mapping[str, _Seen],
    hits: Sequence[RuleHits],
    empty: Mapping[str, str],
) -> DetectReport:
    matched = {hit.rule_uid for hit in hits}
    without: list[RuleNote] = []
    for rule in loaded.rules:
        if not {rule.rule_uid} & (problems.keys() | failed.keys() | matched):
            reason = empty.get(rule.rule_uid) or _no_data(rule, met[rule.rule_uid])
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
        rules_run=len(loaded.rules) - len(problems) - len(failed) - len(without),
        without_data=tuple(without),
        not_runnable=tuple(
            rule.note(problems[rule.rule_uid]) for rule in loaded.rules if rule.rule_uid in problems
        ),
        failed=tuple(
            rule.note(failed[rule.rule_uid]) for rule in loaded.rules if rule.rule_uid in failed
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
    if not seen.events and rule.correlation is not None:
        return "there are no events of the log sources of its rules"
    if not seen.events:
        return f"there are no events of the log source {rule.logsource}"
    if rule.condition is None:
        return None
    named = fields(rule.condition)
    if (
        named
        and not named & seen.present
        and all(a.field is not None for a in atoms(rule.condition))
    ):
        return f"no event of its log source has a field {' or '.join(sorted(named))}"
    return None
