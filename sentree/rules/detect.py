"""Runs Sigma rules over the lake and stores what they detect, with an account of every rule."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from schemas.detection import DetectReport, RuleHits, RuleNote
from schemas.window import Window
from sentree.errors import LakeError
from sentree.lake.db import Lake
from sentree.lake.detections import begin_hits, store_hits
from sentree.lake.rule_marks import recall_hits
from sentree.rules.chunks import CHUNK_EVENTS, sql_file
from sentree.rules.ir import atoms, fields
from sentree.rules.load import LoadedRules, Rule
from sentree.rules.plan import Part, Plan, all_met, make_plan, remember
from sentree.rules.search import Outcome, Search, Seen
from sentree.rules.taxonomy import Taxonomy, load_taxonomy

LOG = logging.getLogger("sentree.rules")
LEVELS = ("critical", "high", "medium", "low", "informational", "none")


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
) -> DetectReport:
    """Run the rules over a tenant's events and store rules and detections.

    Running again over the same events changes nothing in the lake, and searches nothing: a rule
    looks at the events that came since it looked last, and at all when its condition is new.

    Args:
        lake: the lake to read and to write.
        rules: what `load_rules` gave.
        tenant: the tenant whose events are looked at.
        window: only events in it; without it all events, also those without a time.
        since_snapshot: only events loaded after that snapshot of the lake.
        chunk_events: about how many events are held in memory at a time.
        progress: called with chunks done and chunks in all.
        again: search all events with all rules, whatever they have seen.

    Raises:
        LakeError: the lake could not be read or written.
    """
    runnable, problems = prepared(rules)
    plan = make_plan(
        lake,
        runnable,
        tenant=tenant,
        window=window,
        since_snapshot=since_snapshot,
        chunk_events=chunk_events,
        again=again,
    )
    begin_search(lake)
    try:
        outcome = Outcome()
        searches: dict[frozenset[str], Search] = {}
        for done, part in enumerate(plan.parts):
            if progress:
                progress(done, len(plan.parts))
            if part.rules not in searches:
                searches[part.rules] = search_of(runnable, part)
            outcome.add(searches[part.rules].run(lake, part.chunk, unless=outcome.failed))
        if progress and plan.parts:
            progress(len(plan.parts), len(plan.parts))
        return conclude(lake, rules, plan, outcome, problems)
    finally:
        end_search(lake)


def prepared(rules: LoadedRules) -> tuple[list[Rule], dict[str, str]]:
    """Give the rules that can be run, and of the others why they can't."""
    problems = _problems(load_taxonomy(), rules.rules)
    return [rule for rule in rules.rules if rule.rule_uid not in problems], problems


def search_of(rules: Sequence[Rule], part: Part) -> Search:
    """Make the rules of a part ready."""
    return Search(load_taxonomy(), [rule for rule in rules if rule.rule_uid in part.rules])


def begin_search(lake: Lake) -> None:
    """Make a connection ready to be searched, and `rule_hits` empty."""
    lake.execute(sql_file("macros"))
    begin_hits(lake)


def end_search(lake: Lake) -> None:
    """Drop what a search made of temporary tables."""
    for table in ("sigma_chunk", "sigma_layouts", "sigma_bucket", "rule_hits"):
        # What went wrong before, if anything did, is what the caller must hear of.
        with suppress(LakeError):
            lake.execute(f"DROP TABLE IF EXISTS temp.{table}")


def conclude(
    lake: Lake,
    rules: LoadedRules,
    plan: Plan,
    outcome: Outcome,
    problems: Mapping[str, str],
) -> DetectReport:
    """Store `rule_hits` as detections, remember what was seen, and give the account.

    Raises:
        LakeError: the lake could not be written.
    """
    problems = {**problems, **outcome.failed}
    if plan.seen:
        recall_hits(lake, plan.tenant, list(plan.seen))
    if problems:
        lake.execute("DELETE FROM rule_hits WHERE list_contains(?, rule_uid)", [list(problems)])
    complete = sorted(plan.unseen - problems.keys()) if plan.remembers else ()
    new = store_hits(lake, [rule.record for rule in rules.rules], plan.tenant, complete)
    hits = _hits(lake, rules.rules)
    met = all_met(plan, outcome.met)
    remember(lake, plan, [rule for rule in rules.rules if rule.rule_uid not in problems], met)
    told = {"rules": len(rules.rules), "events": plan.searched, "detections": new}
    LOG.info("rules searched", extra={"tenant": plan.tenant, **told})
    return _report(rules, problems, met, hits).model_copy(
        update={
            "snapshot_id": plan.snapshot,
            "window": plan.window,
            "events": plan.events,
            "events_searched": plan.searched,
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
    met: Mapping[str, Seen],
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


def _no_data(rule: Rule, seen: Seen) -> str | None:
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
