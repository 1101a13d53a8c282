"""What is said about rules without running them: their state, their problems, how they are read."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen

Severity = Literal["error", "warning", "note"]


class RuleState(Frozen):
    """A line of the list of rules; `state` is `runnable`, `left out`, or `not runnable`."""

    rule_uid: str
    title: str
    level: str | None = None
    status: str | None = None
    logsource: str
    pack: str | None = None
    pack_version: str | None = None
    state: Literal["runnable", "not runnable", "left out"]
    reason: str | None = None
    path: str
    line: int


class RuleProblem(Frozen):
    """Something wrong with a rule file: where, what, and what to do. An error disarms the rule."""

    severity: Severity
    path: str
    line: int
    code: str
    reason: str
    advice: str
    rule_uid: str | None = None


class FieldPlaces(Frozen):
    """Where a Sigma field is looked for, in order, and where events at hand have it."""

    field: str
    places: tuple[str, ...]
    found: tuple[str, ...] = ()


class RuleExplanation(Frozen):
    """How a rule is understood: its events, its fields, its condition and the SQL that runs.

    `events_at_hand` are the events of its log source in the lake or, where there are many, among
    the newest that may be of it: then `events_looked_at` says how many those are.
    """

    rule_uid: str
    title: str
    path: str
    line: int
    level: str | None = None
    status: str | None = None
    author: str | None = None
    tags: tuple[str, ...] = ()
    logsource: str
    problem: str | None = None
    events: tuple[str, ...] = ()
    events_at_hand: int | None = None
    events_looked_at: int | None = None
    fields: tuple[FieldPlaces, ...] = ()
    written_condition: tuple[str, ...] = ()
    selections: tuple[tuple[str, str], ...] = ()
    condition: str | None = None
    sql: str | None = None


class RuleTest(Frozen):
    """The outcome of a rule's own sample events; `failures` are empty when all is as it says."""

    rule_uid: str
    title: str
    path: str
    samples: int
    failures: tuple[str, ...] = ()
