"""Cases of `map-rules`: tagged detection rules, whose tags are hidden and are the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random

from schemas.experiment_plan import CHARACTERS_A_TOKEN, CaseSpec
from schemas.map_rules import MapRulesLeaf, MapRulesReport, MapRulesRequest
from schemas.simulated import LeafItem
from sentree.analysis.map_rules import run
from sentree.analysis.map_rules.reading import RuleText, find_rule_files, read_rule_file
from sentree.analysis.map_rules.reading_task import QUESTION
from sentree.errors import UsageError
from sentree.evals.experiment.case import Case, Scored, Task
from sentree.evals.experiment.readings import (
    UNASKED,
    Items,
    Told,
    as_many,
    reading_case,
    scored,
)
from sentree.evals.experiment.records import scratch
from sentree.evals.map_rules import Judged, macro_f1, micro
from sentree.intel import attack
from sentree.rules.packs import OWN_RULES
from sentree.settings import Settings

NAME = "map-rules"


def task(folder: str = "") -> Task:
    """Give the task over the tagged rules of a folder; without one, over Sentree's own.

    Raises:
        UsageError: the folder holds no tagged rule.
    """
    source = folder or OWN_RULES
    tokens = sum(len(rule.text) for rule in _rules(source)) // CHARACTERS_A_TOKEN
    if not tokens:
        raise UsageError(f"{NAME}: no rule with ATT&CK tags in {source}")
    return Task(
        name=f"{NAME}:{folder}" if folder else NAME,
        about="tagged rules, tags hidden: the techniques of each; micro-F1. map-rules:FOLDER",
        records=NAME,
        make=partial(_make, source),
        unasked=UNASKED,
        smallest=1_000,
        largest=max(1_000, tokens),
    )


def _make(source: str, spec: CaseSpec, folder: Path) -> Case:
    rules = _rules(source)
    Random(f"{NAME}:{spec.seed}").shuffle(rules)
    records = as_many(spec.size_tokens, {rule.uid: rule.text for rule in rules})
    chosen = {rule.uid: rule for rule in rules if rule.uid in records}
    wanted = {uid: _current(rule.own) for uid, rule in chosen.items()}
    facts = {uid: [_fact(one, chosen[uid]) for one in wanted[uid]] for uid in records}

    def score(items: Items) -> Scored:
        found: dict[str, set[str]] = {}
        for item in items.get("mappings", ()):
            known = attack.current(str(item.get("technique")))
            if known.known:
                found.setdefault(str(item.get("rule_uid")), set()).add(known.uid)
        return _score(wanted, found)

    def embedded() -> Scored:
        place = scratch(folder)
        for number, rule in enumerate(chosen.values()):
            (place / f"{number:05}.yml").write_text(rule.raw, encoding="utf-8")
        request = MapRulesRequest(paths=(str(place),), formats=())
        result = run(Settings(home=place / "home"), request)
        report = MapRulesReport.model_validate(result.data)
        named = {
            rule.rule_uid: {one.technique for one in rule.techniques if one.named}
            for rule in report.rules
        }
        return _score(wanted, named)

    told = Told("map_rules", QUESTION, MapRulesLeaf, records, facts, score, embedded)
    return reading_case(folder, told)


def _rules(source: str) -> list[RuleText]:
    """Read the rules that bear a technique, each once."""
    found: dict[str, RuleText] = {}
    for path in find_rule_files((source,)):
        for rule in read_rule_file(path).rules:
            if _current(rule.own):
                found.setdefault(rule.uid, rule)
    return [found[uid] for uid in sorted(found)]


def _current(techniques: Sequence[str]) -> tuple[str, ...]:
    known = (attack.current(one) for one in techniques)
    return tuple(dict.fromkeys(one.uid for one in known if one.known))


def _fact(technique: str, rule: RuleText) -> LeafItem:
    quote = rule.text.splitlines()[0][:100]
    fields = {"rule_uid": "@", "technique": technique, "confidence": 0.9, "quote": quote}
    return LeafItem(of="mappings", fields=fields)


def _score(wanted: Mapping[str, Sequence[str]], found: Mapping[str, set[str]]) -> Scored:
    judged = [
        Judged(tuple(true), tuple(sorted(found.get(uid, ()))), ()) for uid, true in wanted.items()
    ]
    every = micro(judged)
    metrics = {"macro_f1": macro_f1(judged), "parent_f1": micro(judged, parents=True).f1}
    return scored(every.f1, metrics, f"{every.hits} of {every.hits + every.missed} techniques")
