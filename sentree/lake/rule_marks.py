"""Remembers how far each rule has seen the events, so that only the rest need be searched."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sentree.lake.db import Lake, sql_text


class RuleMark(NamedTuple):
    """All events up to a snapshot were seen: so many of the log source, with these fields."""

    rule_uid: str
    snapshot: int
    events: int
    fields: tuple[str, ...]


def read_marks(lake: Lake, tenant: str) -> dict[str, RuleMark]:
    """Give the marks of a tenant's rules by key."""
    rows = lake.query(
        "SELECT rule_key, rule_uid, snapshot, events, fields FROM rule_marks WHERE tenant_uid = ?",
        [tenant],
    )
    return {
        row["rule_key"]: RuleMark(
            row["rule_uid"], row["snapshot"], row["events"], tuple(row["fields"])
        )
        for row in rows
    }


def store_marks(lake: Lake, tenant: str, marks: Mapping[str, RuleMark]) -> None:
    """Replace a tenant's marks of these rules; those of other rules stay.

    Raises:
        LakeError: the lake could not be written; then the old marks hold.
    """
    given = json.dumps([{"key": key, **mark._asdict()} for key, mark in sorted(marks.items())])

    def store() -> None:
        old = "DELETE FROM rule_marks WHERE tenant_uid = ? AND list_contains(?, rule_uid)"
        lake.execute(old, [tenant, [mark.rule_uid for mark in marks.values()]])
        lake.execute(sql_text("rule_marks_insert"), [tenant, given])

    lake.retrying(store)


def recall_hits(lake: Lake, tenant: str, rules: Sequence[str]) -> None:
    """Add to `rule_hits` what these rules detected before, in events that are still there."""
    lake.execute(sql_text("rule_marks_hits"), {"tenant": tenant, "rules": list(rules)})
