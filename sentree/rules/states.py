"""Says of each rule whether it can run, before any event is looked at."""

from __future__ import annotations

from schemas.rule_check import RuleState
from sentree.rules.library import Library
from sentree.rules.load import Rule
from sentree.rules.taxonomy import Taxonomy, load_taxonomy


def rule_states(library: Library) -> tuple[RuleState, ...]:
    """Give the state of each rule, by path; files that could not be read are none."""
    taxonomy = load_taxonomy()
    states = [_state(rule, _obstacle(rule, taxonomy)) for rule in library.loaded.rules]
    states += [_state(rule, reason, left_out=True) for rule, reason in library.left_out]
    return tuple(sorted(states, key=lambda one: (one.path, one.line)))


def _obstacle(rule: Rule, taxonomy: Taxonomy) -> str | None:
    if rule.problem is not None:
        return rule.problem
    if rule.condition is not None and taxonomy.source(rule.logsource) is None:
        return f"no events are known for the log source {rule.logsource}"
    return None


def _state(rule: Rule, obstacle: str | None, *, left_out: bool = False) -> RuleState:
    hindered = "left out" if left_out else "not runnable"
    return RuleState(
        rule_uid=rule.rule_uid,
        title=rule.title,
        level=rule.level,
        status=rule.status,
        logsource=str(rule.logsource),
        pack=rule.pack,
        pack_version=rule.pack_version,
        state="runnable" if obstacle is None else hindered,
        reason=obstacle,
        path=rule.path,
        line=rule.line,
    )
