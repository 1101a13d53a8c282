"""Runs Sigma rules over the lake and stores what they detect, with an account of every rule."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from schemas.detection import DetectReport, RuleHits, RuleNote
from schemas.window import Window
from sentree.lake.db import Lake
from sentree.lake.detections import store_hits
from sentree.lake.rule_marks import recall_hits
from sentree.rules.account import (
    LEVELS,
    add_correlations,
    begin_account,
    by_host,
    by_tactic,
    rule_hits,
)
from sentree.rules.chunks import CHUNK_EVENTS, Scope, scope_of
from sentree.rules.correlate import Around, Correlated, begin_correlations, run_correlations
from sentree.rules.correlation_plan import plan_correlations
from sentree.rules.evidence import store_evidence
from sentree.rules.ir import atoms, fields
from sentree.rules.load import LoadedRules, Rule
from sentree.rules.parts import Searches, begin_search, end_search
from sentree.rules.plan import Part, all_met, make_plan, remember
from sentree.rules.search import Outcome, Search, Seen
from sentree.rules.taxonomy import Taxonomy, load_taxonomy

LOG = logging.getLogger("sentree.rules")
Searcher = Callable[[Lake, Searches, Sequence[Part]], Outcome]


def detect(
    lake: Lake,
    rules: LoadedRules,
    *,
    tenant: str,
    window: Window | None = None,
    since_snapshot: int | None = None,
    chunk_events: int = CHUNK_EVENTS,
    progress: Callable[[int, int], None] | None = None,
    again: bool = False,
    search: Searcher | None = None,
) -> DetectReport:
    """Run the rules over a tenant's events and store rules and detections.

    Running again over the same events changes nothing in the lake, and searches nothing: a rule
    looks at the events that came since it looked last, and at all when its condition is new. Only
    a rule that does not alert on its own, for a correlation that refers to it, looks at all events
    each time, since its hits are not stored.

    Args:
        lake: the lake to read and to write.
        rules: what `load_rules` gave.
        tenant: the tenant whose events are looked at.
        window: only events in it; without it all events, also those without a time.
        since_snapshot: only events loaded after that snapshot of the lake.
        chunk_events: about how many events are held in memory at a time.
        progress: called with chunks done and chunks in all.
        again: search all events with all rules, whatever they have seen.
        search: adds to `rule_hits` what rules hit in the parts of a plan; without it, part after
            part is searched here.

    Raises:
        LakeError: the lake could not be read or written.
    """
    taxonomy = load_taxonomy()
    unfit = _problems(taxonomy, rules.rules)
    plain = [rule for rule in rules.rules if rule.condition is not None]
    plain = [rule for rule in plain if rule.rule_uid not in unfit]
    silenced = plan_correlations(rules.rules, unfit).silenced
    plan = make_plan(
        lake,
        plain,
        tenant=tenant,
        window=window,
        since_snapshot=since_snapshot,
        chunk_events=chunk_events,
        again=[rule.rule_uid for rule in plain] if again else silenced,
    )
    begin_search(lake)
    try:
        searches = Searches(taxonomy, plain)
        outcome = (search or _one_by_one(progress))(lake, searches, plan.parts)
        recall_hits(lake, tenant, list(plan.seen))
        correlations = plan_correlations(rules.rules, {**unfit, **outcome.failed})
        begin_correlations(lake, correlations)
        # Whether a rule alerts may hang on whether another failed.
        silenced |= correlations.silenced
        unwanted = [*unfit, *outcome.failed, *correlations.silenced]
        if unwanted:
            lake.execute("DELETE FROM rule_hits WHERE list_contains(?, rule_uid)", [unwanted])
        complete = plan.unseen - silenced - outcome.failed.keys() if plan.remembers else ()
        new = store_hits(lake, [rule.record for rule in rules.rules], tenant, sorted(complete))
        store_evidence(lake, taxonomy, rules.rules, rules.placeholders, plan.scope, chunk_events)
        met = all_met(plan, outcome.met)
        fit = [rule for rule in plain if rule.rule_uid not in silenced | outcome.failed.keys()]
        remember(lake, plan, fit, met)
        begin_account(lake)
        correlated = Correlated()
        if correlations.steps and plan.events:

            def search_base(base: Sequence[Rule], chunks: Sequence[Scope]) -> None:
                searched = Search(taxonomy, base)
                for chunk in chunks:
                    outcome.add(searched.run(lake, chunk, unless=outcome.failed))

            around = scope_of(lake, tenant, window, None)[0] if since_snapshot else None
            correlated = run_correlations(
                lake,
                taxonomy,
                correlations,
                rules.rules,
                tenant,
                Around(plan.scope, around),
                chunk_events,
                search_base,
            )
            if correlated.hits:
                add_correlations(lake)
        hits = rule_hits(lake, rules.rules)
        tactics, hosts = by_tactic(lake), by_host(lake)
    finally:
        end_search(lake)
    new += correlated.new
    told = {"rules": len(rules.rules), "events": plan.searched, "detections": new}
    LOG.info("rules searched", extra={"tenant": tenant, **told})
    for step in correlations.steps:
        met[step.rule.rule_uid] = Seen(sum(met[ref.rule_uid].events for ref in step.refs))
    problems = {**unfit, **correlations.problems}
    failed = {**outcome.failed, **correlated.failed}
    return _report(rules, problems, failed, met, hits, correlated.empty).model_copy(
        update={
            "snapshot_id": plan.snapshot,
            "window": window,
            "events": plan.events,
            "events_searched": plan.searched,
            "detections_new": new,
            "by_tactic": tactics,
            "by_host": hosts,
            "silenced": len(correlations.silenced),
            "correlations": correlated.hits,
        }
    )


def _one_by_one(progress: Callable[[int, int], None] | None) -> Searcher:
    def search(lake: Lake, searches: Searches, parts: Sequence[Part]) -> Outcome:
        outcome = Outcome()
        for done, part in enumerate(parts):
            if progress:
                progress(done, len(parts))
            outcome.add(searches.of(part).run(lake, part.chunk, unless=outcome.failed))
        if progress and parts:
            progress(len(parts), len(parts))
        return outcome

    return search


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
    met: Mapping[str, Seen],
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


def _no_data(rule: Rule, seen: Seen) -> str | None:
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
