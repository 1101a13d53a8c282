"""Says which rules have to look at which events: new rules at all, the others at new ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from schemas.window import Window
from sentree.lake.db import Lake
from sentree.lake.rule_marks import RuleMark, read_marks, store_marks
from sentree.rules.chunks import CHUNK_EVENTS, Scope, plan_chunks, scope_of
from sentree.rules.ir import fields
from sentree.rules.load import Rule
from sentree.rules.rule_cache import compiler_fingerprint
from sentree.rules.search import Seen


@dataclass(frozen=True, slots=True)
class Part:
    """Rules, by uid, and a chunk of the events that they have not seen."""

    rules: frozenset[str]
    chunk: Scope


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run has to search, as of a snapshot; the parts may be searched in any order.

    `scope` are the events that there are, `searched` how many of them some rule has not seen.
    `unseen` are the rules that look at everything in scope, `seen` those that look at what came
    later than their mark. Only a run over all events of a tenant `remembers`.
    """

    tenant: str
    scope: Scope
    snapshot: int
    events: int
    searched: int
    parts: tuple[Part, ...]
    unseen: frozenset[str]
    seen: Mapping[str, RuleMark]
    remembers: bool


def make_plan(
    lake: Lake,
    rules: Sequence[Rule],
    *,
    tenant: str,
    window: Window | None = None,
    since_snapshot: int | None = None,
    chunk_events: int = CHUNK_EVENTS,
    again: Collection[str] = (),
) -> Plan:
    """Find out what rules have to search.

    Args:
        lake: the lake.
        rules: those that are to be run.
        tenant: whose events.
        window: only events in it.
        since_snapshot: only events loaded after that snapshot.
        chunk_events: about how many events a part has.
        again: uids of rules that look at every event, whatever they have seen.

    Raises:
        LakeError: the lake could not be read.
    """
    scope, snapshot = scope_of(lake, tenant, window, since_snapshot)
    chunks, events = plan_chunks(lake, scope, chunk_events)
    remembers = window is None and since_snapshot is None
    marks = read_marks(lake, tenant) if remembers else {}
    wanted = {rule_key(rule): rule.rule_uid for rule in rules if rule.rule_uid not in again}
    seen = {uid: marks[key] for key, uid in wanted.items() if key in marks}
    unseen = frozenset(rule.rule_uid for rule in rules if rule.rule_uid not in seen)
    parts = [Part(unseen, chunk) for chunk in chunks] if unseen else []
    searched = events if unseen else 0
    for since in sorted({mark.snapshot for mark in seen.values()}):
        fresh, _ = scope_of(lake, tenant, None, since, snapshot)
        chunks, count = plan_chunks(lake, fresh, chunk_events)
        group = frozenset(uid for uid, mark in seen.items() if mark.snapshot == since)
        parts += [Part(group, chunk) for chunk in chunks]
        searched = max(searched, count)
    return Plan(tenant, scope, snapshot, events, searched, tuple(parts), unseen, seen, remembers)


def all_met(plan: Plan, met: Mapping[str, Seen]) -> dict[str, Seen]:
    """Give what each rule has met, in this run and in those before."""
    total: dict[str, Seen] = {}
    for rule_uid in (*sorted(plan.unseen), *plan.seen):
        seen = total[rule_uid] = Seen()
        if rule_uid in met:
            seen.add(met[rule_uid])
        if rule_uid in plan.seen:
            mark = plan.seen[rule_uid]
            seen.add(Seen(mark.events, set(mark.fields)))
    return total


def remember(lake: Lake, plan: Plan, rules: Iterable[Rule], total: Mapping[str, Seen]) -> None:
    """Store how far the rules have seen the events, unless nothing was new to any of them.

    Raises:
        LakeError: the lake could not be written.
    """
    marks: dict[str, RuleMark] = {}
    for rule in rules:
        if rule.condition is not None:
            seen = total[rule.rule_uid]
            named = tuple(sorted(fields(rule.condition) & seen.present))
            marks[rule_key(rule)] = RuleMark(rule.rule_uid, plan.snapshot, seen.events, named)
    looked = plan.unseen.union(*(part.rules for part in plan.parts))
    if plan.remembers and any(mark.rule_uid in looked for mark in marks.values()):
        store_marks(lake, plan.tenant, marks)


def rule_key(rule: Rule) -> str:
    """Give a hash that changes with all that decides which events a rule matches."""
    told = f"{compiler_fingerprint()}\0{rule.rule_uid}\0{rule.logsource!r}\0{rule.condition!r}"
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]
