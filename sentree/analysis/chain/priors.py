"""What is known of intrusions in general: where a technique stands, and what often follows it.

The tables in `priors.json` are written from general knowledge, not counted from any corpus.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from sentree.intel.attack import technique

UNKNOWN_STAGE = 48.0
MOST_FOLLOWS = 3


def stage(uid: str | None, tactic: str | None = None) -> float:
    """Say where a technique, else a tactic, usually stands: 0 the beginning, 100 the end."""
    tables = _tables()
    if uid:
        known = technique(uid)
        for one in (known.uid, known.uid.partition(".")[0]):
            if one in tables["techniques"]:
                return float(tables["techniques"][one])
        if known.tactics:
            stages = [float(tables["tactics"][one]) for one in known.tactics]
            return sum(stages) / len(stages)
    if tactic:
        return float(tables["tactics"].get(tactic, UNKNOWN_STAGE))
    return UNKNOWN_STAGE


def follows(source: str, target: str) -> float:
    """Say how typically one technique comes right after another: 0 not known to, 1 typically."""
    found = _tables()["follows"].get(_parent(source), {}).get(_parent(target), 0)
    return float(found) / MOST_FOLLOWS


@cache
def _parent(uid: str) -> str:
    return technique(uid).uid.partition(".")[0]


@cache
def _tables() -> dict[str, Any]:
    resource = files("sentree.analysis.chain") / "priors.json"
    return json.loads(resource.read_text(encoding="utf-8"))
