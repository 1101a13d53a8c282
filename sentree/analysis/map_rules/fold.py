"""Joins what a language model says of parts of the rules with what was computed. Pure.

Folding the same leaves twice, or in another order, gives the same report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schemas.map_rules import (
    MappedRule,
    MappedTechnique,
    MapRulesLeaf,
    MapRulesReport,
    RuleMapping,
    RuleReason,
)
from sentree.analysis.map_rules.mapper import agreement
from sentree.intel import attack


def fold_leaves(
    report: MapRulesReport, leaves: Iterable[MapRulesLeaf], texts: Mapping[str, str]
) -> MapRulesReport:
    """Let a model's mappings name the techniques of the rules it judged.

    A mapping counts when its technique exists and its quote stands in the text of the rule, as
    `texts` has it by uid; techniques computed for such a rule stay as candidates. Rules that no
    mapping counts for keep what was computed.
    """
    said: dict[str, dict[str, RuleMapping]] = {}
    for leaf in leaves:
        for one in leaf.mappings:
            technique = attack.current(one.technique)
            quoted = _folded(one.quote)
            if technique.known and quoted and quoted in _folded(texts.get(one.rule_uid, "")):
                found = said.setdefault(one.rule_uid, {})
                known = found.get(technique.uid)
                if known is None or _order(one) > _order(known):
                    found[technique.uid] = one
    rules = tuple(
        _joined(rule, said[rule.rule_uid]) if rule.rule_uid in said else rule
        for rule in report.rules
    )
    return report.model_copy(update={"rules": rules})


def _joined(rule: MappedRule, said: Mapping[str, RuleMapping]) -> MappedRule:
    named = [_technique(uid, one) for uid, one in said.items()]
    named.sort(key=lambda one: (-one.probability, one.technique))
    rest = [
        one.model_copy(update={"named": False})
        for one in rule.techniques
        if one.technique not in said
    ]
    return rule.model_copy(
        update={
            "techniques": (*named, *rest),
            "agreement": agreement(rule.own, [one.technique for one in named]),
        }
    )


def _technique(uid: str, one: RuleMapping) -> MappedTechnique:
    technique = attack.current(uid)
    return MappedTechnique(
        technique=technique.uid,
        name=technique.name,
        tactics=technique.tactics,
        probability=one.confidence,
        named=True,
        reasons=(RuleReason(kind="model", text=one.quote),),
    )


def _order(one: RuleMapping) -> tuple[float, str]:
    return one.confidence, one.quote


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
