"""The few sentences above the tables of a rule mapping, each citing the rules it counts."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.claim import Claim
from schemas.map_rules import MappedRule, MapRulesReport
from sentree.analysis.map_rules.tables import by_tactic, coverage, title_of
from sentree.analysis.records import claim
from sentree.intel import attack

MAX_CITED = 60


def summarise(report: MapRulesReport) -> list[Claim]:
    """Say how many rules were mapped, onto what, how surely, and how that stands to their tags."""
    rules = report.rules
    mapped = [rule for rule in rules if rule.named]
    if not rules:
        return []
    said: list[Claim] = []
    if mapped:
        distinct = {one.technique for rule in mapped for one in rule.named}
        said.append(
            _cite(
                f"{len(mapped):,} of {_many(len(rules), 'rule')} {_verb('detect', len(mapped))} "
                f"{_many(len(distinct), 'technique')} of ATT&CK.",
                mapped,
            )
        )
    if len(mapped) > 2:
        top = coverage(report).rows[:3]
        listed = "; ".join(f"{title_of(str(row.cells[0]))} ({row.cells[3]})" for row in top)
        uids = {uid for row in top for uid in row.evidence}
        said.append(
            _cite(f"Most rules are about {listed}.", [r for r in mapped if r.rule_uid in uids])
        )
        said += _tactics(report, mapped)
    unsure = [rule for rule in rules if not rule.techniques or rule.techniques[0].probability < 0.5]
    if unsure:
        said.append(
            _cite(
                f"For {_many(len(unsure), 'rule')} no technique is likelier than not; a person "
                "should choose among the candidates.",
                unsure,
            )
        )
    tagged = [rule for rule in rules if rule.own]
    if tagged:
        same = [rule for rule in tagged if rule.agreement == "same"]
        near = [rule for rule in tagged if rule.agreement == "parent"]
        rest = len(tagged) - len(same) - len(near)
        said.append(
            _cite(
                f"{_many(len(tagged), 'rule')} {_verb('carry', len(tagged))} technique tags, "
                f"hidden from the mapping: {len(same):,} with a technique in common, {len(near):,} "
                f"more with a parent technique, {rest:,} with nothing.",
                tagged,
            )
        )
    return said


def _tactics(report: MapRulesReport, mapped: Sequence[MappedRule]) -> list[Claim]:
    counts = by_tactic(report)
    absent = [attack.tactic_title(name) for name in attack.TACTICS if not counts[name]]
    if not absent or len(mapped) < 10:
        return []
    return [_cite(f"No rule was mapped onto: {', '.join(absent)}.", mapped)]


def _cite(text: str, rules: Sequence[MappedRule]) -> Claim:
    return claim(text, [rule.rule_uid for rule in rules[:MAX_CITED]])


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _verb(word: str, number: int) -> str:
    singular = {"carry": "carries"}
    return singular.get(word, f"{word}s") if number == 1 else word
