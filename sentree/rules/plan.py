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
    later than their mark, `changed` those that had a mark in another form. `keys`,
    by uid, are what marks are named by; only a run over all events of a tenant has them.
    """

    tenant: str
    scope: Scope
    snapshot: int
    events: int
    searched: int
    parts: tuple[Part, ...]
    unseen: frozenset[str]
    seen: Mapping[str, RuleMark]
    changed: frozenset[str]
    keys: Mapping[str, str]

    @property
    def remembers(self) -> bool:
        """Whether what this run has seen need not be searched again."""
        return bool(self.keys)


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
    keys = {rule.rule_uid: rule_key(rule) for rule in rules} if remembers else {}
    seen = {uid: marks[key] for uid, key in keys.items() if key in marks and uid not in again}
    current = set(keys.values())
    other_forms = {mark.rule_uid for key, mark in marks.items() if key not in current}
    unseen = frozenset(rule.rule_uid for rule in rules if rule.rule_uid not in seen)
    parts = [Part(unseen, chunk) for chunk in chunks] if unseen else []
    searched = events if unseen else 0
    for since in sorted({mark.snapshot for mark in seen.values()}):
        fresh, _ = scope_of(lake, tenant, None, since, snapshot)
        chunks, count = plan_chunks(lake, fresh, chunk_events)
        group = frozenset(uid for uid, mark in seen.items() if mark.snapshot == since)
        parts += [Part(group, chunk) for chunk in chunks]
        searched = max(searched, count)
    return Plan(
        tenant,
        scope,
        snapshot,
        events,
        searched,
        tuple(parts),
        unseen,
        seen,
        unseen & other_forms,
        keys,
    )


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
    looked = plan.unseen.union(*(part.rules for part in plan.parts))
    kept = [rule for rule in rules if rule.condition is not None]
    if not plan.remembers or looked.isdisjoint(rule.rule_uid for rule in kept):
        return
    marks: dict[str, RuleMark] = {}
    for rule in kept:
        assert rule.condition is not None
        seen = total[rule.rule_uid]
        named = tuple(sorted(fields(rule.condition) & seen.present))
        mark = RuleMark(rule.rule_uid, plan.snapshot, seen.events, named)
        marks[plan.keys[rule.rule_uid]] = mark
    store_marks(lake, plan.tenant, marks)


def rule_key(rule: Rule) -> str:
    """Give a hash that changes with all that decides which events a rule matches."""
    told = f"{compiler_fingerprint()}\0{rule.rule_uid}\0{rule.logsource!r}\0{rule.condition!r}"
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]
