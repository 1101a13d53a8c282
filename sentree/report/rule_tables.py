"""Plain text of what is said about rules: the list, the check, an explanation, the tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from schemas.rule_check import RuleExplanation, RuleProblem, RuleState, RuleTest
from sentree.report.escape import terminal
from sentree.report.figures import plural
from sentree.report.tables import table

REASONS_NAMED = 12


def rule_list(states: Sequence[RuleState]) -> str:
    """Give a line per rule, and how many are in each state."""
    rows = [
        (
            one.rule_uid,
            one.title,
            one.level or "-",
            one.status or "-",
            one.logsource or "-",
            f"{one.pack or '-'} {one.pack_version or ''}".strip(),
            one.state if one.reason is None else f"{one.state}: {one.reason}",
        )
        for one in states
    ]
    lines = table(("id", "title", "level", "status", "log source", "pack", "state"), rows)
    counts = Counter(one.state for one in states)
    lines.append(
        f"{plural(len(states), 'rule')}: {counts['runnable']:,} runnable, "
        f"{counts['not runnable']:,} not runnable, {counts['left out']:,} left out"
    )
    return "\n".join(terminal(line) for line in lines)


def check_table(problems: Sequence[RuleProblem], rules: int) -> str:
    """Give every problem with its place and what to do, and how many there are of each kind."""
    lines = [
        f"{one.path}:{one.line}: {one.severity}: {one.reason} [{one.code}]; {one.advice}"
        for one in problems
    ]
    counts = Counter(one.severity for one in problems)
    lines.append(
        f"{plural(rules, 'rule')} checked: {plural(counts['error'], 'error')}, "
        f"{plural(counts['warning'], 'warning')}, {plural(counts['note'], 'note')}"
    )
    return "\n".join(terminal(line) for line in lines)


def explanation(told: RuleExplanation) -> str:
    """Give how a rule is understood, from its events to the SQL."""
    lines = [
        f"{told.title} ({told.rule_uid})",
        f"  {told.path}:{told.line}",
        f"  level {told.level or '-'}, status {told.status or '-'}, author {told.author or '-'}",
    ]
    if told.tags:
        lines.append(f"  tags {', '.join(told.tags)}")
    if told.problem:
        lines.append(f"  can't be run: {told.problem}")
    lines += ["", f"log source: {told.logsource}"]
    lines += [f"  {'or ' if number else ''}{one}" for number, one in enumerate(told.events)]
    if told.events_looked_at is not None:
        lines.append(
            f"  layouts seen in the newest {plural(told.events_looked_at, 'event')} that may be of"
            f" it; {told.events_at_hand:,} are"
        )
    elif told.events_at_hand is not None:
        lines.append(f"  {plural(told.events_at_hand, 'event')} of it in the lake")
    if told.fields:
        lines += ["", "fields, and where each is looked for, in order:"]
    for one in told.fields:
        lines.append(f"  {one.field}: {', then '.join(one.places)}")
        if told.events_at_hand:
            here = ", ".join(one.found) or "nowhere: it counts as absent"
            lines.append(f"    in these events: {here}")
    if told.written_condition:
        lines += ["", f"condition as written: {' | '.join(told.written_condition)}"]
    lines += [f"  {name}: {words}" for name, words in told.selections]
    if told.condition:
        lines += ["", "compiled:", f"  {told.condition}"]
    text = [terminal(line) for line in lines]
    if told.sql:
        text += ["", "SQL (sigma_chunk holds the events that are looked at):"]
        text += [f"  {terminal(line)}" for line in told.sql.splitlines()]
    return "\n".join(text)


def test_table(tests: Sequence[RuleTest], without: int) -> str:
    """Give a line per tested rule and its failures, and the totals."""
    lines: list[str] = []
    for one in tests:
        outcome = "FAIL" if one.failures else "pass"
        lines.append(f"{outcome}  {one.title} ({one.rule_uid}): {plural(one.samples, 'event')}")
        lines += [f"      {failure}" for failure in one.failures]
    failed = sum(bool(one.failures) for one in tests)
    lines.append(
        f"{plural(len(tests), 'rule')} with sample events: {len(tests) - failed:,} passed, "
        f"{failed:,} failed; {plural(without, 'rule')} without"
    )
    return "\n".join(terminal(line) for line in lines)
