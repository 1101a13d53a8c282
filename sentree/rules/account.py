"""Counts what a detection run found: by rule, tactic and host, first and last, and what is new."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.detection import RuleHits, Tally
from sentree.lake.db import Lake
from sentree.rules.chunks import sql_file
from sentree.rules.load import Rule

LEVELS = ("critical", "high", "medium", "low", "informational", "none")
HOSTS_NAMED = 20


def begin_account(lake: Lake) -> None:
    """Take what `store_hits` left into the account of this run."""
    lake.execute("CREATE OR REPLACE TEMP TABLE run_detections AS SELECT * FROM found_detections")


def add_correlations(lake: Lake) -> None:
    """Take what the correlations stored into the account, and to what is new."""
    lake.execute("INSERT INTO run_detections SELECT * FROM found_detections")
    lake.execute(
        "INSERT INTO new_detections SELECT * FROM found_detections WHERE detection_uid IN"
        " (SELECT detection_uid FROM known_matches WHERE stored IS NULL)"
    )


def rule_hits(lake: Lake, rules: Sequence[Rule]) -> tuple[RuleHits, ...]:
    """Give the rules that matched, the gravest first, counted by detections."""
    rows = {row["rule_uid"]: row for row in lake.query(sql_file("hits_by_rule"))}
    hits = [
        RuleHits(
            rule_uid=rule.rule_uid,
            title=rule.title,
            author=rule.author,
            level=rule.level,
            techniques=rule.techniques,
            tactics=rule.tactics,
            events=rows[rule.rule_uid]["events"],
            new=rows[rule.rule_uid]["new"],
            hosts=tuple(rows[rule.rule_uid]["hosts"] or ())[:HOSTS_NAMED],
            first=rows[rule.rule_uid]["first"],
            last=rows[rule.rule_uid]["last"],
        )
        for rule in rules
        if rule.rule_uid in rows
    ]
    order = {level: place for place, level in enumerate(LEVELS)}
    hits.sort(key=lambda hit: (order.get(hit.level or "none", 99), hit.title, hit.rule_uid))
    return tuple(hits)


def by_host(lake: Lake) -> tuple[Tally, ...]:
    """Count the detections by host, most first."""
    return tuple(Tally(**row) for row in lake.query(sql_file("hits_by_host")))


def by_tactic(lake: Lake) -> tuple[Tally, ...]:
    """Count the detections by the tactics of their rules, most first."""
    return tuple(Tally(**row) for row in lake.query(sql_file("hits_by_tactic")))
