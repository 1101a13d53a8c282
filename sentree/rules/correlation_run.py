"""Runs correlations over the hits of rules; what they match goes to two temporary tables."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sentree.errors import LakeError
from sentree.lake.correlations import begin_matches
from sentree.lake.db import Lake
from sentree.rules.chunks import sql_file
from sentree.rules.correlation import Bounds
from sentree.rules.correlation_facts import Facts
from sentree.rules.correlation_plan import Plan, Step
from sentree.rules.correlation_sql import Statement, Writer


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why correlations failed, and why others that had hits to look at could use none of them."""

    failed: dict[str, str] = field(default_factory=dict[str, str])
    empty: dict[str, str] = field(default_factory=dict[str, str])


def correlate(lake: Lake, plan: Plan, facts: Facts, *, since: datetime | None = None) -> Outcome:
    """Fill `correlation_matches` and `correlation_events` from the hits in `correlation_base`.

    Correlations that others alone refer to are run, but their own matches are not given.

    Args:
        lake: the lake's connection, which holds `correlation_base` and `correlation_facts`.
        plan: the correlations, in order.
        facts: where the fields of the hits stand.
        since: leave out moments before it, at which a condition held.
    """
    begin_matches(lake)
    outcome = Outcome()
    failed = outcome.failed
    writers: dict[str, Writer] = {}
    done: dict[str, Step] = {}
    try:
        for number, step in enumerate(plan.steps):
            uid = step.rule.rule_uid
            writer = writers[uid] = Writer(step, number, facts, dict(done))
            done[uid] = step
            below = next((ref for ref in step.refs if ref.rule_uid in failed), None)
            if below is not None:
                failed[uid] = f"it refers to '{below.title}', which failed"
                continue
            try:
                _execute(lake, writer.rows())
                if not lake.query("SELECT 1 FROM correlation_rows LIMIT 1"):
                    _tell_empty(lake, step, outcome)
                for statement in (*writer.entries(), writer.met()):
                    _execute(lake, statement)
                if step.asked or _is_referred_to(plan, uid):
                    _execute(lake, writer.out())
                if uid not in plan.silenced:
                    _matches(lake, plan, writers, step, number, since)
            except LakeError as error:
                failed[uid] = str(error)
        for table in ("correlation_matches", "correlation_events") if failed else ():
            lake.execute(
                f"DELETE FROM {table} WHERE list_contains(?::VARCHAR[], rule_uid)", [list(failed)]
            )
    finally:
        _drop(lake, len(plan.steps))
    return outcome


def _tell_empty(lake: Lake, step: Step, outcome: Outcome) -> None:
    names = (*step.correlation.group_by, *step.correlation.fields)
    plain = [ref.rule_uid for ref in step.refs if ref.correlation is None]
    hit = "SELECT 1 FROM correlation_base WHERE list_contains(CAST(? AS VARCHAR[]), rule_uid)"
    if names and lake.query(f"{hit} LIMIT 1", [plain]):
        listed = ", ".join(f"'{name}'" for name in names)
        outcome.empty[step.rule.rule_uid] = f"no hit of its rules has a value for {listed}"


def _is_referred_to(plan: Plan, uid: str) -> bool:
    return any(ref.rule_uid == uid for step in plan.steps for ref in step.refs)


def _matches(
    lake: Lake,
    plan: Plan,
    writers: dict[str, Writer],
    step: Step,
    number: int,
    since: datetime | None,
) -> None:
    condition = step.correlation.condition
    lake.execute(
        sql_file("correlation_matches").format(step=number),
        {
            "rule": step.rule.rule_uid,
            "type": step.correlation.type,
            "names": list(step.correlation.group_by),
            "downward": isinstance(condition, Bounds) and condition.downward,
            "seconds": step.correlation.seconds,
            "since": since,
        },
    )
    lake.execute(sql_file("correlation_touched").format(step=number), {"since": since})
    _gather(lake, plan, writers, step, number, step.rule.rule_uid)


def _gather(
    lake: Lake, plan: Plan, writers: dict[str, Writer], step: Step, number: int, top: str
) -> None:
    """Go down from the touched moments of a correlation to the events that they rest on."""
    _execute(lake, writers[step.rule.rule_uid].members())
    numbers = {one.rule.rule_uid: place for place, one in enumerate(plan.steps)}
    plain = [place for place, ref in enumerate(step.refs) if ref.correlation is None]
    lake.execute(
        "INSERT INTO correlation_events SELECT ?, match, item, time"
        f" FROM correlation_members_{number:d} WHERE list_contains(?, ref)",
        [top, plain],
    )
    for place, ref in enumerate(step.refs):
        if ref.correlation is not None:
            below = numbers[ref.rule_uid]
            lake.execute(
                sql_file("correlation_touched_below").format(step=below, above=number, ref=place)
            )
            _gather(lake, plan, writers, plan.steps[below], below, top)


def _execute(lake: Lake, statement: Statement) -> None:
    lake.execute(statement.sql, statement.parameters)


def _drop(lake: Lake, steps: int) -> None:
    kinds = ("in", "met", "out", "touched", "members")
    tables = [f"correlation_{kind}_{step:d}" for step in range(steps) for kind in kinds]
    for table in ("correlation_rows", *tables):
        # What went wrong before, if anything did, is what the caller must hear of.
        with suppress(LakeError):
            lake.execute(f"DROP TABLE IF EXISTS temp.{table}")
