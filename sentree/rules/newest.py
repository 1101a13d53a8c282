"""Takes the newest events that may be of a log source: enough to see how they are laid out."""

from __future__ import annotations

from typing import NamedTuple

from sentree.lake.db import Lake
from sentree.rules.chunks import Scope
from sentree.rules.taxonomy import Condition, Source

_COLUMNS = ("mapper", "event_id", "class_uid", "activity_id")
_STORED = {"event_id": "original_id"}


class Newest(NamedTuple):
    """So many events in a scope; `all_of_it` when there are no more that may be of the source."""

    scope: Scope
    events: int
    all_of_it: bool


def newest(lake: Lake, scope: Scope, source: Source, most: int) -> Newest:
    """Find the newest events by the lake's own columns; some may turn out not to be of the source.

    Leaves their uids in the temporary table `sigma_newest`.

    Raises:
        LakeError: the lake could not be read.
    """
    given: dict[str, object] = {}
    tests = " OR ".join(_may_be(condition, given) for condition in source.any)
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE sigma_newest AS"
        f" SELECT event_uid, time FROM {scope.relation} WHERE {scope.sql} AND ({tests})"
        f" ORDER BY time DESC NULLS LAST, event_uid LIMIT {most:d}",
        {**scope.parameters, **given},
    )
    [found] = lake.query(
        "SELECT count(*) AS n, min(time) AS oldest, count(*) = count(time) AS timed"
        " FROM sigma_newest"
    )
    chosen = scope.narrowed("event_uid IN (SELECT event_uid FROM sigma_newest)")
    if found["n"] and found["timed"]:
        # Files of older events need not be read.
        chosen = chosen.narrowed("time >= $oldest", oldest=found["oldest"])
    return Newest(chosen, found["n"], found["n"] < most)


def _may_be(condition: Condition, given: dict[str, object]) -> str:
    tests: list[str] = []
    for name in _COLUMNS:
        if wanted := getattr(condition, name):
            tests.append(f"list_contains(${_bound(given, wanted)}, {_STORED.get(name, name)})")
    if condition.channel:
        test = f"list_contains(${_bound(given, condition.channel)}, lower(channel))"
        tests.append(f"({test} OR channel IS NULL)" if condition.provider else test)
    return f"({' AND '.join(tests) or 'true'})"


def _bound(given: dict[str, object], values: tuple[object, ...]) -> str:
    name = f"newest{len(given)}"
    given[name] = list(values)
    return name
